"""The rate limiter with its gRPC door open."""

from tests.integration.ratelimit.conftest import environment, grpc_address, service

__all__ = ("environment", "grpc_address", "service")
