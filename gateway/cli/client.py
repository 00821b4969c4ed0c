"""`hansa client`: a typed Python client, and the persisted query manifest of its operations."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from graphql import GraphQLError, GraphQLSchema, build_schema

from gateway.cli.failure import CommandError
from gateway.cli.sources import read_file, read_supergraph
from gateway.client import ClientError, OperationFile, Options, Package, generate
from gateway.client.source import HEADER


def client(
    operations: list[Path],
    /,
    *,
    out: Path,
    supergraph: Path | None = None,
    schema: Path | None = None,
    scalar: Annotated[list[str] | None, Parameter(negative="")] = None,
    manifest: Path | None = None,
) -> int:
    """Make a typed Python client of GraphQL operations.

    It needs msgspec, and any HTTP client that posts as httpx does. Exits with 1 where the operations do not fit the
    schema: each error is printed with its file, line and column, and nothing is written.

    Parameters
    ----------
    operations
        Files with GraphQL operations and fragments, or folders of .graphql files.
    out
        The package's folder. Files in it that this command has made before, and does not any more, are removed.
    supergraph
        A file with the supergraph's SDL.
    schema
        A file with the SDL of the API schema instead, of any GraphQL server.
    scalar
        Python's type for a scalar, such as DateTime=datetime.datetime: one that msgspec reads. Others are Any.
    manifest
        Where to write the operations as a persisted query manifest.
    """
    files = [OperationFile(str(file), read_file(file)) for file in _files(operations)]
    try:
        package = generate(_schema(supergraph, schema), files, Options(_scalars(scalar or ())))
    except ClientError as error:
        print("\n".join(f"hansa: {problem}" for problem in error.problems), file=sys.stderr)
        return 1
    _write(package, out, manifest)
    return 0


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += sorted(path.rglob("*.graphql")) if path.is_dir() else [path]
    return found


def _schema(supergraph: Path | None, schema: Path | None) -> GraphQLSchema:
    if supergraph is not None and schema is None:
        return read_supergraph(supergraph).api_schema
    if schema is None or supergraph is not None:
        raise CommandError("Give either --supergraph or --schema")
    try:
        return build_schema(read_file(schema))
    except (GraphQLError, TypeError) as error:
        raise CommandError(f"{schema} is no schema: {error}") from None


def _scalars(given: Sequence[str]) -> dict[str, str]:
    found = {}
    for each in given:
        name, equals, type_ = each.partition("=")
        if not equals or not all(part.isidentifier() for part in type_.split(".")):
            raise CommandError(f"--scalar {each}: expected NAME=TYPE, such as DateTime=datetime.datetime")
        found[name] = type_
    return found


def _write(package: Package, out: Path, manifest: Path | None) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for file in sorted(out.glob("*.py")):
            if file.name not in package.files and file.read_text(encoding="utf-8").startswith(HEADER):
                file.unlink()
        for name, text in package.files.items():
            (out / name).write_text(text, encoding="utf-8")
        if manifest is not None:
            manifest.write_text(package.manifest, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}") from None
