"""How a command ends when its user made a mistake: one message, no traceback."""

USAGE = 2
"""The exit status for what was given wrongly: an argument, a file, a configuration, a supergraph."""

ADDRESS = 3
"""The exit status where the address cannot be listened on."""


class CommandError(Exception):
    """Ends the command with `status` and its message on standard error."""

    def __init__(self, message: str, *, status: int = USAGE) -> None:
        super().__init__(message)
        self.status = status
