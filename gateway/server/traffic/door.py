"""What stands before and after every request of a client: how many are let in, and which headers the answers get.

Where nothing of it is configured there is no door.
"""

import math
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec.structs import replace

from gateway.server.asgi import Receive
from gateway.server.config import RouterConfig
from gateway.server.config.headers import Headers, PropagateBack, ResponseRule
from gateway.server.config.traffic import RouterTraffic
from gateway.server.errors import RequestError, error_body
from gateway.server.exchange import Exchange
from gateway.server.http.answer import Answer
from gateway.server.traffic.local_rate import LocalRate
from gateway.server.traffic.metrics import TrafficMetrics
from gateway.server.traffic.response_headers import CACHE_CONTROL, AnswerHeaders, ResponseRules
from gateway.supergraph import Supergraph

AnswerRequest: TypeAlias = Callable[[Exchange, Receive], Awaitable[Answer]]

CONCURRENCY_LIMITED = "REQUEST_CONCURRENCY_LIMITED"
RATE_LIMITED = "REQUEST_RATE_LIMITED"


def guarded(
    answer: AnswerRequest, supergraph: Supergraph, config: RouterConfig, metrics: TrafficMetrics
) -> AnswerRequest:
    """`answer` behind the doors that the configuration asks for."""
    rules = ResponseRules(_headers(config), supergraph.subgraphs)
    if rules or config.rate_limits is not None:
        answer = _WithHeaders(answer, rules).answer
    traffic = config.traffic_shaping.router
    if traffic.concurrency_limit is not None or traffic.global_rate_limit is not None:
        answer = _Admission(answer, traffic, metrics).answer
    return answer


def _headers(config: RouterConfig) -> Headers:
    """The rules as they are configured; where answers are cached, clients are told for how long they may be."""
    if not config.response_cache.enabled:
        return config.headers
    told = ResponseRule(propagate=PropagateBack(named=CACHE_CONTROL))
    all_ = replace(config.headers.all, response=(told, *config.headers.all.response))
    return replace(config.headers, all=all_)


class _WithHeaders:
    """Adds what is collected for the answer's header while it is made."""

    def __init__(self, answer: AnswerRequest, rules: ResponseRules) -> None:
        self._answer = answer
        self._rules = rules

    async def answer(self, exchange: Exchange, receive: Receive) -> Answer:
        headers = exchange.answer_headers = AnswerHeaders(self._rules)
        answer = await self._answer(exchange, receive)
        may_be_kept = exchange.errors == 0 and answer.rest is None and answer.stream is None
        return replace(answer, headers=answer.headers + headers.pairs(may_be_kept=may_be_kept))


class _Admission:
    """Refuses requests beyond a rate (429), and those for which there is no room now (503), before anything is read."""

    def __init__(self, answer: AnswerRequest, traffic: RouterTraffic, metrics: TrafficMetrics) -> None:
        self._answer = answer
        self._limit = traffic.concurrency_limit or math.inf
        self._rate = None if traffic.global_rate_limit is None else LocalRate(traffic.global_rate_limit)
        self._metrics = metrics
        self._under_way = 0

    async def answer(self, exchange: Exchange, receive: Receive) -> Answer:
        if self._under_way >= self._limit:
            raise self._refusal(503, "The router has as many requests as it can take", CONCURRENCY_LIMITED, 1)
        if self._rate is not None and (wait := self._rate.take()):
            raise self._refusal(429, "The router has had as many requests as it may", RATE_LIMITED, wait)
        self._under_way += 1
        try:
            return await self._answer(exchange, receive)
        finally:
            self._under_way -= 1

    def _refusal(self, status: int, message: str, code: str, wait: float) -> RequestError:
        self._metrics.shed.labels(code).inc()
        retry_after = ("retry-after", str(math.ceil(wait)))
        return RequestError(status, [error_body(message, code)], headers=(retry_after,))
