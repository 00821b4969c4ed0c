"""Response streams to clients: over HTTP as server-sent events or multipart, and over WebSockets."""
