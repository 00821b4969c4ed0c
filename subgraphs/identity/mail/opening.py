"""Which adapter a URL names."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from common.settings import Secret, SettingsError
from subgraphs.identity.mail.folder import FolderMailer
from subgraphs.identity.mail.port import Mailer
from subgraphs.identity.mail.smtp import SmtpMailer, SmtpServer

_PORTS = {"smtp": 587, "smtps": 465}


def open_mailer(url: Secret) -> Mailer:
    """The mailer behind `file:///folder`, `smtp://user:password@host` (by STARTTLS; `?tls=off` for none) or `smtps://`.

    Raises:
        SettingsError: it is none of these.
    """
    parts = urlsplit(url.reveal())
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
        return FolderMailer(Path(unquote(parts.path)))
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError("HANSA_MAIL_URL is none of file:///folder, smtp://host and smtps://host")
    server = SmtpServer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        plain=parse_qs(parts.query).get("tls") == ["off"],
        user=unquote(parts.username) if parts.username else None,
        password=Secret(unquote(parts.password)) if parts.password else None,
    )
    return SmtpMailer(server)
