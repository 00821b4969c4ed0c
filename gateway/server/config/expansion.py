"""`${env.NAME}` and `${env.NAME:-default}` in a value of a configuration file."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_ENVIRONMENT = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)


class ExpansionError(ValueError):
    """A reference that cannot be read, or to a variable that is not set and has no default."""


def expand(text: str, environment: Mapping[str, str]) -> str:
    """`text` with each reference replaced; an empty variable counts as set.

    Raises ExpansionError.
    """

    def replace(match: re.Match[str]) -> str:
        reference = _ENVIRONMENT.fullmatch(match[1])
        if reference is None:
            raise ExpansionError(f"`{match[0]}` is not of the form ${{env.NAME}} or ${{env.NAME:-default}}")
        name, default = reference.groups()
        value = environment.get(name, default)
        if value is None:
            raise ExpansionError(
                f"The environment variable {name} is not set and `{match[0]}` has no default"
            )
        return str(value)

    return _REFERENCE.sub(replace, text) if "${" in text else text
