"""What payments reads from the environment."""

from typing import ClassVar

from common.settings import DataSettings


class Settings(DataSettings, frozen=True, kw_only=True):
    service: ClassVar[str] = "payments"
