"""How a cluster is named, and what becomes of calls where there is none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import hiredis
import pytest

from common.resilience import Breaker
from common.valkey import ReplyError, ValkeyLink, ValkeyUnavailableError, open_valkey
from common.valkey.address import cluster_addresses
from common.valkey.cluster import ValkeyCluster
from common.valkey.slots import SlotMap, redirection, slot_of_command

NODE = ("10.0.0.1", 6379)


def test_a_url_names_nodes_that_are_greeted_alike() -> None:
    url = "rediss-cluster://ada:s%3At@a.example:7000,[::1]:7001/?node=c.example:7002&ssl_cert_reqs=none"
    addresses = cluster_addresses(url)
    assert [(each.host, each.port) for each in addresses] == [
        ("a.example", 7000),
        ("::1", 7001),
        ("c.example", 7002),
    ]
    assert {(each.username, each.password) for each in addresses} == {("ada", "s:t")}
    assert all(each.tls for each in addresses)
    assert cluster_addresses("redis-cluster://a.example")[0].tls is None


@pytest.mark.parametrize("url", ["redis-cluster://a:b:c", "redis-cluster://a:port", "redis-clusters://a"])
def test_what_names_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of several parsers
        open_valkey(url, timeout=1)


def test_the_scheme_says_whether_it_is_one() -> None:
    assert isinstance(open_valkey("redis-cluster://a,b", timeout=1), ValkeyCluster)
    assert isinstance(open_valkey("redis://a", timeout=1), ValkeyLink)


def test_several_urls_are_nodes_of_one() -> None:
    link = open_valkey("redis-cluster://a:1", "redis-cluster://b:2", timeout=1)
    assert isinstance(link, ValkeyCluster)
    assert link._seeds == [("a", 1), ("b", 2)]
    with pytest.raises(ValueError, match="of a cluster begins with"):
        open_valkey("redis://a", "redis://b", timeout=1)


def test_a_command_goes_by_its_first_key() -> None:
    slot = slot_of_command(("GET", "{tag}a"))
    assert slot == slot_of_command(("SET", b"x{tag}", "value"))
    assert slot == slot_of_command(("FCALL", "name", 2, "{tag}b", "{tag}c", b"payload"))
    assert slot != slot_of_command(("GET", "tags"))


def test_a_map_is_what_a_node_says_and_then_what_a_refusal_does() -> None:
    known = SlotMap()
    other = [b"10.0.0.2", 6379, b"id", []]
    known.read([[0, 99, [b"", 6379, b"id", []], other], [100, 16_383, other]], NODE)
    assert (known.owner(99), known.owner(100)) == (NODE, ("10.0.0.2", 6379))
    assert known.primaries == [NODE, ("10.0.0.2", 6379)]
    sent = redirection(ReplyError("MOVED 99 :7000"), NODE)
    assert sent is not None
    known.move(99, (sent.host, sent.port))
    assert (known.owner(98), known.owner(99)) == (NODE, ("10.0.0.1", 7000))
    assert redirection(ReplyError("ERR no such thing"), NODE) is None


async def test_where_no_node_answers_calls_are_soon_refused_at_once() -> None:
    now = 0.0
    link = ValkeyCluster(
        "redis-cluster://127.0.0.1:1", timeout=5, breaker=lambda: Breaker(lambda: now, failures=1)
    )
    with pytest.raises(ValkeyUnavailableError, match="No node"):
        await link.ask("GET", "key")
    with pytest.raises(ValkeyUnavailableError, match="for a moment"):
        await link.ask("GET", "key")
    await link.close()


class OneNode:
    """A node that says it has all slots; it answers each other command by the next of `answers`, None by hanging up."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[list[bytes]] = []
        self.answers: list[bytes | None] = []
        self.serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.serving.add(asyncio.current_task())
        with suppress(ConnectionError):
            await self.converse(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        commands = hiredis.Reader()
        while data := await reader.read(65_536):
            commands.feed(data)
            while command := commands.gets():
                answer = self.answer(command)
                if answer is None:
                    return
                writer.write(answer)

    def answer(self, command: list[bytes]) -> bytes | None:
        if command[0] == b"CLUSTER":
            return b"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:%d\r\n" % self.port
        self.asked.append(command)
        return self.answers.pop(0)


@pytest.fixture
async def node() -> AsyncIterator[OneNode]:
    node = OneNode()
    listening = await asyncio.start_server(node.serve, "127.0.0.1", 0)
    node.port = listening.sockets[0].getsockname()[1]
    yield node
    listening.close()
    await asyncio.gather(*filter(None, node.serving))


@pytest.fixture
async def link(node: OneNode) -> AsyncIterator[ValkeyCluster]:
    link = ValkeyCluster(f"redis-cluster://127.0.0.1:{node.port}", timeout=5)
    yield link
    await link.close()


async def test_what_was_not_answered_is_not_sent_again(node: OneNode, link: ValkeyCluster) -> None:
    node.answers = [b":1\r\n", None, b":3\r\n"]
    assert await link.ask("INCR", "key") == 1
    with pytest.raises(ValkeyUnavailableError):
        await link.ask("INCR", "key")
    assert len(node.asked) == 2
    assert await link.ask("INCR", "key") == 3


async def test_a_cluster_that_is_down_is_no_answer(node: OneNode, link: ValkeyCluster) -> None:
    node.answers = [b"-CLUSTERDOWN The cluster is down\r\n", b":1\r\n"]
    with pytest.raises(ValkeyUnavailableError, match="CLUSTERDOWN"):
        await link.ask("INCR", "key")
    assert await link.ask("INCR", "key") == 1


async def test_what_was_refused_is_sent_to_where_the_refusal_says(node: OneNode, link: ValkeyCluster) -> None:
    to = b"12539 127.0.0.1:%d\r\n" % node.port
    node.answers = [b"-MOVED " + to, b"-ASK " + to, b"+OK\r\n", b":1\r\n"]
    assert await link.ask("INCR", "key") == 1
    assert [command[0] for command in node.asked] == [b"INCR", b"INCR", b"ASKING", b"INCR"]


async def test_who_is_sent_around_for_ever_is_told_in_the_end(node: OneNode, link: ValkeyCluster) -> None:
    node.answers = [b"-MOVED 12539 127.0.0.1:%d\r\n" % node.port] * 20
    with pytest.raises(ValkeyUnavailableError):
        await link.ask("INCR", "key")
    assert 1 < len(node.asked) < 20
