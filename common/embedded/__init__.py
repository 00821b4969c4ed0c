"""The real PostgreSQL, Valkey and NATS servers of the installed wheels, run beside the program.

A part whose URL stands in the environment is used as it is; the others are started under one directory
and stop with the program, however it ends.
"""

from common.embedded.account import EmbeddedError
from common.embedded.nats import NatsServer
from common.embedded.postgresql import PostgresServer
from common.embedded.servers import EmbeddedServers
from common.embedded.valkey import ValkeyServer

__all__ = ("EmbeddedError", "EmbeddedServers", "NatsServer", "PostgresServer", "ValkeyServer")
