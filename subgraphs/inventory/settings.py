"""What inventory reads from the environment."""

from typing import Annotated, ClassVar

from msgspec import Meta

from common.settings import DataSettings, variable


class Settings(DataSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "inventory"

    hold_seconds: Annotated[
        int,
        Meta(gt=0),
        variable("HANSA_INVENTORY_HOLD_SECONDS", "how long a reservation waits for its payment, in seconds"),
    ] = 900
    region: Annotated[
        str | None,
        Meta(min_length=1, max_length=16),
        variable(
            "HANSA_INVENTORY_REGION", "the region whose quotas reservations use; without one they use none"
        ),
    ] = None
