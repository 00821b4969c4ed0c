"""From subgraph models to the supergraph's: one module a rule."""
