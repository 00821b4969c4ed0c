"""What the federation specification asks of a subgraph's directives."""
