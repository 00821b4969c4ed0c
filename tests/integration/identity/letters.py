"""The letters that identity wrote to a folder, read back as their receivers would."""

import asyncio
import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

TOKEN = re.compile(r"token=([\w-]+)")


class Letters:
    """A mail folder, seen from the outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[EmailMessage]:
        """Every letter, oldest first."""
        files = sorted(self.folder.glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    def to(self, address: str, subject: str = "") -> list[EmailMessage]:
        return [each for each in self.all() if each["To"] == address and subject in each["Subject"]]

    async def token(self, address: str, subject: str = "") -> str:
        """The token in the newest letter to the address, once there is one."""
        await self.arrived(address, subject)
        matched = TOKEN.search(self.to(address, subject)[-1].get_content())
        assert matched is not None
        return matched[1]

    async def arrived(self, address: str, subject: str = "", number: int = 1) -> None:
        """Waits until so many letters have come to the address."""
        async with asyncio.timeout(20):
            while len(self.to(address, subject)) < number:  # noqa: ASYNC110 - files set no event
                await asyncio.sleep(0.05)
