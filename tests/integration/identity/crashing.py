"""Sign in at an identity that is killed: for each failpoint in the arguments one user's way through the provider.

A process of its own runs identity and its client, is killed at the failpoint, and is started again until the client has come to the
end of its way. The client keeps what it was answered in a file, and asks again for what it was not. Processes are forked, so
that each costs no imports. One line of JSON tells how each user's two runs ended.
"""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from common import failpoints
from common.app import running
from common.database import Database
from common.http import open_transport
from subgraphs.identity import worker
from subgraphs.identity.app import service
from subgraphs.identity.store import devices, logout_notices
from tests.integration.identity.browsing import Browser
from tests.integration.identity.relying import RelyingParty, answered

PATIENCE = 90  # seconds for one run
PASSWORD = "long enough"
devices.INTERVAL = 0  # a device need not wait
worker.SEND_INTERVAL = 0.05
logout_notices.LEASE = timedelta(0)  # who was killed has let go of what it had claimed


def main() -> None:
    folder = Path(sys.argv[1])
    for number, failpoint in enumerate(sys.argv[2:]):
        memory, address = folder / f"{failpoint}.json", f"192.0.2.{number}"
        runs = run(memory, address, f"{failpoint}:kill"), run(memory, address, "")
        told = {"failpoint": failpoint, "statuses": runs, "kept": json.loads(memory.read_text())}
        print(json.dumps(told), flush=True)  # noqa: T201 - what the test reads


def run(memory: Path, address: str, failpoint: str) -> int:
    """The way in a forked process; 0, the exit status, or less than 0 by a signal."""
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        failpoints._armed = failpoints._parse(failpoint)
        asyncio.run(go(memory, address))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


async def go(memory: Path, address: str) -> None:
    app = service.create_app(os.environ)
    app.state.apps = {"identity": app}
    async with running(app):
        transport = open_transport("app://identity/graphql", apps=app.state.apps)
        browser = Browser(os.environ["HANSA_ISSUER"], transport, address)
        await Way(memory, RelyingParty(browser, verifier="v" * 43)).go()
        await all_told()
        await browser.close()
        await transport.close()


async def all_told() -> None:
    """Returns once the client has been told of all sessions that have ended."""
    database = Database.open(os.environ["DATABASE_URL"], schema="identity")
    left = 1
    while left:
        async with database.transaction() as transaction:
            left = (await transaction.execute("SELECT count(*) FROM logout_notice")).scalar_one()
        await asyncio.sleep(0.02)
    await database.close()


class Way:
    """From the first sign-in to the last sign-out; what was reached is kept in `memory`."""

    def __init__(self, memory: Path, client: RelyingParty) -> None:
        self._memory = memory
        self._client = client
        self._browser = client.browser
        self._kept: dict[str, Any] = json.loads(memory.read_text()) if memory.exists() else {}
        self._email = f"{memory.stem}@hansa.example"

    async def go(self) -> None:
        for cookie, value in self._kept.get("cookies", {}).items():
            self._browser.client.cookies.set(cookie, value, domain="hansa.example")
        while "tokens" not in self._kept:
            await self._be_given_tokens()
        while "refreshed" not in self._kept:
            answer = await self._client.refresh(self._kept["tokens"]["refresh_token"])
            assert answer.status_code == 200, answer.text
            self._keep("refreshed", answer.json())
        while "on device" not in self._kept:
            await self._connect_a_device()
        token = self._kept["refreshed"]["refresh_token"]
        assert (await self._client.post("/oauth/revoke", token=token)).status_code == 200
        self._keep("refused", (await self._client.refresh(token)).json()["error"])
        page = await self._browser.get("/sign-in")
        if page.title == "Signed in":
            await self._browser.submit(page)
        token = self._kept["on device"]["refresh_token"]
        self._keep("ended", (await self._client.refresh(token)).json()["error"])

    async def _be_given_tokens(self) -> None:
        """A code that is refused was used by a request whose answer was lost; then there is another."""
        if "code" not in self._kept:
            pushed = (await self._client.push(scope="openid offline_access")).json()
            page = await self._client.bring(pushed["request_uri"])
            self._keep("code", answered(await self._through(page))["code"])
        answer = await self._client.exchange(self._kept["code"])
        if answer.status_code == 200:
            self._keep("tokens", answer.json())
        else:
            del self._kept["code"]

    async def _connect_a_device(self) -> None:
        begun = (await self._client.post("/oauth/device_authorization", scope="openid")).json()
        page = await self._through(await self._browser.get(begun["verification_uri_complete"]))
        assert page.title == "Allowed"
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        answer = await self._client.post("/oauth/token", grant_type=grant, device_code=begun["device_code"])
        if answer.status_code == 200:
            self._keep("on device", answer.json())

    async def _through(self, page: Any) -> Any:
        while page.url.startswith(self._browser.site) and page.title != "Allowed":
            if page.title == "Sign in":
                page = await self._browser.sign_in(self._email, PASSWORD, page)
                self._keep("cookies", dict(self._browser.client.cookies))
            else:
                page = await self._browser.submit(page, button="allow")
        return page

    def _keep(self, name: str, value: Any) -> None:
        self._kept[name] = value
        self._memory.write_text(json.dumps(self._kept))


if __name__ == "__main__":
    main()
