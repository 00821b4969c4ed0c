"""The OpenID provider's use cases, made together from what the accounts stand on."""

from dataclasses import dataclass
from typing import Self

from common.database import Database
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.built_in_clients import built_in_clients
from subgraphs.identity.id_tokens import IdTokens
from subgraphs.identity.service.accounts import Identity
from subgraphs.identity.service.authorization import Authorization
from subgraphs.identity.service.claims import Claims
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.service.devices import Devices
from subgraphs.identity.service.directory import Directory
from subgraphs.identity.service.elsewhere import SigningIn
from subgraphs.identity.service.grants import Grants
from subgraphs.identity.service.homes import Homes
from subgraphs.identity.service.roles import Roles
from subgraphs.identity.service.second_factors import SecondFactors
from subgraphs.identity.service.sessions import Sessions
from subgraphs.identity.service.token_exchange import TokenExchange
from subgraphs.identity.service.token_status import TokenStatus
from subgraphs.identity.signing_keys import SigningKeys
from subgraphs.identity.site import Site
from subgraphs.identity.throttle import SignInThrottle
from subgraphs.identity.tokens import AccessTokens


@dataclass(frozen=True)
class Provider:
    """What the provider's doors, and the graph, do."""

    site: Site
    identity: Identity
    sessions: Sessions
    clients: Clients
    authorization: Authorization
    grants: Grants
    claims: Claims
    devices: Devices
    token_status: TokenStatus
    id_tokens: IdTokens
    token_exchange: TokenExchange
    homes: Homes
    signing_in: SigningIn

    @classmethod
    def of(
        cls,
        database: Database,
        sealer: Sealer,
        keys: SigningKeys,
        *,
        site: Site,
        identity: Identity,
        access_tokens: AccessTokens,
        roles: Roles,
        second_factors: SecondFactors,
        throttle: SignInThrottle,
        router_secret: Secret | None,
        region: str,
        homes: Homes,
        directory: Directory | None,
    ) -> Self:
        """The provider at `site`."""
        id_tokens, claims = IdTokens(keys, site.issuer), Claims(database)
        grants = Grants(
            database,
            sealer.tagging_key,
            access_tokens=access_tokens,
            id_tokens=id_tokens,
            roles=roles,
            claims=claims,
            region=region,
        )
        return cls(
            site=site,
            identity=identity,
            sessions=Sessions(database, second_factors),
            clients=Clients(database, built_in_clients(site.issuer, router_secret), homes.neighbours),
            authorization=Authorization(database, id_tokens),
            grants=grants,
            claims=claims,
            devices=Devices(database, grants, throttle),
            token_status=TokenStatus(database),
            id_tokens=id_tokens,
            token_exchange=TokenExchange(keys),
            homes=homes,
            signing_in=SigningIn(database, identity, directory),
        )
