"""The WebSocket subprotocol `graphql-transport-ws` towards clients: subscriptions, queries and mutations.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""
