"""What a job's function raises to end otherwise than by its result or by a failure."""


class Retry(Exception):  # noqa: N818 - says what to do
    """Try again, in `after` seconds or when the kind's backoff says; counts as an attempt."""

    def __init__(self, reason: str, *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class Snooze(Exception):  # noqa: N818 - says what to do
    """Run again in `seconds`; counts as no attempt."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"snoozed for {seconds} s")
        self.seconds = seconds


class Cancel(Exception):  # noqa: N818 - says what to do
    """The job has become pointless: it ends CANCELLED."""


class Discard(Exception):  # noqa: N818 - says what to do
    """No attempt will succeed: the job is DEAD at once."""
