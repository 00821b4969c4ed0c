"""The demo users, known to every service's demo data by their fixed ids.

The ids are version 7 UUIDs like any other; the password is public and exists only where demo data is loaded.
"""

from typing import NamedTuple
from uuid import UUID


class DemoUser(NamedTuple):
    """Someone to sign in as."""

    id: UUID
    email: str
    name: str


DEMO_USERS = (
    DemoUser(UUID("0199d3a0-0000-7000-8000-000000000001"), "alheit@hansa.example", "Alheit Warendorp"),
    DemoUser(UUID("0199d3a0-0000-7000-8000-000000000002"), "hinrich@hansa.example", "Hinrich Castorp"),
    DemoUser(UUID("0199d3a0-0000-7000-8000-000000000003"), "gese@hansa.example", "Gese Pleskow"),
)

DEMO_PASSWORD = "lubeck-1356-cog"  # noqa: S105 - printed for everyone to sign in with
