"""The OpenID provider's use cases, made together from what the accounts stand on."""

from dataclasses import dataclass
from typing import Self

from subgraphs.identity.built_in_clients import built_in_clients
from subgraphs.identity.id_tokens import IdTokens
from subgraphs.identity.logout_tokens import LogoutTokens
from subgraphs.identity.parts import IdentityParts
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.authorization import Authorization
from subgraphs.identity.service.claims import Claims
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.devices import Devices
from subgraphs.identity.service.elsewhere import SigningIn
from subgraphs.identity.service.grants import Grants
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.logout_notices import LogoutNotices
from subgraphs.identity.service.pushed_requests import PushedRequests
from subgraphs.identity.service.sessions import Sessions
from subgraphs.identity.service.token_exchange import TokenExchange
from subgraphs.identity.service.token_status import TokenStatus
from subgraphs.identity.services import Services
from subgraphs.identity.site import Site
from subgraphs.identity.tokens import AccessTokens


@dataclass(frozen=True)
class Provider:
    """What the provider's doors, and the graph, do."""

    site: Site
    identity: Identity
    sessions: Sessions
    clients: Clients
    authorization: Authorization
    pushed_requests: PushedRequests
    grants: Grants
    claims: Claims
    devices: Devices
    logout_notices: LogoutNotices
    token_status: TokenStatus
    id_tokens: IdTokens
    token_exchange: TokenExchange
    homes: Homes
    signing_in: SigningIn

    @classmethod
    def of(cls, parts: IdentityParts, services: Services) -> Self:
        """The provider of one site, whose accounts are those of `services`."""
        database, settings = parts.database, parts.settings
        tokens = AccessTokens(parts.keys, settings.issuer, settings.audience)
        id_tokens, claims = IdTokens(parts.keys, settings.issuer), Claims(database)
        identity = _identity(parts, services, tokens)
        grants = Grants(
            database,
            parts.sealer.tagging_key,
            access_tokens=tokens,
            id_tokens=id_tokens,
            roles=services.roles,
            claims=claims,
            region=settings.region,
        )
        clients = Clients(database, built_in_clients(settings), parts.homes.neighbours)
        return cls(
            site=parts.site,
            identity=identity,
            sessions=Sessions(database, services.codes),
            clients=clients,
            authorization=Authorization(database, id_tokens),
            pushed_requests=PushedRequests(database),
            grants=grants,
            claims=claims,
            devices=Devices(database, grants, parts.throttle),
            logout_notices=LogoutNotices(
                database,
                clients,
                LogoutTokens(parts.keys, settings.issuer),
                may_be_inner=settings.inner_clients,
            ),
            token_status=TokenStatus(database),
            id_tokens=id_tokens,
            token_exchange=TokenExchange(parts.keys),
            homes=parts.homes,
            signing_in=SigningIn(database, identity, parts.directory),
        )


def _identity(parts: IdentityParts, services: Services, tokens: AccessTokens) -> Identity:
    return Identity(
        parts.database,
        parts.passwords,
        parts.throttle,
        tokens,
        roles=services.roles,
        emails=services.emails,
        codes=services.codes,
        addresses=parts.addresses,
    )
