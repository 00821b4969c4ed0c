"""The clients that come with the platform, whatever is in the database."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from common.settings import Secret
from subgraphs.identity.domain.clients import STANDARD_SCOPES, Client, GrantType
from subgraphs.identity.domain.roles import BUILT_IN
from subgraphs.identity.opaque import digest
from subgraphs.identity.settings import Settings
from subgraphs.identity.tokens import PLATFORM_CLIENT

ROUTER_CLIENT = "hansa-router"
"""The router, which exchanges its callers' tokens for those of single subgraphs."""


PROXY_CLIENT = "hansa-proxy"
"""The reverse proxy, which asks the control plane of tenants for configurations and keys."""


def built_in_clients(settings: Settings) -> Mapping[str, Client]:
    """By id: the platform's own public client, and the parts of the platform that have a secret."""
    clients = [_platform(settings.issuer)]
    if settings.router_secret is not None:
        clients.append(_part(ROUTER_CLIENT, "Router", settings.router_secret, GrantType.TOKEN_EXCHANGE))
    if settings.proxy_secret is not None:
        grant_type, scope = GrantType.CLIENT_CREDENTIALS, "tenants:dataplane"
        clients.append(_part(PROXY_CLIENT, "Reverse proxy", settings.proxy_secret, grant_type, scope))
    return {client.id: client for client in clients}


def _platform(issuer: str) -> Client:
    """It comes back to the console on the router's address."""
    parts = urlsplit(issuer)
    console = f"{parts.scheme}://{parts.netloc}/"
    scopes = {grant.scope for role in BUILT_IN.values() for grant in role.grants}
    return Client(
        id=PLATFORM_CLIENT,
        name="Hansa",
        redirect_uris=[console],
        post_logout_redirect_uris=[console],
        grant_types=[GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE],
        scopes=[*STANDARD_SCOPES, *sorted(scopes)],
        is_first_party=True,
    )


def _part(id_: str, name: str, secret: Secret, grant_type: GrantType, *scopes: str) -> Client:
    secret_hash = digest(secret.reveal())
    return Client(id=id_, name=name, secret_hash=secret_hash, grant_types=[grant_type], scopes=list(scopes))
