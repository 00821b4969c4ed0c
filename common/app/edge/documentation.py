"""The edge's routes in the service's OpenAPI document, from the types that they take and give."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Litestar

from common.app.edge.route import EdgeRoute

_SECURITY = "bearer"


class _Problem(msgspec.Struct):
    """A problem document (RFC 9457)."""

    title: str
    status: int
    type: str = "about:blank"
    code: str = ""


_REFUSALS = {
    400: "The body does not fit",
    401: "No token, or one that does not count",
    403: "The token does not allow it",
    404: "What is named does not exist",
    409: "It is not as it was",
    413: "The body is too large",
    422: "A value cannot be right",
    503: "The service cannot answer now",
}
_REFERENCE = "#/components/schemas/{name}"


def document(app: Litestar, routes: Sequence[EdgeRoute[Any]]) -> None:
    """Add the routes to `app.openapi_schema`."""
    if not routes:
        return
    described = app.openapi_schema
    types = {type_ for route in routes for type_ in (route.takes, *route.gives.values())}
    _, schemas = msgspec.json.schema_components([*types, _Problem], ref_template=_REFERENCE)
    described.components.schemas.update(schemas)  # a schema as JSON is put out as it is
    described.components.security_schemes = {_SECURITY: {"type": "http", "scheme": "bearer"}}  # type: ignore[dict-item]  # the same
    assert described.paths is not None
    described.paths.update({route.path: {"post": _operation(route)} for route in routes})  # type: ignore[misc]  # the same


def _operation(route: EdgeRoute[Any]) -> dict[str, Any]:
    refusals = {
        str(status): _content(text, _Problem, "application/problem+json")
        for status, text in _REFUSALS.items()
        if status not in route.gives
    }
    gives = {str(status): _content(route.summary, type_) for status, type_ in route.gives.items()}
    return {
        "summary": route.summary,
        "operationId": route.path.strip("/").replace("/", "_").replace(":", "_"),
        "security": [{_SECURITY: []}],
        "requestBody": {"required": True, **_content("", route.takes)},
        "responses": gives | refusals,
    }


def _content(description: str, type_: Any, media_type: str = "application/json") -> dict[str, Any]:
    reference = {"$ref": _REFERENCE.format(name=type_.__name__)}
    return {"description": description, "content": {media_type: {"schema": reference}}}
