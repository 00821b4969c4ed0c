"""The keys of what clients see of subgraphs' errors."""

from msgspec import Struct


class ErrorRule(Struct, frozen=True):
    """What is left of an error: its message unless `redact_message`, and of its extensions those that are allowed, or not denied.

    A subgraph's rule adds to that of all what it allows, or denies, but for `exclude_global_keys`; one that allows where all
    deny, or the other way round, stands alone.
    """

    redact_message: bool | None = None
    allow_extensions_keys: tuple[str, ...] | None = None
    deny_extensions_keys: tuple[str, ...] | None = None
    exclude_global_keys: tuple[str, ...] = ()

    def under(self, all_: "ErrorRule") -> "ErrorRule":
        """This rule with what it takes over from that of all."""
        says_nothing = self.allow_extensions_keys is None and self.deny_extensions_keys is None
        allowed, denied = self.allow_extensions_keys, self.deny_extensions_keys
        if all_.allow_extensions_keys is not None and (says_nothing or allowed is not None):
            allowed = (*self._left(all_.allow_extensions_keys), *(allowed or ()))
        if all_.deny_extensions_keys is not None and (says_nothing or denied is not None):
            denied = (*self._left(all_.deny_extensions_keys), *(denied or ()))
        redacts = all_.redact_message if self.redact_message is None else self.redact_message
        return ErrorRule(redacts, allowed, denied)

    def lets(self, key: str) -> bool:
        """Whether clients see that extension."""
        if self.allow_extensions_keys is not None:
            return key in self.allow_extensions_keys
        return key not in (self.deny_extensions_keys or ())

    def _left(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(key for key in keys if key not in self.exclude_global_keys)


class ErrorInclusion(Struct, frozen=True):
    """Which subgraphs' errors a client sees, as they are or by a rule; those of the others are redacted."""

    all: bool | ErrorRule = False
    subgraphs: dict[str, bool | ErrorRule] = {}

    def of(self, subgraph: str) -> bool | ErrorRule:
        """What holds for `subgraph`."""
        own = self.subgraphs.get(subgraph)
        if own is None:
            return self.all
        if isinstance(own, ErrorRule) and isinstance(self.all, ErrorRule):
            return own.under(self.all)
        return own
