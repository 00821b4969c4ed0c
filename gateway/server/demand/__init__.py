"""Demand control: what an operation will cost, estimated before it is run, and what happens to one that is too dear."""
