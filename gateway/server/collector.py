"""Python's collector of reference cycles, set for a process that serves requests.

What a request makes is freed as soon as nothing refers to it; hardly anything in it is a cycle. By default the
collector looks through it for cycles all the same, after every 700 objects, and now and then through the whole
supergraph: two fifths of the time of a large answer.
"""

import gc

_OBJECTS = 20_000
"""How many more containers there may be before the young ones are looked through: a few large answers' worth."""


def settle() -> None:
    """What exists now is for good and never looked through again. For a process's entry, once it is ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, 10, 10)
