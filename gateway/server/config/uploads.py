"""The keys of file uploads, by the GraphQL multipart request specification."""

from typing import Literal

from msgspec import Struct

from gateway.server.config.cache import PositiveInt
from gateway.server.config.size import ByteSize


class UploadLimits(Struct, frozen=True):
    """Of one request."""

    max_file_size: ByteSize = ByteSize(1_000_000)
    max_files: PositiveInt = 5


class MultipartUploads(Struct, frozen=True):
    """Files beside the operation, sent on as they come."""

    enabled: bool = True
    mode: Literal["stream"] = "stream"
    limits: UploadLimits = UploadLimits()


class UploadProtocols(Struct, frozen=True):
    """How files may come."""

    multipart: MultipartUploads = MultipartUploads()


class FileUploads(Struct, frozen=True):
    """Whether files may come."""

    enabled: bool = False
    protocols: UploadProtocols = UploadProtocols()
