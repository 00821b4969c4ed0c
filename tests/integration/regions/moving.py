"""Two regions' accounts, and the addresses that they take from one another."""

import contextlib
from typing import Any

import msgspec
from msgspec import Struct

from common.database import Database
from common.http import open_transport
from subgraphs.identity.domain.directory import AboutAddress, DirectoryKey, decider
from subgraphs.identity.errors import EmailTakenError
from subgraphs.identity.service.addresses import Addresses
from subgraphs.identity.service.directory import Directory
from subgraphs.identity.service.neighbours import Neighbours
from subgraphs.identity.store import accounts, emails

NAMES = ("eu", "home")
KEY = DirectoryKey("d" * 32)


def is_on_the_way(failpoint: str) -> bool:
    """Whether addresses that move come by it."""
    return failpoint.split(".")[1] in {"address", "directory"}


class Accounts(Struct, frozen=True):
    """The accounts of one region."""

    database: Database
    addresses: Addresses

    async def sign_up(self, email: str) -> None:
        """Makes an account, if nobody has the address."""
        with contextlib.suppress(EmailTakenError):
            claim = await self.addresses.claim(email)
            async with self.database.transaction() as transaction:
                if await accounts.insert_user(transaction, email, "Ada") is None:
                    raise EmailTakenError
                await self.addresses.take(transaction, claim)

    async def change(self, before: str, after: str) -> None:
        """Gives the account of one address another, if there is one and nobody has the other."""
        with contextlib.suppress(EmailTakenError):
            claim = await self.addresses.claim(after)
            async with self.database.transaction() as transaction:
                user = await accounts.user_by_email(transaction, before)
                if user is None or await emails.change(transaction, user.id, after) is None:
                    raise EmailTakenError
                await self.addresses.take(transaction, claim)
                await self.addresses.give_up(transaction, before)

    async def has(self, email: str) -> bool:
        async with self.database.transaction() as transaction:
            return await accounts.user_by_email(transaction, email) is not None

    async def settle(self) -> None:
        """As after two minutes."""
        async with self.database.transaction() as transaction:
            await transaction.execute("UPDATE address_claim SET asked_at = now() - interval '3 minutes'")
        await self.addresses.settle()


def accounts_of(eu: Database, home: Database) -> tuple[Accounts, Accounts]:
    """Those of both regions, which ask one another."""
    databases = {"eu": eu, "home": home}
    directories: dict[str, Directory] = {}
    apps = {name: _answering(directories, name) for name in NAMES}
    for name, database in databases.items():
        ways = {other: open_transport(f"app://{other}", apps=apps) for other in NAMES if other != name}
        directories[name] = Directory(database, KEY, Neighbours(ways, KEY.requests), name, NAMES)
    first, second = (
        Accounts(databases[name], Addresses(databases[name], directories[name])) for name in NAMES
    )
    return first, second


def address(name: str, region: str) -> str:
    """An address about which `region` decides."""
    made = (f"{name}.{number}@hansa.example" for number in range(1000))
    return next(email for email in made if decider(KEY.digest(email), NAMES) == region)


async def move(eu: Accounts, home: Accounts, name: str) -> None:
    """An account of `home` gets another address, which both regions want, as they want the one before."""
    for region in NAMES:
        before, after = address(f"{name}.before", region), address(f"{name}.after", region)
        await home.sign_up(before)
        await home.change(before, after)
        await eu.sign_up(after)
        await home.settle()
        await eu.settle()
        for email in (before, after):
            await eu.sign_up(email)


async def take_what_is_free(eu: Accounts, home: Accounts, name: str) -> None:
    """After whatever became of `move`, nobody is kept from an address that is no account's."""
    await eu.settle()
    await home.settle()
    for region in NAMES:
        for which in ("before", "after"):
            email = address(f"{name}.{which}", region)
            await eu.sign_up(email)
            assert await eu.has(email) or await home.has(email)
    await eu.settle()


def _answering(directories: dict[str, Directory], name: str) -> Any:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        question: AboutAddress = msgspec.json.decode((await receive())["body"], type=AboutAddress)
        body = msgspec.json.encode(await directories[name].answer(question))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app
