"""What the merged supergraph must keep to as a whole."""
