"""The head of an HTTP/1.1 request as bytes (RFC 9112, section 3)."""

from collections.abc import Sequence

from common.http.errors import ProtocolError


def encode_head(lines: Sequence[str]) -> bytes:
    """The request line and the headers, and the empty line after them.

    Raises ProtocolError where a line holds another line or what is not Latin-1.
    """
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise ProtocolError("a line break in a header or path")
    try:
        return head.encode("latin-1") + b"\r\n\r\n"
    except UnicodeEncodeError as error:
        raise ProtocolError("a header or path is not Latin-1") from error
