"""What ends a response stream before its source stream has completed."""

from typing import Any

from gateway.server.errors import error_body


class StreamError(Exception):
    """`error` is what the client is told as the last thing."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.error = error_body(message, code)


class SourceFailed(StreamError):  # noqa: N818 - says what happened
    """The source stream broke off."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"], error["extensions"]["code"])
        self.error = error


class SlowConsumer(StreamError):  # noqa: N818 - says who
    """More events waited for the client than it may have."""

    def __init__(self, capacity: int) -> None:
        super().__init__(
            f"More than {capacity} events were waiting for the client", "SUBSCRIPTION_SLOW_CONSUMER"
        )


class TokenExpired(StreamError):  # noqa: N818 - says what happened
    """The caller's token has expired."""

    def __init__(self) -> None:
        super().__init__("The subscription was closed: the token has expired", "SUBSCRIPTION_JWT_EXPIRED")


class Stopping(StreamError):  # noqa: N818 - says what happens
    """The router stops."""

    def __init__(self) -> None:
        super().__init__("The subscription was closed: the router stops", "SUBSCRIPTION_ROUTER_STOPPING")


class SchemaReload(StreamError):  # noqa: N818 - says what happened
    """The operation is not valid under the supergraph that has taken the place of the one it began under."""

    def __init__(self) -> None:
        super().__init__(
            "The subscription was closed: the schema has changed and no longer has it",
            "SUBSCRIPTION_SCHEMA_RELOAD",
        )


class TooMany(StreamError):  # noqa: N818 - says what happened
    """As many subscriptions are open as there may be."""

    def __init__(self) -> None:
        super().__init__(
            "No more subscriptions can be opened: the limit is reached", "SUBSCRIPTION_MAX_LIMIT"
        )


class Defect(StreamError):  # noqa: N818 - says whose
    """The router itself failed; the log has it."""

    def __init__(self) -> None:
        super().__init__("Internal error", "INTERNAL_SERVER_ERROR")
