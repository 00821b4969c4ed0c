"""Records of what clients ask for, to an event stream; loaded only where one is configured."""
