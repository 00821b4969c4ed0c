"""Coercion of a request's variables (GraphQL §6.1.2)."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import get_variable_values

CODE = "VALIDATION_INVALID_TYPE_VARIABLE"
MAX_ERRORS = 50


class VariableError(Exception):
    """Variables that do not fit the operation; `errors` holds every misfit, up to `MAX_ERRORS`."""

    code = CODE

    def __init__(self, errors: tuple[GraphQLError, ...]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def coerce_variables(
    operation: OperationDefinitionNode, schema: GraphQLSchema, raw: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The variables' values with defaults applied; what the operation does not define is dropped.

    Raises VariableError. Each message names the variable and the path inside its value.
    """
    if not operation.variable_definitions:
        return {}
    values = get_variable_values(schema, operation.variable_definitions, dict(raw), max_errors=MAX_ERRORS)
    if isinstance(values, list):
        raise VariableError(tuple(_with_code(error) for error in values))
    return values.coerced


def _with_code(error: GraphQLError) -> GraphQLError:
    return GraphQLError(error.message, error.nodes, extensions={"code": CODE})
