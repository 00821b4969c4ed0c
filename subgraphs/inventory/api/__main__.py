"""Writes `schema.graphql` anew: `python -m subgraphs.inventory.api`."""

from pathlib import Path

from subgraphs.inventory.api.schema import schema

Path(__file__).parents[1].joinpath("schema.graphql").write_text(schema.as_str() + "\n")
