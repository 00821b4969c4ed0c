"""Migrations of a service are one line: a branch would keep it from starting."""

import pytest
from alembic.script import ScriptDirectory

from common.service import installed_names, installed_service


@pytest.mark.parametrize("name", installed_names())
def test_a_services_migrations_have_one_head(name: str) -> None:
    scripts = ScriptDirectory(str(installed_service(name).migrations))
    assert len(scripts.get_heads()) == 1
