"""Usage: counted where a killed process leaves it, and handed to the control plane in batches until they are taken."""

from subgraphs.tenants.dataplane.usage.meter import Meter
from subgraphs.tenants.dataplane.usage.segment import Cell, Label
from subgraphs.tenants.dataplane.usage.sending import send_now, send_usage

__all__ = ("Cell", "Label", "Meter", "send_now", "send_usage")
