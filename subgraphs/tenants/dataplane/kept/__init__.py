"""What the data plane knows, on disk: to start by when the control plane does not answer."""

from subgraphs.tenants.dataplane.kept.news import News
from subgraphs.tenants.dataplane.kept.store import Kept, Store

__all__ = ("Kept", "News", "Store")
