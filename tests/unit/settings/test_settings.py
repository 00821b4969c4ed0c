from typing import Annotated, ClassVar

import pytest

from common.settings import DatabaseUrl, Secret, ServiceSettings, SettingsError, load, variable


class Harbour(ServiceSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "harbour"

    database_url: DatabaseUrl
    berths: Annotated[int, variable("HANSA_BERTHS", "how many ships fit")] = 4


REQUIRED = {"HANSA_ISSUER": "i", "HANSA_JWKS_URL": "j", "DATABASE_URL": "postgresql://shared"}


def test_a_shared_variable_fills_the_field() -> None:
    assert load(Harbour, REQUIRED).database_url.reveal() == "postgresql://shared"


def test_the_services_own_variable_wins() -> None:
    environment = {**REQUIRED, "HANSA_HARBOUR_DATABASE_URL": "postgresql://own"}
    assert load(Harbour, environment).database_url.reveal() == "postgresql://own"


def test_an_empty_variable_counts_as_missing() -> None:
    assert load(Harbour, {**REQUIRED, "HANSA_AUDIENCE": ""}).audience == "hansa"


def test_values_are_converted_to_the_fields_type() -> None:
    assert load(Harbour, {**REQUIRED, "HANSA_BERTHS": "7"}).berths == 7


def test_every_missing_variable_is_named_with_its_purpose() -> None:
    with pytest.raises(SettingsError) as refusal:
        load(Harbour, {})
    message = str(refusal.value)
    assert "HANSA_ISSUER is not set" in message
    assert "HANSA_HARBOUR_DATABASE_URL or DATABASE_URL is not set: the PostgreSQL database" in message


def test_a_malformed_variable_is_named_with_its_purpose() -> None:
    with pytest.raises(SettingsError, match=r"HANSA_BERTHS is malformed .*how many ships fit"):
        load(Harbour, {**REQUIRED, "HANSA_BERTHS": "many"})


def test_a_secret_does_not_show_itself() -> None:
    settings = load(Harbour, REQUIRED)
    assert "postgresql" not in repr(settings)
    assert "postgresql" not in f"{settings.database_url}"
    assert repr(Secret("x")) == "Secret('...')"
