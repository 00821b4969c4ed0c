"""What a service knows about a request before it looks at the operation."""

from dataclasses import dataclass

from common.auth import Caller

CLIENT_ADDRESS_HEADER = b"hansa-client-address"


@dataclass(frozen=True)
class ServiceRequest:
    """The verified caller, None when anonymous, and the client's address, None when the router did not tell it."""

    caller: Caller | None
    client_address: str | None
