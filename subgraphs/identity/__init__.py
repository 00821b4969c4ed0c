"""Accounts, sign-in and access tokens: the subgraph that owns `User`."""
