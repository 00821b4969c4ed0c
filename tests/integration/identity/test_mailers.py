"""What each way of sending mail does; the same for a folder and for a real SMTP server."""

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiosmtpd.smtp import SMTP

from common.settings import Secret, SettingsError
from subgraphs.identity.domain.mail import Letter, message_of
from subgraphs.identity.mail import LetterRefusedError, Mailer, MailUnavailableError, open_mailer

LETTER = Letter("ada@hansa.example", "Grüße aus Lübeck", "Ein Brief\n.\nmit einem Punkt\n")


@dataclass
class Mailroom:
    """An SMTP server's side: what it took, and what it says to the next one."""

    taken: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if "DATA" not in self.answers:
            self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.answers.get("DATA", "250 OK")


@pytest.fixture
async def smtp() -> AsyncIterator[tuple[str, Mailroom]]:
    """The URL of a server, and its side."""
    room = Mailroom()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(room), "127.0.0.1", 0)
    yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?tls=off", room
    server.close()
    await server.wait_closed()


@pytest.fixture(params=["folder", "smtp"])
def sent(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Mailer, Callable[[], list[EmailMessage]]]:
    """A mailer, and what has arrived by it."""
    if request.param == "folder":

        def read() -> list[EmailMessage]:
            files = tmp_path.glob("mail/*.eml")
            return [
                email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files
            ]

        return open_mailer(Secret(f"file://{tmp_path}/mail")), read
    url, room = request.getfixturevalue("smtp")
    return open_mailer(Secret(url)), lambda: room.taken


async def test_a_letter_arrives_as_it_was_written(sent: Any) -> None:
    mailer, read = sent
    id_ = uuid4()
    await mailer.send(message_of(LETTER, id_, "Hansa <no-reply@hansa.example>"))
    (message,) = read()
    assert (message["To"], message["Subject"]) == (LETTER.to, LETTER.subject)
    assert (message["From"], message["Message-ID"]) == ("Hansa <no-reply@hansa.example>", f"<{id_}@hansa>")
    assert message.get_content().replace("\r\n", "\n") == LETTER.text


async def test_letters_lie_in_a_folder_for_its_owner_only(tmp_path: Path) -> None:
    mailer = open_mailer(Secret(f"file://{tmp_path}/mail"))
    message = message_of(LETTER, uuid4(), "no-reply@hansa.example")
    for _ in range(2):
        await mailer.send(message)
    assert len(list((tmp_path / "mail").iterdir())) == 1
    assert (tmp_path / "mail").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ({"RCPT": "450 later"}, MailUnavailableError),
        ({"RCPT": "550 nobody here"}, LetterRefusedError),
        ({"DATA": "451 later"}, MailUnavailableError),
        ({"DATA": "554 no"}, LetterRefusedError),
    ],
)
async def test_what_a_server_refuses_is_known_to_be_for_now_or_for_good(
    smtp: tuple[str, Mailroom], answers: dict[str, str], error: type[Exception]
) -> None:
    url, room = smtp
    room.answers.update(answers)
    with pytest.raises(error):
        await open_mailer(Secret(url)).send(message_of(LETTER, uuid4(), "no-reply@hansa.example"))
    assert room.taken == []


async def test_a_server_that_is_away_may_be_tried_again_and_no_password_is_told() -> None:
    mailer = open_mailer(Secret("smtp://ada:secret@127.0.0.1:1"))
    with pytest.raises(MailUnavailableError) as refusal:
        await mailer.send(message_of(LETTER, uuid4(), "no-reply@hansa.example"))
    assert "secret" not in str(refusal.value)


async def test_an_address_that_the_server_cannot_be_told_is_refused(smtp: tuple[str, Mailroom]) -> None:
    letter = Letter("grüße@hansa.example", "Hail", "A text\n")
    with pytest.raises(LetterRefusedError):
        await open_mailer(Secret(smtp[0])).send(message_of(letter, uuid4(), "no-reply@hansa.example"))


async def test_without_tls_no_password_and_no_letter_go_out(smtp: tuple[str, Mailroom]) -> None:
    url, room = smtp
    with pytest.raises(MailUnavailableError, match="SMTPNotSupportedError"):
        await open_mailer(Secret(url.partition("?")[0])).send(message_of(LETTER, uuid4(), "a@hansa.example"))
    assert room.taken == []


@pytest.mark.parametrize("url", ["", "mail", "file:mail", "http://hansa.example", "smtp://"])
def test_what_names_no_place_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="HANSA_MAIL_URL"):
        open_mailer(Secret(url))
