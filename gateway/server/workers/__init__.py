"""Several router processes at one address, under a supervisor."""
