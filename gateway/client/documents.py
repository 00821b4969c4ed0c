"""The operations that a client is made of: parsed together, validated, each with what it needs to be sent alone."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NameNode,
    NoUnusedFragmentsRule,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Source,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_abstract_type,
    parse,
    print_ast,
    specified_rules,
    validate,
    visit,
)
from msgspec import Struct

from gateway.client.names import snake_case

_RULES = [rule for rule in specified_rules if rule is not NoUnusedFragmentsRule]
_TYPENAME = "__typename"


class OperationFile(Struct, frozen=True):
    """A file of operations and fragments; `name` is how errors call it."""

    name: str
    text: str


class Problem(Struct, frozen=True):
    """What is wrong, and where; line and column count from 1."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        return place + self.message


class ClientError(Exception):
    """The operations do not make a client; `problems` has all that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class NamedOperation(Struct, frozen=True):
    """An operation with a name, and the document that is sent for it."""

    name: str
    node: OperationDefinitionNode
    document: str

    @property
    def id(self) -> str:
        """The SHA-256 of its document, in hexadecimal digits."""
        return sha256(self.document.encode()).hexdigest()


class Documents(Struct, frozen=True):
    """All operations by their names' order, and the fragments that they may spread."""

    operations: tuple[NamedOperation, ...]
    fragments: Mapping[str, FragmentDefinitionNode]


def read_documents(schema: GraphQLSchema, files: Iterable[OperationFile]) -> Documents:
    """The operations of all files; a fragment of one serves all. Raises ClientError."""
    document = DocumentNode(definitions=tuple(_definitions(files)))
    problems = [problem_of(error) for error in validate(schema, document, _RULES)]
    problems = problems or list(_unfit(document))
    if problems:
        raise ClientError(problems)
    document = _with_typenames(schema, document)
    fragments = {
        node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    operations = [
        NamedOperation(node.name.value, node, _alone(node, fragments))
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and node.name
    ]
    return Documents(tuple(sorted(operations, key=lambda each: each.name)), fragments)


def problem_of(error: GraphQLError) -> Problem:
    """A GraphQL error with its file."""
    if not error.source or not error.locations:
        return Problem(error.message)
    at = error.locations[0]
    return Problem(error.message, error.source.name, at.line, at.column)


def _definitions(files: Iterable[OperationFile]) -> Iterator[Any]:
    problems = []
    for file in files:
        try:
            yield from parse(Source(file.text, file.name)).definitions
        except GraphQLSyntaxError as error:
            problems.append(problem_of(error))
        except RecursionError:
            problems.append(Problem("The operations are nested too deeply", file.name, 1, 1))
    if problems:
        raise ClientError(problems)


def _unfit(document: DocumentNode) -> Iterator[Problem]:
    """What GraphQL allows, and of which no function can be made."""
    known: dict[str, str] = {}
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode):
            continue
        if node.name is None:
            yield problem_of(GraphQLError("An operation needs a name, which its function will have", node))
            continue
        if node.operation is OperationType.SUBSCRIPTION:
            yield problem_of(GraphQLError("Clients of subscriptions cannot be made yet", node))
        other = known.setdefault(snake_case(node.name.value), node.name.value)
        if other != node.name.value:
            message = f"`{node.name.value}` and `{other}` would be one function, `{snake_case(other)}`"
            yield problem_of(GraphQLError(message, node.name))


def _alone(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> str:
    """The operation's document: itself and the fragments that it needs, in their names' order."""
    needed: dict[str, FragmentDefinitionNode] = {}
    pending: list[OperationDefinitionNode | FragmentDefinitionNode] = [operation]
    while pending:
        for name in _spreads(pending.pop()):
            if name not in needed:
                needed[name] = fragments[name]
                pending.append(fragments[name])
    parts = [operation, *(needed[name] for name in sorted(needed))]
    return "\n\n".join(map(print_ast, parts)) + "\n"


def _spreads(node: OperationDefinitionNode | FragmentDefinitionNode) -> list[str]:
    found: list[str] = []

    class Collect(Visitor):
        def enter_fragment_spread(self, spread: FragmentSpreadNode, *_: object) -> None:
            found.append(spread.name.value)

    visit(node, Collect())
    return found


def _with_typenames(schema: GraphQLSchema, document: DocumentNode) -> DocumentNode:
    """The document that asks for `__typename` wherever an object may be of several types."""
    types = TypeInfo(schema)

    class Add(Visitor):
        def leave_selection_set(self, node: SelectionSetNode, *_: object) -> SelectionSetNode | None:
            if not is_abstract_type(types.get_parent_type()) or _asks_for_typename(node):
                return None
            return SelectionSetNode(selections=(_typename(), *node.selections), loc=node.loc)

    changed: DocumentNode = visit(document, TypeInfoVisitor(types, Add()))
    return changed


def _asks_for_typename(node: SelectionSetNode) -> bool:
    return any(
        isinstance(each, FieldNode)
        and each.name.value == _TYPENAME
        and each.alias is None
        and not each.directives
        for each in node.selections
    )


def _typename() -> FieldNode:
    return FieldNode(name=NameNode(value=_TYPENAME), arguments=(), directives=())
