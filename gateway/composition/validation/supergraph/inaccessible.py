"""What `@inaccessible` hides must leave an API schema that is whole (https://specs.apollo.dev/inaccessible)."""

from collections.abc import Iterable

from graphql.pyutils import Undefined

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.model.schema import (
    DirectiveDefinition,
    Element,
    EnumValue,
    Field,
    InputValue,
    Kind,
    Schema,
    Type,
)
from gateway.composition.model.typeref import named_type
from gateway.composition.model.value import EnumLiteral, Value


def check_inaccessible(supergraph: Schema, diagnostics: Diagnostics) -> None:
    """Report what the API would lack, by the codes that end with INACCESSIBLE, and ONLY_INACCESSIBLE_CHILDREN."""
    namespaces = tuple(f"{name}__" for name in _linked_names(supergraph))
    inaccessible = [each.name for each in supergraph.types.values() if each.has("inaccessible")]
    hidden = {name for name in inaccessible if not name.startswith(namespaces)}
    check = _InaccessibleCheck(supergraph, hidden, diagnostics)
    for each in supergraph.types.values():
        if each.has("inaccessible"):
            check.hidden_type(each, namespaces)
        elif each.name not in supergraph.machinery:
            check.visible_type(each)
    for directive in supergraph.directives.values():
        check.directive(directive, specified=directive.coordinate in supergraph.machinery)


def _linked_names(supergraph: Schema) -> list[str]:
    """The names of the linked specifications, which are those of their URLs."""
    urls = (each.arguments["url"] for each in supergraph.applications if each.name == "link")
    return [str(url).split("/")[-2] for url in urls]


class _InaccessibleCheck:
    """One pass over a supergraph; `hidden` are the names of the types that it may and does hide."""

    def __init__(self, supergraph: Schema, hidden: set[str], diagnostics: Diagnostics) -> None:
        self._supergraph = supergraph
        self._hidden = hidden
        self._diagnostics = diagnostics

    def hidden_type(self, each: Type, namespaces: tuple[str, ...]) -> None:
        if each.name == "Query":
            message = f'Type "{each.name}" is @inaccessible but is the root query type, which must be in the API schema.'
            self._diagnostics.error("QUERY_ROOT_TYPE_INACCESSIBLE", message, each.name, [each.location])

        elif each.name.startswith(namespaces):
            message = f'Type "{each.name}" of a linked specification cannot be @inaccessible: it is not in the API schema.'
            self._diagnostics.error("DISALLOWED_INACCESSIBLE", message, each.name, [each.location])

    def directive(self, each: DirectiveDefinition, *, specified: bool) -> None:
        """Check a directive's arguments: those of an operation are in the API, those of a specification may need it."""
        disallowed = [
            argument for argument in each.arguments.values() if specified and argument.has("inaccessible")
        ]
        for argument in disallowed:
            message = (
                f'Argument "{argument.coordinate}" of a composed directive cannot be @inaccessible: it is not in the API'
                " schema."
            )
            code = "DISALLOWED_INACCESSIBLE"
            self._diagnostics.error(code, message, argument.coordinate, [argument.location])
        if not disallowed:
            self._check_inputs(each.arguments.values(), "Argument", "argument of its directive")

    def visible_type(self, each: Type) -> None:
        self._check_children(each)
        for field in each.fields.values():
            if field.has("inaccessible"):
                self._check_implemented(each, field)
                continue
            self._check_reference(field)
            self._check_inputs(field.arguments.values(), "Argument", "argument of its field")
            for argument in field.arguments.values():
                self._check_implemented_argument(each, field, argument)
        self._check_inputs(each.inputs.values(), "Input field", "input field of its type")

    def _check_children(self, each: Type) -> None:
        elements: Iterable[Element] = (*each.fields.values(), *each.inputs.values(), *each.values.values())
        what = "values" if each.kind is Kind.ENUM else "fields"
        children = [element.has("inaccessible") for element in elements]
        if each.kind is Kind.UNION:
            what = "members"
            children = [name in self._hidden for name in each.members]
        if children and all(children):
            message = f'Type "{each.name}" is in the API schema but all of its {what} are @inaccessible.'
            self._diagnostics.error("ONLY_INACCESSIBLE_CHILDREN", message, each.name, [each.location])

    def _check_reference(self, element: Field | InputValue) -> None:
        name = named_type(element.type)
        if name in self._hidden:
            message = f'Type "{name}" is @inaccessible but is referenced by "{element.coordinate}", which is in the API schema.'
            self._diagnostics.error(
                "REFERENCED_INACCESSIBLE", message, element.coordinate, [element.location]
            )

    def _check_inputs(self, inputs: Iterable[InputValue], what: str, role: str) -> None:
        for each in inputs:
            if not each.has("inaccessible"):
                self._check_reference(each)
                self._check_default(each)
            elif each.required:
                message = f'{what} "{each.coordinate}" is @inaccessible but is a required {role}.'
                self._diagnostics.error("REQUIRED_INACCESSIBLE", message, each.coordinate, [each.location])

    def _check_default(self, each: InputValue) -> None:
        if each.default is Undefined:
            return
        used = self._inaccessible_in(each.default, named_type(each.type))
        if used is not None:
            message = f'"{used.coordinate}" is @inaccessible but is used in the default value of "{each.coordinate}", which is in the API schema.'
            code = "DEFAULT_VALUE_USES_INACCESSIBLE"
            self._diagnostics.error(code, message, each.coordinate, [each.location, used.location])

    def _inaccessible_in(self, value: Value, name: str) -> EnumValue | InputValue | None:
        owner = self._supergraph.types.get(name)
        if owner is None:
            return None
        if isinstance(value, list):
            found_in = (self._inaccessible_in(item, name) for item in value)
            return next((each for each in found_in if each is not None), None)
        if isinstance(value, EnumLiteral):
            found = owner.values.get(value.name)
            return found if found is not None and found.has("inaccessible") else None
        for key, item in value.items() if isinstance(value, dict) else ():
            member = owner.inputs.get(key)
            if member is None:
                continue
            inner = (
                member if member.has("inaccessible") else self._inaccessible_in(item, named_type(member.type))
            )
            if inner is not None:
                return inner
        return None

    def _check_implemented(self, owner: Type, field: Field) -> None:
        for declared in self._declarations(owner, field):
            if not declared.has("inaccessible"):
                message = (
                    f'Field "{field.coordinate}" is @inaccessible but implements the interface field "{declared.coordinate}",'
                    " which is in the API schema."
                )
                self._diagnostics.error(
                    "IMPLEMENTED_BY_INACCESSIBLE", message, field.coordinate, [field.location]
                )

    def _check_implemented_argument(self, owner: Type, field: Field, argument: InputValue) -> None:
        for declared in self._declarations(owner, field) if argument.has("inaccessible") else ():
            expected = declared.arguments.get(argument.name)
            if expected is not None and not declared.has("inaccessible") and not expected.has("inaccessible"):
                message = (
                    f'Argument "{argument.coordinate}" is @inaccessible but implements the interface argument'
                    f' "{expected.coordinate}", which is in the API schema.'
                )
                code = "IMPLEMENTED_BY_INACCESSIBLE"
                self._diagnostics.error(code, message, argument.coordinate, [argument.location])

    def _declarations(self, owner: Type, field: Field) -> list[Field]:
        found = (
            self._supergraph.field(name, field.name) for name in owner.interfaces if name not in self._hidden
        )
        return [each for each in found if each is not None]
