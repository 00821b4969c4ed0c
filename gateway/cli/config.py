"""`hansa config`: the router's configuration, for editors and for checks before it is deployed."""

import os
from pathlib import Path

import msgspec

from gateway.cli.failure import CommandError
from gateway.server.config import ConfigError, load_config
from gateway.server.config.json_schema import config_schema


def schema() -> None:
    """Print the JSON Schema of router.yaml."""
    print(msgspec.json.format(msgspec.json.encode(config_schema()), indent=2).decode())


def validate(file: Path, /) -> None:
    """Check a router.yaml.

    Exits with 2 for one that a router would refuse, whose first fault is told with its line.

    Parameters
    ----------
    file
        The configuration; what it reads from the environment must be there.
    """
    try:
        load_config(file, os.environ)
    except ConfigError as error:
        raise CommandError(str(error)) from None
    print(f"{file} is a configuration of the router")
