"""`hansa plan`: what an operation asks of which subgraph, without asking."""

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gateway.cli.failure import CommandError
from gateway.cli.sources import read_file, read_supergraph
from gateway.planning import OperationError, Planner
from gateway.planning.plan import QueryPlan
from gateway.supergraph import Supergraph


def plan(
    operation_file: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    supergraph: Path,
    operation_name: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Show the query plan of an operation.

    Parameters
    ----------
    operation_file
        A file with a GraphQL document; - reads standard input.
    supergraph
        A file with the supergraph's SDL.
    operation_name
        Which of the document's operations to plan.
    as_json
        Print JSON instead of text.
    """
    found = _plan(read_supergraph(supergraph), _read(operation_file), operation_name, str(operation_file))
    print(json.dumps(found.to_json(), indent=2) if as_json else str(found))


def _read(file: Path) -> str:
    return sys.stdin.read() if str(file) == "-" else read_file(file)


def _plan(supergraph: Supergraph, document: str, operation_name: str | None, source: str) -> QueryPlan:
    try:
        return Planner(supergraph).plan(document, operation_name)
    except OperationError as error:
        lines = [
            f"{source}:{location.line}:{location.column}: {problem.message}"
            for problem in error.errors
            for location in (problem.locations or [])[:1]
        ]
        raise CommandError(
            "\n".join([f"{error.code}: the operation cannot be planned", *(lines or [str(error)])]), status=1
        ) from None
    except RecursionError:
        raise CommandError(f"{source}: the operation is nested too deeply", status=1) from None
