"""Type references, held as the text GraphQL writes them in ("[ID!]!"): cheap to keep, compare and print."""


def named_type(reference: str) -> str:
    """The name inside all list and non-null wrappers."""
    return reference.strip("[]!")


def is_non_null(reference: str) -> bool:
    return reference.endswith("!")


def nullable(reference: str) -> str:
    return reference.removesuffix("!")


def is_list(reference: str) -> bool:
    return reference.startswith("[")


def list_item(reference: str) -> str:
    """The item type of a list reference, whether the list itself may be null or not."""
    return nullable(reference)[1:-1]


def renamed(reference: str, name: str) -> str:
    """The same wrappers around another named type."""
    inner = named_type(reference)
    return reference.replace(inner, name)


def depth(reference: str) -> int:
    """How many lists are around the named type."""
    return reference.count("[")
