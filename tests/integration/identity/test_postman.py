"""Letters on their way: none is lost, and none is sent a third time (guarantee 22)."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from email.message import EmailMessage
from pathlib import Path

import pytest

from common.database import Database
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.domain.mail import Letter
from subgraphs.identity.mail import LetterRefusedError, MailUnavailableError
from subgraphs.identity.service.mail import Mailbox, Postman

PROGRAM = Path(__file__).with_name("posting.py")
LETTER = Letter("ada@hansa.example", "Hail", "A text\n")
OVERDUE = "UPDATE mail SET due_at = now()"


class Counter:
    """A mailer that counts, and does what it was told to."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.sent: list[EmailMessage] = []

    async def send(self, message: EmailMessage) -> None:
        self.sent.append(message)
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture
async def database(environment: Mapping[str, str]) -> AsyncIterator[Database]:
    database = Database.open(environment["DATABASE_URL"], schema="identity")
    yield database
    await database.close()


@pytest.fixture
def sealer(environment: Mapping[str, str]) -> Sealer:
    return Sealer.from_setting(Secret(environment["HANSA_KEY_ENCRYPTION_KEY"]))


def postman(database: Database, sealer: Sealer, mailer: Counter) -> Postman:
    return Postman(database, sealer, mailer, "no-reply@hansa.example")


async def post(database: Database, sealer: Sealer) -> None:
    async with database.transaction() as transaction:
        await Mailbox(sealer).post(transaction, LETTER)


async def execute(database: Database, statement: str) -> int:
    async with database.transaction() as transaction:
        return (await transaction.execute(statement)).rowcount


async def left(database: Database) -> int:
    async with database.transaction() as transaction:
        return int((await transaction.execute("SELECT count(*) FROM mail")).scalar_one())


async def test_a_letter_whose_transaction_is_rolled_back_is_not_sent(
    database: Database, sealer: Sealer
) -> None:
    mailer = Counter()

    async def fail() -> None:
        async with database.transaction() as transaction:
            await Mailbox(sealer).post(transaction, LETTER)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await postman(database, sealer, mailer).deliver()
    assert mailer.sent == []


async def test_a_letter_is_sent_once_however_many_deliver(database: Database, sealer: Sealer) -> None:
    mailer = Counter()
    await post(database, sealer)
    for _ in range(2):
        await postman(database, sealer, mailer).deliver()
    assert len(mailer.sent) == 1
    assert await left(database) == 0


async def test_what_a_server_does_not_take_now_is_sent_later_however_often(
    database: Database, sealer: Sealer
) -> None:
    mailer = Counter(*(MailUnavailableError() for _ in range(5)))
    await post(database, sealer)
    for attempts in range(1, 7):
        await postman(database, sealer, mailer).deliver()
        assert len(mailer.sent) == attempts
        await postman(database, sealer, mailer).deliver()
        assert len(mailer.sent) == attempts, "the next attempt waits"
        await execute(database, OVERDUE)
    assert await left(database) == 0


async def test_what_a_server_never_takes_is_thrown_away(database: Database, sealer: Sealer) -> None:
    mailer = Counter(LetterRefusedError())
    await post(database, sealer)
    await postman(database, sealer, mailer).deliver()
    assert await left(database) == 0


async def test_when_nobody_knows_whether_it_was_sent_it_is_sent_once_more(
    database: Database, sealer: Sealer
) -> None:
    mailer = Counter(*(TimeoutError() for _ in range(5)))
    await post(database, sealer)
    for _ in range(4):
        await postman(database, sealer, mailer).deliver()
        await execute(database, OVERDUE)
    assert len(mailer.sent) == 2
    assert len({message["Message-ID"] for message in mailer.sent}) == 1
    assert await left(database) == 0


async def test_what_was_not_sent_in_time_is_not_sent(database: Database, sealer: Sealer) -> None:
    mailer = Counter()
    await post(database, sealer)
    await execute(database, "UPDATE mail SET expires_at = now()")
    await postman(database, sealer, mailer).deliver()
    assert (mailer.sent, await left(database)) == ([], 0)


def run(environment: Mapping[str, str], **more: str) -> int:
    everything = {**os.environ, **environment, **more}
    return subprocess.run([sys.executable, PROGRAM], env=everything, timeout=60, check=False).returncode


@pytest.mark.parametrize("name", ["identity.mail.after_claim", "identity.mail.after_send"])
async def test_a_process_that_is_killed_loses_no_letter(
    name: str, environment: Mapping[str, str], database: Database, tmp_path: Path
) -> None:
    assert run(environment, POST="", FAILPOINT=f"{name}:kill") == -signal.SIGKILL
    assert await left(database) == 1
    assert run(environment) == 0
    assert await left(database) == 1, "it waits for the one that died"
    await execute(database, OVERDUE)
    assert run(environment) == 0
    assert await left(database) == 0
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 1
