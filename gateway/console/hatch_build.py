"""Refuses to build a wheel without the console in it."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleIsBuilt(BuildHookInterface):
    """The console is built by Vite before; `make setup` does it."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # the hook's signature
        if version == "editable":
            return
        if not Path(self.root, "gateway/console/dist/index.html").is_file():
            message = "gateway/console/dist is missing: run `make setup`, which builds the console, first"
            raise SystemExit(message)
