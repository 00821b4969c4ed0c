"""From a file's text to a frozen value, or to an error that names the key and its line."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gateway.server.config.document import Located, read_document
from gateway.server.config.duration import Duration
from gateway.server.config.errors import ConfigError
from gateway.server.config.keys import unknown_keys
from gateway.server.config.plugins import Plugins, section_of
from gateway.server.config.rules import faults
from gateway.server.config.schema import RouterConfig
from gateway.server.config.size import ByteSize
from gateway.server.config.subscription import HeartbeatInterval
from gateway.server.dotted import find_modules_in, load_by_name

Value = TypeVar("Value", bound=msgspec.Struct)
_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def load_config(file: Path, environment: Mapping[str, str]) -> RouterConfig:
    """The router's configuration that `file` holds; modules that it names are found beside it, too.

    Raises ConfigError, also where the file cannot be read.
    """
    find_modules_in(file.parent)
    return parse_config(read_text(file), environment, source=str(file))


def read_text(file: Path) -> str:
    """What `file` holds. Raises ConfigError."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot be read: {error.strerror}", source=str(file), line=1) from None
    except UnicodeDecodeError:
        raise ConfigError("Cannot be read: it is not UTF-8", source=str(file), line=1) from None


def parse_config(text: str, environment: Mapping[str, str], *, source: str = "router.yaml") -> RouterConfig:
    """The router's configuration that the YAML `text` holds. Raises ConfigError."""
    document = read_document(text, source=source, environment=environment)
    config = convert(document, RouterConfig, source=source)
    for path, message in faults(config):
        raise ConfigError(message, source=source, line=document.at(path).line)
    if config.plugins.named:
        _check_plugins(config.plugins, document, source)
    if config.authorization.policies is not None:
        _check_name(config.authorization.policies, ("authorization", "policies"), document, source)
    return config


def convert(document: Located, target: type[Value], *, source: str) -> Value:
    """The document as a `target`.

    Raises ConfigError for the first key that it does not have and for a value of the wrong type.
    """
    if not isinstance(document.value, dict):
        raise ConfigError("Expected an object at the top", source=source, line=document.line)
    for message, line in unknown_keys(document, msgspec.inspect.type_info(target)):
        raise ConfigError(message, source=source, line=line)
    try:
        return convert_value(document.value, target)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        place = place.strip("`").removeprefix("$").removeprefix(".")
        where = f"`{place}`: " if place else ""
        raise ConfigError(where + message, source=source, line=document.at(_path("." + place)).line) from None


def convert_value(value: Any, target: type[Value]) -> Value:
    """A plain value as a `target`, with sizes and durations. Raises msgspec.ValidationError."""
    return msgspec.convert(value, target, strict=False, dec_hook=_decode)


def _check_plugins(plugins: Plugins, document: Located, source: str) -> None:
    """Raises ConfigError for a plugin that is not there, and for what its section may not have."""
    from gateway.server.plugins.classes import plugin_class  # noqa: PLC0415 - they load only when there are any
    from gateway.server.plugins.plugin import config_type  # noqa: PLC0415 - the same

    for name in plugins.named:
        section = section_of(document, name)
        try:
            expected = config_type(plugin_class(name))
        except ValueError as error:
            raise ConfigError(str(error), source=source, line=section.line) from error
        convert(section, expected, source=source)


def _check_name(name: str, path: tuple[str, ...], document: Located, source: str) -> None:
    try:
        load_by_name(name, key=".".join(path))
    except ValueError as error:
        raise ConfigError(str(error), source=source, line=document.at(path).line) from error


def _decode(target: type, value: Any) -> Any:
    if target is Plugins:
        return Plugins.parse(value)
    if target is ByteSize:
        return ByteSize.parse(str(value))
    if issubclass(target, HeartbeatInterval):
        return target.parse(str(value))
    if target is not Duration or not isinstance(value, str):
        raise ValueError(f"Expected a duration such as `30s`, got `{value}`")
    return Duration.parse(value)


def _path(place: str) -> tuple[str | int, ...]:
    """The steps of msgspec's `.headers.all.request[0]`; a member of a dict, `[...]`, is not told."""
    return tuple(
        name or (int(index) if index.isdigit() else index) for name, index in _PATH_STEP.findall(place)
    )
