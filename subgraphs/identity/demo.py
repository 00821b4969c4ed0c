"""Demo data: the users that everyone may sign in as, the first of them an admin, and a client with a secret."""

from collections.abc import Mapping

from common.database import Database
from common.demo import DEMO_PASSWORD, DEMO_USERS
from common.settings import load
from subgraphs.identity.domain.clients import STANDARD_SCOPES, Client, GrantType
from subgraphs.identity.domain.roles import ADMIN
from subgraphs.identity.opaque import digest
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.settings import Settings
from subgraphs.identity.store import accounts as store
from subgraphs.identity.store import clients, emails, roles

DEMO_CLIENT = Client(
    id="demo",
    name="Demo Shop",
    secret_hash=digest(DEMO_PASSWORD),
    redirect_uris=["http://127.0.0.1:3000/callback", "http://localhost:3000/callback"],
    post_logout_redirect_uris=["http://127.0.0.1:3000/", "http://localhost:3000/"],
    grant_types=[each.value for each in GrantType if each is not GrantType.TOKEN_EXCHANGE],
    scopes=[*STANDARD_SCOPES, "graph"],
)
"""Its secret is the demo users' password."""


async def load_demo(environment: Mapping[str, str]) -> None:
    """Adds the demo users that are missing, and an admin unless there is one."""
    settings = load(Settings, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service)
    passwords = Passwords()
    try:
        async with database.transaction() as transaction:
            for demo_user in DEMO_USERS:
                if await store.insert_user(transaction, demo_user.email, demo_user.name, demo_user.id):
                    password_hash = await passwords.hash(DEMO_PASSWORD)
                    await store.put_password_hash(transaction, demo_user.id, password_hash)
                    await emails.verify(transaction, demo_user.email)
            await clients.insert_client(transaction, DEMO_CLIENT)
            if not await roles.holders(transaction, ADMIN):
                await roles.grant(transaction, DEMO_USERS[0].id, ADMIN, granted_by=None)
    finally:
        passwords.close()
        await database.close()
