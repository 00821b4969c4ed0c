"""A process that dies while a code is used leaves all of it done or nothing (guarantees 34 and 35)."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.identity.test_codes import CONFIRM, ENROL, FACTORS, Ada, code_of
from tests.integration.identity.test_emails import ask, execute

PROGRAM = Path(__file__).with_name("using_code.py")


def run(identity: Any, *arguments: str, failpoint: str = "") -> int:
    environment = {**os.environ, **identity.environment, "FAILPOINT": failpoint}
    command = [sys.executable, PROGRAM, *arguments]
    return subprocess.run(command, env=environment, timeout=60, check=False).returncode


@pytest.mark.parametrize("kind", ["app", "recovery code"])
async def test_a_code_whose_use_was_not_committed_still_counts_once(identity: Any, kind: str) -> None:
    ada = await Ada.of(identity)
    code = code_of(ada.secret) if kind == "app" else ada.codes[0]
    arguments = ("check", ada.session["user"]["id"], code)
    killed = run(identity, *arguments, failpoint="identity.second_factor.before_commit:kill")
    assert killed == -signal.SIGKILL
    events = "SELECT 1 FROM security_event WHERE kind IN ('SECOND_FACTOR_USED', 'RECOVERY_CODE_USED')"
    assert await execute(identity, events) == []
    assert run(identity, *arguments) == 0
    assert run(identity, *arguments) != 0, "it was used"


async def test_an_app_whose_confirmation_was_not_committed_does_not_count(identity: Any) -> None:
    session = await identity.sign_up()
    begun = await ask(identity, ENROL, session, name="phone")
    code = code_of(begun["secret"])
    arguments = ("confirm", session["user"]["id"], begun["id"], code)
    assert run(identity, *arguments, failpoint="identity.totp.before_commit:kill") == -signal.SIGKILL
    nothing = (await ask(identity, FACTORS, session))["secondFactors"]
    assert nothing == {"totps": [], "passkeys": [], "recoveryCodesLeft": 0}
    confirmed = await ask(identity, CONFIRM, session, id=begun["id"], code=code)
    assert len(confirmed["codes"]) == 10
