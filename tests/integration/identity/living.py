"""One account's life at an identity that is killed, at each failpoint of the arguments in their order.

Each process goes on where the one before it was killed: it knows what that was answered, and asks again for the rest. The last one
comes to the end. Processes are forked, so that each costs no imports. One line of JSON tells how they ended.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from litestar import Litestar

from common import failpoints
from common.app import running
from common.http import open_transport
from subgraphs.identity.app import service
from tests.integration.identity import test_codes, test_emails, test_passkeys, test_roles
from tests.integration.identity.authenticator import Authenticator
from tests.integration.identity.browsing import Browser
from tests.integration.identity.conftest import SIGN_IN, Identity
from tests.integration.identity.letters import Letters
from tests.integration.identity.test_emails import ask

PATIENCE = 90  # seconds for one process
ADA, LOVELACE = "ada@hansa.example", "lovelace@hansa.example"
PASSWORDS = ("long enough", "a sea of fog and seals", "another sea of fog and eels")
VERIFICATION = "mutation { x: sendEmailVerification { __typename } }"
END_ALL = "mutation { x: endAllSessions }"
ME = "{ x: me { id secondFactors { totps { id } passkeys { id } } } }"
GRANT = test_roles.GRANT.replace("changed:", "x:")
SIGN_IN_AGAIN = SIGN_IN.replace("{ signIn(", "{ x: signIn(")

Step = Callable[["Life"], Awaitable[Any]]


class Life:
    """What one process knows: identity, a browser, an authenticator, and in `kept` what the steps until now were answered."""

    def __init__(self, identity: Identity, browser: Browser, key: Authenticator, memory: Path) -> None:
        self.identity = identity
        self.browser = browser
        self.key = key
        self.letters = Letters(Path(os.environ["LETTERS"]))
        self._memory = memory
        self.kept: dict[str, Any] = json.loads(memory.read_text()) if memory.exists() else {}

    async def go(self) -> None:
        for name, step in STEPS.items():
            if name not in self.kept:
                self.kept[name] = await step(self)
                self._memory.write_text(json.dumps(self.kept))

    async def ask(self, query: str, **variables: Any) -> Any:
        """As the account's owner, by the newest token."""
        tokens = [answer["accessToken"] for answer in self.kept.values() if "accessToken" in answer]
        return await ask(self.identity, query, {"accessToken": tokens[-1]}, **variables)

    async def sign_in(self, password: str, email: str = ADA, code: str | None = None) -> Any:
        wanted = {"email": email, "password": password, "code": code}
        return await ask(self.identity, SIGN_IN_AGAIN, input=wanted)

    async def register(self) -> Any:
        options = (await self.ask(test_passkeys.START))["options"]
        made = await self.ask(test_passkeys.REGISTER, name="key", credential=self.key.create(options))
        return {**made, "handle": self.key.user_handle}

    async def use_passkey(self) -> Any:
        self.key.user_handle = self.kept["register a passkey"]["handle"]
        page = await self.browser.get("/sign-in/passkey")
        answer = self.key.get(test_passkeys.options_of(page))
        return {"title": (await self.browser.submit(page, credential=json.dumps(answer))).title}

    async def verify(self) -> Any:
        await self.letters.arrived(ADA, number=2)
        return await self.ask(test_emails.VERIFY, token=await self.letters.token(ADA, "Confirm"))

    async def confirm_app(self) -> Any:
        app = self.kept["enrol an app"]
        code = test_codes.code_of(app["secret"], -1)
        return await self.ask(test_codes.CONFIRM, id=app["id"], code=code)

    async def sign_in_by_app(self) -> Any:
        return await self.sign_in(PASSWORDS[0], code=test_codes.code_of(self.kept["enrol an app"]["secret"]))

    async def sign_in_by_code(self) -> Any:
        return await self.sign_in(PASSWORDS[0], code=self.kept["confirm the app"]["codes"][0])

    async def remove(self, query: str, kind: str) -> Any:
        (factor,) = (await self.ask(ME))["secondFactors"][kind]
        return await self.ask(query, id=factor["id"])

    async def recover(self) -> Any:
        token = await self.letters.token(LOVELACE, "A new password")
        return await ask(self.identity, test_emails.RECOVER, token=token, new=PASSWORDS[2])

    async def confirm_email(self) -> Any:
        token = await self.letters.token(LOVELACE, "Confirm your new")
        return await self.ask(test_emails.CONFIRM, token=token)

    async def grant_role(self) -> Any:
        return await self.ask(GRANT, id=(await self.ask(ME))["id"], role="operator")

    async def end_all(self) -> Any:
        return {"ended": await self.ask(END_ALL)}


STEPS: dict[str, Step] = {
    "sign up": lambda life: life.identity.sign_up(ADA),
    "ask for a letter": lambda life: life.ask(VERIFICATION),
    "verify the address": Life.verify,
    "sign in as admin": lambda life: life.sign_in(PASSWORDS[0]),
    "be given a role": Life.grant_role,
    "sign in as operator": lambda life: life.sign_in(PASSWORDS[0]),
    "enrol an app": lambda life: life.ask(test_codes.ENROL, name="phone", old=PASSWORDS[0]),
    "confirm the app": Life.confirm_app,
    "sign in by the app": Life.sign_in_by_app,
    "sign in by a code": Life.sign_in_by_code,
    "sign in by it again": Life.sign_in_by_code,
    "renew the codes": lambda life: life.ask(test_codes.RENEW),
    "register a passkey": Life.register,
    "sign in by the passkey": Life.use_passkey,
    "remove the passkey": lambda life: life.remove(test_passkeys.REMOVE, "passkeys"),
    "remove the app": lambda life: life.remove(test_codes.REMOVE, "totps"),
    "change the address": lambda life: life.ask(test_emails.CHANGE_EMAIL, email=LOVELACE, old=PASSWORDS[0]),
    "confirm the address": Life.confirm_email,
    "change the password": lambda life: life.ask(test_emails.CHANGE, new=PASSWORDS[1], old=PASSWORDS[0]),
    "ask for another": lambda life: ask(life.identity, test_emails.RECOVERY, email=LOVELACE),
    "choose another": Life.recover,
    "sign in with it": lambda life: life.sign_in(PASSWORDS[2], LOVELACE),
    "end all sessions": Life.end_all,
}


def main() -> None:
    memory, key = Path(sys.argv[1]), Authenticator("https://hansa.example", counts=False)
    app = service.create_app(
        os.environ
    )  # nothing is connected yet, so that each process has a copy of its own
    app.state.apps = {"identity": app}

    def run(failpoint: str) -> int:
        return forked(failpoint, go(app, memory, key))

    ends = {f"{number} {name}": run(f"{name}:kill") for number, name in enumerate(sys.argv[2:])}
    told = {"ends": ends, "last": run(""), "kept": json.loads(memory.read_text())}
    print(json.dumps(told))  # noqa: T201 - what the test reads


def forked(failpoint: str, work: Coroutine[Any, Any, None]) -> int:
    """Does the work in a process; 0, its exit status, or less than 0 by a signal."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        failpoints._armed = failpoints._parse(failpoint)
        asyncio.run(work)
        os._exit(0)
    work.close()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def go(app: Litestar, memory: Path, key: Authenticator) -> None:
    async with running(app):
        transport = open_transport("app://identity/graphql", apps=app.state.apps)
        browser = Browser(os.environ["HANSA_ISSUER"], transport)
        await Life(Identity(transport, app, os.environ), browser, key, memory).go()
        await browser.close()
        await transport.close()


if __name__ == "__main__":
    main()
