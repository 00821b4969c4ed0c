"""Mail as files: each message an `.eml` in a folder, for a platform that runs alone."""

import asyncio
from email.message import EmailMessage
from pathlib import Path


class FolderMailer:
    """Writes `<message id>.eml`; what is sent twice is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        await asyncio.to_thread(self._write, message)

    def _write(self, message: EmailMessage) -> None:
        # Letters open accounts: they are for the folder's owner only.
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = message["Message-ID"].strip("<>").partition("@")[0]
        part = self._folder / f"{name}.part"
        part.write_bytes(message.as_bytes())
        part.replace(self._folder / f"{name}.eml")
