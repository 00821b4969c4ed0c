"""Tenants that share tables and see nothing of one another: row-level security, once for all services that have tenants.

A service's tables of tenants are made by `isolate` in its migrations, its use cases run in `Tenancy.transaction(tenant)`, and
a test asks `unguarded` that no table was forgotten.
"""

from common.tenancy.guard import unguarded
from common.tenancy.isolation import create_tenant_role, drop_tenant_role, isolate
from common.tenancy.tenancy import Tenancy

__all__ = ("Tenancy", "create_tenant_role", "drop_tenant_role", "isolate", "unguarded")
