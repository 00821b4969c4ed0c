"""Answering the edge's routes, and passing on what is none of them.

A route costs a dictionary look-up, the reading of its body and its own work; Litestar's routing, dependencies and
exception handling cost several times as much as a decision that comes from memory.
"""

import logging
from collections.abc import Iterable
from typing import Any

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from common.app.edge.answers import EdgeAnswer, problem, refused
from common.app.edge.route import EdgeRoute
from common.app.masking import INTERNAL
from common.app.responses import header, read_body, respond
from common.errors import DomainError

BAD_REQUEST = {"code": "BAD_REQUEST"}

_log = logging.getLogger("hansa.doors")


class Edge:
    """An ASGI app that answers `routes` itself and gives everything else to `app`."""

    def __init__(self, app: ASGIApp, routes: Iterable[EdgeRoute[Any]]) -> None:
        self._app = app
        self._doors = {route.path: _Door(route) for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._doors.get(scope["path"]) if scope["type"] == ScopeType.HTTP else None
        if door is None:
            await self._app(scope, receive, send)
            return
        answer = await door.answer(scope, receive)  # type: ignore[arg-type]  # an HTTP scope: only that has a door
        await respond(send, answer.status, answer.headers, answer.body)


class _Door:
    def __init__(self, route: EdgeRoute[Any]) -> None:
        self._route = route
        self._decode_strictly = msgspec.json.Decoder(route.takes).decode

    async def answer(self, scope: HTTPScope, receive: Receive) -> EdgeAnswer:
        scope["path_template"] = self._route.path
        try:
            return await self._answer(scope, receive)
        except DomainError as error:
            return refused(error)
        except msgspec.ValidationError as error:
            return problem(400, f"The body does not fit: {error}", members=BAD_REQUEST)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return problem(400, f"The body is not JSON: {error}", members=BAD_REQUEST)
        except Exception:  # noqa: BLE001 - a defect of the route is its own, and shown as nothing but its being there
            _log.exception("Unexpected error at POST %s", self._route.path)
            return problem(500, "Internal error", members={"code": INTERNAL})

    async def _answer(self, scope: HTTPScope, receive: Receive) -> EdgeAnswer:
        if scope["method"] != "POST":
            return problem(405, "Method Not Allowed", (("allow", "POST"),))
        app = scope["litestar_app"]
        await self._route.admit(header(scope, b"authorization"), app.state.verifier)
        return await self._route.answer(self._decode(await read_body(receive, self._route.max_body)))

    def _decode(self, body: bytes) -> Any:
        try:
            return self._decode_strictly(body)
        except msgspec.ValidationError:
            # JSON Schema, and so the document, takes 1.0 for an integer; msgspec does only when it is told
            return msgspec.convert(_with_integers(msgspec.json.decode(body)), self._route.takes)


def _with_integers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_integers(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_integers(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
