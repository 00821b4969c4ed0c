"""A client is registered in one region and known in all, also while its own is cut off, until it is removed."""

from collections.abc import Mapping
from typing import Any

from common.http import Request
from subgraphs.identity.domain.audit import Origin
from subgraphs.identity.domain.clients import Client
from tests.integration.regions.admins import sign_in_as_admin
from tests.integration.regions.conftest import Region, eventually
from tests.integration.regions.test_partitions import lags

CREATE = """mutation ($input: CreateOAuthClientInput!) { createOauthClient(input: $input) {
  ... on OAuthClientCreated { client { id region } secret } } }"""
ROTATE = """mutation ($id: ID!) { rotateClientSecret(id: $id) { __typename
  ... on ClientSecretRotated { secret } } }"""
REMOVE = "mutation ($id: ID!) { removeOauthClient(id: $id) { __typename } }"
EVENTS = "SELECT kind, actor_id IS NULL, details FROM security_event WHERE kind LIKE 'CLIENT%' ORDER BY id"
SERVICE: dict[str, Any] = {
    "name": "Shop",
    "grant_types": ["client_credentials"],
    "scopes": ["graph", "introspect"],
    "redirect_uris": [],
    "post_logout_redirect_uris": [],
    "is_public": False,
}


async def register(region: Region) -> tuple[Client, str]:
    client, secret = await region.clients.create(Origin(), **SERVICE)
    assert secret is not None
    return client, secret


async def ask_for_token(region: Region, client: Client, secret: str) -> tuple[int, Any]:
    fields = {"grant_type": "client_credentials", "client_id": client.id, "client_secret": secret}
    return await region.send_form("/oauth/token", fields)


async def counts(region: Region, client: Client, secret: str) -> bool:
    return (await ask_for_token(region, client, secret))[0] == 200


async def token(region: Region, client: Client, secret: str) -> str:
    status, body = await ask_for_token(region, client, secret)
    assert status == 200, body
    return str(body["access_token"])


async def becomes_known(region: Region, client: Client, secret: str) -> None:
    await eventually(lambda: counts(region, client, secret))


async def is_refused(region: Region, client: Client, secret: str) -> None:
    async def refused() -> bool:
        return not await counts(region, client, secret)

    await eventually(refused)


async def ends(region: Region, access_token: str) -> None:
    async def ended() -> bool:
        return not await region.accepts(access_token)

    await eventually(ended)


async def test_a_client_of_one_region_counts_in_all_and_is_changed_at_home_from_any(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    admin = await sign_in_as_admin(us)
    await eventually(lambda: eu.accepts(admin))
    fields = {"name": "Shop", "grantTypes": ["client_credentials"], "scopes": ["graph"]}
    made = (await eu.ask(CREATE, admin, input=fields))["data"]["createOauthClient"]
    client = Client(id=made["client"]["id"], name="Shop", grant_types=[], scopes=[])
    assert made["client"]["region"] == "eu"
    await becomes_known(us, client, made["secret"])
    listed = (await us.ask("{ oauthClients { id region } }", admin))["data"]["oauthClients"]
    assert listed == [{"id": client.id, "region": "eu"}]
    rotated = (await us.ask(ROTATE, admin, id=client.id))["data"]["rotateClientSecret"]
    for region in (eu, us):
        await becomes_known(region, client, rotated["secret"])
        assert await counts(region, client, made["secret"]), "for an hour"
    eu.cut_off()
    assert await counts(us, client, rotated["secret"]), "whoever wrote it need not be there"
    for change in (ROTATE, REMOVE):
        answer = await us.ask(change, admin, id=client.id)
        assert answer["errors"][0]["extensions"]["code"] == "REGION_UNAVAILABLE"
    eu.rejoin()
    (removed,) = (await us.ask(REMOVE, admin, id=client.id))["data"].values()
    assert removed == {"__typename": "OAuthClientRemoved"}
    for region in (eu, us):
        await is_refused(region, client, rotated["secret"])
    (removed,) = (await us.ask(REMOVE, admin, id=client.id))["data"].values()
    assert removed == {"__typename": "OAuthClientNotFound"}
    assert (await us.ask("{ oauthClients { id } }", admin))["data"] == {"oauthClients": []}
    named = {"client": client.id}
    assert await eu.rows(EVENTS) == [
        ("CLIENT_REGISTERED", False, named),
        ("CLIENT_SECRET_ROTATED", True, {**named, "askedBy": "us"}),
        ("CLIENT_REMOVED", True, {**named, "askedBy": "us"}),
    ]
    assert await us.rows(EVENTS) == [
        ("CLIENT_SECRET_ROTATED", False, {**named, "region": "eu"}),
        ("CLIENT_REMOVED", False, {**named, "region": "eu"}),
    ]


async def test_what_changes_while_a_region_is_cut_off_it_knows_once_it_is_back(
    regions: Mapping[str, Region],
) -> None:
    eu, us = regions["eu"], regions["us"]
    leaked, old = await register(eu)
    removed, secret = await register(eu)
    for client, its in ((leaked, old), (removed, secret)):
        await becomes_known(us, client, its)
    before = await token(eu, removed, secret)
    eu.cut_off()
    made, fresh = await register(eu)
    new = await eu.clients.rotate_secret(leaked.id, Origin(), end_old=True)
    assert new is not None
    assert await eu.clients.remove(removed.id, Origin())
    await ends(eu, before)
    await is_refused(eu, leaked, old)
    await is_refused(eu, removed, secret)
    assert not await counts(us, made, fresh)
    meanwhile = [await token(us, leaked, old), await token(us, removed, secret)]
    assert (await lags(us))["eu"] > 0, "and it is known how old what counts there is"
    long_ago = "UPDATE revocation SET issued_until = issued_until - interval '1 hour'"
    await eu.rows(long_ago)
    eu.rejoin()
    await becomes_known(us, made, fresh)
    await is_refused(us, leaked, old)
    await is_refused(us, removed, secret)
    assert await counts(us, leaked, new)
    for region in (us, eu):
        for each in (before, *meanwhile):
            await ends(region, each)


async def test_only_a_region_is_told_of_clients(regions: Mapping[str, Region]) -> None:
    eu, us = regions["eu"], regions["us"]
    client, secret = await register(eu)
    await becomes_known(us, client, secret)
    assert (await eu.get("/region?clients=0"))["clients"] is None
    forged = (("signature", "hansa=:AAAA:"), ("signature-input", 'hansa=();keyid="region"'))
    answer = await eu.transport.send(Request(path="/region?clients=0", method="GET", headers=forged))
    assert answer.status == 401
