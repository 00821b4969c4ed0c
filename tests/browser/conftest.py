"""A real `hansa up` and a real Chromium, one of each a session, and the page in it.

Playwright's synchronous API would leave a running event loop behind for the other tests, so that all here is
asynchronous, in the one loop of the session.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    async_playwright,
    expect,
)

from common.demo import DEMO_PASSWORD, DEMO_USERS

HANSA = Path(sys.executable).parent / "hansa"
DIST = Path(__file__).parents[2] / "gateway/console/dist"
START_TIMEOUT = 120.0  # seconds
WAIT = 15_000.0  # milliseconds for something to appear: two cores may be busy with other tests
PLAN_HEADER = "apollo-expose-query-plan"
REPORTING_PAUSE = 200.0  # milliseconds: an editor reports its text 100 after the last key
CHROMIUM_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> Path:
    path = os.environ.get("HANSA_CHROMIUM") or shutil.which("chromium")
    if not path or not Path(path).is_file():
        pytest.skip("no Chromium: install Debian's package `chromium`, or set HANSA_CHROMIUM to one")
    return Path(path)


@pytest.fixture(scope="session")
def dist() -> Path:
    if not (DIST / "index.html").is_file():
        pytest.skip("the console is not built: run `npm ci && npm run build` in gateway/console")
    return DIST


@pytest.fixture(scope="session")
def start_hansa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Starts `hansa` with arguments in which `{port}` and `{directory}` are filled in; gives the router's URL."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> str:
        port, directory = _free_port(), tmp_path_factory.mktemp("hansa")
        command = [str(HANSA), *(each.format(port=port, directory=directory) for each in arguments)]
        log = directory / "hansa.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        running.append(process)
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, log)
        return url

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def platform(chromium: Path, dist: Path, start_hansa: Callable[..., str]) -> str:
    """The URL of a platform with its demo data."""
    del chromium, dist
    return start_hansa("up", "--port", "{port}", "--directory", "{directory}/data")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path, dist: Path) -> AsyncIterator[Browser]:
    del dist
    expect.set_options(timeout=WAIT)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Console:
    """The page, as its user sees it, and what it did behind the user's back."""

    page: Page
    url: str
    foreign_requests: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)

    async def open(self) -> None:
        self.page.set_default_timeout(WAIT)
        self.page.on("request", self._note_request)
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        await self.page.goto(self.url)
        await self.page.locator(".graphiql-query-editor .view-line").first.wait_for()

    def button(self, name: str, *, within: str = "body") -> Locator:
        return self.page.locator(within).get_by_role("button", name=name, exact=True)

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    async def open_tab(self, name: str) -> None:
        await self.tab(name).click()
        await self._report()

    @property
    def plan(self) -> Locator:
        return self.page.get_by_role("region", name="Query plan")

    @property
    def notice(self) -> Locator:
        """What is said below the top bar. Monaco has alerts of its own, for screen readers."""
        return self.page.locator(".hansa > [role=alert]")

    async def sign_in(self, email: str = DEMO_USERS[0].email, password: str = DEMO_PASSWORD) -> None:
        await self.button("Sign in", within="header").click()
        await self.page.get_by_label("E-mail").fill(email)
        await self.page.get_by_label("Password").fill(password)
        await self.button("Sign in", within="form").click()

    async def write(self, text: str, *, editor: str = "operation.graphql") -> None:
        # Not by keys, to which Monaco adds closing brackets and completions.
        await self.page.evaluate(f"text => {_model(editor)}.setValue(text)", text)
        await self._report()

    async def execute(self) -> Response:
        """Runs the open tab's operation; gives what the router sent."""
        async with self.page.expect_response(_is_run) as answered:
            await self.button("Execute query (Ctrl-Enter)").click()
        response = await answered.value
        await response.finished()
        return response

    async def run(self) -> str:
        """Runs the open tab's operation; gives the text that is shown as its response."""
        await self.execute()
        return await self.response()

    async def response(self) -> str:
        # Monaco draws only the lines that fit; its model has them all.
        await self.page.wait_for_function(f"{_model('response.json')}.getValue() !== ''")
        text = await self.page.evaluate(f"{_model('response.json')}.getValue()")
        assert isinstance(text, str)
        return text

    async def _report(self) -> None:
        # In the page's own time, which stands still while the page is busy.
        await self.page.evaluate("pause => new Promise((done) => setTimeout(done, pause))", REPORTING_PAUSE)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "blob:", "data:")):
            self.foreign_requests.append(request.url)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page at 1280 by 800 with nothing stored from before."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield await context.new_page()
    await context.close()


@pytest.fixture
def open_console(page: Page) -> Callable[[str], Awaitable[Console]]:
    """Opens the page of the router at a URL."""

    async def open_(url: str) -> Console:
        console = Console(page, url)
        await console.open()
        return console

    return open_


@pytest_asyncio.fixture(loop_scope="session")
async def console(platform: str, open_console: Callable[[str], Awaitable[Console]]) -> Console:
    """The platform's page."""
    return await open_console(platform)


def _is_run(response: Response) -> bool:
    """Whether this answers an operation that was run, and not one that was only planned."""
    return response.url.endswith("/graphql") and PLAN_HEADER not in response.request.headers


def _model(name: str) -> str:
    """The text of one of Monaco's editors, as a JavaScript expression."""
    return f"__MONACO.editor.getModels().find(({{uri}}) => uri.path.endsWith('{name}'))"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/health/ready").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"`hansa` did not become ready:\n{log.read_text()}")
