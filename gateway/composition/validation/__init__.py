"""Validation of a single subgraph: first as GraphQL, then as a federation subgraph."""
