"""Sending mail: one port, and two adapters behind a URL, a folder of files and an SMTP server."""

from subgraphs.identity.mail.folder import FolderMailer, KeptLetter
from subgraphs.identity.mail.opening import open_mailer
from subgraphs.identity.mail.port import LetterRefusedError, Mailer, MailUnavailableError

__all__ = (
    "FolderMailer",
    "KeptLetter",
    "LetterRefusedError",
    "MailUnavailableError",
    "Mailer",
    "open_mailer",
)
