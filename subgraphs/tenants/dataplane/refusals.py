"""What the gateway answers itself: problem documents (RFC 9457) that name the policy which refused."""

from enum import StrEnum

import msgspec


class Rule(StrEnum):
    """Which of the gateway's rules has refused, in the order in which they are asked; `policy` of the problem document."""

    CONFIGURATION = "configuration"
    MESSAGE = "message"
    HOST = "host"
    PATH = "path"
    ROUTE = "route"
    METHOD = "method"
    KEY = "key"
    SCOPES = "scopes"
    CONCURRENCY = "concurrency"
    LIMITS = "limits"
    BODY = "body"
    UPGRADE = "upgrade"
    UPSTREAM = "upstream"
    DEADLINE = "deadline"


class Refusal(Exception):  # noqa: N818 - an answer
    """A request that is not let through, or that no upstream has answered. `headers` are added to the answer."""

    def __init__(
        self,
        status: int,
        rule: Rule,
        title: str,
        headers: tuple[tuple[bytes, bytes], ...] = (),
        **members: object,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.rule = rule
        self.title = title
        self.headers = headers
        self.members = members

    def body(self, trace_id: str) -> bytes:
        return msgspec.json.encode(
            {
                "type": "about:blank",
                "title": self.title,
                "status": self.status,
                "policy": self.rule,
                **self.members,
                "trace_id": trace_id,
            }
        )
