"""Which framing a client takes a response stream in (RFC 9110, section 12.5.1)."""

from functools import lru_cache

from gateway.server.errors import RequestError, error_body
from gateway.server.subscriptions.clients.framing import EVENT_STREAM, MULTIPART, Framing

_SPECIFICATION = "subscriptionspec=1.0"


@lru_cache(maxsize=256)
def accepted_framing(accept: str | None) -> Framing | None:
    """The first of ours that the value of an Accept header names; None where it names none."""
    for media_range in (accept or "").split(","):
        name, *parameters = (each.strip().lower().replace('"', "") for each in media_range.split(";"))
        if name == "text/event-stream":
            return EVENT_STREAM
        if name == "multipart/mixed" and _SPECIFICATION in parameters:
            return MULTIPART
    return None


def no_stream_accepted() -> RequestError:
    """406: the operation is a subscription, and the client takes no stream."""
    message = (
        "The operation is a subscription. Ask for it over a WebSocket that speaks graphql-transport-ws, or with the "
        "header 'Accept: text/event-stream' or 'Accept: multipart/mixed;subscriptionSpec=1.0, application/json'"
    )
    return RequestError(406, [error_body(message, "SUBSCRIPTION_BAD_HEADER")])
