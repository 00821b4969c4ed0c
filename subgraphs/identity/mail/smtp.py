"""Mail by SMTP (RFC 5321), through the standard library in a thread; a letter has a connection of its own."""

import asyncio
import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import parseaddr

from msgspec import Struct

from common.settings import Secret
from subgraphs.identity.mail.port import LetterRefusedError, MailUnavailableError

TIMEOUT = 15.0  # seconds, for each answer of the server


class SmtpServer(Struct, frozen=True):
    """Where mail goes. `tls` is from the first byte, else by STARTTLS unless `plain`."""

    host: str
    port: int
    tls: bool = False
    plain: bool = False
    user: str | None = None
    password: Secret | None = None


class SmtpMailer:
    """Speaks to one server."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def send(self, message: EmailMessage) -> None:
        await asyncio.to_thread(self._send, message)

    def _send(self, message: EmailMessage) -> None:
        with contextlib.ExitStack() as opened:
            try:
                connection = self._connect()
                opened.callback(connection.close)
                self._greet(connection)
                _envelope(connection, message)
            except (OSError, smtplib.SMTPException) as error:
                raise MailUnavailableError(f"the mail server cannot be used: {_said(error)}") from None
            except UnicodeEncodeError:
                raise LetterRefusedError("the address is not ASCII") from None
            _text(connection, message)

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if not server.tls:
            return smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
        tls = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT, context=tls)

    def _greet(self, connection: smtplib.SMTP) -> None:
        server = self._server
        if not server.tls and not server.plain:
            connection.starttls(context=ssl.create_default_context())
        if server.user is not None and server.password is not None:
            connection.login(server.user, server.password.reveal())
        connection.ehlo_or_helo_if_needed()


def _envelope(connection: smtplib.SMTP, message: EmailMessage) -> None:
    _check(*connection.mail(parseaddr(message["From"])[1]))
    _check(*connection.rcpt(parseaddr(message["To"])[1]))


def _text(connection: smtplib.SMTP, message: EmailMessage) -> None:
    """What fails without an answer in here leaves open whether the message was taken."""
    answer: bytes | str
    try:
        code, answer = connection.data(message.as_bytes())
    except smtplib.SMTPDataError as refusal:
        code, answer = refusal.smtp_code, refusal.smtp_error
    _check(code, answer)


def _check(code: int, answer: bytes | str) -> None:
    """Raise unless the server said yes (RFC 5321 section 4.2.1: 4 is for now, 5 for good)."""
    if code >= 500:
        raise LetterRefusedError(f"{code} {answer!r}")
    if code >= 400:
        raise MailUnavailableError(f"{code} {answer!r}")


def _said(error: Exception) -> str:
    """The error without what was sent: an address or a password may be in it."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".rstrip()
