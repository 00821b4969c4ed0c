"""What a service with data is made of, opened from the environment and wired the same way in each."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from litestar import Litestar
from litestar.types import ControllerRouterHandler
from prometheus_client import CollectorRegistry
from strawberry.federation import Schema

from common.app.edge import EdgeRoute
from common.app.factory import create_service
from common.app.health import Check
from common.app.lifespan import Lifespan, closing
from common.app.request import ServiceRequest
from common.database import Database
from common.events import Event, Handler, JetStreamLog, Work, background_work
from common.live import Live
from common.settings import DataSettings, load
from common.telemetry import Telemetry

SettingsT = TypeVar("SettingsT", bound=DataSettings)


class Parts(Generic[SettingsT]):
    """The settings, telemetry, database, event log and live values of one service; nothing is connected yet."""

    def __init__(self, kind: type[SettingsT], environment: Mapping[str, str]) -> None:
        """Reads the settings of `kind`.

        Raises:
            SettingsError: the environment lacks something.
        """
        self.settings = load(kind, environment)
        name = self.settings.service
        self.telemetry = Telemetry(name, environment)
        url = self.settings.database_url.reveal()
        self.database = Database.open(url, schema=name, telemetry=self.telemetry)
        self.log = JetStreamLog.open(self.settings.nats_url.reveal())
        self.live = Live(self.settings.nats_url.reveal(), name)
        self.live.listen_to(self.database)

    def create_service(
        self,
        *,
        schema: Schema | None = None,
        context: Callable[[ServiceRequest], object] = lambda request: request,
        handlers: Mapping[type[Event], Handler] | None = None,
        schedules: Sequence[Work] = (),
        route_handlers: Sequence[ControllerRouterHandler] = (),
        edge: Sequence[EdgeRoute[Any]] = (),
        lifespan: Sequence[Lifespan] = (),
        readiness: Mapping[str, Check] | None = None,
        registry: CollectorRegistry | None = None,
    ) -> Litestar:
        """The app of these parts, which are closed with it: see `common.app.create_service`.

        It relays its events, applies `handlers` to those of others and does `schedules` once a second
        (`common.events.background_work`), inside the service's own `lifespan`. It is ready while the database answers, or
        while `readiness` says so.
        """
        database, log, telemetry = self.database, self.log, self.telemetry
        return create_service(
            settings=self.settings,
            telemetry=telemetry,
            schema=schema,
            context=context,
            route_handlers=route_handlers,
            edge=edge,
            lifespan=[
                closing(database.close),
                closing(log.close),
                lambda _: self.live.running(),
                *lifespan,
                lambda _: background_work(
                    database, log, handlers=handlers or {}, schedules=schedules, telemetry=telemetry
                ),
            ],
            readiness={"database": database.ping} if readiness is None else readiness,
            registry=registry,
        )
