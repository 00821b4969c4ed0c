"""The data plane: a reverse proxy that serves tenants' APIs by what the control plane has written.

It has no database. What it knows comes by `control.py`, and is kept in memory and on disk.
"""
