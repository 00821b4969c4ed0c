"""`hansa compose`: a supergraph out of subgraph schemas, by a file in rover's format."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
from cyclopts import Parameter

from gateway.cli.failure import CommandError
from gateway.cli.report import report
from gateway.cli.rover import load_subgraphs, watched_files
from gateway.composition import compose as compose_subgraphs
from gateway.server.config import ConfigError
from gateway.server.reloading.files import POLL_SECONDS, Versions, versions


def compose(
    *,
    config: Path,
    output: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    watch: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Compose subgraph schemas to a supergraph.

    Exits with 1 where the schemas do not compose: each error is printed with its code, the subgraph, line and
    column, and the line itself. What was written before stays.

    Parameters
    ----------
    config
        A YAML file in rover's format; paths in it are relative to it.
    output
        Where to write the supergraph's SDL; standard output without it.
    as_json
        Print both SDLs, errors and hints as JSON instead.
    watch
        Compose again whenever the configuration or a schema file changes, until interrupted: then it exits with 130.
    """
    if watch:
        _watch(config, lambda: _compose(config, output, as_json=as_json))
    return _compose(config, output, as_json=as_json)


def _compose(config: Path, output: Path | None, *, as_json: bool) -> int:
    try:
        subgraphs = asyncio.run(load_subgraphs(config, os.environ))
    except ConfigError as error:
        raise CommandError(str(error)) from None
    result = compose_subgraphs(subgraphs)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(result), indent=2).decode(), flush=True)
    else:
        sources = {subgraph.name: subgraph.sdl for subgraph in subgraphs}
        for line in report(result, sources):
            print(line, file=sys.stderr)
    if result.supergraph_sdl is None:
        return 1
    if output is not None or not as_json:
        _write(result.supergraph_sdl, output)
    return 0


def _watch(config: Path, run: Callable[[], int]) -> NoReturn:
    """Run at once and after every change, until interrupted. What a later save may mend does not end it."""
    seen: Versions | None = None
    while True:
        found = versions(watched_files(config, os.environ))
        if found != seen:
            seen = found
            try:
                run()
            except CommandError as error:
                print(f"hansa: {error}", file=sys.stderr)
            print(f"Watching {len(found)} files", file=sys.stderr, flush=True)
        time.sleep(POLL_SECONDS)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text.rstrip("\n"), flush=True)
        return
    part = output.with_name(output.name + ".part")
    try:
        part.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        part.replace(output)
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from None
