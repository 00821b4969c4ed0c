"""In one process or in several: the same answers, headers, errors and traces."""

import json
from collections import Counter
from typing import Any

from common.demo import DEMO_PASSWORD, DEMO_USERS
from common.http import Response
from common.telemetry.testing import OtlpReceiver, otlp_receiver

SIGN_IN = """mutation ($input: SignInInput!) { signIn(input: $input) {
  __typename ... on Session { accessToken user { name email } } } }"""
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
OTHER_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
OTHER_TRACEPARENT = f"00-{OTHER_TRACE}-00f067aa0ba902b7-01"
FORGED = {"hansa_deadline_ms": "0", "hansa_client_address": "192.0.2.1"}
CHANGING = {"ratelimit", "ratelimit-policy", "date", "content-length"}

OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "me": ("{ me { id name email createdAt } }", {}),
    "someone else": ("query ($id: ID!) { user(id: $id) { name email } }", {"id": str(DEMO_USERS[1].id)}),
    "nobody": ('{ user(id: "nobody") { name } }', {}),
    "aliases and fragments": ("{ a: me { ...F } b: me { ...F } } fragment F on User { id n: name }", {}),
    "introspection": ('{ __type(name: "User") { name kind fields { name } } }', {}),
    "bad sign-up": (
        "mutation ($i: SignUpInput!) { signUp(input: $i) { __typename ... on InvalidSignUp { field message } } }",
        {"i": {"email": "x", "password": "x", "name": "x"}},
    ),
    "syntax error": ("{ me {", {}),
    "unknown field": ("{ me { whale } }", {}),
    "wrong variable": ("query ($id: ID!) { user(id: $id) { name } }", {"id": None}),
    "products": ("{ products(first: 2) { edges { node { id sku name price { amount currency } } } } }", {}),
    "wallet": (
        "{ me { name wallet { balance { amount currency } } reservations(first: 2) { id state } } }",
        {},
    ),
}
BAD_TOKENS = ("Bearer x", "Basic eDp5", "Bearer ", "Bearer eyJhbGciOiJub25lIn0.e30.")


def shown(answer: Response) -> tuple[int, list[tuple[str, str]], Any]:
    headers = sorted(pair for pair in answer.headers if pair[0] not in CHANGING)
    return answer.status, headers, json.loads(answer.body)


async def sign_in(running: Any) -> str:
    user = {"email": DEMO_USERS[0].email, "password": DEMO_PASSWORD}
    session = (await running.data(SIGN_IN, {"input": user}))["signIn"]
    assert session["user"] == {"name": DEMO_USERS[0].name, "email": DEMO_USERS[0].email}
    return f"Bearer {session['accessToken']}"


async def answers(running: Any, token: str) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for name, (query, variables) in OPERATIONS.items():
        for who, headers in {"anonymous": {}, "signed in": {"authorization": token}}.items():
            answer = await running.ask(query, variables, traceparent=OTHER_TRACEPARENT, **headers)
            seen[f"{name}, {who}"] = shown(answer)
    for bad in BAD_TOKENS:
        answer = await running.ask("{ me { id } }", traceparent=OTHER_TRACEPARENT, authorization=bad)
        seen[bad] = shown(answer)
    for path in (
        "/identity/.well-known/jwks.json",
        "/identity/schema",
        "/identity/graphql",
        "/identity/none",
    ):
        answer = await running.get(path, traceparent=OTHER_TRACEPARENT)
        seen[path] = shown(answer)
    answer = await running.ask("{ me { id } }", traceparent=OTHER_TRACEPARENT, authorization=token, **FORGED)
    seen["forged"] = shown(answer)
    seen["forged at a door"] = (await running.get("/identity/health/ready", **FORGED)).status
    seen["ready"] = shown(await running.get("/health/ready"))[::2]
    return seen


def ways(receiver: OtlpReceiver) -> Counter[tuple[str, ...]]:
    """How often each way from the client down to a span occurs, as services and names."""
    own = {span.span_id: span for span in receiver.spans if span.trace_id == TRACE}

    def way(span_id: str) -> tuple[str, ...]:
        span = own.get(span_id)
        return (*way(span.parent_id), f"{span.service}: {span.name}") if span else ()

    return Counter(way(span_id) for span_id in own)


async def observe(up: Any, *, processes: bool) -> tuple[dict[str, Any], Counter[tuple[str, ...]]]:
    """What clients are answered, and the trace of one operation."""
    with otlp_receiver() as receiver:
        async with up(processes=processes, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint) as running:
            token = await sign_in(running)
            seen = await answers(running, token)
            await running.ask("{ me { name } }", authorization=token)
            await running.ask("{ me { name } }", authorization=token, traceparent=TRACEPARENT)
        return seen, ways(receiver)


async def test_answers_headers_errors_and_traces_are_the_same(up: Any) -> None:
    alone, traced_alone = await observe(up, processes=False)
    apart, traced_apart = await observe(up, processes=True)
    assert alone == apart
    assert alone["me, signed in"][2]["data"]["me"]["name"] == DEMO_USERS[0].name
    assert dict(alone["me, signed in"][1])["hansa-trace-id"] == OTHER_TRACE
    # A client's copy of a platform header does not reach a service.
    assert alone["forged"][2]["data"]["me"]["id"] == str(DEMO_USERS[0].id)
    assert alone["forged at a door"] == 200
    # The trace reaches from the client to the SQL.
    assert traced_alone == traced_apart
    deepest = max(traced_alone, key=len)
    assert deepest[0].startswith("router: ")
    assert any(step.startswith("identity: POST") for step in deepest)
    assert deepest[-1].startswith("identity: SELECT")


RESERVE = """mutation ($sku: String!) { reserveStock(input: {sku: $sku, quantity: 1}, idempotencyKey: "trace") {
  __typename ... on Reservation { id } } }"""
BUY = """mutation ($id: ID!) { checkout(reservationId: $id, paymentMethod: {provider: WALLET}, idempotencyKey: "trace") {
  __typename } }"""
PAID = "query ($id: ID!) { reservation(id: $id) { state } }"


async def test_a_trace_goes_on_through_events_to_whoever_takes_them(up: Any, eventually: Any) -> None:
    with otlp_receiver() as receiver:
        async with up(processes=False, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.endpoint) as running:
            token = await sign_in(running)
            products = await running.data("{ products(first: 1) { edges { node { sku } } } }")
            sku = products["products"]["edges"][0]["node"]["sku"]
            reserved = await running.data(RESERVE, {"sku": sku}, authorization=token)
            reservation = reserved["reserveStock"]["id"]
            await running.data(BUY, {"id": reservation}, authorization=token, traceparent=TRACEPARENT)

            async def is_paid() -> bool:
                answer = await running.data(PAID, {"id": reservation}, authorization=token)
                return bool(answer["reservation"]["state"] == "COMMITTED")

            await eventually(is_paid)
    spans = [span for span in receiver.spans if span.trace_id == TRACE]
    by_id = {span.span_id: span for span in spans}
    roots = [span for span in spans if span.parent_id not in by_id]
    assert [(root.service, root.parent_id) for root in roots] == [("router", "b7ad6b7169203331")]
    names = {(span.service, span.name) for span in spans}
    assert ("inventory", "process payments.checkout.started") in names
    assert ("payments", "process inventory.reservation.paying") in names
    assert any(service == "payments" and name.startswith("INSERT") for service, name in names)
