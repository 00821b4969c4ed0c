"""The secrets of a platform that runs alone: made once, kept under its directory, readable by its user only."""

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from gateway.platform.errors import PlatformError

_FILE = "secrets.json"
_KEY_LENGTH = 32


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_LENGTH)).decode()


_MAKERS: Mapping[str, Callable[[], str]] = {
    "HANSA_KEY_ENCRYPTION_KEY": _key,
    "HANSA_PAYMENTS_KEY_ENCRYPTION_KEY": _key,
    "HANSA_RATELIMIT_TOKEN": secrets.token_urlsafe,
    "HANSA_TENANTS_TOKEN": secrets.token_urlsafe,
    "HANSA_ROUTER_SECRET": secrets.token_urlsafe,
    "HANSA_PROXY_CLIENT_SECRET": secrets.token_urlsafe,
    "HANSA_CARD_KEY": secrets.token_urlsafe,
    "HANSA_CARD_WEBHOOK_SECRET": secrets.token_urlsafe,
}
"""How each variable that holds a secret is made up."""


def load_secrets(directory: Path) -> Mapping[str, str]:
    """The variables that hold secrets, from `directory`; those that are missing there are made and kept.

    Raises:
        PlatformError: the file is there and cannot be read.
    """
    file = directory / _FILE
    known = _read(file)
    missing = {name: make() for name, make in _MAKERS.items() if name not in known}
    if missing:
        _write(file, {**known, **missing})
    return {**known, **missing}


def _read(file: Path) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise PlatformError(
            f"{file} cannot be read ({error}); it holds the key that opens the signing keys"
        ) from None


def _write(file: Path, values: Mapping[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        output.write(msgspec.json.encode(values))
    part.replace(file)
