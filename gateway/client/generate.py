"""From a schema and operations to the files of a package."""

from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.resources import files

from graphql import GraphQLSchema, is_scalar_type
from msgspec import Struct

from gateway.client.documents import (
    ClientError,
    NamedOperation,
    OperationFile,
    Problem,
    read_documents,
)
from gateway.client.functions import operation_module, public_names
from gateway.client.inputs import enums_module, inputs_module
from gateway.client.manifest import manifest
from gateway.client.results import Fragments
from gateway.client.selections import Selections
from gateway.client.source import HEADER, imported
from gateway.client.types import Leaves

_MODULES = frozenset({"client", "enums", "inputs", "fragments"})
_RUNTIME = ("AnswerError", "Client", "Error", "HttpClient", "HttpResponse", "OperationError")


_IMPORTED = ("Any", "Data", "Input", "Operation", "StrEnum", "TypeAlias", "UNSET", "UnsetType", "Variant")


class Options(Struct, frozen=True):
    """`scalars` are Python's types by the names of GraphQL's: those that msgspec reads, by dotted names."""

    scalars: Mapping[str, str] = {}


class Package(Struct, frozen=True):
    """Texts by file name, and the manifest of its operations."""

    files: dict[str, str]
    manifest: str


def generate(schema: GraphQLSchema, sources: Iterable[OperationFile], options: Options) -> Package:
    """The same input gives the same package, byte for byte. Raises ClientError."""
    _check_scalars(schema, options)
    documents = read_documents(schema, sources)
    if not documents.operations:
        raise ClientError([Problem("There are no operations")])
    leaves = Leaves(options.scalars, {})
    selections = Selections(schema, documents.fragments)
    fragments = Fragments(schema, selections, leaves)
    modules = {
        _module_name(each): operation_module(each, schema, selections, leaves, fragments).text()
        for each in documents.operations
    }
    exports = {
        module: list(public_names(each)) for module, each in zip(modules, documents.operations, strict=True)
    }
    inputs, exports["inputs"] = inputs_module(leaves)
    enums, exports["enums"] = enums_module(leaves)
    exports["fragments"] = sorted(fragments.names)
    shared = {"inputs": inputs, "enums": enums, "fragments": fragments.module}
    modules |= {name: module.text() for name, module in shared.items() if exports[name]}
    _check_names(exports)
    modules["client"] = HEADER + (files("gateway.client") / "runtime.py").read_text(encoding="utf-8")
    modules["__init__"] = _init({**exports, "client": list(_RUNTIME)})
    texts = {f"{name}.py": text for name, text in sorted(modules.items())}
    return Package({**texts, "py.typed": ""}, manifest(documents.operations))


def _module_name(operation: NamedOperation) -> str:
    name = public_names(operation)[1]
    return f"{name}_" if name in _MODULES else name


def _init(exports: Mapping[str, list[str]]) -> str:
    lines = [imported(f".{module}", sorted(names)) for module, names in sorted(exports.items()) if names]
    every = sorted(name for names in exports.values() for name in names)
    listed = "".join(f'    "{name}",\n' for name in every)
    head = f'{HEADER}"""A typed GraphQL client: a function for each operation."""\n'
    return head + "\n" + "\n".join(lines) + f"\n\n__all__ = (\n{listed})\n"


def _check_scalars(schema: GraphQLSchema, options: Options) -> None:
    unknown = [name for name in options.scalars if not is_scalar_type(schema.type_map.get(name))]
    if unknown:
        raise ClientError([Problem(f"The schema has no scalar `{name}`") for name in unknown])


def _check_names(exports: Mapping[str, list[str]]) -> None:
    counts = Counter([*_RUNTIME, *_IMPORTED, *(name for names in exports.values() for name in names)])
    problems = [
        Problem(f"`{name}` would be the name of {count} things: rename an operation or a fragment")
        for name, count in counts.items()
        if count > 1
    ]
    if problems:
        raise ClientError(problems)
