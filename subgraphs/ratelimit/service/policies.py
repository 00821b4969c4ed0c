"""Writing policies down, and reading them as they are written."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from msgspec.structs import replace

from common.database import Database, Transaction
from common.failpoints import failpoint
from common.inputs import InvalidInputError
from subgraphs.ratelimit.domain.patterns import check_pattern
from subgraphs.ratelimit.domain.policies import (
    Namespace,
    Override,
    Policy,
    check_cost,
    check_name,
    check_policy,
    overridden,
)
from subgraphs.ratelimit.domain.rules import check_rule
from subgraphs.ratelimit.domain.simulation import SimulatedRequest, Simulation
from subgraphs.ratelimit.errors import UnknownPolicyError
from subgraphs.ratelimit.policies import Policies
from subgraphs.ratelimit.store import policies as store

MAX_DESCRIPTION = 500
MAX_SIMULATED = 5_000
_AT_ONCE = 100


class PolicyBook:
    """The policies as they are written down. What changes here is in force in this process at once, elsewhere within a second."""

    def __init__(self, database: Database, policies: Policies) -> None:
        self._database = database
        self._policies = policies

    async def namespaces(self) -> list[Namespace]:
        async with self._database.transaction() as transaction:
            return await store.all_namespaces(transaction)

    async def find_namespaces(self, keys: Sequence[UUID | str]) -> dict[UUID | str, Namespace]:
        """The namespaces whose id or name is among `keys`, by both; they are few."""
        found = await self.namespaces()
        named = {each.id: each for each in found} | {each.name: each for each in found}
        return {key: named[key] for key in keys if key in named}

    async def policies_of(self, namespaces: Sequence[str]) -> dict[str, list[Policy]]:
        """The policies of each namespace, by name."""
        found: dict[str, list[Policy]] = {name: [] for name in namespaces}
        async with self._database.transaction() as transaction:
            for each in await store.policies(transaction, namespaces=namespaces):
                found[each.namespace].append(each)
        return found

    async def policies(self) -> list[Policy]:
        """All of them."""
        async with self._database.transaction() as transaction:
            return await store.policies(transaction)

    async def find_policies(self, ids: Sequence[UUID]) -> dict[UUID, Policy]:
        async with self._database.transaction() as transaction:
            return {each.id: each for each in await store.policies(transaction, ids)}

    async def find_overrides(self, ids: Sequence[UUID]) -> dict[UUID, Override]:
        async with self._database.transaction() as transaction:
            return {each.id: each for each in await store.overrides(transaction, ids=ids)}

    async def overrides_of(self, policy_ids: Sequence[UUID]) -> dict[UUID, list[Override]]:
        """The overrides in force of each policy."""
        found: dict[UUID, list[Override]] = {id_: [] for id_ in policy_ids}
        async with self._database.transaction() as transaction:
            for each in await store.overrides(transaction, policy_ids):
                found[each.policy_id].append(each)
        return found

    async def put_namespace(self, name: str, description: str) -> Namespace:
        """Make a namespace, or describe it anew."""
        check_name("name", name)
        if len(description) > MAX_DESCRIPTION or "\0" in description:
            raise InvalidInputError("description", f"must be at most {MAX_DESCRIPTION} characters")
        async with self._changing() as transaction:
            put = await store.put_namespace(transaction, name, description)
            failpoint("ratelimit.put_namespace.before_commit")
            return put

    async def upsert_policy(self, wanted: Policy, changed_by: str, *, dry_run: bool) -> Policy:
        """Write a policy down, new or changed, by its namespace and name; `dry_run` only tells what it would be.

        Raises:
            UnknownPolicyError: the namespace does not exist.
            InvalidInputError: something is wrong with it, or its algorithm is another than before.
        """
        check_policy(wanted)
        async with self._database.transaction() if dry_run else self._changing() as transaction:
            await _require_namespace(transaction, wanted.namespace)
            known = await _find_alike(transaction, wanted)
            put = wanted if known is None else replace(wanted, id=known.id, version=known.version + 1)
            if not dry_run:
                put = await _write(transaction, put, changed_by, is_new=known is None)
                failpoint("ratelimit.upsert_policy.before_commit")
            return put

    async def simulate(self, policy: Policy, requests: Sequence[SimulatedRequest]) -> Simulation:
        """What the policy would have done, with the overrides of the one of its name if there is one.

        Raises:
            InvalidInputError: something is wrong with it, or with a request.
        """
        if len(requests) > MAX_SIMULATED:
            raise InvalidInputError("requests", f"must be at most {MAX_SIMULATED}")
        for request in requests:
            check_cost(request.cost)
        async with self._database.transaction() as transaction:
            policies = await store.policies(transaction, namespaces=[policy.namespace])
            known = [each.id for each in policies if each.name == policy.name]
            overrides = await store.overrides(transaction, known)
        simulation = Simulation(policy, [replace(each, policy_id=policy.id) for each in overrides])
        for place, request in enumerate(sorted(requests, key=lambda each: each.at)):
            if place % _AT_ONCE == 0:
                await asyncio.sleep(0)  # others are served meanwhile
            simulation.ask(request)
        return simulation

    async def declare(
        self,
        namespace: str,
        description: str,
        policies: Sequence[Policy],
        overrides: Sequence[tuple[str, Override]],
        changed_by: str,
    ) -> int:
        """Make a namespace with these policies, and overrides by their policies' names; how many policies are other than before.

        Raises:
            UnknownPolicyError, InvalidInputError: nothing has changed then.
        """
        async with self._changing() as transaction:
            await store.put_namespace(transaction, check_name("namespace", namespace), description)
            changed = [await _declare(transaction, policy, changed_by) for policy in policies]
            failpoint("ratelimit.declare.before_overrides")
            known = {each.name: each for each in await store.policies(transaction, namespaces=[namespace])}
            wanted = [_checked(known.get(name), override) for name, override in overrides]
            await store.put_overrides(transaction, wanted)
            failpoint("ratelimit.declare.before_commit")
            return sum(changed)

    async def promote_shadow(self, id_: UUID, changed_by: str) -> Policy:
        """Let a shadow policy deny from now on. Raises UnknownPolicyError."""
        async with self._changing() as transaction:
            known = await _require_policy(transaction, id_)
            promoted = replace(known, is_shadow=False, version=known.version + 1)
            await store.update_policy(transaction, promoted, changed_by)
            failpoint("ratelimit.promote_shadow.before_commit")
            return promoted

    async def remove_policy(self, id_: UUID) -> bool:
        """Whether there was one; its overrides go with it."""
        async with self._changing() as transaction:
            was_there = await store.delete_policy(transaction, id_)
            failpoint("ratelimit.remove_policy.before_commit")
            return was_there

    async def set_override(self, wanted: Override) -> Override:
        """Another limit for whom a pattern names; the one of the same pattern is replaced.

        Raises:
            UnknownPolicyError, InvalidInputError
        """
        async with self._changing() as transaction:
            policy = await _require_policy(transaction, wanted.policy_id)
            (put,) = await store.put_overrides(transaction, [_checked(policy, wanted)])
            failpoint("ratelimit.set_override.before_commit")
            return put

    async def remove_override(self, id_: UUID) -> bool:
        """Whether there was one."""
        async with self._changing() as transaction:
            was_there = await store.delete_override(transaction, id_)
            failpoint("ratelimit.remove_override.before_commit")
            return was_there

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Transaction]:
        """A transaction that changes what is in force: here when the block ends, elsewhere soon."""
        async with self._database.transaction() as transaction:
            yield transaction
            await store.count_revision(transaction)
            failpoint("ratelimit.change.before_commit")
        failpoint("ratelimit.change.after_commit")
        await self._policies.refresh()


async def _require_namespace(transaction: Transaction, name: str) -> None:
    if name not in {each.name for each in await store.all_namespaces(transaction)}:
        raise UnknownPolicyError("There is no such namespace")


async def _require_policy(transaction: Transaction, id_: UUID) -> Policy:
    found = await store.policies(transaction, [id_])
    if not found:
        raise UnknownPolicyError("There is no such policy")
    return found[0]


async def _find_alike(transaction: Transaction, wanted: Policy) -> Policy | None:
    """The policy that `wanted` is to take the place of."""
    known = await store.find_policy(transaction, wanted.namespace, wanted.name)
    if known is not None and known.rule.algorithm is not wanted.rule.algorithm:
        # its counts could not be read by another one, and would all start anew
        raise InvalidInputError("algorithm", "of a policy does not change; make another policy")
    return known


async def _declare(transaction: Transaction, wanted: Policy, changed_by: str) -> bool:
    """Whether the policy was another before."""
    check_policy(wanted)
    known = await _find_alike(transaction, wanted)
    if known is not None:
        wanted = replace(wanted, id=known.id, version=known.version)
        if wanted == known:
            return False
    await _write(transaction, wanted, changed_by, is_new=known is None)
    return True


def _checked(policy: Policy | None, wanted: Override) -> Override:
    """The override of that policy, if it may have such a one."""
    if policy is None:
        raise UnknownPolicyError("There is no such policy")
    check_pattern("pattern", wanted.pattern)
    check_rule(overridden(policy.rule, wanted))
    return replace(wanted, policy_id=policy.id)


async def _write(transaction: Transaction, policy: Policy, changed_by: str, *, is_new: bool) -> Policy:
    if is_new:
        return replace(policy, id=await store.insert_policy(transaction, policy, changed_by))
    await store.update_policy(transaction, policy, changed_by)
    return policy
