"""Answers in parts over HTTP: `multipart/mixed`, as the incremental delivery draft of 2022-08-24 has it.

A delimiter follows each part at once, so that a client knows the part whole without waiting for the next.
"""

from functools import lru_cache

MEDIA_TYPE = 'multipart/mixed;boundary="-";deferSpec=20220824'

_HEAD = b"\r\ncontent-type: application/json; charset=utf-8\r\n\r\n"
_DELIMITER = b"\r\n---"
_SPECIFICATION = "deferspec=20220824"


@lru_cache(maxsize=256)
def accepts_parts(accept: str | None) -> bool:
    """Whether the value of an Accept header names `multipart/mixed` with this draft."""
    return any(map(is_in_parts, (accept or "").split(",")))


def is_in_parts(media_range: str) -> bool:
    """Whether one media range is `multipart/mixed` with this draft."""
    name, *parameters = (each.strip().lower().replace('"', "") for each in media_range.split(";"))
    return name == "multipart/mixed" and _SPECIFICATION in parameters


def first_part(body: bytes, *, is_last: bool) -> bytes:
    return _DELIMITER + next_part(body, is_last=is_last)


def next_part(body: bytes, *, is_last: bool) -> bytes:
    return _HEAD + body + _DELIMITER + (b"--\r\n" if is_last else b"")
