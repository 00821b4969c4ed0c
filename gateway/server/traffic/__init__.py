"""Requests to subgraphs on a hard day, and what of their responses reaches the client beside the data."""
