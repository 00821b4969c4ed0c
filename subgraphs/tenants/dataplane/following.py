"""Follows the control plane: keys that change are forgotten, configurations that change are switched to and kept on disk."""

import asyncio
import logging
import random
from pathlib import Path

from subgraphs.tenants.dataplane.control import Changes, ControlPlane, ControlPlaneUnavailableError
from subgraphs.tenants.dataplane.kept import Kept, keep, load
from subgraphs.tenants.dataplane.keys import Keys
from subgraphs.tenants.dataplane.serving import Serving

_log = logging.getLogger("hansa.proxy")
_PAUSE = 0.25
"""Seconds between two questions at least: what the control plane does not hold back is asked for that often."""
_LONGEST_PAUSE = 2.0


class Follower:
    """Keeps `serving` and `keys` at what `control` says."""

    def __init__(self, control: ControlPlane, serving: Serving, keys: Keys, directory: Path) -> None:
        self._control = control
        self._serving = serving
        self._keys = keys
        self._directory = directory
        self._sequence = 0
        self.is_current = asyncio.Event()
        """Set once the control plane has answered."""

    async def restore(self) -> None:
        """Serve what was served last. Raises nothing: without it, there is nothing to serve yet."""
        kept = await asyncio.to_thread(load, self._directory)
        self._sequence = kept.sequence
        await self._serving.switch(kept.configurations, is_whole=True)

    async def check(self) -> None:
        """Raises RuntimeError while there is nothing to serve by: no answer yet, and nothing kept."""
        if not self.is_current.is_set() and not self._serving.configurations:
            raise RuntimeError("no configuration yet")

    async def run(self) -> None:
        """Until it is cancelled."""
        pause = _PAUSE
        while True:
            try:
                await self._apply(await self._control.changes(self._sequence))
                pause = _PAUSE
            except ControlPlaneUnavailableError as error:
                _log.warning("The control plane does not answer; what is known is served: %s", error)
                pause = min(2 * pause, _LONGEST_PAUSE)
            except Exception:  # noqa: BLE001 - whatever it is, the next change may be served, and keys must be followed
                _log.exception("What the control plane has changed could not be served")
                pause = _LONGEST_PAUSE
            await asyncio.sleep(pause * random.uniform(0.8, 1.0))  # noqa: S311 - spreads load, no secret

    async def _apply(self, changes: Changes) -> None:
        if changes.is_whole:
            self._keys.forget()
        self._keys.changed(changes.keys)
        self._keys.heard()
        if changes.is_whole or changes.configurations or changes.gone:
            await self._serving.switch(changes.configurations, changes.gone, is_whole=changes.is_whole)
            await self._keep(changes.sequence)
        self._sequence = changes.sequence
        self.is_current.set()

    async def _keep(self, sequence: int) -> None:
        kept = Kept(sequence, tuple(self._serving.configurations.values()))
        try:
            await asyncio.to_thread(keep, self._directory, kept)
        except OSError as error:
            _log.warning("The configurations cannot be kept in %s: %s", self._directory, error)
