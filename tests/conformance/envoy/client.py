"""Asks the limiter at the address of the first argument with Envoy's own messages and stub; prints the answers as JSON.

It runs in an environment of its own: Envoy's messages on PyPI install over modules that Hansa has.
"""

import json
import sys

import grpc
from envoy.extensions.common.ratelimit.v3.ratelimit_pb2 import RateLimitDescriptor
from envoy.service.ratelimit.v3.rls_pb2 import RateLimitRequest
from envoy.service.ratelimit.v3.rls_pb2_grpc import RateLimitServiceStub
from google.protobuf.json_format import MessageToDict


def main(address: str, token: str) -> None:
    request = RateLimitRequest(
        domain="shop", descriptors=[RateLimitDescriptor(entries=[{"key": "user", "value": "ada"}])]
    )
    with grpc.insecure_channel(address) as channel:
        stub = RateLimitServiceStub(channel)
        metadata = (("authorization", f"Bearer {token}"),)
        answers = [stub.ShouldRateLimit(request, metadata=metadata, timeout=20) for _ in range(3)]
    json.dump([MessageToDict(answer) for answer in answers], sys.stdout)


main(*sys.argv[1:])
