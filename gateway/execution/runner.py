"""What a compiled plan is made of."""

from collections.abc import Callable, Coroutine
from typing import Any

from gateway.execution.context import Execution

Runner = Callable[[Execution], Coroutine[Any, Any, None]]
"""Runs a part of a plan. It reports what fails to the execution's errors and raises nothing for it."""
