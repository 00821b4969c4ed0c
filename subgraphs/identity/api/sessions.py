"""Where a user is signed in, in the graph, and how they end it. A session is `BrowserSession`, as `Session` is what `signIn` gives."""

# mypy: disallow-untyped-decorators=False
# Strawberry types its field decorators as Any.

from datetime import datetime

import strawberry
import strawberry.federation

from common.inputs import parse_id
from subgraphs.identity.api.context import Info
from subgraphs.identity.domain import sessions as domain


@strawberry.federation.type(keys=["id"], description="A browser in which a user is signed in.")
class BrowserSession:
    id: strawberry.ID
    user_agent: str = strawberry.field(description="What the browser calls itself.")
    amr: list[str] = strawberry.field(description="How the user proved who they are (RFC 8176).")
    created_at: datetime
    authenticated_at: datetime = strawberry.field(description="When they last did.")
    last_seen_at: datetime = strawberry.field(description="To within five minutes.")
    expires_at: datetime
    is_current: bool = strawberry.field(description="Whether the caller's token comes from it.")

    @classmethod
    def of(cls, info: Info, session: domain.Session) -> "BrowserSession":
        caller = info.context.caller
        return cls(
            id=strawberry.ID(str(session.id)),
            user_agent=session.user_agent,
            amr=session.amr,
            created_at=session.created_at,
            authenticated_at=session.authenticated_at,
            last_seen_at=session.last_seen_at,
            expires_at=session.expires_at,
            is_current=caller is not None and caller.claims.get("sid") == str(session.id),
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "BrowserSession | None":  # noqa: A002 - the key field's name
        """The session, for its user and for admins; for others there is none."""
        parsed = parse_id(id)
        session = await info.context.session_by_id.load(parsed) if parsed else None
        if session is None or not info.context.may_see(str(session.user_id)):
            return None
        return cls.of(info, session)


@strawberry.type
class SessionMutations:
    @strawberry.mutation(
        description="Sign a browser out, and end what it was given; whether there was such a session of the caller's."
    )
    async def end_session(self, info: Info, id: strawberry.ID) -> bool:  # noqa: A002 - the argument's name in the schema
        user_id, parsed = info.context.require_user(), parse_id(id)
        if parsed is None:
            return False
        return await info.context.provider.sessions.end_of(user_id, parsed, info.context.origin)

    @strawberry.mutation(
        description="Sign the caller out everywhere and end all that clients were given, also for the time that they are away; "
        "gives how many browsers it were. The caller's own token ends, too."
    )
    async def end_all_sessions(self, info: Info) -> int:
        return await info.context.provider.sessions.end_all(info.context.require_user(), info.context.origin)
