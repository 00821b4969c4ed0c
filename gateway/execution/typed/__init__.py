"""Plans compiled to typed code: answers decoded into structs made for the operation, completed in place, encoded once.

It runs what goes as it should and gives up on anything else - an error, a null where none may be, a value of the
wrong type - so that `gateway.execution`'s general path decides on all that; see docs/decisions/0007.
"""

from gateway.execution.typed.programs import Programs

__all__ = ["Programs"]
