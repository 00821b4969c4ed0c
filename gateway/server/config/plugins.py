"""The configuration of plugins: those that the router brings, and classes by their dotted names."""

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from gateway.server.config.document import Located

EXPOSE_QUERY_PLAN = "expose_query_plan"
_EXPERIMENTAL = "experimental"


class Plugins:
    """`named` are the sections of plugins by the dotted names of their classes, in order, as they stand in the file.

    Apollo writes `experimental.expose_query_plan` as one key; the nested spelling is read, too.
    """

    def __init__(self, *, expose_query_plan: bool = False, named: Mapping[str, Any] | None = None) -> None:
        self.expose_query_plan = expose_query_plan
        self.named = dict(named or {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plugins) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((self.expose_query_plan, *self.named))

    @classmethod
    def parse(cls, section: Any) -> Self:
        """Of the value of `plugins`. Raises ValueError."""
        if not isinstance(section, dict):
            raise ValueError("Expected plugins by their names")  # noqa: TRY004 - msgspec takes it for its own
        own = dict(section)
        given = (own.pop(f"{_EXPERIMENTAL}.{EXPOSE_QUERY_PLAN}", False), *_nested(own.pop(_EXPERIMENTAL, {})))
        return cls(expose_query_plan=any(map(_truth, given)), named=own)

    def faults(self) -> list[tuple[str, str]]:
        """The names that no plugin can have, and why."""
        message = "Unknown key `{}`; a plugin is named by its class, such as `my_package.my_plugin.Audit`"
        return [(name, message.format(name)) for name in self.named if "." not in name.strip(".")]


def section_of(document: Located, name: str) -> Located:
    """The section of the plugin `name` in a configuration; an empty one where nothing stands there."""
    found = document.at(("plugins", name))
    return found if found.value is not None else Located({}, found.line)


def _truth(value: Any) -> bool:
    try:
        return msgspec.convert(value, bool, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"`{EXPOSE_QUERY_PLAN}`: {error}") from None


def _nested(section: Any) -> list[Any]:
    if not isinstance(section, dict) or section.keys() - {EXPOSE_QUERY_PLAN}:
        raise ValueError(f"`{_EXPERIMENTAL}` has `{EXPOSE_QUERY_PLAN}` and nothing else")
    return list(section.values())
