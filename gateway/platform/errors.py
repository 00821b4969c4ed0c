"""Why the platform does not come up."""


class PlatformError(Exception):
    """Something that the user can act on; the message says what was wrong and where to look."""
