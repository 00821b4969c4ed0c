"""Letters on their way: posted in the transaction that wants them, sent afterwards by whichever process takes them.

A crash loses none. One that comes between sending and writing that down has the letter sent once more, and never a third time.
"""

import logging
from uuid import UUID, uuid4

import msgspec

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.sealing import Sealer
from subgraphs.identity.domain.mail import Letter, backoff, message_of
from subgraphs.identity.mail import LetterRefusedError, Mailer, MailUnavailableError
from subgraphs.identity.store import accounts
from subgraphs.identity.store import mail as store

logger = logging.getLogger("hansa.identity")


class Mailbox:
    """Where use cases post their letters."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def post(self, transaction: Transaction, letter: Letter) -> None:
        """Has the letter sent if, and only if, `transaction` commits."""
        id_ = uuid4()
        await store.insert(transaction, id_, self._sealer.seal(msgspec.json.encode(letter), _purpose(id_)))


class Postman:
    """Sends what was posted; any number of them may work at once."""

    def __init__(self, database: Database, sealer: Sealer, mailer: Mailer, sender: str) -> None:
        self._database = database
        self._sealer = sealer
        self._mailer = mailer
        self._sender = sender

    async def deliver(self) -> None:
        """Sends all that is due."""
        while claimed := await self._claim():
            for each in claimed:
                await self._deliver(each)

    async def _claim(self) -> list[store.Claimed]:
        async with self._database.transaction() as transaction:
            await store.prune(transaction)
            return list(await store.claim(transaction))

    async def _deliver(self, claimed: store.Claimed) -> None:
        failpoint("identity.mail.after_claim")
        letter = msgspec.json.decode(self._sealer.open(claimed.sealed, _purpose(claimed.id)), type=Letter)
        try:
            if await self._is_wanted(letter):
                await self._mailer.send(message_of(letter, claimed.id, self._sender))
        except MailUnavailableError as error:
            logger.warning("A letter is tried again later: %s", error)
            async with self._database.transaction() as transaction:
                await store.postpone(transaction, claimed.id, backoff(claimed.failures))
            return
        except LetterRefusedError as error:
            logger.warning("A letter was refused and is thrown away: %s", error)
        except Exception:
            logger.exception("Whether a letter was sent is unknown; it may be sent once more")
            return
        failpoint("identity.mail.after_send")
        async with self._database.transaction() as transaction:
            await store.delete(transaction, claimed.id)

    async def _is_wanted(self, letter: Letter) -> bool:
        if not letter.to_account:
            return True
        async with self._database.transaction() as transaction:
            return await accounts.user_by_email(transaction, letter.to) is not None


def _purpose(id_: UUID) -> str:
    return f"mail:{id_}"
