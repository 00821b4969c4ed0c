"""Apollo's HTTP callback protocol: a subgraph sends its events to a URL of the router's, and no connection stays open."""
