"""Checks that what a subgraph defines itself of a specification agrees with it.

DIRECTIVE_DEFINITION_INVALID and TYPE_DEFINITION_INVALID. A subgraph may narrow the locations, leave out optional
arguments, and write `String` where the specification has a scalar of its own.
"""

from graphql.pyutils import Undefined

from gateway.composition.diagnostics import Diagnostics
from gateway.composition.model.schema import (
    BUILT_IN_SCALARS,
    DirectiveDefinition,
    InputValue,
    Kind,
    Schema,
    Type,
)
from gateway.composition.model.typeref import named_type, nullable
from gateway.composition.model.value import print_value


def check_scalar(schema: Schema, written: Type, diagnostics: Diagnostics) -> None:
    """Report TYPE_DEFINITION_INVALID."""
    if written.kind is Kind.SCALAR:
        return
    kind = str(written.kind).replace(" ", "")
    message = (
        f"[{schema.name}] Invalid definition for type {written.name}: {written.name} should be a ScalarType"
        f" but is defined as a {kind}"
    )
    diagnostics.error("TYPE_DEFINITION_INVALID", message, written.name, (written.location,))


def check_directive(
    schema: Schema, written: DirectiveDefinition, specified: DirectiveDefinition, diagnostics: Diagnostics
) -> None:
    """Report DIRECTIVE_DEFINITION_INVALID."""
    for problem in _problems(written, specified):
        message = f'[{schema.name}] Invalid definition for directive "@{written.name}": {problem}'
        diagnostics.error("DIRECTIVE_DEFINITION_INVALID", message, f"@{written.name}", (written.location,))


def _problems(written: DirectiveDefinition, specified: DirectiveDefinition) -> list[str]:
    problems = []
    for name, expected in specified.arguments.items():
        argument = written.arguments.get(name)
        if argument is None:
            problems += [f'missing required argument "{name}"'] if expected.required else []
        else:
            problems += _argument_problems(argument, expected)
    unknown = (name for name in written.arguments if name not in specified.arguments)
    problems += [f'unknown/unsupported argument "{name}"' for name in unknown]
    if written.repeatable and not specified.repeatable:
        problems.append(f'"@{written.name}" should not be repeatable')
    if not set(written.locations) <= set(specified.locations):
        allowed, found = ", ".join(specified.locations), ", ".join(written.locations)
        problems.append(f'"@{written.name}" should have locations {allowed}, but found (non-subset) {found}')
    return problems


def _argument_problems(written: InputValue, expected: InputValue) -> list[str]:
    problems = []
    if not _same_type(written.type, expected.type):
        problems.append(
            f'argument "{written.name}" should have type "{expected.type}" but found type "{written.type}"'
        )
    elif (
        expected.type == written.type
        and expected.default != written.default
        and expected.default is not Undefined
    ):
        found = "null" if written.default is Undefined else print_value(written.default)
        problems.append(
            f'argument "{written.name}" should have default value {print_value(expected.default)}'
            f" but found default value {found}"
        )
    return problems


def _same_type(written: str, expected: str) -> bool:
    """Whether a type may stand for the specified one; field sets also as strings, or lists of them."""
    written_name, expected_name = named_type(written), named_type(expected)
    if expected_name.endswith("FieldSet"):
        return written_name.endswith("FieldSet") or written_name == "String"
    is_custom = expected_name not in BUILT_IN_SCALARS
    if written_name != expected_name and not (is_custom and written_name == "String"):
        return False
    return nullable(written).replace(written_name, "") == nullable(expected).replace(expected_name, "")
