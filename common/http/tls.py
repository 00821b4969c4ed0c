"""TLS on both sides from texts in PEM: whom to trust, and by what to be known."""

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct


class Certificate(Struct, frozen=True):
    """A chain of certificates in PEM, one's own first, and its private key, without a password."""

    chain: str
    key: str

    def __repr__(self) -> str:
        return "Certificate(...)"


def client_tls(authorities: str | None = None, certificate: Certificate | None = None) -> ssl.SSLContext:
    """Trusts the `authorities` in PEM, by default the system's; shows `certificate` to a server that asks.

    Raises ValueError for what is no certificate or no key of it.
    """
    try:
        context = ssl.create_default_context(cadata=authorities)
    except ssl.SSLError as error:
        raise ValueError(f"The certificate authorities cannot be read: {error.reason or error}") from None
    if certificate is not None:
        _show(context, certificate)
    return context


def server_tls(certificate: Certificate) -> ssl.SSLContext:
    """Shows `certificate` to every client. Raises ValueError as `client_tls` does."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _show(context, certificate)
    return context


def _show(context: ssl.SSLContext, certificate: Certificate) -> None:
    with (
        TemporaryDirectory() as folder
    ):  # which only this user may enter: OpenSSL reads keys from files alone
        file = Path(folder) / "certificate.pem"
        file.write_text(f"{certificate.chain.strip()}\n{certificate.key.strip()}\n")
        try:
            context.load_cert_chain(file, password=_no_password)
        except ssl.SSLError as error:
            raise ValueError(f"The certificate and its key cannot be used: {error.reason or error}") from None


def _no_password() -> str:
    """Called for a key with a password; without it OpenSSL would ask for one at the terminal."""
    raise ValueError("The key has a password; give one without")
