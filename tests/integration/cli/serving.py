"""A `hansa serve` that a test talks to, and whose log it reads."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

INTROSPECTION = {"query": '{__type(name: "Query") {fields {name}}}'}
LIMIT = 30.0


class Serving:
    """A running `hansa serve`, and the lines of its log so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = re.search(r"listens on (http://\S+)", self.until("listens on"))[1]  # type: ignore[index]

    def until(self, text: str) -> str:
        """The first line with `text`, as soon as it is there."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            for line in [*self.lines]:
                if text in line:
                    return line
            time.sleep(0.02)
        raise AssertionError("".join(self.lines))

    def fields(self) -> set[str]:
        """The query fields that the router has."""
        answer = httpx.post(self.url, json=INTROSPECTION).json()
        return {field["name"] for field in answer["data"]["__type"]["fields"]}

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.lines.extend(iter(self.process.stderr.readline, ""))


@contextmanager
def serving(*arguments: object) -> Iterator[Serving]:
    command = [str(Path(sys.executable).with_name("hansa")), "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen([*command, *map(str, arguments)], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Serving(process)
        finally:
            process.kill()
