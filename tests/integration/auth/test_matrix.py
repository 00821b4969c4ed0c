"""Every refusal, at the router and at a service that is asked past it."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from common.http import Request, Response, Transport

ME = json.dumps({"query": "{ me { name } }"}).encode()
Sign = Callable[..., Awaitable[str]]
both = pytest.mark.parametrize("door", ["router", "identity"])


async def ask(transport: Transport, authorization: str | None) -> Response:
    headers = [("content-type", "application/json")]
    if authorization is not None:
        headers.append(("authorization", authorization))
    return await transport.send(Request(path="", body=ME, headers=tuple(headers)))


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def unsigned(sign: Sign) -> str:
    return f"{segment({'typ': 'at+jwt', 'alg': 'none'})}.{(await sign()).split('.')[1]}."


async def tampered(sign: Sign) -> str:
    header, _, signature = (await sign()).split(".")
    return f"{header}.{segment({'sub': 'admin'})}.{signature}"


async def with_hmac(sign: Sign) -> str:
    return f"{segment({'typ': 'at+jwt', 'alg': 'HS256', 'kid': 'x'})}.{(await sign()).split('.')[1]}.c2ln"


async def garbage(_: Sign) -> str:
    return "garbage"


CASES: dict[str, Callable[[Sign], Awaitable[str]]] = {
    "EXPIRED": lambda sign: sign({"exp": int(time.time()) - 60}),
    "WRONG_AUDIENCE": lambda sign: sign({"aud": "bank"}),
    "WRONG_ISSUER": lambda sign: sign({"iss": "https://evil.example"}),
    "WRONG_TYPE": lambda sign: sign(header={"typ": "JWT"}),
    "UNKNOWN_KEY": lambda sign: sign(header={"kid": "unknown"}),
    "WRONG_ALGORITHM none": unsigned,
    "WRONG_ALGORITHM HS256": with_hmac,
    "BAD_SIGNATURE": tampered,
    "MALFORMED": garbage,
}


@both
async def test_a_token_that_does_not_count_is_refused_with_its_reason(
    doors: Mapping[str, Transport], sign: Sign, door: str
) -> None:
    for case, make in CASES.items():
        answer = await ask(doors[door], f"Bearer {await make(sign)}")
        assert answer.status == 401, case
        assert 'error="invalid_token"' in dict(answer.headers)["www-authenticate"]
        (error,) = json.loads(answer.body).pop("errors")
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        assert error["extensions"]["reason"] == case.split(maxsplit=1)[0]


@both
async def test_no_token_is_anonymous(doors: Mapping[str, Transport], door: str) -> None:
    answer = await ask(doors[door], None)
    assert (answer.status, json.loads(answer.body)) == (200, {"data": {"me": None}})


@both
async def test_a_good_token_is_its_subject(doors: Mapping[str, Transport], sign: Sign, door: str) -> None:
    answer = await ask(doors[door], f"Bearer {await sign()}")
    assert json.loads(answer.body) == {"data": {"me": {"name": "Alheit Warendorp"}}}


@both
async def test_tokens_of_the_old_and_the_new_key_count_while_keys_rotate(
    doors: Mapping[str, Transport], sign: Sign, keys: Any, door: str
) -> None:
    old = await sign()
    await keys.rotate()
    assert (await ask(doors[door], f"Bearer {old}")).status == 200
    await asyncio.sleep(1.1)
    new = await sign()
    assert old.split(".", 1)[0] != new.split(".", 1)[0]
    for token in (old, new):
        assert (await ask(doors[door], f"Bearer {token}")).status == 200
