"""What tests of services need of a database: to know which statements a piece of work ran."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Engine, event

_recorded: ContextVar[list[str] | None] = ContextVar("recorded_statements", default=None)


@contextmanager
def count_statements() -> Iterator[list[str]]:
    """The SQL statements that this block, and the tasks it starts, send to any database.

    Work that was running before, such as a relay, is not counted; neither are BEGIN and COMMIT.
    """
    statements: list[str] = []
    token = _recorded.set(statements)
    event.listen(Engine, "before_cursor_execute", _record)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", _record)
        _recorded.reset(token)


def _record(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    statements = _recorded.get()
    if statements is not None:
        statements.append(statement)
