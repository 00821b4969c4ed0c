"""Aliases for response keys that one request cannot hold (GraphQL specification, 5.3.2 FieldsInSetCanMerge).

A client may select one response key on several object types, and each has the shape that the API schema says.
In a subgraph the types can differ, by nullability or by more; then all but one are asked for under an alias.
"""

from collections.abc import Iterable

from gateway.planning.fetch_graph import SelectedField, SelectedObject
from gateway.planning.plan import Each, Key, KeyRenamer, Path
from gateway.supergraph.query_graph import QueryGraph


class Renames:
    """The aliases in one fetch, and how the answer gets the client's names back."""

    def __init__(self, graph: QueryGraph, subgraph: str, selected: SelectedObject) -> None:
        self._graph = graph
        self._subgraph = subgraph
        self._aliases: dict[SelectedField, str] = {}
        self.renamers: list[KeyRenamer] = []
        self._visit([(selected, ())])

    def response_key(self, field: SelectedField) -> str:
        return self._aliases.get(field, field.response_key)

    def _visit(self, objects: Iterable[tuple[SelectedObject, Path]]) -> None:
        """Visits the selection sets of one position of the answer; inner renamers come first."""
        by_key: dict[str, list[tuple[SelectedField, Path]]] = {}
        for selected, path in objects:
            for field in selected.fields.values():
                by_key.setdefault(field.response_key, []).append((field, path))
        for response_key, found in by_key.items():
            for number, group in enumerate(self._compatible(found)):
                self._visit_group(group, response_key, number)

    def _visit_group(self, group: list[tuple[SelectedField, Path]], response_key: str, number: int) -> None:
        alias = f"_{response_key}_{number}" if number else response_key
        below = []
        for field, path in group:
            if number:
                self._aliases[field] = alias
            if field.below:
                depth = self._type(field).count("[")
                below.append((field.below, (*path, Key(alias), *(Each(),) * depth)))
        if below:
            self._visit(below)
        if number:
            paths = dict.fromkeys(path for _, path in group)
            self.renamers += [KeyRenamer((*path, Key(alias)), response_key) for path in paths]

    def _compatible(self, found: list[tuple[SelectedField, Path]]) -> list[list[tuple[SelectedField, Path]]]:
        """The fields of one response key in groups that one request can hold under one name."""
        same: dict[tuple[str, str, str], list[tuple[SelectedField, Path]]] = {}
        for item in found:
            selection = item[0].selection
            same.setdefault((self._type(item[0]), selection.name, selection.arguments), []).append(item)
        if len(same) == 1:
            return list(same.values())
        groups: list[tuple[str, set[str], list[tuple[SelectedField, Path]]]] = []
        for (type_, _, _), items in same.items():
            views = {field.view for field, _ in items}
            fitting = (group for group in groups if group[0] == type_ and self._are_distinct(group[1], views))
            group = next(fitting, None)
            if group is None:
                groups.append((type_, views, items))
            else:
                group[1].update(views)
                group[2].extend(items)
        return [items for _, _, items in groups]

    def _are_distinct(self, first: set[str], second: set[str]) -> bool:
        """Whether no object can be of a type of both."""
        return not first & second and {self._graph.types[view].kind for view in first | second} == {"OBJECT"}

    def _type(self, field: SelectedField) -> str:
        """The shape of the field in the subgraph: composite types count as one."""
        declared = self._graph.field(self._subgraph, field.view, field.selection.name)
        if declared is None:
            return "String!"
        type_ = declared.type
        return type_.text.replace(type_.name, "{}") if field.below else type_.text
