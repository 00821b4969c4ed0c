"""The provider's refusals, in Stripe's shape."""

from typing import Any


class ApiError(Exception):
    """A request that has no effect; `status` is HTTP's, `code` and `param` are Stripe's."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"type": kind, "code": code, "message": message}}
        if param is not None:
            self.body["error"]["param"] = param
