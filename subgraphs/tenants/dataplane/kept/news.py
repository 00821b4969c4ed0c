"""What has changed since the disk was written: more is added until all of it is on the disk."""

from collections.abc import Iterable, Mapping

from subgraphs.tenants.dataplane.config import Configuration, KeyFacts

MOST_KEYS = 100_000


class News:
    """True as of the change number `sequence`, and vouched for at `heard_at` (seconds since 1970). None is what is gone.

    `forgets_keys` and `forgets_configurations` say that nothing on the disk counts any more but what is in here.
    """

    def __init__(self) -> None:
        self.sequence = 0
        self.heard_at = 0.0
        self.forgets_keys = False
        self.forgets_configurations = False
        self.configurations: dict[str, Configuration | None] = {}
        self.keys: dict[str, KeyFacts | None] = {}

    def serve(self, tenants: Iterable[str], served: Mapping[str, Configuration], *, is_whole: bool) -> None:
        """These tenants are served as `served` says, and with `is_whole` no others are."""
        if is_whole:
            self.forgets_configurations = True
            self.configurations.clear()
        self.configurations |= {tenant: served.get(tenant) for tenant in tenants}

    def forget(self, hashes: Iterable[str], *, is_whole: bool) -> None:
        """Of these keys, or of any, nothing is known any more."""
        if is_whole:
            self._forget_all()
        self.keys |= dict.fromkeys(hashes)
        if len(self.keys) > MOST_KEYS:  # the disk has not been written for long
            self._forget_all()

    def learn(self, keys: Mapping[str, KeyFacts]) -> None:
        """These keys were looked up, after all that was forgotten."""
        self.keys |= keys

    def _forget_all(self) -> None:
        self.forgets_keys = True
        self.keys.clear()
