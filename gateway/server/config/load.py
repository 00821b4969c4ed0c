"""From a file's text to a frozen configuration, or to an error that names the key and its line."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gateway.server.config.document import read_document
from gateway.server.config.duration import Duration
from gateway.server.config.errors import ConfigError
from gateway.server.config.keys import unknown_keys
from gateway.server.config.schema import HeaderRule, RouterConfig

_PATH_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def load_config(file: Path, environment: Mapping[str, str]) -> RouterConfig:
    """The configuration that `file` holds. Raises ConfigError, also where the file cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot be read: {error}", source=str(file), line=1) from None
    return parse_config(text, environment, source=str(file))


def parse_config(text: str, environment: Mapping[str, str], *, source: str = "router.yaml") -> RouterConfig:
    """The configuration that the YAML `text` holds. Raises ConfigError."""
    document = read_document(text, source=source, environment=environment)
    if not isinstance(document.value, dict):
        raise ConfigError("Expected an object at the top", source=source, line=document.line)
    for message, line in unknown_keys(document, msgspec.inspect.type_info(RouterConfig)):
        raise ConfigError(message, source=source, line=line)
    try:
        config = msgspec.convert(document.value, RouterConfig, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        place = place.strip("`").removeprefix("$").removeprefix(".")
        where = f"`{place}`: " if place else ""
        raise ConfigError(where + message, source=source, line=document.at(_path("." + place)).line) from None
    for path, message in _contradictions(config):
        raise ConfigError(message, source=source, line=document.at(path).line)
    return config


def _decode(target: type, value: Any) -> Any:
    if target is not Duration or not isinstance(value, str):
        raise ValueError(f"Expected a duration such as `30s`, got `{value}`")
    return Duration.parse(value)


def _path(place: str) -> tuple[str | int, ...]:
    """The steps of msgspec's `.headers.all.request[0]`; a member of a dict, `[...]`, is not told."""
    return tuple(
        name or (int(index) if index.isdigit() else index) for name, index in _PATH_STEP.findall(place)
    )


def _contradictions(config: RouterConfig) -> list[tuple[tuple[str | int, ...], str]]:
    """What the types alone cannot refuse."""
    groups: list[tuple[tuple[str, ...], tuple[HeaderRule, ...]]] = [
        (("headers", "all", "request"), config.headers.all.request),
        *(
            (("headers", "subgraphs", name, "request"), rules.request)
            for name, rules in config.headers.subgraphs.items()
        ),
    ]
    return [
        ((*path, index), message)
        for path, rules in groups
        for index, rule in enumerate(rules)
        if (message := _header_rule_fault(rule))
    ]


def _header_rule_fault(rule: HeaderRule) -> str | None:
    given = [step for step in (rule.propagate, rule.insert, rule.remove) if step is not None]
    if len(given) != 1:
        return "A header rule has exactly one of `propagate`, `insert` and `remove`"
    selector = rule.propagate or rule.remove
    if selector is None:
        return None
    if (selector.named is None) == (selector.matching is None):
        return "`propagate` and `remove` take exactly one of `named` and `matching`"
    return _pattern_fault(selector.matching)


def _pattern_fault(pattern: str | None) -> str | None:
    try:
        re.compile(pattern or "")
    except re.error as error:
        return f"`{pattern}` is not a regular expression: {error}"
    return None
