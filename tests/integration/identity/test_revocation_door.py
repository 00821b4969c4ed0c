"""The doors of the revocation feed: what they make of parameters that are none."""

import json
from typing import Any

import pytest

from common.http import Request


@pytest.mark.parametrize("door", ["/revocations", "/region"])
@pytest.mark.parametrize("query", ["after=0", "after=home:x:y", "after=a:b:c:d", "wait=soon"])
async def test_what_is_no_place_in_the_feed_is_refused(identity: Any, door: str, query: str) -> None:
    answer = await identity.transport.send(Request(path=f"{door}?{query}", method="GET"))
    assert answer.status == 400
    assert dict(answer.headers)["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["", "?after=", "?after=home:0:another-feed", "?wait=-1"])
async def test_the_feed_is_told_from_its_beginning_to_who_knows_nothing_of_it(
    identity: Any, query: str
) -> None:
    answer = await identity.transport.send(Request(path=f"/revocations{query}", method="GET"))
    assert answer.status == 200
    (region,) = json.loads(answer.body)["regions"]
    assert (region["region"], region["entries"]) == ("home", [])
