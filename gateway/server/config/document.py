"""YAML as plain values that remember the line on which each stands."""

from collections.abc import Mapping
from typing import Any

import yaml
from msgspec import Struct, field

from gateway.server.config.errors import ConfigError
from gateway.server.config.expansion import ExpansionError, expand


class Located(Struct):
    """A value with its line, and with the members' own lines below it."""

    value: Any
    line: int
    members: dict[str | int, "Located"] = field(default_factory=dict)

    def at(self, path: tuple[str | int, ...]) -> "Located":
        """The member at `path`, or the deepest one on the way that exists."""
        found = self
        for step in path:
            if step not in found.members:
                break
            found = found.members[step]
        return found


def read_document(text: str, *, source: str, environment: Mapping[str, str]) -> Located:
    """The values of a YAML document with references to the environment expanded.

    Raises ConfigError where the text is not YAML, a key stands twice or a reference cannot be expanded.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"Not YAML: {error.problem}", source=source, line=line) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"Not YAML: {error}", source=source, line=1) from None
    return Located({}, 1) if node is None else _Reader(source, environment).read(node)


class _Reader:
    def __init__(self, source: str, environment: Mapping[str, str]) -> None:
        self._source = source
        self._environment = environment
        self._open: set[int] = set()

    def read(self, node: yaml.Node) -> Located:
        if id(node) in self._open:
            raise self._error("An alias may not contain itself", node)
        self._open.add(id(node))
        try:
            return self._read(node)
        finally:
            self._open.discard(id(node))

    def _read(self, node: yaml.Node) -> Located:
        match node:
            case yaml.MappingNode():
                members = self._mapping(node)
                value: Any = {name: member.value for name, member in members.items()}
                return Located(value, node.start_mark.line + 1, members)
            case yaml.SequenceNode(value=items):
                elements: dict[str | int, Located] = dict(enumerate(map(self.read, items)))
                return Located(
                    [element.value for element in elements.values()], node.start_mark.line + 1, elements
                )
            case _:
                return Located(self._scalar(node), node.start_mark.line + 1)

    def _mapping(self, node: yaml.MappingNode) -> dict[str | int, Located]:
        members: dict[str | int, Located] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in members:
                raise self._error(f"The key `{key}` stands twice", key_node)
            members[key] = self.read(value_node)
            members[key].line = key_node.start_mark.line + 1
        return members

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            value = yaml.constructor.SafeConstructor().construct_object(node)
            return expand(value, self._environment) if isinstance(value, str) else value
        except (ExpansionError, yaml.YAMLError, ValueError) as error:
            raise self._error(str(error), node) from None

    def _error(self, message: str, node: yaml.Node) -> ConfigError:
        return ConfigError(message, source=self._source, line=node.start_mark.line + 1)
