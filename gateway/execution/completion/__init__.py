"""Shapes the answer: of all data that was fetched, what the operation selects, as its types allow.

GraphQL §6.3 (fields in order, fragments, `@skip`, `@include`) and §6.4.3 and §6.4.4 (leaves, lists,
abstract types, null propagation), by the API schema. Code is generated for each selection on each object
type that occurs, once for each combination of the values of the operation's `@skip`/`@include` variables.
"""

from gateway.execution.completion.deferred import DeferredShape, DeferredShapes
from gateway.execution.completion.shapes import Shapes

__all__ = ["DeferredShape", "DeferredShapes", "Shapes"]
