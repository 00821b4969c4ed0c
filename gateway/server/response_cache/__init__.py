"""The response cache: what subgraphs answered, kept in a Valkey that several routers share."""
