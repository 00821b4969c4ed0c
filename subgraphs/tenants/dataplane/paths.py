"""Paths that a gateway and the server behind it could read differently: none of them is passed on.

What servers are known to disagree about is refused rather than rewritten: encoded separators and dots, empty and dot
segments, encodings of encodings, backslashes, and bytes that no URI has. What is left is forwarded as it came and
matched as a server understands it: decoded, and without the parameters of its segments.
"""

import re
from urllib.parse import unquote_to_bytes

_UNCLEAN = re.compile(
    rb"//"  # an empty segment
    rb"|/(?:\.|%2e){1,2}(?:(?:;|%3b)[^/]*)?(?=/|$)"  # `.`, `..`, `..;x` and their encodings
    rb"|%(?:2f|5c|25[0-9a-f]{2})"  # `/` and `\`, and what would be encoded twice
    rb"|%[01][0-9a-f]|%7f"  # control characters
    rb"|%(?![0-9a-f]{2})"  # no encoding at all
    rb"|[^!-~]|[\\#?<>\"^`{|}]",  # not in a path of a URI (RFC 3986, section 3.3)
    re.IGNORECASE,
)
_SIMPLE = re.compile(rb"(?:/[A-Za-z0-9_~!$&'()*+,:@=-][A-Za-z0-9_~!$&'()*+,:@=.-]*)+/?|/").fullmatch
"""What most paths are: clean, and matched as they are."""
_PARAMETERS = re.compile(rb";[^/]*")


def is_clean(path: bytes) -> bool:
    """Whether everyone reads `path`, which has no query, alike."""
    return path.startswith(b"/") and _UNCLEAN.search(path) is None


def understood(path: bytes) -> bytes | None:
    """What a server takes `path` for, to be matched; None where servers differ."""
    if _SIMPLE(path):
        return path
    if not is_clean(path):
        return None
    return unquote_to_bytes(_PARAMETERS.sub(b"", path))


def without_segments(path: bytes, count: int) -> bytes:
    """`path` without its first `count` segments, whatever they are encoded as."""
    start = 0
    for _ in range(count):
        start = path.find(b"/", start + 1)
        if start < 0:
            return b"/"
    return path[start:]
