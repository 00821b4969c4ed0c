"""`/v1/reports/balance`: what moved, for the merchant's reconciliation."""

import csv
import io
from collections.abc import Sequence
from datetime import date

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from subgraphs.provider.domain.balance import Entry
from subgraphs.provider.service import CardProvider

_COLUMNS = (
    "balance_transaction_id",
    "created_utc",
    "reporting_category",
    "source_id",
    "payment_intent_id",
    "reference",
    "gross",
    "fee",
    "net",
    "currency",
)


def report_routes(provider: CardProvider) -> list[HTTPRouteHandler]:
    """The report of some days."""

    @get("/reports/balance", summary="The charges and refunds of some days as CSV", media_type="text/csv")
    async def report(first: FromQuery[date], last: FromQuery[date]) -> Response[str]:
        return Response(_csv(await provider.report(first, last)), media_type="text/csv")

    return [report]


def _csv(entries: Sequence[Entry]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for entry in entries:
        writer.writerow(
            (
                f"txn_{entry.id}",
                entry.created_at.isoformat(),
                entry.kind.value,
                entry.source_id,
                entry.intent_id,
                entry.reference,
                entry.amount,
                entry.fee,
                entry.amount - entry.fee,
                entry.currency,
            )
        )
    return file.getvalue()
