"""Follows the control plane: keys that change are forgotten, configurations that change are switched to, and all of it is kept on disk."""

import asyncio
import logging
import random
import sqlite3
import time
from collections.abc import Callable

from subgraphs.tenants.dataplane.control import Changes, ControlPlane, ControlPlaneUnavailableError
from subgraphs.tenants.dataplane.kept import Kept, News, Store
from subgraphs.tenants.dataplane.keys import Keys, KnownKey
from subgraphs.tenants.dataplane.serving import Serving

_log = logging.getLogger("hansa.proxy")
_PAUSE = 0.25
"""Seconds between two questions at least: what the control plane does not hold back is asked for that often."""
_LONGEST_PAUSE = 2.0


class Follower:
    """Keeps `serving` and `keys` at what `control` says, and what they are in `store`.

    What is there counts at a start if the control plane was heard in the last `kept_for` seconds, keys by their own bound and
    only with `keeps_keys`.
    """

    def __init__(
        self,
        control: ControlPlane,
        serving: Serving,
        keys: Keys,
        store: Store,
        *,
        kept_for: float,
        keeps_keys: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._control = control
        self._serving = serving
        self._keys = keys
        self._store = store
        self._kept_for = kept_for
        self._keeps_keys = keeps_keys
        self._clock = clock
        self._sequence = 0
        self._news = News()
        self.is_current = asyncio.Event()
        """Set once the control plane has answered."""
        self.has_asked = asyncio.Event()
        """Set once it is known whether it does."""

    async def restore(self) -> None:
        """Serve what was served last. Raises nothing: without it, there is nothing to serve yet."""
        kept, known = await asyncio.to_thread(self._load)
        age = self._clock() - kept.heard_at
        if not kept.sequence or age > self._kept_for:
            return
        self._sequence, self._news.heard_at = kept.sequence, kept.heard_at
        if self._keeps_keys:
            self._keys.restore(known, age=age)
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
            self.has_asked.set()
            await asyncio.sleep(pause * random.uniform(0.8, 1.0))  # noqa: S311 - spreads load, no secret

    async def close(self) -> None:
        """Keep what was looked up since the last change; `run` has ended."""
        await self._keep()
        await asyncio.to_thread(self._store.close)

    def _load(self) -> tuple[Kept, dict[str, KnownKey]]:
        kept = self._store.load()
        return kept, {key_hash: KnownKey.of(facts) for key_hash, facts in kept.keys.items()}

    async def _apply(self, changes: Changes) -> None:
        if changes.is_whole:
            self._keys.forget()
        self._keys.changed(changes.keys)
        self._keys.heard()
        self._news.forget(changes.keys, is_whole=changes.is_whole)
        self._news.heard_at = self._clock()
        if changes.is_whole or changes.configurations or changes.gone:
            await self._serving.switch(changes.configurations, changes.gone, is_whole=changes.is_whole)
            tenants = (*(each.tenant for each in changes.configurations), *changes.gone)
            self._news.serve(tenants, self._serving.configurations, is_whole=changes.is_whole)
        self._sequence = changes.sequence
        self.is_current.set()
        await self._keep()

    async def _keep(self) -> None:
        """What cannot be written now is written with what changes next; until then the disk has what was true before."""
        if not self._sequence:
            return
        self._news.sequence = self._sequence
        if self._keeps_keys:
            self._news.learn(self._keys.take_learned())
        else:
            self._news.forget((), is_whole=True)
        try:
            await asyncio.to_thread(self._store.write, self._news)
        except (sqlite3.Error, OSError) as error:
            _log.warning("What is known cannot be kept: %s", error)
        else:
            heard_at, self._news = self._news.heard_at, News()
            self._news.heard_at = heard_at
