"""Typed Python clients out of GraphQL operations: text in, the files of a package out, no I/O.

`hansa client` reads and writes the files. What the package needs while it runs is `runtime`, of which it gets a copy.
"""

from gateway.client.documents import ClientError, OperationFile, Problem
from gateway.client.generate import Options, Package, generate

__all__ = ("ClientError", "OperationFile", "Options", "Package", "Problem", "generate")
