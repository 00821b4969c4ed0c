"""The doors of the router: what clients send, what guards it, and what is told about it."""
