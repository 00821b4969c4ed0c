"""A cluster as one link: each command goes to the primary that has its slot, on that primary's own pipelined connection.

Which one that is and how keys become slots is redis-py's and the nodes' to say. What a node refused it did not do, so that is sent on
to where the node says; what nobody answered is not sent again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

from common.resilience import Breaker
from common.valkey.address import cluster_addresses
from common.valkey.errors import ReplyError, SlotMovingError, ValkeyUnavailableError
from common.valkey.link import CONNECT_TIMEOUT, ValkeyLink
from common.valkey.slots import Node, SlotMap, redirection, slot_of, slot_of_command

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_REDIRECTIONS = 8
_FIRST_PAUSE = 0.001
"""Seconds before a command about a slot that is being moved is tried again; doubles each time."""
_LOOK_PAUSE = 0.2
"""Seconds between two readings of the map at least, whatever fails."""

_Way = Callable[..., Awaitable[Any]]


class ValkeyCluster:
    """Calls to the cluster at `urls`, as `ValkeyLink` makes them to one server. A `breaker` is made for each of its nodes.

    Raises:
        ValueError: one is none.
    """

    def __init__(
        self,
        *urls: str,
        timeout: float,
        breaker: Callable[[], Breaker] = Breaker,
        tracer: "Tracer | None" = None,
    ) -> None:
        addresses = [address for url in urls for address in cluster_addresses(url)]
        self.timeout = timeout
        self.address = addresses[0]
        self._make_breaker, self._tracer = breaker, tracer
        self._breaker = breaker()  # of looking for the map, while there is none
        self._seeds = [(address.host, address.port) for address in addresses]
        self._map = SlotMap()
        self._links: dict[Node, ValkeyLink] = {}
        self._strangers: frozenset[Node] = frozenset()
        self._looking: asyncio.Task[None] | None = None
        self._look_due = 0.0

    async def ask(self, *command: str | bytes | int, within: float | None = None) -> Any:
        """As `ValkeyLink.ask`; each node by a breaker of its own."""
        return await self._send(ValkeyLink.ask, command, within or self.timeout)

    async def call(self, *command: str | bytes | int, within: float | None = None) -> Any:
        """As `ValkeyLink.call`. The keys of a command must be in one slot.

        Raises:
            SlotMovingError: they were on two nodes until the time was over.
        """
        return await self._send(ValkeyLink.call, command, within or self.timeout)

    def slot(self, key: str) -> int:
        """The same for keys of which one command may be about."""
        return slot_of(key)

    async def servers(self) -> Sequence[ValkeyLink]:
        """The primaries that have slots. Raises ValkeyUnavailableError if no node says who."""
        if not self._map.nodes:
            await self._first_look(CONNECT_TIMEOUT)
        return [self._link(node) for node in self._map.primaries]

    async def close(self) -> None:
        """Hang up."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        for link in self._links.values():
            await link.close()

    async def _send(self, way: _Way, command: tuple[str | bytes | int, ...], seconds: float) -> Any:
        slot, loop = slot_of_command(command), asyncio.get_running_loop()
        until = loop.time() + seconds
        node, asking, pause = await self._owner(slot, seconds), False, _FIRST_PAUSE
        for _ in range(_REDIRECTIONS):
            try:
                left = max(until - loop.time(), _FIRST_PAUSE)
                return await way(self._link(node), *command, within=left, asking=asking)
            except ValkeyUnavailableError:
                self._look_soon()
                raise
            except ReplyError as refusal:
                if refusal.code == "TRYAGAIN":
                    if loop.time() + pause >= until:
                        break
                    await asyncio.sleep(pause)
                    pause *= 2
                    node, asking = await self._owner(slot, seconds), False
                else:
                    node, asking = self._redirected(refusal, slot, node)
        raise SlotMovingError("A slot of the cluster is being moved")

    def _redirected(self, refusal: ReplyError, slot: int, asked: Node) -> tuple[Node, bool]:
        """Who is to be asked now, and whether as one to whom the slot is being moved. Raises what is no redirection."""
        if refusal.code == "CLUSTERDOWN":
            self._look_soon()
            raise ValkeyUnavailableError(f"The cluster does not serve the key: {refusal}") from refusal
        sent = redirection(refusal, asked)
        if sent is None:
            raise refusal
        node = sent.host, sent.port
        if refusal.code == "ASK":
            return node, True
        self._map.move(slot, node)
        self._look_soon()
        return node, False

    async def _owner(self, slot: int, seconds: float) -> Node:
        owner = self._map.owner(slot)
        if owner is None:
            await self._first_look(seconds)
            owner = self._map.owner(slot)
        if owner is None:
            raise ValkeyUnavailableError("No node of the cluster has the key's slot")
        return owner

    def _link(self, node: Node) -> ValkeyLink:
        link = self._links.get(node)
        if link is None:
            address, breaker = self.address.at(*node), self._make_breaker()
            link = self._links[node] = ValkeyLink(
                address, timeout=self.timeout, breaker=breaker, tracer=self._tracer
            )
        return link

    # Looking for who has which slot

    async def _first_look(self, seconds: float) -> None:
        """Wait for a reading of the map; nobody waits while no node answers, but a probe now and then."""
        if not self._breaker.admits():
            raise ValkeyUnavailableError("The cluster is not asked for a moment, since it did not answer")
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(self._look_soon())
        except (TimeoutError, ValkeyUnavailableError) as error:
            self._breaker.fail()
            raise ValkeyUnavailableError("No node of the cluster says who has the key") from error
        except BaseException:
            self._breaker.give_up()
            raise
        self._breaker.succeed()

    def _look_soon(self) -> asyncio.Task[None]:
        """The reading that is under way, or the next one: one at a time, which outlives who wanted it."""
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
            self._looking.add_done_callback(self._looked)
        return self._looking

    async def _look(self) -> None:
        """Read the map from one node or another; each may be cut off from the rest."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._look_due - loop.time()))
        self._look_due = loop.time() + _LOOK_PAUSE
        nodes = [*dict.fromkeys([*self._map.nodes, *self._seeds])]
        for node in random.sample(nodes, len(nodes)):
            try:
                reply = await self._link(node).call("CLUSTER", "SLOTS", within=CONNECT_TIMEOUT)
            except (ReplyError, ValkeyUnavailableError):
                continue
            self._map.read(reply, node)
            await self._hang_up_on_strangers()
            return
        raise ValkeyUnavailableError("No node of the cluster answers")

    def _looked(self, attempt: asyncio.Task[None]) -> None:
        self._looking = None
        if not attempt.cancelled():
            attempt.exception()  # who waited for it was told

    async def _hang_up_on_strangers(self) -> None:
        """Leave nodes that are no longer of the cluster, one reading later: what they were asked is answered first."""
        strangers = self._links.keys() - self._map.nodes - set(self._seeds)
        for node in self._strangers & strangers:
            await self._links.pop(node).close()
        self._strangers = frozenset(strangers)
