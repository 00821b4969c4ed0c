from collections.abc import Callable

from gateway.supergraph import Supergraph
from gateway.supergraph.query_graph import QueryGraph

TYPES = """
type Query @join__type(graph: A) @join__type(graph: B) {
  both: T
  one: T @join__field(graph: A, type: "T!")
}
type T implements I
  @join__implements(graph: A, interface: "I")
  @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", resolvable: false) @join__type(graph: B, key: "x { y }")
{
  id: ID!
  moved: Int @join__field(graph: A, overrideLabel: "new") @join__field(graph: B, override: "a", overrideLabel: "new")
  taken: Int @join__field(graph: A, usedOverridden: true) @join__field(graph: B, override: "a")
  given: Int @join__field(graph: A) @join__field(graph: B, external: true)
  sum: Int @join__field(graph: B, requires: "given")
}
type Other implements I @join__implements(graph: A, interface: "I") @join__type(graph: A) { id: ID! }
interface I @join__type(graph: A) @join__type(graph: B, key: "id", isInterfaceObject: true) { id: ID! }
union U @join__type(graph: A) @join__type(graph: B)
  @join__unionMember(graph: A, member: "T") @join__unionMember(graph: A, member: "Other") @join__unionMember(graph: B, member: "T")
  = T | Other
"""


def graph_of(write: Callable[..., str], *labels: str) -> QueryGraph:
    return QueryGraph(Supergraph.from_sdl(write(TYPES)), frozenset(labels))


def test_a_field_without_join_is_of_every_graph_of_its_type(supergraph_sdl: Callable[..., str]) -> None:
    graph = graph_of(supergraph_sdl)
    assert graph.field("a", "Query", "both")
    assert graph.field("b-b", "Query", "both")
    assert graph.field("b-b", "Query", "one") is None


def test_a_field_has_the_type_of_its_subgraph(supergraph_sdl: Callable[..., str]) -> None:
    field = graph_of(supergraph_sdl).field("a", "Query", "one")
    assert field is not None
    assert (field.type.text, field.type.name, field.type.non_null) == ("T!", "T", True)


def test_an_external_field_is_declared_but_not_answered(supergraph_sdl: Callable[..., str]) -> None:
    graph = graph_of(supergraph_sdl)
    given, total = graph.field("b-b", "T", "given"), graph.field("b-b", "T", "sum")
    assert given is not None
    assert given.external
    assert total is not None
    assert (total.external, total.requires) == (False, "given")


def test_an_override_moves_a_field_and_a_label_decides_about_it(supergraph_sdl: Callable[..., str]) -> None:
    for labels, (old, new) in (((), (False, True)), (("new",), (True, False))):
        graph = graph_of(supergraph_sdl, *labels)
        fields = graph.field("a", "T", "moved"), graph.field("b-b", "T", "moved")
        assert [field.external for field in fields if field] == [old, new]
    taken = graph_of(supergraph_sdl).field("a", "T", "taken")
    assert taken is not None
    assert taken.external


def test_a_context_is_set_by_the_objects_of_the_types_that_name_it(
    supergraph_sdl: Callable[..., str],
) -> None:
    types = TYPES.replace("type T implements I", 'type T implements I @context(name: "a__own")')
    types = types.replace("interface I", 'interface I @context(name: "a__any") @context(name: "a__own")')
    link = '@link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)'
    graph = QueryGraph(Supergraph.from_sdl(supergraph_sdl(types, join="v0.5", links=link)))
    assert graph.context_setters("a__any") == {"I": {"T", "Other"}}
    assert graph.context_setters("a__own") == {"T": {"T"}, "I": {"T", "Other"}}
    assert graph.context_setters("a__none") == {}


def test_only_resolvable_keys_lead_to_a_subgraph(supergraph_sdl: Callable[..., str]) -> None:
    graph = graph_of(supergraph_sdl)
    assert [key.fields for key in graph.keys("b-b", "T")] == ["x { y }"]


def test_possible_types_are_those_of_the_subgraph(supergraph_sdl: Callable[..., str]) -> None:
    graph = graph_of(supergraph_sdl)
    assert graph.possible_types_in("a", "U") == {"T", "Other"}
    assert graph.possible_types_in("b-b", "U") == {"T"}
    assert graph.possible_types_in("b-b", "I") == {"T", "Other"}, (
        "an interface object may be any implementation"
    )
    assert graph.is_interface_object("b-b", "I")
    assert not graph.is_interface_object("a", "I")
