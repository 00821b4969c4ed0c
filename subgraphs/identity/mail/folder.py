"""Mail as files: each message an `.eml` in a folder, for a platform that runs alone, and what was written read back."""

import asyncio
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from msgspec import Struct


class KeptLetter(Struct, frozen=True):
    """A letter in the folder; `at` is when it was written."""

    id: str
    at: datetime
    to: str
    subject: str
    text: str


class FolderMailer:
    """Writes `<message id>.eml`; what is sent twice is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        await asyncio.to_thread(self._write, message)

    async def newest(self, count: int) -> list[KeptLetter]:
        """The letters that were written last, the newest first."""
        return await asyncio.to_thread(self._read, count)

    def _write(self, message: EmailMessage) -> None:
        # Letters open accounts: they are for the folder's owner only.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        part = self._folder / f"{name}.part"
        part.write_bytes(message.as_bytes())
        part.replace(self._folder / f"{name}.eml")

    def _read(self, count: int) -> list[KeptLetter]:
        written = ((file.stat().st_mtime, file) for file in self._folder.glob("*.eml"))
        newest = sorted(written, reverse=True)[:count]
        return [_letter(file, datetime.fromtimestamp(at, UTC)) for at, file in newest]


def _letter(file: Path, at: datetime) -> KeptLetter:
    message = message_from_bytes(file.read_bytes(), policy=policy.default)
    return KeptLetter(file.stem, at, message["To"], message["Subject"], message.get_content())
