"""What every adapter does: take one message, and say whether it may be tried again."""

from email.message import EmailMessage
from typing import Protocol


class MailUnavailableError(Exception):
    """The message was not taken, and may be later."""


class LetterRefusedError(Exception):
    """The message was not taken, and never will be."""


class Mailer(Protocol):
    """Hands messages over. Whatever else it raises leaves open whether the message was taken."""

    async def send(self, message: EmailMessage) -> None:
        """Hand it over.

        Raises:
            MailUnavailableError, LetterRefusedError
        """
