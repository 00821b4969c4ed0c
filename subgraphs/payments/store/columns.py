"""Conditions on columns that several concepts ask for."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def is_any(column: sa.ColumnElement[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Like IN, but the same statement for any number of values, so that it stays prepared."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(column.type)))
