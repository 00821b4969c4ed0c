"""What each program that is measured says, one line of JSON a part, and when it goes on: what it runs with has no more in common."""

import json
import sys


def tell(**told: float) -> None:
    """Say what a part came to."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def wait() -> None:
    """Until the measuring process has read the server's figures: its connections must live until then."""
    sys.stdin.readline()
