"""Persisted query manifests: files of operations by their ids, as Apollo's tools write them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct


class ManifestError(ValueError):
    """A manifest that cannot be used: which file, and why."""


class ListedOperation(Struct, frozen=True, rename="camel"):
    """One operation; with a `client_name` only that client finds it by its `id`."""

    id: str
    body: str
    client_name: str | None = None


class _Manifest(Struct, frozen=True):
    format: Literal["apollo-persisted-query-manifest"]
    version: Literal[1]
    operations: tuple[ListedOperation, ...]


Manifest = dict[tuple[str, str | None], str]
"""Bodies by id and client name."""


def read_manifests(paths: Iterable[str]) -> Manifest:
    """The operations of all files. Raises ManifestError, also where one id means two bodies."""
    bodies: Manifest = {}
    for path in paths:
        for operation in _read(path).operations:
            key = operation.id, operation.client_name
            if bodies.setdefault(key, operation.body) != operation.body:
                raise ManifestError(f"{path}: the id {operation.id!r} has another body before")
    return bodies


def _read(path: str) -> _Manifest:
    try:
        return msgspec.json.decode(Path(path).read_bytes(), type=_Manifest)
    except OSError as error:
        raise ManifestError(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.DecodeError as error:
        raise ManifestError(f"{path}: not a persisted query manifest of version 1: {error}") from None
