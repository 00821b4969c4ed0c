"""Another supergraph or configuration for a router that runs: where they come from, when they change, how they are taken."""
