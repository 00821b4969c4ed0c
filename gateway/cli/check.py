"""`hansa check`: what a new supergraph changes for clients, and for which of their operations."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from graphql import DocumentNode, GraphQLSchema, GraphQLSyntaxError, parse, validate

from gateway.cli.failure import CommandError
from gateway.cli.sources import read_file, read_supergraph
from gateway.composition.checks import Change, compare, used_coordinates


def check(
    old: Path,
    new: Path,
    /,
    *,
    operations: Annotated[list[Path] | None, Parameter(consume_multiple=True, negative="")] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """List the breaking, dangerous and safe changes from one supergraph to the next.

    Exits with 1 where a change is breaking.

    Parameters
    ----------
    old
        A file with the SDL of the supergraph in use.
    new
        A file with the SDL of the supergraph that shall follow it.
    operations
        Files with GraphQL operations, or folders of .graphql files: a change that none of them feels is safe.
    as_json
        Print JSON instead of text.
    """
    before, after = read_supergraph(old).api_schema, read_supergraph(new).api_schema
    used = None if operations is None else _used(before, operations)
    changes = compare(before, after, used)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode({"changes": changes}), indent=2).decode())
    else:
        for line in _report(changes):
            print(line)
    return 1 if any(change.level == "BREAKING" for change in changes) else 0


def _report(changes: Sequence[Change]) -> list[str]:
    lines = []
    for change in changes:
        felt = f" (used by {', '.join(change.operations)})" if change.operations else ""
        lines.append(f"{change.level.lower():9}  {change.type}: {change.message}{felt}")
    counts = (
        f"{sum(change.level == level for change in changes)} {level.lower()}"
        for level in ("BREAKING", "DANGEROUS", "SAFE")
    )
    return [*lines, f"Changes: {', '.join(counts)}"]


def _used(schema: GraphQLSchema, paths: Sequence[Path]) -> dict[str, frozenset[str]]:
    """What every operation in these files uses; equal names of several files are told apart by the file."""
    used: dict[str, frozenset[str]] = {}
    for file in _files(paths):
        for name, coordinates in used_coordinates(schema, _read(schema, file)).items():
            used[f"{name} in {file}" if name in used or name == "(anonymous)" else name] = coordinates
    return used


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(path.rglob("*.graphql"))
        if not inside:
            raise CommandError(f"{path} has no .graphql files")
        found += inside
    return found


def _read(schema: GraphQLSchema, file: Path) -> DocumentNode:
    try:
        document = parse(read_file(file))
        problems = validate(schema, document)
    except GraphQLSyntaxError as error:
        problems = [error]
    except RecursionError:
        raise CommandError(f"{file}: the operations are nested too deeply") from None
    if problems:
        for problem in problems:
            place = "".join(f":{at.line}:{at.column}" for at in (problem.locations or [])[:1])
            print(f"{file}{place}: {problem.message}", file=sys.stderr)
        raise CommandError(f"{file} is not valid for the supergraph in use")
    return document
