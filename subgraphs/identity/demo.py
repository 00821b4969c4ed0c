"""Demo data: the users that everyone may sign in as, the first of them an admin."""

from collections.abc import Mapping

from common.database import Database
from common.demo import DEMO_PASSWORD, DEMO_USERS
from common.settings import load
from subgraphs.identity.domain.roles import ADMIN
from subgraphs.identity.passwords import Passwords
from subgraphs.identity.settings import Settings
from subgraphs.identity.store import accounts as store
from subgraphs.identity.store import emails, roles


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
            if not await roles.holders(transaction, ADMIN):
                await roles.grant(transaction, DEMO_USERS[0].id, ADMIN, granted_by=None)
    finally:
        passwords.close()
        await database.close()
