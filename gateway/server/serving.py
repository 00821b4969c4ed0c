"""Serves an ASGI app on a socket by uvicorn, until it is told to stop."""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import uvicorn

from gateway.server.asgi import ASGIApp
from gateway.server.health import Health
from gateway.server.protocol import Protocol

_KEEP_ALIVE = 75
_BACKLOG = 2048
_DRAIN_TIMEOUT = 1.0  # seconds
_WAITING = slice(24, 28)
"""Where `struct tcp_info` of a listening socket has the number of connections that wait to be accepted (tcpi_unacked)."""


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


class Door(NamedTuple):
    """An app on a listener of its own, beside the main one."""

    listener: socket.socket
    app: ASGIApp


def open_side_listener(address: str) -> socket.socket:
    """A socket that holds `HOST:PORT`, where clients wait until it is served. Raises ListenError."""
    host, port = Address.parse(address)
    listener = open_listener(host, port)
    try:
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refusal(host, port, error) from None
    return listener


def open_doors(apps: Mapping[str, ASGIApp]) -> list[Door]:
    """A door for each app at its address. Raises ListenError."""
    with contextlib.ExitStack() as opened:
        doors = [
            Door(opened.enter_context(open_side_listener(address)), app) for address, app in apps.items()
        ]
        opened.pop_all()
        return doors


async def serve_router(
    app: ASGIApp,
    listener: socket.socket,
    *,
    health: Health,
    stop: asyncio.Event,
    started: Callable[[], None] | None = None,
    grace: float = 30.0,
    beside: Sequence[Door] = (),
    tls: ssl.SSLContext | None = None,
    trusted_proxies: Sequence[str] = (),
) -> None:
    """Runs the app's lifespan, then serves it until `stop` is set, by `tls` if there is one.

    `started` is called once requests are accepted. On `stop`, `health` is told at once, nothing new is accepted
    and requests in flight have `grace` seconds. The doors `beside` it are served until the app itself has ended; all
    listeners are closed. What `X-Forwarded-For` and `-Proto` say counts where one of `trusted_proxies`, addresses and
    networks, has sent it. Raises ListenError, and RuntimeError where the lifespan fails.
    """
    sides = _Sides(beside)
    server = _Server(_config(app, grace, tls=tls, trusted_proxies=trusted_proxies), sides.start, started)
    watch = asyncio.create_task(_stop(server, health, stop))
    address = listener.getsockname()
    try:
        await server.serve(sockets=[listener])
    except OSError as error:
        raise _refusal(address[0], address[1], error) from None
    except SystemExit:
        raise RuntimeError("The application did not start; its log says why") from None
    finally:
        watch.cancel()
        listener.close()
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


class _Sides:
    """The servers of the doors beside the main one."""

    def __init__(self, doors: Sequence[Door]) -> None:
        self._servers = [(_Server(_config(door.app, 1, has_lifespan=False)), door.listener) for door in doors]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        for server, listener in self._servers:
            self._tasks.append(asyncio.create_task(server.serve(sockets=[listener])))

    async def stop(self) -> None:
        for server, _ in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks)
        for _, listener in self._servers:
            listener.close()


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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Without refusing a client who is connected already, and only waits to be accepted."""
        give_up = time.monotonic() + _DRAIN_TIMEOUT
        while any(map(_has_waiting, sockets or ())) and time.monotonic() < give_up:  # noqa: ASYNC110 - the kernel sets no event
            await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        await asyncio.sleep(
            0
        )  # those that were accepted just now become connections, which can be told of the end
        await super().shutdown(sockets)


def _has_waiting(listener: socket.socket) -> bool:
    """Whether connections wait to be accepted; where the kernel does not tell (it is not Linux), none do."""
    if sys.platform != "linux":
        return False
    try:
        told = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _WAITING.stop)
    except OSError:
        return False
    return any(told[_WAITING])


def _config(
    app: ASGIApp,
    grace: float,
    *,
    has_lifespan: bool = True,
    tls: ssl.SSLContext | None = None,
    trusted_proxies: Sequence[str] = (),
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Protocol,
        ws=_websocket,  # type: ignore[arg-type]  # a class is what makes one: this does, too
        ws_per_message_deflate=False,
        lifespan="on" if has_lifespan else "off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=list(trusted_proxies),
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=max(1, round(grace)),
        ssl_context_factory=None if tls is None else lambda _config, _default: tls,
    )


def _websocket(**options: Any) -> asyncio.Protocol:
    """A connection's protocol from its upgrade on; the library loads with the first."""
    from gateway.server.handshakes import WebSocketProtocol  # noqa: PLC0415

    return WebSocketProtocol(**options)


async def _stop(server: uvicorn.Server, health: Health, stop: asyncio.Event) -> None:
    await stop.wait()
    health.stop()
    server.should_exit = True


def _refusal(host: str, port: int, error: OSError) -> ListenError:
    message = f"{host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}"
    if error.errno == errno.EADDRINUSE:
        message += (
            f". Another program uses port {port}: stop it, or choose another port "
            f"(hansa serve --listen {host}:PORT, hansa up --port PORT, make run PORT=PORT)"
        )
    return ListenError(message)
