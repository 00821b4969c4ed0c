"""What the GraphQL specification asks of a schema; every error here is INVALID_GRAPHQL."""
