"""Guarantee 49 of identity's README: letters in a folder are shown to admins alone, and those that are sent are not kept."""

import json
from collections.abc import Mapping
from typing import Any

from common.app import running
from common.http import Request, Response, Transport, open_transport
from subgraphs.identity.app import service
from tests.integration.identity.letters import Letters
from tests.integration.identity.test_roles import Admin


async def letters_for(transport: Transport, session: dict[str, Any] | None) -> Response:
    headers = (("authorization", f"Bearer {session['accessToken']}"),) if session else ()
    return await transport.send(Request(path="/letters", method="GET", headers=headers))


async def test_admins_read_the_newest_letters_and_nobody_else_does(identity: Any, letters: Letters) -> None:
    admin = await Admin.of(identity)
    assert json.loads((await letters_for(identity.transport, admin.session)).body) == []
    ada = await identity.sign_up()
    await letters.arrived("ada@hansa.example")
    await identity.sign_up("bob@hansa.example")
    token = await letters.token("bob@hansa.example")
    answer = await letters_for(identity.transport, admin.session)
    newest, first = json.loads(answer.body)
    assert (newest["to"], newest["subject"]) == ("bob@hansa.example", "Confirm your e-mail address")
    assert f"https://hansa.example/identity/verify-email?token={token}" in newest["text"]
    assert first["to"] == "ada@hansa.example"
    assert ("cache-control", "no-store") in answer.headers
    assert (await letters_for(identity.transport, ada)).status == 403
    assert (await letters_for(identity.transport, None)).status == 401


async def test_there_is_no_such_door_where_letters_are_sent(environment: Mapping[str, str]) -> None:
    for url in ("smtp://mail.invalid", ""):
        app = service.create_app({**environment, "HANSA_MAIL_URL": url})
        app.state.apps = {"identity": app}
        async with running(app):
            transport = open_transport("app://identity", apps=app.state.apps)
            assert (await letters_for(transport, None)).status == 404
            await transport.close()
