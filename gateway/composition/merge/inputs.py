"""Merges arguments and input fields: what every subgraph has, of the most specific type."""

from graphql.pyutils import Undefined

from gateway.composition.merge.applications import merge_applications
from gateway.composition.merge.context import MergeContext, Sources
from gateway.composition.merge.descriptions import merge_description
from gateway.composition.model.schema import InputValue
from gateway.composition.model.subtyping import merge_input
from gateway.composition.model.value import print_value


class InputCodes:
    """The words and codes that differ between arguments and input fields."""

    def __init__(self, what: str, type_code: str, default_code: str) -> None:
        self.what = what
        self.type_code = type_code
        self.default_code = default_code


ARGUMENT = InputCodes("argument", "FIELD_ARGUMENT_TYPE_MISMATCH", "FIELD_ARGUMENT_DEFAULT_MISMATCH")
INPUT_FIELD = InputCodes("input field", "FIELD_TYPE_MISMATCH", "INPUT_FIELD_DEFAULT_MISMATCH")


def merge_input_value(
    context: MergeContext, sources: Sources[InputValue], codes: InputCodes
) -> tuple[InputValue, bool]:
    """Merge one argument or input field; also says whether its type is the same everywhere."""
    first = sources[0][1]
    target = InputValue(
        name=first.name, coordinate=first.coordinate, type=first.type, location=first.location
    )
    merge_description(context, sources, target, first.coordinate)
    merge_applications(context, sources, target, first.coordinate)
    references = {each.type for _, each in sources}
    merged = merge_input(context.supergraph, (each.type for _, each in sources))
    if merged is None:
        message = f'Type of {codes.what} "{first.coordinate}" is incompatible across subgraphs: it has '
        context.mismatch(
            codes.type_code, message, first.coordinate, sources, show=lambda each: f'type "{each.type}"'
        )
    else:
        target.type = merged
        if len(references) > 1:
            _hint_compatible(context, target, sources, codes)
    _merge_default(context, sources, target, codes)
    return target, len(references) == 1


def _hint_compatible(
    context: MergeContext, target: InputValue, sources: Sources[InputValue], codes: InputCodes
) -> None:
    context.diagnostics.hint(
        f"INCONSISTENT_BUT_COMPATIBLE_{'ARGUMENT' if codes is ARGUMENT else 'FIELD'}_TYPE",
        "INFO",
        f'Type of {codes.what} "{target.coordinate}" is inconsistent but compatible across subgraphs: the supergraph uses'
        f' "{target.type}".',
        target.coordinate,
        [each.location for _, each in sources],
    )


def _merge_default(
    context: MergeContext, sources: Sources[InputValue], target: InputValue, codes: InputCodes
) -> None:
    given = [each.default for _, each in sources if each.default is not Undefined]
    if not given:
        return
    if any(default != given[0] for default in given):
        title = codes.what.capitalize()
        message = f'{title} "{target.coordinate}" has incompatible default values across subgraphs: it has '
        context.mismatch(codes.default_code, message, target.coordinate, sources, show=_show_default)
    elif len(given) < len(sources):
        context.diagnostics.hint(
            "INCONSISTENT_DEFAULT_VALUE_PRESENCE",
            "WARN",
            f'{codes.what.capitalize()} "{target.coordinate}" has a default value in only some subgraphs; the'
            " supergraph has none. Give it the same default everywhere.",
            target.coordinate,
            [each.location for _, each in sources],
        )
        return
    target.default = given[0]


def _show_default(element: InputValue) -> str:
    return (
        "no default value"
        if element.default is Undefined
        else f"default value {print_value(element.default)}"
    )
