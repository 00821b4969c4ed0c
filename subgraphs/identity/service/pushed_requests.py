"""Keeping the authorization requests that clients push (RFC 9126), and giving them back when a browser comes with what stands for one."""

from collections.abc import Mapping

from common.database import Database
from common.failpoints import failpoint
from subgraphs.identity.domain.authorization import Refusal, check_request
from subgraphs.identity.domain.clients import Client
from subgraphs.identity.domain.pushed_requests import PREFIX, token_in
from subgraphs.identity.oauth_errors import UnsafeRequestError, invalid_request
from subgraphs.identity.opaque import digest, new_token
from subgraphs.identity.store import pushed_requests as store

_NO_PARAMETERS = frozenset({"client_secret"})


class PushedRequests:
    """Each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def push(self, client: Client, fields: Mapping[str, str]) -> str:
        """The `request_uri` of a request that is right.

        Raises:
            OAuthError: it is not, and would be refused in the browser.
        """
        if "request_uri" in fields:
            raise invalid_request("What is pushed is a request, not a request_uri (RFC 9126 section 2.1)")
        parameters = {name: value for name, value in fields.items() if name not in _NO_PARAMETERS}
        parameters["client_id"] = client.id
        try:
            check_request(parameters, client, is_pushed=True)
        except Refusal as refusal:
            raise refusal.error from refusal
        except UnsafeRequestError as error:
            raise invalid_request(error.message) from error
        token = new_token()
        async with self._database.transaction() as transaction:
            await store.insert_pushed(transaction, digest(token), client.id, parameters)
            failpoint("identity.pushed.before_commit")
        return PREFIX + token

    async def read(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        """The parameters of the request that a browser brings: those that were pushed if it names some, and none besides.

        Raises:
            UnsafeRequestError: what it names is used, too old, or another client's.
        """
        token = token_in(fields.get("request_uri"))
        if token is None:
            return fields
        async with self._database.transaction() as transaction:
            found = await store.pushed(transaction, digest(token), fields.get("client_id", ""))
        if found is None:
            raise UnsafeRequestError(
                "The application that sent you here has prepared this too long ago, or you have been here before. Begin there again."
            )
        return found

    async def forget(self, fields: Mapping[str, str]) -> None:
        """Deletes the request that was answered by no code."""
        token = token_in(fields.get("request_uri"))
        if token is not None:
            async with self._database.transaction() as transaction:
                await store.delete_pushed(transaction, digest(token))
