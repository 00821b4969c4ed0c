"""What a trace shows of a command, by OpenTelemetry's semantic conventions for Redis."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from common.valkey.address import Address

if TYPE_CHECKING:  # whoever exports no traces loads none of it
    from opentelemetry.trace import Span, Tracer


def command_span(
    tracer: "Tracer", command: tuple[str | bytes | int, ...], address: Address
) -> "AbstractContextManager[Span]":
    """A client span around the command. Keys and values are not told: they may be somebody's address."""
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - as above

    operation = str(command[0])
    attributes: dict[str, str | int] = {
        "db.system.name": "redis",
        "db.operation.name": operation,
        "server.address": address.path or address.host,
    }
    if address.path is None:
        attributes["server.port"] = address.port
    return tracer.start_as_current_span(operation, kind=SpanKind.CLIENT, attributes=attributes)
