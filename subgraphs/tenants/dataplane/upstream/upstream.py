"""All servers of one upstream: each request goes to the less busy of two that are drawn at random ("power of two choices")."""

import asyncio
import random
from collections.abc import Collection

from common.resilience import Budget
from subgraphs.tenants.dataplane.config import Upstream as UpstreamConfig
from subgraphs.tenants.dataplane.upstream.health import watch
from subgraphs.tenants.dataplane.upstream.target import Target

_RETRIES_A_SECOND = 1.0
"""Retries that are let through whatever the share: without them a rare request could never be tried twice."""
_WINDOW = 10.0


class NoTarget(Exception):  # noqa: N818 - a fact about the upstream
    """None of its targets may be asked now."""


class Upstream:
    """Runs for as long as a configuration names it just so; `retire` lets what is under way end."""

    def __init__(self, config: UpstreamConfig, *, may_be_inner: bool) -> None:
        self.config = config
        self.targets = tuple(Target(target, config, may_be_inner=may_be_inner) for target in config.targets)
        self.budget = Budget(share=config.retry_share, floor=_RETRIES_A_SECOND, seconds=_WINDOW)
        self._checks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin with the health checks, if there are any."""
        if (check := self.config.health_check) is not None:
            self._checks = [
                asyncio.create_task(watch(target, check), name=f"health of {target.config.url}")
                for target in self.targets
            ]

    async def retire(self) -> None:
        for check in self._checks:
            check.cancel()
        await asyncio.gather(*self._checks, return_exceptions=True)
        for target in self.targets:
            target.retire()

    def choose(self, tried: Collection[Target] = ()) -> Target:
        """The target for the next attempt, another one than was tried if there is one. Raises NoTarget.

        Whether it answers is told to its breaker, whatever the outcome.
        """
        targets = self.targets
        if len(targets) > 1:
            available = [target for target in targets if target.is_available]
            targets = tuple(target for target in available if target not in tried) or tuple(available)
            if len(targets) > 1:
                first, second = random.sample(targets, 2)
                targets = (first, second) if first.load <= second.load else (second, first)
        for target in targets:
            if target.is_up and target.breaker.admits():
                return target
        raise NoTarget
