"""Which primary of a cluster has which slot, by what its nodes say."""

from typing import Any

from redis.cluster import parse_cluster_slots
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError, MovedError

from common.valkey.errors import ReplyError

Node = tuple[str, int]
"""Host and port."""

_COUNTED = frozenset({"EVAL", "EVALSHA", "FCALL"})
"""Commands whose keys come after a script and their number."""


def slot_of(key: str | bytes | int) -> int:
    """The slot of a key, by its hash tag where it has one (Valkey's cluster specification, key distribution model)."""
    return key_slot(key if isinstance(key, bytes) else str(key).encode())


def slot_of_command(command: tuple[str | bytes | int, ...]) -> int:
    """The slot of a command's first key; the others must be in it, too, or Valkey refuses."""
    return slot_of(command[3 if command[0] in _COUNTED else 1])


def redirection(error: ReplyError, asked: Node) -> AskError | None:
    """Where the refusal of one who was `asked` sends to: a MovedError, an AskError, or None if nowhere else."""
    kind = {"MOVED": MovedError, "ASK": AskError}.get(error.code)
    if kind is None:
        return None
    sent = kind(str(error).partition(" ")[2])
    sent.host = sent.host or asked[0]  # a node that does not know its name, but is at the same address
    return sent


class SlotMap:
    """The owner of each slot."""

    def __init__(self) -> None:
        self._owners: list[Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self.nodes: frozenset[Node] = frozenset()
        """All that were told of, replicas too."""

    @property
    def primaries(self) -> list[Node]:
        return sorted({owner for owner in self._owners if owner is not None})

    def owner(self, slot: int) -> Node | None:
        return self._owners[slot]

    def move(self, slot: int, node: Node) -> None:
        """Believe what a MOVED says, until the map is read again."""
        self._owners[slot] = node

    def read(self, reply: Any, asked: Node) -> None:
        """Take the place of what was known by a reply to CLUSTER SLOTS from `asked`."""
        owners: list[Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        nodes: set[Node] = set()
        for (start, end), told in parse_cluster_slots(reply, current_host=asked[0]).items():
            owners[start : end + 1] = [told["primary"]] * (end + 1 - start)
            nodes.update([told["primary"], *told["replicas"]])
        self._owners, self.nodes = owners, frozenset(nodes)
