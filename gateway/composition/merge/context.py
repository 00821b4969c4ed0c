"""What every merge rule works with: the subgraphs in their order, the supergraph so far, and the diagnostics."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.ingest.subgraph import SubgraphSchema
from gateway.composition.merge.overrides import Overrides
from gateway.composition.model.schema import Element, Schema, Type
from gateway.composition.model.value import EnumLiteral

T = TypeVar("T")
E = TypeVar("E", bound=Element)

Sources: TypeAlias = list[tuple[int, T]]


class MergeContext:
    """Subgraphs are in the order of their names; `graphs` are their `join__Graph` values, in the same order."""

    def __init__(self, subgraphs: Sequence[SubgraphSchema], diagnostics: Diagnostics) -> None:
        self.subgraphs = subgraphs
        self.graphs = [EnumLiteral(name) for name in join_graph_names([each.name for each in subgraphs])]
        self.diagnostics = diagnostics
        self.supergraph = Schema(name="")
        self.core_names: dict[str, str] = {}
        self.composed: dict[str, set[int]] = {}
        self.overrides: dict[str, Overrides] = {}

    def name(self, index: int) -> str:
        return self.subgraphs[index].name

    def types(self, name: str) -> Sources[Type]:
        """The definitions of a type in every subgraph that has it."""
        found = ((index, each.schema.types.get(name)) for index, each in enumerate(self.subgraphs))
        return [(index, each) for index, each in found if each is not None]

    def error(
        self, code: str, message: str, coordinate: str | None, elements: Iterable[Element] = ()
    ) -> None:
        self.diagnostics.error(code, message, coordinate, [each.location for each in elements])

    def names(self, indexes: Iterable[int]) -> str:
        return subgraph_names([self.name(index) for index in indexes])

    def mismatch(
        self,
        code: str,
        message: str,
        coordinate: str,
        sources: Sources[E],
        *,
        show: Callable[[E], str],
        shown: str = "",
    ) -> None:
        """Report that sources differ: "it has type X in subgraph a but type Y in subgraph b"."""
        groups: dict[str, list[int]] = {}
        for index, element in sources:
            groups.setdefault(show(element), []).append(index)
        ordered = sorted(groups.items(), key=lambda group: group[0] != shown)
        found = " but ".join(f"{text} in {self.names(indexes)}" for text, indexes in ordered)
        self.error(code, message + found, coordinate, [element for _, element in sources])


def subgraph_names(names: Sequence[str]) -> str:
    """Names as messages write them: subgraphs "a", "b" and "c"."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) == 1:
        return f"subgraph {quoted[0]}"
    return f"subgraphs {', '.join(quoted[:-1])} and {quoted[-1]}"


def join_graph_names(names: Sequence[str]) -> list[str]:
    """The `join__Graph` value of each subgraph; names that become equal are numbered."""
    sanitized = [_sanitize(name) for name in names]
    counts: dict[str, int] = {}
    result = []
    for name in sanitized:
        counts[name] = counts.get(name, 0) + 1
        result.append(f"{name}_{counts[name]}" if sanitized.count(name) > 1 else name)
    return result


def _sanitize(name: str) -> str:
    text = "".join(char if char.isascii() and (char.isalnum() or char == "_") else "_" for char in name)
    text = f"_{text}" if text[:1].isdigit() else text
    head, separator, tail = text.rpartition("_")
    suffixed = bool(separator) and tail.isdigit() and (bool(head) or len(text) > 1)
    return (f"{text}_" if suffixed else text).upper()
