"""`hansa version`."""

from importlib import metadata


def version() -> None:
    """Print the version."""
    print(metadata.version("hansa"))
