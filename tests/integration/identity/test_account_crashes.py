"""Guarantee 48 of identity's README: a process that is killed leaves of a change to an account all or nothing, its letters and events too."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from common import failpoints
from common.database import Database
from tests.integration.identity.letters import Letters
from tests.integration.identity.test_crashes import CONCEPTS

ROOT = Path(__file__).parents[3]
LIVING = Path(__file__).with_name("living.py")
OTHERS = {
    *CONCEPTS,
    "address",
    "client",
    "directory",
    "keys",
    "mail",
    "replication",
    "revoke",
    "withdraw_key",
}
ORDER = (
    "identity.sign_up.before_commit",
    "identity.ask_verification.before_commit",
    "identity.change_role.after_event",
    "identity.verify_email.before_commit",
    "identity.change_role.after_event",
    "identity.enrol_app.before_commit",
    "identity.totp.before_commit",
    "identity.second_factor.before_commit",
    "identity.second_factor.before_commit",
    "identity.renew_codes.before_commit",
    "identity.passkey.before_challenge",
    "identity.passkey.after_challenge",
    "identity.register_passkey.before_commit",
    "identity.passkey.after_challenge",
    "identity.use_passkey.before_commit",
    "identity.sign_in.before_commit",
    "identity.remove_passkey.before_commit",
    "identity.remove_app.before_commit",
    "identity.change_email.before_commit",
    "identity.confirm_email.before_commit",
    "identity.put_password.before_commit",
    "identity.ask_recovery.before_commit",
    "identity.put_password.before_commit",
    "identity.end_sessions.before_commit",
)
"""Where the process is killed, as the account's life comes by."""
EVENTS = {
    "SIGNED_UP": 1,
    "EMAIL_VERIFIED": 1,
    "ROLE_GRANTED": 2,
    "FACTOR_ADDED": 2,
    "SECOND_FACTOR_USED": 1,
    "RECOVERY_CODE_USED": 2,  # the second time in vain
    "RECOVERY_CODES_RENEWED": 1,
    "PASSKEY_USED": 2,  # a session that was not made takes another use
    "FACTOR_REMOVED": 2,
    "EMAIL_CHANGE_ASKED": 1,
    "EMAIL_CHANGED": 1,
    "PASSWORD_CHANGED": 1,
    "RECOVERY_ASKED": 1,
    "PASSWORD_RECOVERED": 1,
    "ALL_SESSIONS_ENDED": 1,
}
LETTERS = {
    "Confirm your e-mail address": 2,
    "Confirm your new e-mail address": 1,
    "Your account is about to get another e-mail address": 1,
    "Your account has another e-mail address now": 1,
    "A passkey was taken off your account": 1,
    "A second factor was taken off your account": 1,
    "Your account has another password now": 2,
    "A new password": 1,
}


def test_every_failpoint_of_an_account_is_on_its_way() -> None:
    known = {name for name in failpoints.names("subgraphs.identity") if name.split(".")[1] not in OTHERS}
    assert set(ORDER) == known


async def test_a_life_with_a_kill_at_each_step_comes_to_the_end_of_one_without(
    environment: Mapping[str, str], database: Database, letters: Letters, tmp_path: Path
) -> None:
    own = {
        **environment,
        "HANSA_FIRST_ADMIN": "ada@hansa.example",
        "HANSA_MAIL_URL": "",  # the test's own identity sends the letters, and is not killed while it has one
        "LETTERS": str(letters.folder),
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        LIVING,
        tmp_path / "memory",
        *ORDER,
        env={**os.environ, **own},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    told = json.loads(output)
    assert set(told["ends"].values()) == {-signal.SIGKILL}, told["ends"]
    assert told["last"] == 0
    assert told["kept"]["sign in by it again"] == {"__typename": "InvalidCode"}
    assert told["kept"]["sign in by the passkey"] == {"title": "Signed in"}
    async with database.transaction() as transaction:
        kinds = "SELECT kind, count(*) FROM security_event WHERE kind <> 'SIGNED_IN' GROUP BY kind"
        events = dict(map(tuple, (await transaction.execute(kinds)).all()))
        (user,) = (await transaction.execute('SELECT email FROM "user"')).scalars()
        tables = ("session", "pending_sign_in", "totp", "passkey", "recovery_code")
        left = [(await transaction.execute(f"SELECT count(*) FROM {table}")).scalar() for table in tables]
    assert events == EVENTS
    assert user == "lovelace@hansa.example"
    assert left == [0] * len(tables)
    await letters.arrived(user, "Your account has another password now", number=2)
    assert Counter(letter["Subject"] for letter in letters.all()) == LETTERS
