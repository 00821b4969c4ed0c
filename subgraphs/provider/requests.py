"""What merchants send: forms with `metadata[key]`, as typed requests."""

import re
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Meta, Struct

from subgraphs.provider.errors import ApiError

MAX_FIELDS = 100

Amount = Annotated[int, Meta(ge=1, le=99_999_999)]
MetadataKey = Annotated[str, Meta(min_length=1, max_length=40)]
Metadata = Annotated[dict[MetadataKey, Annotated[str, Meta(max_length=500)]], Meta(max_length=50)]
Currency = Annotated[str, Meta(pattern="^[a-z]{3}$")]
Url = Annotated[str, Meta(pattern="^https?://", max_length=2_000)]


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request's body."""


class CreateIntent(Form, frozen=True):
    amount: Amount
    currency: Currency
    capture_method: Literal["manual"]
    confirm: bool = False
    payment_method: str | None = None
    return_url: Url | None = None
    metadata: Metadata = {}


class UpdateIntent(Form, frozen=True):
    metadata: Metadata


class ConfirmIntent(Form, frozen=True):
    payment_method: str | None = None
    return_url: Url | None = None


class CaptureIntent(Form, frozen=True):
    amount_to_capture: Amount | None = None
    metadata: Metadata = {}


class CancelIntent(Form, frozen=True):
    cancellation_reason: Literal["abandoned", "duplicate", "fraudulent", "requested_by_customer"] | None = (
        None
    )


class CreateRefund(Form, frozen=True):
    payment_intent: str
    amount: Amount | None = None
    metadata: Metadata = {}


class Search(Struct, frozen=True):
    """Metadata with these values, and with these keys."""

    equal: dict[str, str]
    present: tuple[str, ...]


FormT = TypeVar("FormT", bound=Form)

_CLAUSE = re.compile(
    r"""metadata\[(?P<q>['"])(?P<key>[^'"]{1,40})(?P=q)\]:(?P<r>['"])(?P<value>[^'"]{0,500})(?P=r)"""
    r"""|-metadata\[(?P<s>['"])(?P<present>[^'"]{1,40})(?P=s)\]:null"""
)
_NESTED = re.compile(r"(\w+)\[([^\[\]]+)\]")


def decode_form(body: bytes, kind: type[FormT]) -> FormT:
    """The form as a `kind`. Raises ApiError."""
    try:
        fields = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MAX_FIELDS
        )
        return msgspec.convert(_nested(fields), kind, strict=False)
    except msgspec.ValidationError as error:
        raise ApiError(400, "parameter_invalid", str(error)) from None
    except ValueError as error:
        raise ApiError(400, "parameter_invalid", f"The body is not a form: {error}") from None


def parse_search(query: str) -> Search:
    """Stripe's search language as far as it is about metadata: equality, presence, AND. Raises ApiError."""
    equal: dict[str, str] = {}
    present: list[str] = []
    for clause in query.split(" AND "):
        match = _CLAUSE.fullmatch(clause.strip())
        if match is None:
            raise ApiError(400, "parameter_invalid", f"Not understood: {clause!r}", param="query")
        if match["present"] is not None:
            present.append(match["present"])
        else:
            equal[match["key"]] = match["value"]
    return Search(equal, tuple(present))


def _nested(fields: list[tuple[str, str]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in fields:
        match = _NESTED.fullmatch(name)
        if match is None:
            values[name] = value
            continue
        inner = values.setdefault(match[1], {})
        if not isinstance(inner, dict):
            raise ApiError(400, "parameter_invalid", f"{match[1]} is a value and has parts", param=match[1])
        inner[match[2]] = value
    return values
