"""Every refusal, at the router and at a service that is asked past it."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.auth.revocation import Kind
from common.database import Database
from common.http import Request, Response, Transport
from subgraphs.identity.service.revocations import revoke

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
    async with asyncio.timeout(10):  # who has just fetched the keys looks again after five seconds
        while True:
            if (await ask(doors[door], f"Bearer {new}")).status == 200:
                break
            await asyncio.sleep(0.2)
    assert (await ask(doors[door], f"Bearer {old}")).status == 200


async def test_a_token_for_one_service_is_accepted_there_and_nowhere_else(
    doors: Mapping[str, Transport], sign: Sign
) -> None:
    token = f"Bearer {await sign({'aud': 'identity'})}"
    assert (await ask(doors["identity"], token)).status == 200
    assert (await ask(doors["router"], token)).status == 401
    assert (await ask(doors["identity"], f"Bearer {await sign({'aud': 'payments'})}")).status == 401


@both
async def test_a_token_that_is_revoked_is_refused_within_two_seconds(
    doors: Mapping[str, Transport], sign: Sign, database_url: str, door: str
) -> None:
    token = f"Bearer {await sign({'sid': 's1'})}"
    other = f"Bearer {await sign({'sid': 's2'})}"
    assert (await ask(doors[door], token)).status == 200
    database = Database.open(database_url, schema="identity")
    async with database.transaction() as transaction:
        await revoke(transaction, Kind.SID, "s1", datetime.now(UTC) + timedelta(minutes=11))
    await database.close()
    async with asyncio.timeout(2):
        while True:
            answer = await ask(doors[door], token)
            if answer.status == 401:
                break
            await asyncio.sleep(0.05)
    assert json.loads(answer.body)["errors"][0]["extensions"]["reason"] == "REVOKED"
    assert (await ask(doors[door], other)).status == 200
