"""What a policy would have done with requests that are given, by the model alone: nothing is asked, taken or written."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from common.inputs import InvalidInputError
from subgraphs.ratelimit.domain.matching import PolicySet
from subgraphs.ratelimit.domain.model import ALLOWED, Decision, Mode, Model
from subgraphs.ratelimit.domain.policies import Descriptor, Override, Policy, check_policy
from subgraphs.ratelimit.domain.rules import Algorithm


class SimulatedRequest(Struct, frozen=True):
    """A check at a moment, in microseconds since 1970."""

    at: int
    descriptor: Descriptor
    cost: int


class Simulation:
    """One policy with its overrides, as if nothing had been taken before; a shadow denies here as any other.

    Raises:
        InvalidInputError: something is wrong with the policy.
    """

    def __init__(self, policy: Policy, overrides: Sequence[Override]) -> None:
        check_policy(policy)
        if policy.rule.algorithm is Algorithm.CONCURRENCY:
            raise InvalidInputError("algorithm", "is taken by reservations, of which checks say nothing")
        self._namespace = policy.namespace
        self._policies = PolicySet([policy.namespace], [replace(policy, is_shadow=False)], overrides)
        self._model = Model()
        self.allowed = 0
        self.tokens = 0
        self.ignored = 0
        """To which the policy does not apply."""
        self.denied: Counter[str] = Counter()
        """By identity."""

    def ask(self, request: SimulatedRequest) -> None:
        """Decide; the requests come in the order of their moments."""
        limits = self._policies.limits(self._namespace, request.descriptor)
        if not limits.each:
            self.ignored += 1
            return
        decision = Decision(Mode.CHECK, limits.calls(request.cost, request.at))
        (answer,) = self._model.decide(request.at, [decision])
        if answer.verdict == ALLOWED:
            self.allowed += 1
            self.tokens += request.cost
        else:
            self.denied[limits.each[0].identity] += 1
