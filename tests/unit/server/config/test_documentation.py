"""What the manual shows as configuration is one."""

import re
from pathlib import Path

import pytest

from gateway.server.config import LOCAL, RouterConfig, parse_config

PAGE = Path(__file__).parents[4] / "docs/traffic.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_configuration(example: str, tmp_path: Path) -> None:
    for name in ("router.crt", "intermediate.crt", "router.key", "ca.crt", "client.crt", "client.key"):
        (tmp_path / name).write_text("PEM")
    config = parse_config(example.replace("/etc/hansa", str(tmp_path)), {"SIGNING_SECRET": "s" * 32})
    assert config not in (RouterConfig(), LOCAL)
