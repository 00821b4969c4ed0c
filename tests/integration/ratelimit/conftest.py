"""The function library in a real Valkey, called as the engine calls it but at times of the test's own."""

from collections.abc import Iterator, Sequence

import pytest
import redis

from common.valkey import FunctionLibrary, open_valkey
from subgraphs.ratelimit.domain.model import Answer, Decision
from subgraphs.ratelimit.engine.protocol import SOURCE, decode_answers, encode_decisions, keys_of


class Functions:
    """limits.lua behind a connection that waits: hypothesis runs no coroutines."""

    def __init__(self, url: str) -> None:
        library = FunctionLibrary(open_valkey(url, connections=1), "ratelimit", SOURCE, timeout=1)
        self.name = library.name
        self.redis = redis.Redis.from_url(url)
        self.redis.function_load(library._source, replace=True)

    def decide(self, now: int, decisions: Sequence[Decision]) -> list[Answer]:
        payload = encode_decisions(now, decisions)
        keys = keys_of(decisions)
        answer = self.redis.execute_command("FCALL", self.name, len(keys), *keys, payload)
        return decode_answers(answer)[1]


@pytest.fixture
def functions(redis_url: str) -> Iterator[Functions]:
    functions = Functions(redis_url)
    yield functions
    functions.redis.close()
