"""Notices of ended sessions on their way to clients: posted in the transaction that ends the session, sent by whichever process takes them.

A crash loses none, and may have one sent again. A client that does not take it is asked a dozen times, and then left alone.
"""

import asyncio
import logging
from urllib.parse import urlencode

from common.database import Database
from common.failpoints import failpoint
from common.http import Request, TransportError, TransportLimits
from common.http.outward import open_outward
from subgraphs.identity.domain.logout_notices import TIMEOUT, Notice, delay_after
from subgraphs.identity.logout_tokens import LogoutTokens
from subgraphs.identity.service.clients import Clients
from subgraphs.identity.store import logout_notices as store

logger = logging.getLogger("hansa.identity")

_LIMITS = TransportLimits(max_connections=1, max_response_size=64 * 1024)
_HEADERS = (("content-type", "application/x-www-form-urlencoded"),)
_TAKEN = frozenset({200, 204})


class LogoutNotices:
    """Sends what was posted; any number of them may work at once. `may_be_inner`: clients may be at any address."""

    def __init__(
        self, database: Database, clients: Clients, tokens: LogoutTokens, *, may_be_inner: bool
    ) -> None:
        self._database = database
        self._clients = clients
        self._tokens = tokens
        self._may_be_inner = may_be_inner

    async def deliver(self) -> None:
        """Sends all that is due."""
        while claimed := await self._claim():
            failpoint("identity.logout.after_claim")
            await asyncio.gather(*map(self._deliver, claimed))

    async def _claim(self) -> list[Notice]:
        async with self._database.transaction() as transaction:
            return list(await store.claim(transaction))

    async def _deliver(self, notice: Notice) -> None:
        client = await self._clients.find(notice.client_id)
        problem = None
        if client is not None and client.backchannel_logout_uri is not None:
            problem = await self._send(client.backchannel_logout_uri, notice)
            failpoint("identity.logout.after_send")
        delay = delay_after(notice.attempts)
        async with self._database.transaction() as transaction:
            if problem is None or delay is None:
                await store.delete(transaction, notice.id)
            else:
                await store.postpone(transaction, notice.id, delay)
            failpoint("identity.logout.before_outcome")
        if problem is not None:
            then = "left alone" if delay is None else f"told again in {delay.total_seconds():.0f} s"
            logger.warning(
                "Client %s was not told of a logout (%s) and is %s", notice.client_id, problem, then
            )

    async def _send(self, uri: str, notice: Notice) -> str | None:
        """Why the client has not taken it, None if it has (section 2.8)."""
        body = urlencode({"logout_token": await self._tokens.issue(notice)}).encode()
        try:
            async with asyncio.timeout(TIMEOUT):
                transport = await open_outward(uri, may_be_inner=self._may_be_inner, limits=_LIMITS)
                try:
                    answer = await transport.send(Request(body=body, headers=_HEADERS))
                finally:
                    await transport.close()
        except TimeoutError:
            return "it did not answer in time"
        except TransportError as error:
            return str(error)
        return None if answer.status in _TAKEN else f"it answered {answer.status}"
