"""The text of the requests: compact GraphQL, with the client's variables that it uses."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from gateway.planning.fetch_graph import ContextValue, FetchNode, SelectedField, SelectedObject
from gateway.planning.fragments import Block, shortened
from gateway.planning.plan import ContextArgument, EntityFetch, Fetch
from gateway.planning.renames import Renames
from gateway.planning.requests import Request
from gateway.planning.selection import Conditions
from gateway.supergraph.query_graph import QueryGraph


class Documents:
    """Makes the fetches of one plan. `variables` are the client's definitions by name, as text."""

    def __init__(self, graph: QueryGraph, operation_name: str | None, variables: Mapping[str, str]) -> None:
        self._graph = graph
        self._operation_name = operation_name
        self._variables = variables
        self._context_prefix = _unlike("contextualArgument", variables)
        self._count = 0

    def fetch(self, request: Request) -> Fetch:
        """The fetch for a request, without the conditions that all of it is under."""
        writer = _Writer(self._graph, request.subgraph, frozenset(request.conditions()))
        entities = self._entities(request, writer) if request.is_entity else ()
        first = request.fetches[0]
        renames: Renames | None = None
        if request.is_entity:
            texts, fragments = self._texts(writer.blocks, request)
            body = "".join(
                f"{_alias(entity.alias)}_entities(representations:${entity.variable}){text}"
                for entity, text in zip(entities, texts, strict=True)
            )
        else:
            renames = Renames(self._graph, request.subgraph, first.selected)
            (text,), fragments = self._texts([writer.block(first.selected, renames)], request)
            body = text[1:-1]
        used = tuple(name for name in self._variables if name in writer.variables)
        definitions = [f"${entity.variable}:[_Any!]!" for entity in entities]
        definitions += [f"${found.variable}:{found.type}" for entity in entities for found in entity.context]
        definitions += [f"${name}:{self._variables[name]}" for name in used]
        name = self._name(request.subgraph)
        head = (
            first.kind + (f" {name}" if name else "") + (f"({','.join(definitions)})" if definitions else "")
        )
        fetch = Fetch(
            id=self._count,
            subgraph=request.subgraph,
            operation_kind=first.kind,  # type: ignore[arg-type]  # a kind of root
            document=f"{head}{{{body}}}{fragments}",
            operation_name=name,
            variables=used,
            entities=entities,
            renames=tuple(renames.renamers) if renames else (),
            path=() if request.is_entity else first.path,
        )
        self._count += 1
        return fetch

    def _texts(self, blocks: Sequence[Block], request: Request) -> tuple[list[str], str]:
        """The texts of selection sets and of the fragments that they spread.

        Root types have none, for subgraphs may have other names for them. Nor has a request with values of
        contexts, whose `_entities` fields the executor writes again for objects that differ in them.
        """
        if any(fetch.context for fetch in request.fetches):
            return [block.text for block in blocks], ""
        return shortened(blocks, lambda name: name != "_Entity" and not self._graph.root_kind(name))

    def _name(self, subgraph: str) -> str | None:
        if self._operation_name is None:
            return None
        safe = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in subgraph)
        return f"{self._operation_name}__{safe}__{self._count}"

    def _entities(self, request: Request, writer: "_Writer") -> tuple[EntityFetch, ...]:
        """One entity fetch for each selection; fetches that ask the same of several paths become one."""
        found: dict[tuple[object, ...], list[FetchNode]] = {}
        blocks: dict[tuple[object, ...], tuple[Block, Renames]] = {}
        for fetch in request.fetches:
            renames = Renames(self._graph, request.subgraph, fetch.selected)
            writer.context |= self._context_arguments(fetch, len(found) + 1)
            block = writer.block(fetch.selected, renames, typename=fetch.tells_types)
            key = (block.text, tuple(fetch.representations.values()), fetch.context and fetch.path)
            found.setdefault(key, []).append(fetch)
            blocks[key] = (block, renames)
        writer.blocks = [block for block, _ in blocks.values()]
        prefix = "representations" if "representations" not in self._variables else "_representations"
        single = len(found) == 1
        return tuple(
            EntityFetch(
                alias="_entities" if single else f"_e{number}",
                variable=prefix if single else f"{prefix}{number}",
                paths=tuple(dict.fromkeys(fetch.path for fetch in fetches)),
                representations=tuple(fetches[0].representations.values()),
                renames=tuple(blocks[key][1].renamers),
                context=tuple(self._context_arguments(fetches[0], number + 1).values()),
            )
            for number, (key, fetches) in enumerate(found.items())
        )

    def _context_arguments(self, fetch: FetchNode, number: int) -> dict[ContextValue, ContextArgument]:
        """The variables for the context values of the entity fetch that has the `number` in its request."""
        return {
            value: ContextArgument(f"{self._context_prefix}_{number}_{index}", *value)
            for index, value in enumerate(fetch.context)
        }


def _unlike(prefix: str, names: Iterable[str]) -> str:
    """The prefix with as many underscores as it takes that none of `names` begins with it."""
    while any(name.startswith(prefix) for name in names):
        prefix = f"_{prefix}"
    return prefix


def _alias(alias: str) -> str:
    return "" if alias == "_entities" else f"{alias}:"


_TYPENAME = ("__typename", None)


class _Writer:
    """Writes selection sets for one subgraph and notes the variables that they use."""

    def __init__(self, graph: QueryGraph, subgraph: str, satisfied: frozenset[tuple[str, bool]]) -> None:
        self._graph = graph
        self._subgraph = subgraph
        self._satisfied = satisfied
        self.variables: set[str] = set()
        self.context: dict[ContextValue, ContextArgument] = {}
        self.blocks: list[Block] = []

    def block(self, selected: SelectedObject, renames: Renames, *, typename: bool = False) -> Block:
        by_view: dict[str, list[tuple[str, Block | None]]] = {selected.type_name: []}
        if selected.typename or typename:
            by_view[selected.type_name].append(_TYPENAME)
        for field in selected.fields.values():
            if not field.below and field.selection.conditions and self._is_unconditional(selected, field):
                continue
            by_view.setdefault(field.view, []).append(self._field(field, renames))
        own = by_view.pop(selected.type_name)
        parts = own + [(f"...on {view}", Block.of(view, fields)) for view, fields in by_view.items()]
        return Block.of(selected.type_name, parts or [_TYPENAME])

    def _is_unconditional(self, selected: SelectedObject, field: SelectedField) -> bool:
        return (field.response_key, field.view, ()) in selected.fields

    def _field(self, field: SelectedField, renames: Renames) -> tuple[str, Block | None]:
        selection = field.selection
        response_key = renames.response_key(field)
        text = selection.name if response_key == selection.name else f"{response_key}:{selection.name}"
        arguments = [selection.arguments] if selection.arguments else []
        arguments += [f"{name}:${self.context[value].variable}" for name, value in field.context]
        if arguments:
            self.variables |= selection.variables
            text += f"({', '.join(arguments)})"
        below = self.block(field.below, renames) if field.below else None
        return self._under_conditions((text, below), field.view, selection.conditions)

    def _under_conditions(
        self, part: tuple[str, Block | None], view: str, conditions: Conditions
    ) -> tuple[str, Block | None]:
        """The part with its conditions; of one kind a field takes one (section 5.7.3), fragments around it the others."""
        open_conditions = [condition for condition in conditions if condition not in self._satisfied]
        self.variables |= {variable for variable, _ in open_conditions}
        includes = [f" @include(if:${variable})" for variable, wanted in open_conditions if wanted]
        skips = [f" @skip(if:${variable})" for variable, wanted in open_conditions if not wanted]
        first, *others = [*zip_longest(includes, skips, fillvalue="")] or [("", "")]
        head, below = part
        part = head + "".join(first), below
        for directives in others:
            part = f"...{''.join(directives)}", Block.of(view, [part])
        return part
