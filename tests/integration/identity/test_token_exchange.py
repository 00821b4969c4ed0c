"""The router's grant: one caller's token for one of a single service (guarantee 38)."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from common.http import Request, Response
from tests.integration.identity.relying import claims

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


async def exchange(identity: Any, token: str, secret: str | None = None, **changes: str) -> Response:
    fields = {"grant_type": GRANT, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    fields |= {"audience": "payments", **changes}
    own = secret or identity.environment["HANSA_ROUTER_SECRET"]
    basic = base64.b64encode(f"hansa-router:{own}".encode()).decode()
    headers = (("authorization", f"Basic {basic}"), ("content-type", "application/x-www-form-urlencoded"))
    request = Request(path="/oauth/token", body=urlencode(fields).encode(), headers=headers)
    return await identity.transport.send(request)  # type: ignore[no-any-return]


@pytest.fixture
async def token(identity: Any) -> str:
    return str((await identity.sign_up())["accessToken"])


async def test_the_router_gets_a_token_of_one_service_for_a_minute(identity: Any, token: str) -> None:
    answer = await exchange(identity, token)
    assert answer.status == 200, answer.body
    body = json.loads(answer.body)
    assert (body["issued_token_type"], body["token_type"], body["expires_in"]) == (ACCESS_TOKEN, "Bearer", 60)
    before, after = claims(token), claims(body["access_token"])
    assert (after["aud"], after["act"]) == ("payments", {"sub": "hansa-router"})
    assert 59 < after["exp"] - after["iat"] <= 60
    assert after["jti"] != before["jti"]
    for name in ("iss", "sub", "client_id", "scope", "roles"):
        assert after[name] == before[name], name


async def test_the_token_is_accepted_where_it_is_for_and_not_exchanged_again(
    identity: Any, token: str
) -> None:
    for audience, status in (("identity", 200), ("payments", 401)):
        made = json.loads((await exchange(identity, token, audience=audience)).body)["access_token"]
        answer = await identity.post("{ me { name } }", authorization=f"Bearer {made}")
        assert answer.status == status, audience
    refused = await exchange(identity, made)
    assert (refused.status, json.loads(refused.body)["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"audience": "hansa"}, "invalid_target"),
        ({"audience": "https://x.example"}, "invalid_target"),
        ({"scope": "graph identity:admin"}, "invalid_scope"),
        ({"subject_token": "garbage"}, "invalid_request"),
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"actor_token": "x"}, "invalid_request"),
    ],
)
async def test_more_than_that_is_refused(
    identity: Any, token: str, changes: dict[str, str], error: str
) -> None:
    answer = await exchange(identity, **{"token": token, **changes})
    assert (answer.status, json.loads(answer.body)["error"]) == (400, error)


async def test_nobody_else_exchanges_tokens(identity: Any, token: str) -> None:
    assert (await exchange(identity, token, secret="guessed")).status == 401


async def test_a_token_for_a_stream_lasts_as_long_as_the_callers_and_no_longer(
    identity: Any, token: str
) -> None:
    body = json.loads((await exchange(identity, token, hansa_lifetime="subject_token")).body)
    assert claims(body["access_token"])["exp"] == claims(token)["exp"]
    refused = await exchange(identity, token, hansa_lifetime="a year")
    assert (refused.status, json.loads(refused.body)["error"]) == (400, "invalid_request")
