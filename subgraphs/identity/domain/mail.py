"""The letters that identity writes, how long one is worth sending, and how often it is tried."""

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from msgspec import Struct

LIFETIME = timedelta(days=1)  # what was not sent by then says nothing any more
LEASE = timedelta(minutes=2)  # for one sending; longer than an SMTP conversation takes
MAX_SENDINGS = 2  # of which nobody knows whether they succeeded
_LONGEST_BACKOFF = timedelta(minutes=15)


class Letter(Struct, frozen=True):
    """A text to an address. `to_account` letters are thrown away when no account has the address."""

    to: str
    subject: str
    text: str
    to_account: bool = False


def verification(to: str, link: str) -> Letter:
    text = f"Please confirm that this e-mail address is yours:\n\n{link}\n\nThe link is good for a day."
    return Letter(to, "Confirm your e-mail address", _signed(text, "made an account with it"))


def recovery(to: str, link: str) -> Letter:
    text = f"Choose a new password here:\n\n{link}\n\nThe link is good once, for half an hour."
    return Letter(to, "A new password", _signed(text, "asked for a new password"), to_account=True)


def email_change(to: str, link: str) -> Letter:
    wish = "Please confirm that your account is to have this e-mail address"
    text = f"{wish}:\n\n{link}\n\nThe link is good once, for half an hour."
    return Letter(to, "Confirm your new e-mail address", _signed(text, "asked for this"))


def notice(to: str, what: str, link: str) -> Letter:
    """Tells the account's owner `what` happened; `link` is where to go if it was somebody else."""
    return Letter(
        to, what, f"{what}.\n\nIf that was not you, choose a new password at once:\n\n{link}\n\nHansa\n"
    )


def _signed(text: str, wish: str) -> str:
    return f"{text}\n\nIf you have not {wish}, you need not do anything.\n\nHansa\n"


def message_of(letter: Letter, id_: UUID, sender: str) -> EmailMessage:
    """The message (RFC 5322). Its id is the same each time it is sent, so that receivers can tell."""
    message = EmailMessage(SMTP.clone(cte_type="7bit"))  # no server has to know more than RFC 5321
    message["From"] = sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Message-ID"] = f"<{id_}@hansa>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(letter.text)
    return message


def backoff(failures: int) -> timedelta:
    """How long to wait after so many sendings that were refused for now."""
    return min(timedelta(seconds=5 << min(failures, 10)), _LONGEST_BACKOFF)
