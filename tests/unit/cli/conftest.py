from collections.abc import Callable
from typing import NamedTuple

import pytest

from gateway.cli import main


class Outcome(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `hansa` with arguments in this process; gives its exit status and what it printed."""

    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr("sys.argv", ["hansa", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Outcome(int(ended.value.code or 0), printed.out, printed.err)

    return call
