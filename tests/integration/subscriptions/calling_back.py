"""A subgraph that speaks Apollo's callback protocol: in this process, told what to say, or in one of its own."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import msgspec
import uvicorn

HEADERS = {
    "subscription-protocol": "callback/1.0",
    "content-type": "application/json",
    "connection": "close",  # so that each may come to another worker
}


class Asked:
    """A subscription that the router has asked for, and what is sent to its callback URL."""

    def __init__(self, headers: dict[str, str], body: dict[str, Any], http: httpx.AsyncClient) -> None:
        self.headers = headers
        self.body = body
        told = body["extensions"]["subscription"]
        self.url: str = told["callbackUrl"]
        self.id: str = told["subscriptionId"]
        self.verifier: str = told["verifier"]
        self.interval: float = told["heartbeatIntervalMs"] / 1000
        self._http = http

    async def say(self, action: str, **more: Any) -> httpx.Response:
        message = {"kind": "subscription", "action": action, "id": self.id, "verifier": self.verifier} | more
        return await self.post(msgspec.json.encode(message))

    async def post(self, body: bytes) -> httpx.Response:
        return await self._http.post(self.url, content=body, headers=HEADERS)

    async def price(self, price: int) -> httpx.Response:
        return await self.say("next", payload={"data": {"priceChanged": {"id": "1", "price": price}}})


Work = Callable[[Asked], Coroutine[Any, Any, None]]


class CallingBack:
    """An ASGI app. `checks` is whether it calls back; then it does what is to be done `before` it answers, and after."""

    def __init__(
        self,
        *,
        checks: bool = True,
        status: int = 200,
        answer: bytes = b'{"data":null}',
        before: Work | None = None,
        then: Work | None = None,
    ) -> None:
        self.asked: asyncio.Queue[Asked] = asyncio.Queue()
        self.count = 0
        self.checked: httpx.Response | None = None
        self._checks = checks
        self._status = status
        self._answer = answer
        self._before = before
        self._then = then
        self._tasks: list[asyncio.Task[None]] = []
        self._http = httpx.AsyncClient()

    async def close(self) -> None:
        await self._http.aclose()

    async def next(self) -> Asked:
        async with asyncio.timeout(10):
            return await self.asked.get()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        asked = Asked(headers, msgspec.json.decode(body + message["body"]), self._http)
        self.count += 1
        if self._checks:
            self.checked = await asked.say("check")
        if self._before is not None:
            await self._before(asked)
        content_type = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": self._status, "headers": content_type})
        await send({"type": "http.response.body", "body": self._answer})
        self.asked.put_nowait(asked)
        if self._then is not None:
            self._tasks.append(asyncio.create_task(self._then(asked)))


async def count_up(asked: Asked) -> None:
    """One price after another until the router does not want any more, each a sign of life."""
    price = 0
    while (await asked.price(price)).status_code == 204:
        price += 1
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    config = uvicorn.Config(
        CallingBack(then=count_up), port=int(sys.argv[1]), lifespan="off", log_config=None
    )
    uvicorn.Server(config).run()
