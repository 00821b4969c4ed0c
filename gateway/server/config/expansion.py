"""`${env.NAME}`, `${env.NAME:-default}` and `${file.PATH}` in a value of a configuration file."""

import re
from collections.abc import Mapping
from pathlib import Path

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_ENVIRONMENT = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)

_FILE = re.compile(r"file\.(.+)")


class ExpansionError(ValueError):
    """A reference that cannot be read, to a variable that is not set and has no default, or to no file."""


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each reference replaced; an empty variable counts as set.

    Raises ExpansionError.
    """

    def replace(match: re.Match[str]) -> str:
        if file := _FILE.fullmatch(match[1]):
            return _read(file[1])
        reference = _ENVIRONMENT.fullmatch(match[1])
        if reference is None:
            raise ExpansionError(
                f"`{match[0]}` is not of the form ${{env.NAME}}, ${{env.NAME:-default}} or ${{file.PATH}}"
            )
        name, default = reference.groups()
        value = environment.get(name, default)
        if value is None:
            raise ExpansionError(
                f"The environment variable {name} is not set and `{match[0]}` has no default"
            )
        return str(value)

    return _REFERENCE.sub(replace, text) if "${" in text else text


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ExpansionError(f"The file {path} cannot be read: {error}") from None
