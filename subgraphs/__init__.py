"""The platform's services: one folder a system, each a Strawberry subgraph served by a Litestar app."""
