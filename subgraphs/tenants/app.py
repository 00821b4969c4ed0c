"""The wiring of tenants: from the environment to an app."""

from collections.abc import Mapping
from pathlib import Path

from litestar import Litestar

from common.app import ServiceRequest, closing, create_service
from common.database import Database
from common.service import Service
from common.settings import load
from common.telemetry import Telemetry
from common.tenancy import Tenancy
from subgraphs.tenants.api import Context, schema
from subgraphs.tenants.demo import load_demo
from subgraphs.tenants.service.members import Members
from subgraphs.tenants.service.tenants import Tenants
from subgraphs.tenants.service.use_cases import UseCases
from subgraphs.tenants.settings import Settings


def create_app(environment: Mapping[str, str]) -> Litestar:
    """The app of the control plane of tenants.

    Raises:
        SettingsError: the environment lacks something.
    """
    settings = load(Settings, environment)
    telemetry = Telemetry(settings.service, environment)
    database = Database.open(settings.database_url.reveal(), schema=settings.service, telemetry=telemetry)
    use = use_cases(database, settings)

    def context(request: ServiceRequest) -> Context:
        return Context.of(request, use)

    return create_service(
        settings=settings,
        telemetry=telemetry,
        schema=schema,
        context=context,
        lifespan=[closing(database.close)],
        readiness={"database": database.ping},
    )


def use_cases(database: Database, settings: Settings) -> UseCases:
    """All use cases over `database`."""
    tenancy = Tenancy(database)
    return UseCases(Tenants(database, tenancy), Members(database, tenancy), settings.domain)


service = Service(
    name=Settings.service,
    create_app=create_app,
    migrations=Path(__file__).parent / "migrations",
    load_demo=load_demo,
)
