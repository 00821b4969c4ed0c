"""A response whose body comes piece by piece."""

from collections.abc import AsyncIterator

from msgspec import Struct

from common.http.messages import Headers


class StreamedResponse(Struct, frozen=True):
    """Header names are in lower case; `pieces` are the body's bytes as they come, in no content coding."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]

    def header(self, name: str) -> str:
        """The first header named `name` (lower case), empty without one."""
        return next((value for key, value in self.headers if key == name), "")
