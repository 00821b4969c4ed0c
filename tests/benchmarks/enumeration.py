"""`python -m tests.benchmarks.enumeration`: whether the time of an answer tells if an address has an account.

Each question is asked of an address with an account and of one without, in turns. The last column is how often somebody who is given one time
of each would say rightly which is which: 0.5 is no better than guessing. By CPU time, which the machine's other work does not blur.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from common.app import running
from common.database import migrate
from common.embedded import EmbeddedServers
from common.http import Request, Transport, open_transport
from subgraphs.identity.app import service

ACCOUNTS = 20
ATTEMPTS = 9  # of ten that an address has
SIGN_UP = """mutation ($email: String!) {
  signUp(input: { email: $email, password: "long enough", name: "Ada" }) { __typename } }"""
QUESTIONS = {
    "sign in, wrong password": """mutation ($email: String!) {
      signIn(input: { email: $email, password: "wrong password" }) { __typename } }""",
    "recover a password": "mutation ($email: String!) { sendPasswordRecovery(email: $email) { __typename } }",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.enumeration", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=ATTEMPTS - 1, help=f"for each account, {ATTEMPTS - 1} at most"
    )
    options = parser.parse_args()
    with TemporaryDirectory(prefix="hansa-enumeration-") as directory:
        Path(directory).chmod(0o755)
        asyncio.run(_measure(Path(directory), options.rounds))


async def _measure(directory: Path, rounds: int) -> None:
    servers = EmbeddedServers(directory, {})
    environment = {
        **(await servers.start()),
        "HANSA_ISSUER": "https://hansa.example",
        "HANSA_JWKS_URL": "app://identity/.well-known/jwks.json",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
    }
    try:
        await migrate(environment["DATABASE_URL"], schema="identity", scripts=service.migrations)
        await _ask_all(environment, rounds)
    finally:
        await servers.stop()


async def _ask_all(environment: Mapping[str, str], rounds: int) -> None:
    app = service.create_app(environment)
    app.state.apps = {"identity": app}
    transport = open_transport("app://identity/graphql", apps=app.state.apps)
    sys.stdout.write(f"{'CPU, ms':26}{'account':>9}{'none':>9}{'told':>8}\n")
    async with running(app):
        for name, question in QUESTIONS.items():
            await _report(transport, name, question, rounds)
    await transport.close()


async def _report(transport: Transport, name: str, question: str, rounds: int) -> None:
    known = [f"{name.split(maxsplit=1)[0]}-{number}@hansa.example" for number in range(ACCOUNTS)]
    for email in known:
        await _ask(transport, SIGN_UP, email)
    await _ask(transport, question, known[0])
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for email in known:
            for found, address in zip(times, (email, f"nobody-{email}"), strict=True):
                started = time.process_time()
                await _ask(transport, question, address)
                found.append((time.process_time() - started) * 1_000)
    medians = "".join(f"{statistics.median(found):9.2f}" for found in times)
    sys.stdout.write(f"{name:26}{medians}{_told(*times):8.2f}\n")


def _told(first: Sequence[float], second: Sequence[float]) -> float:
    """How often one of the first is greater than one of the second, or the other way round."""
    greater = sum((a > b) + (a == b) / 2 for a in first for b in second) / (len(first) * len(second))
    return max(greater, 1 - greater)


async def _ask(transport: Transport, query: str, email: str) -> None:
    body = json.dumps({"query": query, "variables": {"email": email}}).encode()
    answer = await transport.send(
        Request(path="", body=body, headers=(("content-type", "application/json"),))
    )
    assert answer.status == 200
    assert b"TooManyAttempts" not in answer.body, answer.body


if __name__ == "__main__":
    main()
