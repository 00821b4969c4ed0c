"""One service's spans, as a collector gets them."""

import base64
import json
import os
from collections.abc import AsyncIterator, Mapping

import pytest

from common.app import running
from common.database import migrate
from common.http import Request, Response, Transport, open_transport
from common.telemetry.testing import OtlpReceiver, otlp_receiver
from subgraphs.identity.app import service

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture
def environment(servers: Mapping[str, str], database_url: str, redis_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "NATS_URL": servers["NATS_URL"],
        "HANSA_ISSUER": "https://hansa.example",
        "HANSA_JWKS_URL": "app://identity/.well-known/jwks.json",
        "HANSA_KEY_ENCRYPTION_KEY": base64.b64encode(os.urandom(32)).decode(),
    }


async def sign_up(environment: dict[str, str]) -> Response:
    """The answer to a sign-up, from a service that was started and stopped for it."""
    await migrate(environment["DATABASE_URL"], schema="identity", scripts=service.migrations)
    app = service.create_app(environment)
    app.state.apps = {"identity": app}
    transport: Transport = open_transport("app://identity/graphql", apps=app.state.apps)
    query = 'mutation { signUp(input: {email: "a@b.example", password: "long enough", name: "A"}) { __typename } }'
    headers = (("content-type", "application/json"), ("traceparent", f"00-{TRACE}-{SPAN}-01"))
    async with running(app):
        answer = await transport.send(
            Request(path="", body=json.dumps({"query": query}).encode(), headers=headers)
        )
    await transport.close()
    return answer


@pytest.fixture
async def receiver() -> AsyncIterator[OtlpReceiver]:
    with otlp_receiver() as receiver:
        yield receiver


async def test_a_request_its_statements_and_its_commands_are_one_trace(
    environment: dict[str, str], receiver: OtlpReceiver
) -> None:
    answer = await sign_up(environment | {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint})
    assert dict(answer.headers)["hansa-trace-id"] == TRACE
    spans = [span for span in receiver.spans if span.trace_id == TRACE]
    (server,) = [span for span in spans if span.parent_id == SPAN]
    assert (server.service, server.name) == ("identity", "POST /graphql")
    children = {span.name.split()[0] for span in spans if span.parent_id == server.span_id}
    assert {"INSERT", "FCALL"} <= children


async def test_off_gives_the_same_answer_and_sends_nothing(
    environment: dict[str, str], receiver: OtlpReceiver
) -> None:
    disabled = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint, "OTEL_SDK_DISABLED": "true"}
    answer = await sign_up(environment | disabled)
    assert json.loads(answer.body) == {"data": {"signUp": {"__typename": "Session"}}}
    assert dict(answer.headers)["hansa-trace-id"] == TRACE
    assert receiver.spans == []
