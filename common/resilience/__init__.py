"""What keeps one part's failure from becoming everyone's: a breaker, a budget for retries, and a window to count in."""

from common.resilience.breaker import Breaker
from common.resilience.budget import Budget
from common.resilience.window import Window

__all__ = ("Breaker", "Budget", "Window")
