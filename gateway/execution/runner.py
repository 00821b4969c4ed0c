"""What a compiled plan is made of."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

State = TypeVar("State")

Runner = Callable[[State], Coroutine[Any, Any, None]]
"""Runs a part of a plan on the state of one execution. It reports what fails there and raises nothing for it."""
