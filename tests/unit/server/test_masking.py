"""What is left of a subgraph's error for the client."""

from typing import Any

import pytest

from gateway.server.config import ConfigError, parse_config
from gateway.server.masking import ErrorMask

ERROR = {"message": "no", "path": ["a"], "extensions": {"code": "C", "stack": "s", "service": "products"}}
REDACTED = "Subgraph errors redacted"


def shown(inclusion: str, subgraph: str = "products") -> tuple[str, set[str]]:
    """The message, and the keys of the extensions."""
    mask = ErrorMask(parse_config(f"include_subgraph_errors: {{{inclusion}}}", {}))
    error: dict[str, Any] = mask(subgraph, ERROR)
    assert error["path"] == ["a"]
    assert error["extensions"]["service"] == subgraph
    return error["message"], error["extensions"].keys() - {"service"}


@pytest.mark.parametrize(
    ("inclusion", "message", "keys"),
    [
        ("all: false", REDACTED, {"code"}),
        ("all: true", "no", {"code", "stack"}),
        ("all: {}", "no", {"code", "stack"}),
        ("all: {redact_message: true}", REDACTED, {"code", "stack"}),
        ("all: {allow_extensions_keys: [code]}", "no", {"code"}),
        ("all: {allow_extensions_keys: []}", "no", set()),
        ("all: {deny_extensions_keys: [stack]}", "no", {"code"}),
        ("all: {deny_extensions_keys: [service]}", "no", {"code", "stack"}),
        ("all: {redact_message: true}, subgraphs: {products: true}", "no", {"code", "stack"}),
        ("all: true, subgraphs: {products: false}", REDACTED, {"code"}),
        ("all: false, subgraphs: {products: {deny_extensions_keys: [stack]}}", "no", {"code"}),
        (
            "all: {redact_message: true}, subgraphs: {products: {redact_message: false}}",
            "no",
            {"code", "stack"},
        ),
        (
            "all: {redact_message: true}, subgraphs: {products: {allow_extensions_keys: [stack]}}",
            REDACTED,
            {"stack"},
        ),
        (
            "all: {allow_extensions_keys: [code]}, subgraphs: {products: {allow_extensions_keys: [stack]}}",
            "no",
            {"code", "stack"},
        ),
        (
            "all: {allow_extensions_keys: [code]}, subgraphs: {products: {deny_extensions_keys: [code]}}",
            "no",
            {"stack"},
        ),
        (
            "all: {allow_extensions_keys: [code, stack]}, subgraphs: {products: {exclude_global_keys: [code]}}",
            "no",
            {"stack"},
        ),
        (
            "all: {deny_extensions_keys: [code]}, subgraphs: {products: {deny_extensions_keys: [stack]}}",
            "no",
            set(),
        ),
        (
            "all: {deny_extensions_keys: [code, stack]}, subgraphs: {products: {exclude_global_keys: [code]}}",
            "no",
            {"code"},
        ),
        ("all: true, subgraphs: {reviews: false}", "no", {"code", "stack"}),
    ],
)
def test_the_configuration_decides(inclusion: str, message: str, keys: set[str]) -> None:
    assert shown(inclusion) == (message, keys)


def test_the_log_has_the_error_in_full(caplog: pytest.LogCaptureFixture) -> None:
    shown("all: {redact_message: true, allow_extensions_keys: []}")
    assert caplog.records[-1].__dict__["data"] == {"subgraph": "products", "error": ERROR}


def test_a_rule_that_both_allows_and_denies_is_refused() -> None:
    text = "include_subgraph_errors:\n  subgraphs:\n    a:\n      allow_extensions_keys: [x]\n      deny_extensions_keys: [y]\n"
    with pytest.raises(ConfigError, match="not both") as refused:
        parse_config(text, {})
    assert refused.value.line == 3
