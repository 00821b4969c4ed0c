"""Callbacks of subgraphs, which may reach any worker: each is for the one whose number its id begins with."""

from common.http import Request, TransportError, open_transport
from gateway.server.asgi import ASGIApp, Receive, Scope, Send
from gateway.server.errors import RequestError
from gateway.server.http.body import ClientDisconnected, read_body
from gateway.server.http.request import HttpRequest
from gateway.server.subscriptions.upstream.callback.door import answer
from gateway.server.subscriptions.upstream.callback.registry import worker_of
from gateway.server.subscriptions.upstream.over_http import MAX_SIZE
from gateway.server.workers.place import Place

PATH = "/callback"
"""Where each worker takes what others have got for it, on its own socket."""
_TIMEOUT = 10.0


class PassedCallbacks:
    """`own` in front of the siblings' doors. A sibling that is not there now is 503: the subgraph tries again."""

    def __init__(self, own: ASGIApp, place: Place) -> None:
        self._own = own
        self._number = place.number
        self._siblings = {
            number: open_transport(f"unix://{place.socket(number)}") for number in range(place.count)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        number = worker_of(scope["path"].rpartition("/")[2])
        if number is None or number == self._number or number not in self._siblings:
            await self._own(scope, receive, send)
            return
        try:
            status, body = await self._pass(number, HttpRequest.from_scope(scope), receive)
        except ClientDisconnected:
            return
        except RequestError as error:
            status, body = error.status, b""
        except TransportError:
            status, body = 503, b"The worker that has the subscription does not answer; try again\n"
        await answer(send, status, body)

    async def _pass(self, number: int, request: HttpRequest, receive: Receive) -> tuple[int, bytes]:
        body = await read_body(receive, request.headers, MAX_SIZE)
        path = f"{PATH}/{request.path.rpartition('/')[2]}"
        response = await self._siblings[number].send(
            Request(path=path, body=body, method=request.method), timeout=_TIMEOUT
        )
        return response.status, response.body
