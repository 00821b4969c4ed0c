"""Writes `schema.graphql` anew: `python -m subgraphs.payments.api`."""

from pathlib import Path

from subgraphs.payments.api.schema import schema

Path(__file__).parents[1].joinpath("schema.graphql").write_text(schema.as_str() + "\n")
