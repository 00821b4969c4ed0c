"""The clients that come with the platform, whatever is in the database."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from subgraphs.identity.domain.clients import STANDARD_SCOPES, Client, GrantType
from subgraphs.identity.domain.roles import BUILT_IN
from subgraphs.identity.tokens import PLATFORM_CLIENT


def built_in_clients(issuer: str) -> Mapping[str, Client]:
    """By id: the platform's own public client, which comes back to the console on the router's address."""
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
    return {platform.id: platform}
