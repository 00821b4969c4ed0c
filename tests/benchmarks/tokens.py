"""`python -m tests.benchmarks.tokens`: what one verification costs, ours beside the libraries', in one run.

Microseconds of CPU time for a token by ES256, the least of several rounds. pyjwt is no dependency: it is installed under
`.hansa/benchmark/pyjwt`.
"""

import asyncio
import importlib
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from joserfc import jwt
from joserfc.jwk import ECKey, import_key

from common.auth import KeySet, Revocations, TokenVerifier
from common.auth.revocation import FeedPage, RegionPage
from common.http import open_transport

PYJWT = Path(__file__).parents[2] / ".hansa" / "benchmark" / "pyjwt"
ROUNDS, CALLS, CACHED_CALLS = 7, 500, 20_000
ISSUER, AUDIENCE = "https://issuer.example", "hansa"
KEY = ECKey.generate_key("P-256", {"kid": "home:1", "use": "sig", "alg": "ES256"})


def main() -> None:
    tokens = [_token(number) for number in range(CALLS)]
    rows = asyncio.run(_ours(tokens))
    rows["joserfc"] = _least(tokens, _joserfc)
    rows["pyjwt"] = _least(tokens, _pyjwt())
    for name, microseconds in rows.items():
        sys.stdout.write(f"{name:<32}{microseconds:8.2f} us\n")


def _token(number: int) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "0199d3a0-0000-7000-8000-000000000001", "iat": now}
    claims |= {"exp": now + 600, "jti": f"{number:022}", "sid": "s1", "client_id": "hansa", "scope": "graph"}
    header = {"typ": "at+jwt", "alg": "ES256", "kid": "home:1"}
    return jwt.encode(header, claims, KEY, algorithms=["ES256"])


async def _ours(tokens: list[str]) -> dict[str, float]:
    apps = {"issuer": _app({"keys": [KEY.as_dict(private=False)]}), "feed": _app(_page())}
    revocations = Revocations(open_transport("app://feed/", apps=apps))
    rows = {}
    for name, followed in (("ours", None), ("ours, with revocations", revocations)):

        def verifier(followed: Revocations | None = followed) -> TokenVerifier:
            keys = KeySet(open_transport("app://issuer/", apps=apps))
            return TokenVerifier(keys, [ISSUER], [AUDIENCE], revocations=followed)

        rows[name] = await _least_awaited(tokens, verifier)
        rows[f"{name}, again"] = await _cached(verifier(), tokens[0])
    await revocations.aclose()
    return rows


async def _least_awaited(tokens: list[str], make: Callable[[], TokenVerifier]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        verifier = make()
        await verifier.verify(tokens[0])
        started = time.process_time()
        for token in tokens[1:]:
            await verifier.verify(token)
        rounds.append((time.process_time() - started) / (len(tokens) - 1))
    return min(rounds) * 1e6


async def _cached(verifier: TokenVerifier, token: str) -> float:
    verify: Callable[[str], Awaitable[object]] = verifier.verify
    await verify(token)
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(CACHED_CALLS):
            await verify(token)
        rounds.append((time.process_time() - started) / CACHED_CALLS)
    return min(rounds) * 1e6


def _least(tokens: list[str], verify: Callable[[str], object]) -> float:
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for token in tokens:
            verify(token)
        rounds.append((time.process_time() - started) / len(tokens))
    return min(rounds) * 1e6


_public = import_key(KEY.as_dict(private=False))
_registry = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
)


def _joserfc(token: str) -> None:
    _registry.validate(jwt.decode(token, _public, algorithms=["ES256"]).claims)


def _pyjwt() -> Callable[[str], object]:
    if not PYJWT.is_dir():
        command = (sys.executable, "-m", "pip", "install", "-q", "--target", str(PYJWT), "pyjwt==2.15.1")
        subprocess.run(command, check=True)
    sys.path.append(str(PYJWT))
    pyjwt = importlib.import_module("jwt")
    key = pyjwt.PyJWK(KEY.as_dict(private=False)).key
    return lambda token: pyjwt.decode(token, key, algorithms=["ES256"], issuer=ISSUER, audience=AUDIENCE)


def _page() -> Any:
    return msgspec.to_builtins(FeedPage((RegionPage("home", "a", 0, 0, 0.0, ()),)))


def _app(answer: Any) -> Any:
    body = json.dumps(answer).encode()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await asyncio.sleep(0.5 if b"regions" in body else 0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


if __name__ == "__main__":
    main()
