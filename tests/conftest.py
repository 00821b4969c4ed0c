"""What all tests share: the real servers, a database and a NATS server of one's own, the shared folder.

The servers are started once a session and used by all its workers. `DATABASE_URL`, `REDIS_URL` and `NATS_URL`
in the environment are used instead.
"""

import asyncio
import fcntl
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis.asyncio
from hypothesis import HealthCheck, settings

from common.database import Database, migrate
from common.database.tables import KERNEL_TABLES
from common.embedded import NatsServer
from common.embedded.account import server_account
from common.embedded.folder import ServerFolder
from common.service import installed_service

SHARED_FOLDER = Path(os.environ.get("HANSA_SHARED", Path(__file__).parents[2] / "shared"))
NO_SHARED_FOLDER = f"no shared folder at {SHARED_FOLDER}: set HANSA_SHARED"
START_TIMEOUT = 90.0  # seconds

# Timed by nobody: on a busy machine one slow example is no failure. Under CI hypothesis' own profile stands beneath.
settings.register_profile(
    "hansa",
    parent=settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("hansa")


@pytest.fixture(scope="session", autouse=True)
def stops_at_once() -> Iterator[None]:
    """A server of this process that stops does not stay a second for the connections in its clients' pools."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.server.protocol._LINGER", 0.0)
        yield


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """`DATABASE_URL`, `REDIS_URL` and `NATS_URL` of running servers, the same ones for all workers."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "servers"
    folder.mkdir(exist_ok=True)
    with (folder / "users").open("a") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield _join(folder)


@pytest.fixture(scope="session")
def create_database(servers: Mapping[str, str]) -> Callable[..., str]:
    """Makes a database and gives its URL; `template` is the URL of one to copy, which nobody may be using."""

    def create(template: str | None = None) -> str:
        name = f"test_{uuid.uuid4().hex}"
        source = urlsplit(template).path[1:] if template else "template1"
        _run(_execute(servers["DATABASE_URL"], f'CREATE DATABASE "{name}" TEMPLATE "{source}"'))
        parts = urlsplit(servers["DATABASE_URL"])
        return f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"

    return create


@pytest.fixture(scope="session")
def migrated_database(create_database: Callable[..., str]) -> Callable[..., str]:
    """Makes a database with the schemas of the services named, as they are when installed, and gives its URL."""
    templates: dict[tuple[str, ...], str] = {}

    def create(*names: str) -> str:
        if names not in templates:
            url = create_database()
            for name in names:
                _run(migrate(url, schema=name, scripts=installed_service(name).migrations))
            templates[names] = url
        return create_database(template=templates[names])

    return create


@pytest.fixture
def database_url(create_database: Callable[..., str]) -> str:
    """An empty database of the test's own."""
    return create_database()


@pytest.fixture
async def kernel_database(database_url: str) -> AsyncIterator[Database]:
    """A database with the schema "kernel", in which there are the kernel's tables only."""
    database = Database.open(database_url, schema="kernel")
    async with database.transaction() as transaction:
        await transaction.execute("CREATE SCHEMA kernel")
        for statement in KERNEL_TABLES:
            await transaction.execute(statement)
    yield database
    await database.close()


@pytest.fixture
async def redis_url(servers: Mapping[str, str]) -> str:
    """An empty Valkey database, used by no other test at the same time."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
    url = f"{servers['REDIS_URL'].partition('?')[0]}?db={number}"
    async with redis.asyncio.Redis.from_url(url) as client:
        await client.flushdb()
    return url


@pytest.fixture
async def nats_server(tmp_path: Path) -> AsyncIterator[NatsServer]:
    """A NATS server of the test's own, started; `stop` and `start` make an outage and keep its URL."""
    server = NatsServer(ServerFolder(tmp_path / "nats", server_account()))
    (tmp_path / "nats").mkdir()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    """The URL of a NATS server of the test's own, with no streams in it."""
    return nats_server.url


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """The folder of data that is too large, or not ours, to be in the repository."""
    if not SHARED_FOLDER.is_dir():
        pytest.skip(NO_SHARED_FOLDER)
    return SHARED_FOLDER


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", ())
    missing = sum(NO_SHARED_FOLDER in str(report.longrepr) for report in skipped)
    if missing:
        terminalreporter.write_line(f"Skipped for want of data: {missing} ({NO_SHARED_FOLDER})", yellow=True)


def _join(folder: Path) -> Mapping[str, str]:
    """The URLs of the session's servers, which are started by who comes first."""
    urls = folder / "urls.json"
    with (folder / "start").open("a") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        if not urls.exists():
            _start(folder, urls)
    return dict(json.loads(urls.read_text()))


def _start(folder: Path, urls: Path) -> None:
    log = folder / "host.log"
    with log.open("w") as output:
        host = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("shared_servers.py"), folder],
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    # It ends after this process does; the thread keeps the interpreter from complaining about that.
    threading.Thread(target=host.wait, daemon=True).start()
    give_up = time.monotonic() + START_TIMEOUT
    while not urls.exists():
        if host.returncode is not None or time.monotonic() > give_up:
            pytest.fail(f"the servers did not start:\n{log.read_text()}", pytrace=False)
        time.sleep(0.02)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in a thread: a test's own event loop may be running here."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
