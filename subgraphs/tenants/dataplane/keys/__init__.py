"""Keys: what is known of them in memory, and for how long it counts."""

from subgraphs.tenants.dataplane.keys.credential import Credential, credential_of
from subgraphs.tenants.dataplane.keys.directory import Keys, KeysUnavailableError, KnownKey

__all__ = ("Credential", "Keys", "KeysUnavailableError", "KnownKey", "credential_of")
