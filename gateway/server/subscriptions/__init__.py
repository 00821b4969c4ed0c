"""Subscriptions: source streams from subgraphs, and response streams to clients (GraphQL, section 6.2.3)."""
