"""The clients that come with the platform, whatever is in the database."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from common.settings import Secret
from subgraphs.identity.domain.clients import STANDARD_SCOPES, Client, GrantType
from subgraphs.identity.domain.roles import BUILT_IN
from subgraphs.identity.opaque import digest
from subgraphs.identity.tokens import PLATFORM_CLIENT

ROUTER_CLIENT = "hansa-router"
"""The router, which exchanges its callers' tokens for those of single subgraphs."""


def built_in_clients(issuer: str, router_secret: Secret | None) -> Mapping[str, Client]:
    """By id: the platform's own public client, which comes back to the console on the router's address.

    The router is a client, too, if it has a secret.
    """
    parts = urlsplit(issuer)
    console = f"{parts.scheme}://{parts.netloc}/"
    scopes = {grant.scope for role in BUILT_IN.values() for grant in role.grants}
    platform = Client(
        id=PLATFORM_CLIENT,
        name="Hansa",
        redirect_uris=[console],
        post_logout_redirect_uris=[console],
        grant_types=[GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE],
        scopes=[*STANDARD_SCOPES, *sorted(scopes)],
        is_first_party=True,
    )
    clients = {platform.id: platform}
    if router_secret is not None:
        hash_ = digest(router_secret.reveal())
        clients[ROUTER_CLIENT] = Client(
            id=ROUTER_CLIENT,
            name="Router",
            secret_hash=hash_,
            grant_types=[GrantType.TOKEN_EXCHANGE],
            scopes=[],
        )
    return clients
