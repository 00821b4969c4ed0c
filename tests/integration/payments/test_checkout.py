"""Inventory and payments together, by events over JetStream."""

import json
from collections.abc import Mapping
from contextlib import AsyncExitStack

import asyncpg

from common.app import running
from common.http import Request, open_transport
from subgraphs.inventory import app as inventory_app
from subgraphs.payments import app as payments_app

STATES = """
    SELECT reservation.state, payment.state
    FROM inventory.reservation LEFT JOIN payments.payment ON reservation_id = reservation.id
    ORDER BY reservation.id
"""


async def test_both_services_are_ready_and_answer(checkout_environment: Mapping[str, str]) -> None:
    for service, query in (
        (inventory_app.service, b'{"query": "{ products { edges { node { sku } } } }"}'),
        (payments_app.service, b'{"query": "{ payment(id: 1) { id } }"}'),
    ):
        async with running(service.create_app(checkout_environment)) as app:
            transport = open_transport(f"app://{service.name}/graphql", apps={service.name: app})
            ready = await transport.send(Request(path="/health/ready", method="GET"))
            assert ready.status == 200
            headers = (("content-type", "application/json"),)
            answer = json.loads((await transport.send(Request(path="", body=query, headers=headers))).body)
            await transport.close()
        if service is inventory_app.service:
            assert answer == {"data": {"products": {"edges": []}}}
        else:
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_demo_reservations_are_paid(checkout_environment: Mapping[str, str]) -> None:
    connection = await asyncpg.connect(checkout_environment["DATABASE_URL"])
    async with AsyncExitStack() as stack:
        stack.push_async_callback(connection.close)
        for service in (inventory_app.service, payments_app.service):
            await stack.enter_async_context(running(service.create_app(checkout_environment)))
        for _ in range(2):
            await inventory_app.service.load_demo(checkout_environment)
            await payments_app.service.load_demo(checkout_environment)
        found = [tuple(row) for row in await connection.fetch(STATES)]
        assert found == [*[("COMMITTED", "CAPTURED")] * 5, ("RELEASED", "DECLINED")]
        assert await connection.fetchval("SELECT count(*) FROM payments.checkout") == 6
