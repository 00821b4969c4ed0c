"""Settings: one frozen struct a service, read from the environment once.

A field is filled from its own service's variable first, `HANSA_<SERVICE>_<FIELD>`, and else from the variable
that its type names (`DatabaseUrl` reads `DATABASE_URL`) or, where the type names none, from `HANSA_<FIELD>`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct


class SettingsError(Exception):
    """The environment lacks a variable or has one of the wrong form; every one is named."""


class Secret:
    """A text that does not show itself in a repr, a log or a traceback."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('...')"


def variable(name: str, purpose: str) -> Meta:
    """Annotates a field's type with the environment variable that it is read from and what it is for."""
    return Meta(description=purpose, extra={"variable": name})


DatabaseUrl = Annotated[Secret, variable("DATABASE_URL", "the PostgreSQL database, as postgresql://...")]
RedisUrl = Annotated[
    Secret,
    variable("REDIS_URL", "the Valkey or Redis server or cluster, as redis://, unix:// or redis-cluster://"),
]
NatsUrl = Annotated[Secret, variable("NATS_URL", "the NATS server with JetStream, as nats://...")]


class ServiceSettings(Struct, frozen=True, kw_only=True):
    """What every service reads. A service derives its own from it and sets `service` to its name."""

    service: ClassVar[str]

    issuer: Annotated[str, variable("HANSA_ISSUER", "the `iss` of the access tokens that are accepted")]
    jwks_url: Annotated[str, variable("HANSA_JWKS_URL", "where the issuer publishes its signing keys")]
    audience: Annotated[str, variable("HANSA_AUDIENCE", "the `aud` of accepted access tokens")] = "hansa"
    revocations_url: Annotated[
        str | None, variable("HANSA_REVOCATIONS_URL", "where the issuer publishes what it has revoked")
    ] = None
    revocations_stale_ok: Annotated[
        float,
        Meta(ge=0),
        variable(
            "HANSA_REVOCATIONS_STALE_OK", "seconds that tokens are accepted without news of revocations"
        ),
    ] = 600.0
    revocations_then: Annotated[
        Literal["refuse", "accept"],
        variable("HANSA_REVOCATIONS_THEN", "what becomes of tokens after that: refuse or accept"),
    ] = "refuse"
    signing_keys: Annotated[
        Secret | None,
        variable(
            "HANSA_SIGNING_KEYS", "the keys by one of which requests must be signed, as ID=SECRET,ID=SECRET"
        ),
    ] = None
    log_level: Annotated[str, variable("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR")] = "INFO"


class StoreSettings(ServiceSettings, frozen=True, kw_only=True):
    """What every service reads that keeps data."""

    database_url: DatabaseUrl


class DataSettings(StoreSettings, frozen=True, kw_only=True):
    """What every service reads that keeps data and tells others of it."""

    nats_url: NatsUrl


SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


def load(kind: type[SettingsT], environment: Mapping[str, str]) -> SettingsT:
    """The settings of `kind` from `environment`.

    Raises:
        SettingsError: names every variable that is missing or malformed, and what each is for.
    """
    values: dict[str, Any] = {}
    complaints: list[str] = []
    for field in msgspec.structs.fields(kind):
        names = _variables(kind, field)
        text = next((environment[name] for name in names if environment.get(name)), None)
        if text is None:
            if field.required:
                complaints.append(f"{' or '.join(names)} is not set: {_purpose(field)}")
            continue
        try:
            values[field.name] = msgspec.convert(text, field.type, strict=False, dec_hook=_decode)
        except msgspec.ValidationError as error:
            complaints.append(f"{names[-1]} is malformed ({error}): {_purpose(field)}")
    if complaints:
        raise SettingsError(f"Settings of {kind.service}: " + "; ".join(complaints))
    return kind(**values)


def _variables(kind: type[ServiceSettings], field: msgspec.structs.FieldInfo) -> tuple[str, ...]:
    shared = _meta(field).get("variable", f"HANSA_{field.name.upper()}")
    return f"HANSA_{kind.service}_{field.name}".upper(), shared


def _meta(field: msgspec.structs.FieldInfo) -> dict[str, str]:
    for meta in getattr(field.type, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.extra:
            return meta.extra
    return {}


def _purpose(field: msgspec.structs.FieldInfo) -> str:
    metadata = getattr(field.type, "__metadata__", ())
    return next(
        (meta.description for meta in metadata if isinstance(meta, Meta) and meta.description), field.name
    )


def _decode(kind: type, value: Any) -> Any:
    if kind is Secret:
        return Secret(value)
    raise NotImplementedError(kind)
