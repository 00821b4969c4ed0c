"""Python source that completes the objects of one type with one set of fields.

    def complete(source, link, log):
        if source.__class__ is not dict:
            return mismatch(log, link, 'Query.user', 'User')
        get = source.get
        v0 = get('id')
        if not (v0.__class__ is str):
            if v0 is None: return null(log, (link, 'id'), 'User.id')
            v0 = c0(v0, (link, 'id'), log)
            if v0 is None: return None
        v1 = get('friends')
        if v1 is not None:
            v1 = c1(v1, (link, 'friends'), log)
        return {'id': v0, 'friends': v1}

Every name in it comes from a validated operation and is written with `repr`.
"""

from collections.abc import Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from msgspec import Struct

from gateway.execution.completion.completer import Completer, report_mismatch, report_null


class Member(Struct, frozen=True):
    """A field of the response object. `fast_check` is a condition under which its value stands as it is.

    One that `is_refused` is null whatever a subgraph has answered: planning may have asked for it for itself.
    """

    key: str
    coordinate: str
    non_null: bool
    completer: Completer | None
    fast_check: str | None = None
    constant: str | None = None
    is_refused: bool = False


def compile_object(type_name: str, coordinate: str, members: Sequence[Member]) -> Completer:
    lines = [
        "def complete(source, link, log):",
        " if source.__class__ is not dict:",
        f"  return mismatch(log, link, {coordinate!r}, {type_name!r})",
        " get = source.get",
    ]
    for number, member in enumerate(members):
        if member.constant is None:
            lines += _member_lines(member, f"v{number}", f"c{number}")
    values = (
        f"{member.key!r}: {f'v{number}' if member.constant is None else repr(member.constant)}"
        for number, member in enumerate(members)
    )
    lines.append(f" return {{{', '.join(values)}}}")
    namespace: dict[str, Any] = {f"c{number}": member.completer for number, member in enumerate(members)}
    namespace |= {"mismatch": report_mismatch, "null": report_null}
    exec(_compile("\n".join(lines)), namespace)  # noqa: S102 - made of names that validation has let pass
    complete: Completer = namespace["complete"]
    return complete


@lru_cache(maxsize=512)
def _compile(source: str) -> CodeType:
    return compile(source, "<completion>", "exec")


def _member_lines(member: Member, value: str, completer: str) -> list[str]:
    if member.is_refused:
        return [" return None" if member.non_null else f" {value} = None"]
    link = f"(link, {member.key!r})"
    lines = [f" {value} = get({member.key!r})"]
    complete = f"{value} = {completer}({value}, {link}, log)"
    if member.non_null:
        slow = [f"if {value} is None: return null(log, {link}, {member.coordinate!r})"]
        if member.completer is not None:
            slow += [complete, f"if {value} is None: return None"]
    else:
        slow = [f"if {value} is not None: {complete}"] if member.completer is not None else []
    if member.fast_check is None:
        return lines + [f" {line}" for line in slow]
    return [*lines, f" if not ({member.fast_check.format(value)}):", *[f"  {line}" for line in slow]]
