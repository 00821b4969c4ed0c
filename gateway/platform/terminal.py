"""What `hansa up` shows: a line for each part, and where everything is once it is up."""

import sys
import time
from collections.abc import Sequence

from rich.console import Console

from common.demo import DEMO_PASSWORD, DEMO_USERS
from gateway.platform.options import Options
from gateway.platform.platform import LOG_FILE, MAIL_FOLDER

_PREDECESSOR = "the servers of an earlier run to stop"


class Terminal:
    """Plain lines; on a terminal also what is being waited for."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self._started = time.monotonic()
        self._since: dict[str, float] = {}
        self._status = self._console.status("Starting") if self._console.is_terminal else None
        if self._status:
            self._status.start()

    def progress(self, part: str, state: str) -> None:
        """Shows that `part` is `state` now."""
        now = time.monotonic()
        if state == "waiting":
            self._since[_PREDECESSOR] = now
        elif state in ("starting", "stopping"):
            self._since.pop(_PREDECESSOR, None)
            self._since[part] = now
        else:
            seconds = now - self._since.pop(part, now)
            self._console.print(f"  {part:<12}{state:<10}[dim]{seconds:.1f} s[/dim]")
        self._wait()

    def welcome(self, options: Options, services: Sequence[str], *, with_proxy: bool) -> None:
        """Tells where everything is."""
        self._rest()
        base, user = f"http://{options.address}", DEMO_USERS[0]
        lines = [
            ("Console", f"{base}/"),
            ("GraphQL", f"{base}/graphql"),
            *([("Reverse proxy", f"http://{options.proxy}/")] if with_proxy else []),
            *((f"{name.capitalize()} doors", f"{base}/{name}/schema") for name in services),
            ("Sign in as", f"{user.email} with the password {DEMO_PASSWORD} (an admin)"),
            ("Mail", str(options.directory / MAIL_FOLDER)),
            ("Log", str(options.directory / LOG_FILE)),
        ]
        self._console.print(f"\n[bold]Hansa is up[/bold] after {time.monotonic() - self._started:.1f} s")
        for name, value in lines:
            self._console.print(f"  {name:<17}{value}")
        self._console.print("\nCtrl-C stops everything.")

    def close(self) -> None:
        """Gives the terminal back."""
        self._rest()

    def _wait(self) -> None:
        if self._status and self._since:
            self._status.update(f"Waiting for {', '.join(self._since)}")
            self._status.start()

    def _rest(self) -> None:
        if self._status:
            self._status.stop()
