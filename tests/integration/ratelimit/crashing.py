"""A namespace's life in processes that are killed: for each failpoint in the arguments a namespace is written and used, twice.

The first process is killed at the failpoint; the second does the same again, as a caller does who has had no answer. A last process
is killed while it counts. Processes are forked, so that each costs no imports. A line of JSON tells how both ended and what the first
had left behind; the last one what was counted.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from uuid import UUID

from common import failpoints
from common.database import Database
from subgraphs.ratelimit.domain.matching import Limits, PolicySet
from subgraphs.ratelimit.domain.policies import FailMode, Override, Policy
from subgraphs.ratelimit.domain.rules import Algorithm, Rule
from subgraphs.ratelimit.engine.outcome import Outcome
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.service import usage as usage_module
from subgraphs.ratelimit.service.policies import PolicyBook
from subgraphs.ratelimit.service.usage import Usage

PATIENCE = 60  # seconds for one run
DECISIONS = 3
INTERVAL, TICK = 0.2, 0.01  # seconds between two writings, and two decisions
WRITINGS = 3
NEW = UUID(int=0)
HOUR = Rule(algorithm=Algorithm.SLIDING_LOG, limit=9, period=3_600)


def main() -> None:
    names = sys.argv[1:]
    killed = ended([start(number, f"{name}:kill") for number, name in enumerate(names)])
    left = asyncio.run(what_is_left(len(names)))
    again = ended([start(number, "") for number in range(len(names))])
    for name, *told in zip(names, killed, again, left, strict=True):
        print(json.dumps([name, *told]), flush=True)  # noqa: T201 - what the test reads
    print(json.dumps(counted_until_killed()), flush=True)  # noqa: T201 - the same


def start(number: int, failpoint: str) -> int:
    """Live in a forked process, of which this is the id."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        failpoints._armed = failpoints._parse(failpoint)
        asyncio.run(live(f"n{number}"))
        os._exit(0)
    return child


def ended(children: list[int]) -> list[int]:
    """How each has ended: 0, the exit status, or less than 0 by a signal."""
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


async def what_is_left(count: int) -> list[str]:
    """The policies of each namespace, shadows in brackets, and their overrides."""
    database = Database.open(os.environ["DATABASE_URL"], schema="ratelimit")
    book = PolicyBook(database, Policies(database, lambda: None))
    policies = await book.policies_of([f"n{number}" for number in range(count)])
    overrides = await book.overrides_of([each.id for found in policies.values() for each in found])
    await database.close()
    return [_described(found, overrides) for found in policies.values()]


def _described(policies: Sequence[Policy], overrides: Mapping[UUID, Sequence[Override]]) -> str:
    names = [f"({each.name})" if each.is_shadow else each.name for each in policies]
    return " ".join([*names, *sorted(found.pattern for each in policies for found in overrides[each.id])])


def policy(namespace: str, name: str, *, shadow: bool = False) -> Policy:
    return Policy(
        id=NEW,
        namespace=namespace,
        name=name,
        by=("user",),
        when={},
        rule=HOUR,
        fail_mode=FailMode.LOCAL,
        is_shadow=shadow,
        priority=0,
        version=1,
    )


def override(policy_id: UUID, pattern: str) -> Override:
    return Override(id=NEW, policy_id=policy_id, pattern=pattern, limit=5, burst=0, until=None)


async def live(namespace: str) -> None:
    """Everything that a namespace can come through; each step may be asked any number of times."""
    database = Database.open(os.environ["DATABASE_URL"], schema="ratelimit")
    book = PolicyBook(database, Policies(database, lambda: None))
    await book.put_namespace(namespace, "made")
    declared = [policy(namespace, name) for name in ("one", "two")]
    overrides = [("one", override(NEW, "ada")), ("two", override(NEW, "bob"))]
    await book.declare(namespace, "declared", declared, overrides, "a service")
    shadow = await book.upsert_policy(policy(namespace, "shadow", shadow=True), "ada", dry_run=False)
    await book.promote_shadow(shadow.id, "ada")
    await book.set_override(override(shadow.id, "cis"))
    gone = await book.set_override(override(shadow.id, "dan"))
    await book.remove_override(gone.id)
    await book.remove_policy((await book.upsert_policy(policy(namespace, "gone"), "ada", dry_run=False)).id)
    usage = Usage(database)
    for _ in range(DECISIONS):
        usage.count(limits(shadow), Outcome([], []), 1)
    await usage.write()
    await usage._prune()
    await database.close()


def limits(of: Policy) -> Limits:
    return PolicySet([of.namespace], [of], []).limits(of.namespace, {"user": "ada"})


def counted_until_killed() -> list[tuple[int, int]]:
    """What a process that counts all the time had counted when each writing began and when it had ended; the last did not."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        asyncio.run(count(writing))
    os.close(writing)
    told: list[tuple[int, int]] = []
    with os.fdopen(reading) as lines:
        for line in lines:
            begun, ended = json.loads(line)
            told.append((begun, ended))
            if len(told) == WRITINGS:
                os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return told


async def count(told: int) -> None:
    """Count until the end, and write as the service does, but more often."""
    database = Database.open(os.environ["DATABASE_URL"], schema="ratelimit")
    book = PolicyBook(database, Policies(database, lambda: None))
    await book.put_namespace("load", "")
    counting = limits(await book.upsert_policy(policy("load", "load"), "ada", dry_run=False))
    usage_module.INTERVAL = INTERVAL
    usage, counted = Usage(database), 0
    write = usage.write

    async def telling() -> None:
        begun = counted
        await write()
        os.write(told, json.dumps((begun, counted)).encode() + b"\n")

    usage.write = telling  # type: ignore[method-assign]  # what the service does, and tells of
    async with usage.writing():
        while True:
            usage.count(counting, Outcome([], []), 1)
            counted += 1
            await asyncio.sleep(TICK)


if __name__ == "__main__":
    main()
