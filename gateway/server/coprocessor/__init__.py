"""A program of its own that has a say at each stage of a request: Apollo Router's coprocessor protocol, version 1."""
