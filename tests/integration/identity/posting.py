"""A program that posts a letter and delivers it, for the crash tests to kill; it ends when nothing is left to send."""

import asyncio
import os

from common.database import Database
from common.sealing import Sealer
from common.settings import Secret
from subgraphs.identity.domain.mail import Letter
from subgraphs.identity.mail import open_mailer
from subgraphs.identity.service.mail import Mailbox, Postman


async def main() -> None:
    database = Database.open(os.environ["DATABASE_URL"], schema="identity")
    sealer = Sealer.from_setting(Secret(os.environ["HANSA_KEY_ENCRYPTION_KEY"]))
    if "POST" in os.environ:
        async with database.transaction() as transaction:
            await Mailbox(sealer).post(transaction, Letter("ada@hansa.example", "Hail", "A text\n"))
    mailer = open_mailer(Secret(os.environ["HANSA_MAIL_URL"]))
    await Postman(database, sealer, mailer, "no-reply@hansa.example").deliver()
    await database.close()


asyncio.run(main())
