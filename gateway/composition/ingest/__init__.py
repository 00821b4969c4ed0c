"""From a subgraph's SDL to its typed model: parse, read links, build, complete, upgrade."""
