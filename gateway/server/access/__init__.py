"""What a caller may see: who passes the guards of the supergraph, and how a client is told of what it may not see."""
