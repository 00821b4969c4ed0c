"""The gateway of many tenants: who they are and how their APIs are served: the subgraph that owns `Tenant`."""
