"""The keys of GraphQL over HTTP: who may ask from where."""

from msgspec import Struct


class Csrf(Struct, frozen=True):
    """Prevention of cross-site request forgery; any one of `required_headers` shows that no page sent a simple request."""

    unsafe_disabled: bool = False
    required_headers: tuple[str, ...] = ("x-apollo-operation-name", "apollo-require-preflight")
