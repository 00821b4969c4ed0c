"""Serves an ASGI app on a socket by uvicorn, until it is told to stop."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Self

import uvicorn

from gateway.server.asgi import ASGIApp
from gateway.server.health import Health
from gateway.server.protocol import Protocol

_KEEP_ALIVE = 75
_BACKLOG = 2048


class ListenError(Exception):
    """The address cannot be listened on; the message says why and what to do."""


class Address(NamedTuple):
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """From `HOST:PORT`, where an IPv6 host stands in brackets. Raises ValueError."""
        host, separator, port = text.rpartition(":")
        if not separator or not host or not port.isdecimal() or int(port) > 65535:
            raise ValueError(f"`{text}` is not an address of the form HOST:PORT, such as 127.0.0.1:4000")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))


def open_listener(host: str, port: int) -> socket.socket:
    """A socket that holds the address; nothing is accepted before it is served.

    Raises ListenError.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ListenError(f"{host} cannot be listened on: {error.strerror}") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from None
    return listener


async def serve_router(
    app: ASGIApp,
    listener: socket.socket,
    *,
    health: Health,
    stop: asyncio.Event,
    started: Callable[[], None] | None = None,
    grace: float = 30.0,
    beside: Mapping[str, ASGIApp] | None = None,
) -> None:
    """Runs the app's lifespan, then serves it until `stop` is set.

    `started` is called once requests are accepted. On `stop`, `health` is told at once, nothing new is accepted
    and requests in flight have `grace` seconds. Further apps, `beside` it by their addresses, are served until the
    app itself has ended. Raises ListenError, and RuntimeError where the lifespan fails.
    """
    address = listener.getsockname()
    with listener, _Sides(beside or {}) as sides:
        server = _Server(_config(app, grace), sides.start, started)
        watch = asyncio.create_task(_stop(server, health, stop))
        try:
            await server.serve(sockets=[listener])
        except OSError as error:
            raise _refusal(address[0], address[1], error) from None
        except SystemExit:
            raise RuntimeError("The application did not start; its log says why") from None
        finally:
            watch.cancel()
            await sides.stop()


@contextlib.contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set; for a process's entry."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def reload_signal() -> Iterator[asyncio.Event]:
    """An event that SIGHUP sets; for a process's entry."""
    loop, reload = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    try:
        yield reload
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


class _Sides(contextlib.ExitStack):
    """Servers of the apps beside the main one. Raises ListenError at once; nothing is answered before `start`."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        super().__init__()
        self._servers = {
            address: _Server(_config(app, 1, has_lifespan=False)) for address, app in apps.items()
        }
        self._listeners: dict[str, socket.socket] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as opened:
            for text in self._servers:
                address = Address.parse(text)
                self._listeners[text] = opened.enter_context(open_listener(*address))
                _listen(self._listeners[text], address)
            self.push(opened.pop_all())
        return super().__enter__()

    def start(self) -> None:
        for address, server in self._servers.items():
            self._tasks.append(asyncio.create_task(server.serve(sockets=[self._listeners[address]])))

    async def stop(self) -> None:
        for server in self._servers.values():
            server.should_exit = True
        await asyncio.gather(*self._tasks)


class _Server(uvicorn.Server):
    """Calls each of `started` once requests are accepted."""

    def __init__(self, config: uvicorn.Config, *started: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._tell_started = started

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Signals are the caller's: it stops other things, too."""
        return contextlib.nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for tell in self._tell_started:
            if tell is not None:
                tell()


def _config(app: ASGIApp, grace: float, *, has_lifespan: bool = True) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on" if has_lifespan else "off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(grace)),
    )


async def _stop(server: uvicorn.Server, health: Health, stop: asyncio.Event) -> None:
    await stop.wait()
    health.stop()
    server.should_exit = True


def _listen(listener: socket.socket, address: Address) -> None:
    try:
        listener.listen(_BACKLOG)
    except OSError as error:
        raise _refusal(*address, error) from None


def _refusal(host: str, port: int, error: OSError) -> ListenError:
    message = f"{host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}"
    if error.errno == errno.EADDRINUSE:
        message += (
            f". Another program uses port {port}: stop it, or choose another port "
            f"(hansa serve --listen {host}:PORT, hansa up --port PORT, make run PORT=PORT)"
        )
    return ListenError(message)
