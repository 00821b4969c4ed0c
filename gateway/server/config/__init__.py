"""The router's configuration: `router.yaml` in Apollo Router's keys, read once into frozen values."""

from gateway.server.config.errors import ConfigError
from gateway.server.config.load import load_config, parse_config
from gateway.server.config.schema import LOCAL, RouterConfig

__all__ = ("LOCAL", "ConfigError", "RouterConfig", "load_config", "parse_config")
