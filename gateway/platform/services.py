"""The installed services: found, migrated, and asked."""

from collections.abc import Mapping

import asyncpg
from sqlalchemy.exc import SQLAlchemyError

from common.database import DatabaseUnavailableError, SchemaTooNewError, migrate
from common.service import Service, installed_names, installed_service
from gateway.platform.errors import PlatformError


def find_services() -> Mapping[str, Service]:
    """Every installed service by name.

    Raises:
        PlatformError: there is none, or one cannot be imported.
    """
    services = {name: find_service(name) for name in installed_names()}
    if not services:
        raise PlatformError("No service is installed; `make setup` installs this repository's own")
    return services


def find_service(name: str) -> Service:
    """The installed service of that name.

    Raises:
        PlatformError: there is none, where the message lists those that there are, or it cannot be imported.
    """
    try:
        return installed_service(name)
    except KeyError:
        names = ", ".join(installed_names()) or "none"
        raise PlatformError(f"No service is named {name!r}; installed are {names}") from None
    except (ImportError, AttributeError) as error:
        raise PlatformError(f"The service {name} cannot be imported: {error}") from error


async def migrate_service(service: Service, environment: Mapping[str, str]) -> None:
    """Brings the service's schema to its newest revision, in its own database or the shared one.

    Raises:
        PlatformError: no database is named, or the one that is cannot be used.
    """
    own = f"HANSA_{service.name.upper()}_DATABASE_URL"
    url = environment.get(own) or environment.get("DATABASE_URL")
    if not url:
        raise PlatformError(f"{own} or DATABASE_URL is not set: the PostgreSQL database of {service.name}")
    try:
        await migrate(url, schema=service.name, scripts=service.migrations)
    except SchemaTooNewError as error:
        raise PlatformError(str(error)) from error
    except (DatabaseUnavailableError, asyncpg.PostgresError, SQLAlchemyError) as error:
        raise PlatformError(f"The database of {service.name} cannot be used: {error}") from error
