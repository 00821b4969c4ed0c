"""What one asks of `hansa up`."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct


class Options(Struct, frozen=True, kw_only=True):
    """`address` is where the router listens, `proxy` where the reverse proxy does, `directory` where all state is, `processes` whether each service has its own.

    `environment` names external servers and overrides settings; the rest is made up under `directory`.
    """

    address: str
    proxy: str
    directory: Path
    config: Path
    environment: Mapping[str, str]
    processes: bool = False
