"""The whole platform as one program: embedded servers, services, the composed graph and the router over it."""

from gateway.platform.errors import PlatformError
from gateway.platform.options import Options
from gateway.platform.platform import Platform, running_platform
from gateway.platform.progress import Progress

__all__ = ["Options", "Platform", "PlatformError", "Progress", "running_platform"]
