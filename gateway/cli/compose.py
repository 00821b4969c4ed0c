"""`hansa compose`: a supergraph out of subgraph schemas, by a file in rover's format."""

import asyncio
import os
import sys
from pathlib import Path

from gateway.cli.failure import CommandError
from gateway.cli.report import report
from gateway.cli.rover import load_subgraphs
from gateway.composition import compose as compose_subgraphs
from gateway.server.config import ConfigError


def compose(*, config: Path, output: Path | None = None) -> int:
    """Compose subgraph schemas to a supergraph.

    Exits with 1 where the schemas do not compose: each error is printed with its code, the subgraph, line and
    column, and the line itself.

    Parameters
    ----------
    config
        A YAML file in rover's format; paths in it are relative to it.
    output
        Where to write the supergraph's SDL; standard output without it.
    """
    try:
        subgraphs = asyncio.run(load_subgraphs(config, os.environ))
    except ConfigError as error:
        raise CommandError(str(error)) from None
    result = compose_subgraphs(subgraphs)
    sources = {subgraph.name: subgraph.sdl for subgraph in subgraphs}
    for line in report(result, sources):
        print(line, file=sys.stderr)
    if result.supergraph_sdl is None:
        return 1
    _write(result.supergraph_sdl, output)
    return 0


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text.rstrip("\n"))
        return
    part = output.with_name(output.name + ".part")
    try:
        part.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        part.replace(output)
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from None
