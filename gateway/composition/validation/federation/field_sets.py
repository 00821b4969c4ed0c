"""The field sets of `@key`, `@requires` and `@provides`: well-formed, resolvable in the subgraph, and of use there."""

from collections.abc import Iterator
from typing import NamedTuple

from graphql import GraphQLSyntaxError

from gateway.composition.ingest.federation import all_fields
from gateway.composition.model.field_set import FieldSelection, FragmentSelection, Selection, parse_field_set
from gateway.composition.model.schema import Application, Element, Field, Kind
from gateway.composition.model.typeref import named_type
from gateway.composition.model.value import print_value
from gateway.composition.validation.report import SubgraphReport


class Applied(NamedTuple):
    """A field set where it stands: `parent` is the type that it selects on."""

    directive: str
    application: Application
    element: Element
    coordinate: str
    parent: str

    @property
    def subject(self) -> str:
        what = "type" if self.directive == "key" else "field"
        fields = print_value(self.application.arguments.get("fields"))
        return f'On {what} "{self.coordinate}", for @{self.application.name}(fields: {fields})'


def check_field_sets(report: SubgraphReport) -> None:
    """Report the codes that begin with KEY_, REQUIRES_ and PROVIDES_ and say what is wrong with the field set."""
    for applied in _applied(report):
        if not _is_supported(report, applied):
            continue
        _FieldSetCheck(report, applied).run()


def _applied(report: SubgraphReport) -> Iterator[Applied]:
    for owner in report.schema.of_kind(Kind.OBJECT, Kind.INTERFACE):
        for application in owner.applied("key"):
            yield Applied("key", application, owner, owner.name, owner.name)
    for field in all_fields(report.schema):
        for application in field.applied("requires"):
            yield Applied("requires", application, field, field.coordinate, field.parent)
        for application in field.applied("provides"):
            yield Applied("provides", application, field, field.coordinate, named_type(field.type))


def _is_supported(report: SubgraphReport, applied: Applied) -> bool:
    owner = report.schema.types[applied.coordinate.partition(".")[0]]
    place = applied.application.location
    name = applied.application.name
    found = report.schema.types[applied.parent]
    if applied.directive == "provides" and not found.is_composite:
        message = (
            f'Invalid @{name} directive on field "{applied.coordinate}": field has type "{applied.parent}" which is not a'
            " Composite Type"
        )
        report.error("PROVIDES_ON_NON_OBJECT_FIELD", message, applied.coordinate, place)
        return False
    if owner.kind is Kind.INTERFACE:
        if applied.directive != "key":
            message = (
                f'Cannot use @{name} on field "{applied.coordinate}" of parent type "{owner.name}": @{name} is not yet'
                " supported within interfaces"
            )
            code = f"{applied.directive.upper()}_UNSUPPORTED_ON_INTERFACE"
            report.error(code, message, applied.coordinate, place)
            return False
        if report.subgraph.links.federation_version < (2, 3):
            message = (
                f'Cannot use @{name} on interface "{owner.name}": @{name} is not yet supported on interfaces'
            )
            report.error("KEY_UNSUPPORTED_ON_INTERFACE", message, owner.name, place)
            return False
    return True


class _FieldSetCheck:
    """Walks one field set and reports everything that is wrong with it."""

    def __init__(self, report: SubgraphReport, applied: Applied) -> None:
        self._report = report
        self._applied = applied
        self._code = applied.directive.upper()

    def run(self) -> None:
        text = self._applied.application.arguments.get("fields")
        if not isinstance(text, str):
            self._error("INVALID_FIELDS_TYPE", 'Invalid value for argument "fields": must be a string.')
            return
        try:
            selections = parse_field_set(text)
        except GraphQLSyntaxError as error:
            self._error("INVALID_FIELDS", error.message)
        except RecursionError:
            self._error("INVALID_FIELDS", "the selection is nested too deeply.")
        else:
            if self._resolves(self._applied.parent, selections):
                self._check_use(self._applied.parent, selections, external=False)

    def _error(self, code: str, message: str) -> None:
        text = f"{self._applied.subject}: {message}"
        self._report.error(
            f"{self._code}_{code}", text, self._applied.coordinate, self._applied.application.location
        )

    def _resolves(self, parent: str, selections: tuple[Selection, ...]) -> bool:
        """Whether the selections are valid against the subgraph's own schema; reports why not."""
        found = [self._resolves_one(parent, selection) for selection in selections]
        return all(found)

    def _resolves_one(self, parent: str, selection: Selection) -> bool:
        schema = self._report.schema
        for directive in selection.directives:
            if directive[1:] not in schema.directives:
                self._error("INVALID_FIELDS", f'Unknown directive "{directive}"')
                return False
        if isinstance(selection, FragmentSelection):
            return self._fragment_applies(parent, selection)
        if selection.name == "__typename":
            return True
        field = schema.field(parent, selection.name)
        if field is None:
            self._error("INVALID_FIELDS", self._missing_field(parent, selection.name))
            return False
        leaf = not schema.types[named_type(field.type)].is_composite
        if leaf == bool(selection.selections):
            problem = "Invalid selection set" if leaf else "Invalid empty selection set"
            kind = "leaf" if leaf else "non-leaf"
            self._error(
                "INVALID_FIELDS", f'{problem} for field "{field.coordinate}" of {kind} type {field.type}'
            )
            return False
        return self._arguments_fit(field, selection) and self._resolves(
            named_type(field.type), selection.selections
        )

    def _missing_field(self, parent: str, name: str) -> str:
        if self._code == "KEY":
            advice = (
                "the field should either be added to this subgraph or, if it should not be resolved by this subgraph, you"
                " need to add it to this subgraph with @external"
            )
        else:
            advice = "if the field is defined in another subgraph, you need to add it to this subgraph with @external"
        return f'Cannot query field "{name}" on type "{parent}" ({advice}).'

    def _fragment_applies(self, parent: str, selection: FragmentSelection) -> bool:
        schema = self._report.schema
        condition = selection.type_condition or parent
        found = schema.types.get(condition)
        if found is None or not found.is_composite:
            self._error("INVALID_FIELDS", f'Unknown composite type "{condition}" in a fragment.')
            return False
        if not set(schema.possible_types(parent)) & set(schema.possible_types(condition)):
            message = f'Cannot spread a fragment on "{condition}" here: no "{parent}" is ever one.'
            self._error("INVALID_FIELDS", message)
            return False
        return self._resolves(condition, selection.selections)

    def _arguments_fit(self, field: Field, selection: FieldSelection) -> bool:
        given = {name for name, _ in selection.arguments}
        for argument in field.arguments.values():
            if argument.required and argument.name not in given and self._code == "REQUIRES":
                self._error(
                    "INVALID_FIELDS",
                    f'Missing mandatory value for argument "{argument.name}" of field "{field.coordinate}".',
                )
                return False
        unknown = given - field.arguments.keys()
        for name in sorted(unknown):
            self._error("INVALID_FIELDS", f'Unknown argument "{name}" of field "{field.coordinate}".')
        return not unknown

    def _check_use(self, parent: str, selections: tuple[Selection, ...], *, external: bool) -> None:
        schema = self._report.schema
        for selection in selections:
            self._check_directives(selection)
            if isinstance(selection, FragmentSelection):
                self._check_use(selection.type_condition or parent, selection.selections, external=external)
                continue
            field = schema.field(parent, selection.name)
            if field is None:
                continue
            self._check_field(field, selection, external=external)
            inner = external or self._leads_outside(field)
            self._check_use(named_type(field.type), selection.selections, external=inner)

    def _check_directives(self, selection: Selection) -> None:
        if selection.directives:
            name = self._applied.application.name
            found = ", ".join(selection.directives)
            message = (
                f"cannot have directive applications in the @{name}(fields:) argument but found {found}."
            )
            self._error("DIRECTIVE_IN_FIELDS_ARG", message)

    def _check_field(self, field: Field, selection: FieldSelection, *, external: bool) -> None:
        name = self._applied.application.name
        if field.arguments and self._code != "REQUIRES":
            message = f"field {field.coordinate} cannot be included because it has arguments (fields with argument are not allowed in @{name})"
            self._error("FIELDS_HAS_ARGS", message)
        if self._code == "KEY":
            self._check_key_type(field)
        elif (
            not selection.selections and not external and not self._report.subgraph.fields.is_external(field)
        ):
            self._error("FIELDS_MISSING_EXTERNAL", self._not_external(field))

    def _check_key_type(self, field: Field) -> None:
        kind = self._report.schema.types[named_type(field.type)].kind
        if kind in {Kind.INTERFACE, Kind.UNION}:
            text = f'field "{field.coordinate}" is a {str(kind).removesuffix(" Type")} type which is not allowed in @key'
            self._error("FIELDS_SELECT_INVALID_TYPE", text)

    def _not_external(self, field: Field) -> str:
        start = f'field "{field.coordinate}" should not be part of a @{self._applied.application.name} since it is already'
        if field.has("external"):
            return (
                f'{start} "effectively" provided by this subgraph (while it is marked @external, it is a @key field of an'
                " extension type, which are not internally considered external for historical/backward compatibility"
                " reasons)"
            )
        return f"{start} provided by this subgraph (it is not marked @external)"

    def _leads_outside(self, field: Field) -> bool:
        """Whether what is selected of the field's value is external with it: in some implementation, for an interface."""
        fields = self._report.subgraph.fields
        schema = self._report.schema
        if schema.types[field.parent].kind is not Kind.INTERFACE:
            return fields.is_external(field)
        implementing = (schema.field(each.name, field.name) for each in schema.implementations(field.parent))
        return any(found is not None and fields.is_external(found) for found in implementing)
