"""A Strawberry schema as a subgraph of a test: no server, no middleware."""

from typing import Any

import msgspec
from strawberry.federation import Schema

from gateway.server.asgi import Receive, Scope, Send, respond
from gateway.testing.fake_subgraph import read_request


class SchemaApp:
    """The ASGI app of a federation schema. Resolvers have the request's headers as `info.context["headers"]`."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        told = schema.execute_sync("{ _service { sdl } }").data or {}
        self.sdl = str(told["_service"]["sdl"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = await read_request(scope, receive)
        result = await self._schema.execute(
            asked.query, asked.variables, {"headers": asked.headers}, operation_name=asked.operation_name
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [error.formatted for error in result.errors]
        await respond(send, 200, [(b"content-type", b"application/json")], msgspec.json.encode(body))
