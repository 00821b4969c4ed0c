"""Bringing the platform up in order, and down in reverse."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec import Struct

from common.embedded import EmbeddedServers
from common.http import Request, Transport, open_transport
from common.proxy import ProxyOptions, installed_proxy
from common.service import Service
from gateway.platform.doors import ServiceDoors
from gateway.platform.errors import PlatformError
from gateway.platform.graph import compose_graph
from gateway.platform.host import Host
from gateway.platform.in_process import InProcessHost
from gateway.platform.options import Options
from gateway.platform.processes import ProcessHost
from gateway.platform.progress import Progress
from gateway.platform.secrets import load_secrets
from gateway.server.app import apps_beside, create_router_app
from gateway.server.asgi import ASGIApp
from gateway.server.config import RouterConfig, load_config
from gateway.server.health import Check, Health
from gateway.server.router import Router
from gateway.server.tracing import open_telemetry
from gateway.supergraph import Supergraph

LOG_FILE = "hansa.log"
_LOOPBACK = ("127.", "localhost:", "[::1]:")
SUPERGRAPH_FILE = "supergraph.graphql"
MAIL_FOLDER = "mail"


class Platform(Struct, frozen=True):
    """A platform that is up but for its listeners: the router's app, that of the reverse proxy, and what runs behind them."""

    app: ASGIApp
    beside: Mapping[str, ASGIApp]
    health: Health
    config: RouterConfig
    services: tuple[str, ...]
    host: Host
    proxy: ASGIApp | None


@asynccontextmanager
async def running_platform(
    options: Options, services: Mapping[str, Service], progress: Progress
) -> AsyncIterator[Platform]:
    """Starts everything that `options` ask for; all of it stops at the end.

    Raises:
        PlatformError, EmbeddedError, SettingsError, ConfigError: what failed, for the user to read.
    """
    host = _host(options, services, progress)
    environment = _complete(options, services, host)
    config = load_config(options.config, environment)
    if config.tls.supergraph is not None:
        raise PlatformError(
            "`tls.supergraph` is for `hansa serve`: the platform on one machine speaks plain HTTP"
        )
    async with AsyncExitStack() as started:
        servers = EmbeddedServers(options.directory, options.environment, progress)
        started.push_async_callback(servers.stop)
        environment |= await servers.start()
        started.push_async_callback(host.stop)
        await host.start(environment)
        await _load_demo(services, environment, progress)
        transports = {name: open_transport(host.url(name, "/graphql"), apps=host.apps) for name in services}
        for transport in transports.values():
            started.push_async_callback(transport.close)
        proxy = await started.enter_async_context(_proxy(environment, options, host))
        telemetry = open_telemetry(config, environment)
        started.callback(telemetry.close)
        progress("graph", "starting")
        in_graph = [name for name, service in services.items() if service.in_graph]
        supergraph = await compose_graph({name: transports[name] for name in in_graph})
        (options.directory / SUPERGRAPH_FILE).write_text(supergraph)
        router = Router(Supergraph.from_sdl(supergraph), config, apps=host.apps, telemetry=telemetry)
        progress("graph", "ready")
        yield Platform(
            *_app(router, transports), config=config, services=tuple(services), host=host, proxy=proxy
        )


@asynccontextmanager
async def _proxy(
    environment: Mapping[str, str], options: Options, host: Host
) -> AsyncIterator[ASGIApp | None]:
    """The reverse proxy that a package brings, to be served on a listener of its own."""
    program = installed_proxy()
    if program is None:
        yield None
        return
    async with program(environment, ProxyOptions(options.directory / "proxy", host.apps)) as running:
        yield running.app


def _host(options: Options, services: Mapping[str, Service], progress: Progress) -> Host:
    if not options.processes:
        return InProcessHost(services, progress)
    log = options.directory / LOG_FILE
    return ProcessHost(services, directory=options.directory, log=log, progress=progress)


def _complete(options: Options, services: Mapping[str, Service], host: Host) -> dict[str, str]:
    """The services' environment: what is given beats what is made up."""
    made_up = {
        **load_secrets(options.directory),
        **{f"HANSA_{name.upper()}_URL": host.url(name, "/") for name in services},
        "HANSA_ISSUER": f"http://{options.address}/identity",
        "HANSA_JWKS_URL": host.url("identity", "/.well-known/jwks.json"),
        "HANSA_REVOCATIONS_URL": host.url("identity", "/revocations"),
        "HANSA_TOKEN_URL": host.url("identity", "/oauth/token"),
        "HANSA_LISTEN": options.address,
        # whoever can reach a platform that listens on this machine alone can reach what else is on it
        "HANSA_TENANTS_INNER_UPSTREAMS": str(options.address.startswith(_LOOPBACK)).lower(),
        "HANSA_IDENTITY_INNER_CLIENTS": str(options.address.startswith(_LOOPBACK)).lower(),
        "HANSA_MAIL_URL": (options.directory.resolve() / MAIL_FOLDER).as_uri(),
    }
    return made_up | {name: value for name, value in options.environment.items() if value}


async def _load_demo(
    services: Mapping[str, Service], environment: Mapping[str, str], progress: Progress
) -> None:
    progress("demo data", "starting")
    for service in services.values():
        await service.load_demo(environment)
    progress("demo data", "ready")


def _app(
    router: Router, transports: Mapping[str, Transport]
) -> tuple[ASGIApp, Mapping[str, ASGIApp], Health]:
    """The router with every service's doors beside it, ready while every service is."""
    checks = {name: _readiness(transport) for name, transport in transports.items()}
    health = Health({"load": router.rejections.check} | checks)
    app = ServiceDoors(create_router_app(router, health=health), transports)
    return app, apps_beside(router, health=health), health


def _readiness(transport: Transport) -> Check:
    async def check() -> None:
        answer = await transport.send(Request(path="/health/ready", method="GET"), timeout=2)
        if answer.status != 200:
            raise RuntimeError(f"status {answer.status}")

    return check
