import base64
import json
from pathlib import Path

import pytest

from gateway.platform.errors import PlatformError
from gateway.platform.secrets import load_secrets


def test_secrets_are_made_once_and_only_their_user_may_read_them(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "platform"
    made = load_secrets(directory)
    assert len(base64.b64decode(made["HANSA_KEY_ENCRYPTION_KEY"])) == 32
    assert load_secrets(directory) == made
    assert (directory / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_what_an_older_platform_did_not_need_is_added(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"HANSA_KEY_ENCRYPTION_KEY": "old"}')
    made = load_secrets(tmp_path)
    assert made["HANSA_KEY_ENCRYPTION_KEY"] == "old"
    assert made["HANSA_RATELIMIT_TOKEN"]
    assert load_secrets(tmp_path) == made


def test_two_platforms_have_their_own(tmp_path: Path) -> None:
    assert load_secrets(tmp_path / "a") != load_secrets(tmp_path / "b")


def test_a_damaged_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("{")
    with pytest.raises(PlatformError, match="opens the signing keys"):
        load_secrets(tmp_path)
    assert file.read_text() == "{"


def test_what_an_interrupted_start_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "secrets.part").write_text("half")
    assert load_secrets(tmp_path) == json.loads((tmp_path / "secrets.json").read_text())
