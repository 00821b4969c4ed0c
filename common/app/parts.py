"""What a service is made of, opened from the environment and wired the same way in each: as much of it as the service uses.

`StoreParts` are for one that keeps data, `LiveParts` for one that shows it while it changes, `Parts` for one that speaks with
others by events, too.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypedDict, TypeVar, Unpack

from litestar import Litestar
from litestar.types import ControllerRouterHandler
from prometheus_client import CollectorRegistry
from sqlalchemy import TextClause
from strawberry.federation import Schema

from common.app.edge import EdgeRoute
from common.app.factory import create_service
from common.app.health import Check
from common.app.lifespan import Lifespan, closing
from common.app.request import ServiceRequest
from common.database import Database
from common.events import Event, Handler, JetStreamLog, Work, background_work
from common.live import Live
from common.settings import DataSettings, StoreSettings, load
from common.telemetry import Telemetry

StoreSettingsT = TypeVar("StoreSettingsT", bound=StoreSettings)
SettingsT = TypeVar("SettingsT", bound=DataSettings)


class Own(TypedDict, total=False):
    """What is a service's own: see `common.app.create_service`."""

    schema: Schema
    context: Callable[[ServiceRequest], object]
    route_handlers: Sequence[ControllerRouterHandler]
    edge: Sequence[EdgeRoute[Any]]
    readiness: Mapping[str, Check]
    registry: CollectorRegistry


class StoreParts(Generic[StoreSettingsT]):
    """The settings, telemetry and database of one service; nothing is connected yet."""

    def __init__(self, kind: type[StoreSettingsT], environment: Mapping[str, str]) -> None:
        """Reads the settings of `kind`.

        Raises:
            SettingsError: the environment lacks something.
        """
        self.settings = load(kind, environment)
        self.telemetry = Telemetry(self.settings.service, environment)
        url = self.settings.database_url.reveal()
        self.database = Database.open(url, schema=self.settings.service, telemetry=self.telemetry)

    def create_service(self, *, lifespan: Sequence[Lifespan] = (), **own: Unpack[Own]) -> Litestar:
        """The app of these parts, which are closed with it, after the service's own `lifespan`.

        It is ready while the database answers, or while its own `readiness` says so.
        """
        own.setdefault("readiness", {"database": self.database.ping})
        return create_service(
            settings=self.settings,
            telemetry=self.telemetry,
            lifespan=[closing(self.database.close), *lifespan],
            **own,
        )


class LiveParts(StoreParts[SettingsT]):
    """Those, and the values that somebody watches."""

    def __init__(self, kind: type[SettingsT], environment: Mapping[str, str]) -> None:
        """Reads the settings of `kind`. Raises SettingsError."""
        super().__init__(kind, environment)
        self.live = Live(self.settings.nats_url.reveal(), self.settings.service)
        self.live.listen_to(self.database)

    def create_service(self, *, lifespan: Sequence[Lifespan] = (), **own: Unpack[Own]) -> Litestar:
        """The app of these parts, which are closed with it, after the service's own `lifespan`."""
        return super().create_service(lifespan=[lambda _: self.live.running(), *lifespan], **own)


class Parts(LiveParts[SettingsT]):
    """Those, and the event log."""

    def __init__(self, kind: type[SettingsT], environment: Mapping[str, str]) -> None:
        """Reads the settings of `kind`. Raises SettingsError."""
        super().__init__(kind, environment)
        self.log = JetStreamLog.open(self.settings.nats_url.reveal())

    def create_service(
        self,
        *,
        handlers: Mapping[type[Event], Handler] | None = None,
        schedules: Sequence[Work] = (),
        retention: Sequence[TextClause] = (),
        lifespan: Sequence[Lifespan] = (),
        **own: Unpack[Own],
    ) -> Litestar:
        """The app of these parts, which are closed with it, after the service's own `lifespan`.

        It relays its events, applies `handlers` to those of others, does `schedules` once a second and deletes old rows by
        `retention` (`common.events.background_work`), inside that `lifespan`.
        """
        database, log, telemetry = self.database, self.log, self.telemetry
        return super().create_service(
            lifespan=[
                closing(log.close),
                *lifespan,
                lambda _: background_work(
                    database,
                    log,
                    handlers=handlers or {},
                    schedules=schedules,
                    retention=retention,
                    telemetry=telemetry,
                ),
            ],
            **own,
        )
