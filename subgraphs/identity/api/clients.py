"""Clients of the OpenID provider in the graph, for those who may steer accounts."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from typing import Annotated, Any, TypeAlias

import strawberry
import strawberry.federation

from common.app.values import InvalidInput
from common.inputs import InvalidInputError, check_page
from subgraphs.identity.api.context import Info
from subgraphs.identity.api.roles import FOR_ADMINS
from subgraphs.identity.domain import clients as domain


@strawberry.federation.type(keys=["id"], description="Who may ask for tokens (RFC 6749 section 2).")
class OAuthClient:
    id: strawberry.ID
    name: str
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    grant_types: list[str]
    scopes: list[str]
    is_public: bool = strawberry.field(description="Whether it has no secret.")
    region: str | None = strawberry.field(
        description="Where it was registered. All regions know it; null for one that comes with the platform."
    )
    require_pushed_authorization_requests: bool = strawberry.field(description="Whether it must (RFC 9126).")
    backchannel_logout_uri: str | None = strawberry.field(
        description="Where it is told that a session has ended (OpenID Connect Back-Channel Logout 1.0)."
    )

    @classmethod
    def of(cls, client: domain.Client) -> "OAuthClient":
        return cls(
            id=strawberry.ID(client.id),
            name=client.name,
            redirect_uris=client.redirect_uris,
            post_logout_redirect_uris=client.post_logout_redirect_uris,
            grant_types=client.grant_types,
            scopes=client.scopes,
            is_public=client.is_public,
            region=client.region,
            require_pushed_authorization_requests=client.require_pushed_authorization_requests,
            backchannel_logout_uri=client.backchannel_logout_uri,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "OAuthClient | None":  # noqa: A002 - the key field's name
        info.context.require_admin()
        client = await info.context.provider.clients.find(id)
        return cls.of(client) if client else None


@strawberry.type(description="A client and its secret, which is shown this once; a public one has none.")
class OAuthClientCreated:
    client: OAuthClient
    secret: str | None


@strawberry.type(
    description="The client's new secret, which is shown this once. The one before counts for an hour more, unless it was ended."
)
class ClientSecretRotated:
    secret: str


@strawberry.type(
    description="The client is gone in every region, as soon as that hears of it, with all its tokens."
)
class OAuthClientRemoved:
    id: strawberry.ID


@strawberry.type(description="There is no such client here, or none that has a secret of its own.")
class OAuthClientNotFound:
    message: str


CreateOAuthClientResult: TypeAlias = Annotated[
    OAuthClientCreated | InvalidInput, strawberry.union("CreateOAuthClientResult")
]
RotateClientSecretResult: TypeAlias = Annotated[
    ClientSecretRotated | OAuthClientNotFound, strawberry.union("RotateClientSecretResult")
]

RemoveOAuthClientResult: TypeAlias = Annotated[
    OAuthClientRemoved | OAuthClientNotFound, strawberry.union("RemoveOAuthClientResult")
]


@strawberry.input
class CreateOAuthClientInput:
    name: str
    grant_types: list[str]
    scopes: list[str]
    redirect_uris: list[str] = strawberry.field(default_factory=list)
    post_logout_redirect_uris: list[str] = strawberry.field(default_factory=list)
    is_public: bool = False
    require_pushed_authorization_requests: bool = False
    backchannel_logout_uri: str | None = None


def _mutation(description: str) -> Any:
    return strawberry.federation.mutation(description=description, requires_scopes=FOR_ADMINS)


@strawberry.type
class ClientQueries:
    @strawberry.federation.field(
        description="The clients that were made in any region, the newest first.", requires_scopes=FOR_ADMINS
    )
    async def oauth_clients(self, info: Info, first: int = 20) -> list[OAuthClient]:
        info.context.require_admin()
        return [
            OAuthClient.of(client) for client in await info.context.provider.clients.newest(check_page(first))
        ]


@strawberry.type
class ClientMutations:
    @_mutation("Make a client.")
    async def create_oauth_client(
        self,
        info: Info,
        input: CreateOAuthClientInput,  # noqa: A002 - the argument's name in the schema
    ) -> CreateOAuthClientResult:
        admin = info.context.require_admin()
        try:
            client, secret = await info.context.provider.clients.create(
                admin,
                name=input.name,
                grant_types=input.grant_types,
                scopes=input.scopes,
                redirect_uris=input.redirect_uris,
                post_logout_redirect_uris=input.post_logout_redirect_uris,
                is_public=input.is_public,
                require_pushed_authorization_requests=input.require_pushed_authorization_requests,
                backchannel_logout_uri=input.backchannel_logout_uri,
            )
        except InvalidInputError as refusal:
            return InvalidInput(message=refusal.message, field=refusal.field)
        return OAuthClientCreated(client=OAuthClient.of(client), secret=secret)

    @_mutation(
        "Give a client another secret. `endOld` is for one that others know: it ends now, with every token that the client has."
    )
    async def rotate_client_secret(
        self,
        info: Info,
        id: strawberry.ID,  # noqa: A002 - the argument's name in the schema
        end_old: bool = False,  # noqa: FBT001, FBT002 - an argument of the graph is named there
    ) -> RotateClientSecretResult:
        admin = info.context.require_admin()
        secret = await info.context.provider.clients.rotate_secret(id, admin, end_old=end_old)
        if secret is None:
            return OAuthClientNotFound(message="There is no such client that has a secret")
        return ClientSecretRotated(secret=secret)

    @_mutation("Remove a client, and end every token that it has.")
    async def remove_oauth_client(self, info: Info, id: strawberry.ID) -> RemoveOAuthClientResult:  # noqa: A002 - the argument's name in the schema
        admin = info.context.require_admin()
        if await info.context.provider.clients.remove(id, admin):
            return OAuthClientRemoved(id=id)
        return OAuthClientNotFound(message="There is no such client that was registered")
