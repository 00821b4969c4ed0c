"""The JSON Schema of router.yaml, made from the types that it is read into, for editors and other programs."""

import inspect as python
from typing import Any, TypeAlias

from msgspec import inspect

from gateway.server.config.duration import Duration
from gateway.server.config.plugins import EXPOSE_QUERY_PLAN, Plugins
from gateway.server.config.schema import RouterConfig
from gateway.server.config.size import ByteSize
from gateway.server.config.subscription import CallbackInterval, HeartbeatInterval

Schema: TypeAlias = dict[str, Any]

_REFERENCE = {"type": "string", "pattern": r"\$\{[^}]*\}"}
"""A value that is read from the environment: a text, wherever it stands."""

_HEARTBEAT: Schema = {"type": "string", "description": "A duration, `enabled` or `disabled`."}
_CUSTOM: dict[type, Schema] = {
    Duration: {"type": "string", "description": "A duration such as `30s`, `500ms` or `1m 30s`."},
    HeartbeatInterval: _HEARTBEAT,
    CallbackInterval: _HEARTBEAT,
    Plugins: {
        "type": "object",
        "description": "The router's own, and others by the dotted names of their classes.",
        "properties": {
            "experimental": {
                "type": "object",
                "properties": {EXPOSE_QUERY_PLAN: {"type": ["boolean", "string"]}},
            },
            f"experimental.{EXPOSE_QUERY_PLAN}": {"type": ["boolean", "string"]},
        },
        "patternProperties": {r"^(?!experimental\.).+\..+$": {"type": ["object", "null"]}},
        "additionalProperties": False,
    },
    ByteSize: {"type": ["string", "integer"], "description": "A size such as `1mb`, `512KiB`, or bytes."},
}
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def config_schema() -> Schema:
    """By JSON Schema 2020-12."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Hansa's router.yaml"}
    return head | _schema(inspect.type_info(RouterConfig))


def _schema(kind: inspect.Type) -> Schema:  # noqa: PLR0911 - one answer a kind of type
    match kind:
        case inspect.Metadata(type=inner):
            return _schema(inner)
        case inspect.StructType():
            return _object(kind)
        case inspect.DictType(value_type=value):
            return {"type": "object", "additionalProperties": _schema(value)}
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return {"type": "array", "items": _schema(item), **_lengths(kind, "Items")}
        case inspect.UnionType(types=types):
            options = [_schema(option) for option in types if not isinstance(option, inspect.NoneType)]
            return options[0] if len(options) == 1 else {"anyOf": options}
        case inspect.AnyType():
            return {}
    return _scalar(kind)


def _scalar(kind: inspect.Type) -> Schema:  # noqa: PLR0911 - one answer a kind of type
    match kind:
        case inspect.CustomType(cls=cls):
            return _CUSTOM.get(cls) or {"description": _description(cls)}
        case inspect.StrType(pattern=None):
            return {"type": "string", **_lengths(kind, "Length")}
        case inspect.StrType(pattern=pattern):
            return _or_reference({"type": "string", "pattern": pattern})
        case inspect.LiteralType(values=values):
            return _or_reference({"enum": list(values)})
        case inspect.EnumType(cls=cls):
            return _or_reference({"enum": [member.value for member in cls]})
        case inspect.BoolType():
            return _or_reference({"type": "boolean"})
        case inspect.IntType() | inspect.FloatType():
            return _or_reference(_number(kind))
    raise TypeError(f"No JSON Schema is known for {kind}")


def _or_reference(schema: Schema) -> Schema:
    return {"anyOf": [schema, _REFERENCE]}


def _object(kind: inspect.StructType) -> Schema:
    members = {field.encode_name: _schema(field.type) | _default(field) for field in kind.fields}
    schema: Schema = {
        "description": _description(kind.cls),
        "type": "object",
        "properties": members,
        "additionalProperties": False,
    }
    required = [field.encode_name for field in kind.fields if field.required]
    return schema | ({"required": required} if required else {})


def _description(cls: type) -> str:
    return " ".join((python.getdoc(cls) or "").split())


def _default(field: inspect.Field) -> Schema:
    default = field.default
    if isinstance(default, Duration | HeartbeatInterval):
        return {"default": f"{default:g}s" if default else "disabled"}
    if isinstance(default, bool | int | float | str):
        return {"default": int(default) if isinstance(default, ByteSize) else default}
    if isinstance(default, tuple) and default:
        return {"default": list(default)}
    return {}


def _number(kind: inspect.IntType | inspect.FloatType) -> Schema:
    name = "integer" if isinstance(kind, inspect.IntType) else "number"
    bounds = {key: getattr(kind, bound) for bound, key in _BOUNDS.items() if getattr(kind, bound) is not None}
    return {"type": name, **bounds}


def _lengths(kind: inspect.VarTupleType | inspect.ListType | inspect.StrType, what: str) -> Schema:
    found = {f"min{what}": kind.min_length, f"max{what}": kind.max_length}
    return {key: length for key, length in found.items() if length is not None}
