"""The runner: takes attempts to their providers and writes down what came of them. Nobody else calls a provider.

An attempt is SENT before the call. Who finds one that was sent before, by a process that died or in a call that brought no
answer, asks the provider by its key what became of it, and sends it again only if the provider has never heard of it. A
time-out is no answer: it decides nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

from opentelemetry.instrumentation.utils import suppress_instrumentation

from common.database import Database, RetryableError
from common.failpoints import failpoint
from common.live import Live
from subgraphs.payments.domain.attempts import Attempt, Operation, ProviderName
from subgraphs.payments.provider.port import CapturesInParts, Outcome, Provider, Unknown
from subgraphs.payments.service.operations import OnOutcome
from subgraphs.payments.service.recording import record
from subgraphs.payments.store import attempts
from subgraphs.payments.store.attempts import Claim

logger = logging.getLogger(__name__)

CONCURRENCY = 16
CALL_TIMEOUT = 20.0  # seconds for all that one claim asks of a provider
LEASE = timedelta(seconds=30)  # after which who claimed an attempt is taken for dead; longer than the call
POLL_INTERVAL = 0.5  # seconds
RETRY_INTERVAL = 0.5  # seconds


class AttemptRunner:
    """Runs what is due; `run` it as a task and cancel it to stop. Any number of processes may."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[ProviderName, Provider],
        on_outcome: OnOutcome,
    ) -> None:
        self._database = database
        self._providers = providers
        self._on_outcome = on_outcome
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def running(self, live: Live) -> AsyncIterator[None]:
        """Run until the end of the block, woken by the commits of all processes."""
        with live.waking("attempt", [""], self._wake):
            task = asyncio.create_task(self.run())
            try:
                yield
            finally:
                task.cancel()
                await asyncio.gather(task, *self._tasks, return_exceptions=True)

    async def run(self) -> None:
        """Run until cancelled; failures of the database are waited out."""
        with suppress_instrumentation():  # its polling is no part of any trace
            while True:
                self._wake.clear()
                try:
                    await self._start_due()
                except RetryableError as error:
                    logger.warning("provider operations wait for the database: %s", error)
                    await asyncio.sleep(RETRY_INTERVAL)
                except Exception:
                    logger.exception("provider operations cannot go on and are tried again")
                    await asyncio.sleep(RETRY_INTERVAL)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_INTERVAL):
                        await self._wake.wait()

    async def run_due(self) -> int:
        """Run what is due now to its end; how many that were."""
        claims = await self._claim(CONCURRENCY)
        await asyncio.gather(*(self._perform(claimed) for claimed in claims))
        return len(claims)

    async def _start_due(self) -> None:
        room = CONCURRENCY - len(self._tasks)
        if room == 0:
            return
        for claimed in await self._claim(room):
            task = asyncio.create_task(self._perform(claimed))
            self._tasks.add(task)
            task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._wake.set()

    async def _claim(self, limit: int) -> list[Claim]:
        async with self._database.transaction() as transaction:
            claims = await attempts.claim(transaction, limit, LEASE)
            failpoint("payments.claim.before_commit")
        failpoint("payments.claim.after_commit")
        return claims

    async def _perform(self, claimed: Claim) -> None:
        """Call and write down. What fails here is found again when the claim has run out."""
        try:
            outcome = await self._ask(claimed)
            await self._record(claimed, outcome)
            failpoint("payments.record.after_commit")
        except Exception:
            logger.exception("the outcome of %s was not written down", claimed.attempt.effect_key)

    async def _record(self, claimed: Claim, outcome: Outcome) -> None:
        while True:
            try:
                async with self._database.transaction() as transaction:
                    await record(transaction, claimed, outcome, self._on_outcome)
            except RetryableError as error:
                logger.warning("%s is written down again: %s", claimed.attempt.effect_key, error)
                await asyncio.sleep(RETRY_INTERVAL)
            else:
                return

    async def _ask(self, claimed: Claim) -> Outcome:
        attempt, provider = claimed.attempt, self._providers[claimed.attempt.method.provider]
        try:
            async with asyncio.timeout(CALL_TIMEOUT):
                if not claimed.is_new and (found := await provider.find(attempt.effect_key)):
                    return found
                failpoint("payments.call.before")
                outcome = await _send(provider, attempt)
                failpoint("payments.call.after")
                return outcome
        except TimeoutError:
            return Unknown(f"no answer within {CALL_TIMEOUT:.0f} s")
        except Exception as error:
            logger.exception("the adapter of %s failed", attempt.method.provider)
            return Unknown(f"the adapter failed: {error!r}")


async def _send(provider: Provider, attempt: Attempt) -> Outcome:
    key, amount, authorisation = attempt.effect_key, attempt.amount, attempt.authorisation
    if attempt.operation is Operation.AUTHORISE:
        return await provider.authorise(key, amount, attempt.method.token, str(attempt.payment_id))
    assert authorisation is not None, "everything else is about an authorisation"
    match attempt.operation:
        case Operation.CAPTURE if not attempt.is_last:
            assert isinstance(provider, CapturesInParts), "others are not asked to"
            return await provider.capture_part(key, authorisation, amount)
        case Operation.CAPTURE:
            return await provider.capture(key, authorisation, amount)
        case Operation.VOID:
            return await provider.void(key, authorisation)
        case Operation.REFUND:
            return await provider.refund(key, authorisation, amount)
