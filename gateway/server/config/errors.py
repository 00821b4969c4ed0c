"""Why a configuration was refused."""


class ConfigError(Exception):
    """What is wrong, in which file (`source`) and on which line."""

    def __init__(self, message: str, *, source: str, line: int) -> None:
        super().__init__(f"{source}:{line}: {message}")
        self.message = message
        self.source = source
        self.line = line
