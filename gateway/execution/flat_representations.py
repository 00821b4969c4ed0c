"""Python source that tells the representations of objects apart, where all of their members are leaves.

    def identify(value):
        try:
            m0 = value['upc']
            m1 = value['price']
        except KeyError:
            return None
        if m1 is None:
            return None
        return (0, m0, m0.__class__, m1, m1.__class__)

Most objects of a list want entities that others want, too: only one of them is encoded. Every name in the source
comes from a validated operation and is written with `repr`.
"""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from types import CodeType
from typing import Any

from gateway.execution.paths import Object
from gateway.planning.plan import RequiredField

Identify = Callable[[Object], Hashable]
"""Equal for objects of equal representations, whose numbers may be equal and of different types; None for none."""


def compile_identify(kind: int, fields: Sequence[RequiredField], non_null: Sequence[str]) -> Identify:
    """`kind` stands for the `__typename` that is sent and the names of the fields; `non_null` are some of these.

    What it gives can be hashed unless the value of a custom scalar is an object or a list.
    """
    members = {field.name: f"m{number}" for number, field in enumerate(fields)}
    parts = [str(kind)]
    parts += [f"{member}, {member}.__class__" for member in members.values()]
    lines = [
        "def identify(value):",
        " try:",
        *[f"  {members[field.name]} = value[{field.source!r}]" for field in fields],
        " except KeyError: return None",
        *[f" if {members[name]} is None: return None" for name in non_null],
        f" return ({', '.join(parts)})",
    ]
    namespace: dict[str, Any] = {}
    exec(_compile("\n".join(lines)), namespace)  # noqa: S102 - made of names that validation has let pass
    identify: Identify = namespace["identify"]
    return identify


@lru_cache(maxsize=512)
def _compile(source: str) -> CodeType:
    return compile(source, "<representation>", "exec")
