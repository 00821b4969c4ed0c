"""How many operations a client may run: who is counted by which key, who decides, and what clients are told."""
