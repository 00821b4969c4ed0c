from pathlib import Path

from subgraphs.tenants import api


def test_the_committed_schema_is_the_codes() -> None:
    committed = Path(api.__file__).parents[1] / "schema.graphql"
    assert committed.read_text() == api.schema.as_str() + "\n", (
        "write it by `python -m subgraphs.tenants.api`"
    )
