"""The secrets of a platform that runs alone: made once, kept under its directory, readable by its user only."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gateway.platform.errors import PlatformError

_FILE = "secrets.json"
_KEY_LENGTH = 32


def load_secrets(directory: Path) -> Mapping[str, str]:
    """The variables that hold secrets, from `directory`, where they are made if they are missing.

    Raises:
        PlatformError: the file is there and cannot be read.
    """
    file = directory / _FILE
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return _make(file)
    except (OSError, msgspec.DecodeError) as error:
        raise PlatformError(
            f"{file} cannot be read ({error}); it holds the key that opens the signing keys"
        ) from None


def _make(file: Path) -> Mapping[str, str]:
    made = {"HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(secrets.token_bytes(_KEY_LENGTH)).decode()}
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        output.write(msgspec.json.encode(made))
    part.replace(file)
    return made
