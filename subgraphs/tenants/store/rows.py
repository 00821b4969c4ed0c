"""Rows as the domain's structs."""

from typing import TypeVar

import msgspec
from sqlalchemy import Row

T = TypeVar("T", bound=msgspec.Struct)


def read(row: Row[tuple[object, ...]], kind: type[T]) -> T:
    """The struct whose fields are the row's columns of their names; columns that it does not have are left out."""
    return msgspec.convert(row, kind, from_attributes=True)
