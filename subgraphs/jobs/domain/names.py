"""What names of queues, tenants, limits and recurring jobs may be."""

from common.inputs import InvalidInputError


def check_name(field: str, name: str) -> str:
    """Return `name`, or raise InvalidInputError unless it is a short line of printable text."""
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise InvalidInputError(field, "must be 1 to 200 printable characters")
    return name
