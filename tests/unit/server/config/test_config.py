from pathlib import Path

import pytest

from gateway.server.config import LOCAL, ConfigError, RouterConfig, load_config, parse_config


def refused(text: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, environment or {})
    return str(caught.value)


def test_an_empty_file_is_a_configuration() -> None:
    assert parse_config("", {}) == RouterConfig()


def test_introspection_and_plans_are_off_in_a_file_that_does_not_name_them_and_on_without_a_file() -> None:
    config = parse_config("", {})
    assert not config.supergraph.introspection
    assert not config.plugins.expose_query_plan
    assert LOCAL.supergraph.introspection
    assert LOCAL.plugins.expose_query_plan


def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_key() -> None:
    text = "supergraph:\n  listen: 127.0.0.1:1\n  introspecton: true\n"
    assert refused(text) == "router.yaml:3: Unknown key `introspecton`; did you mean `introspection`?"


def test_an_unknown_key_without_a_near_one_lists_what_is_known() -> None:
    assert "known here: max_depth" not in refused("xyzzy: 1")
    assert "known here: apq, authentication, authorization, " in refused("xyzzy: 1")


def test_an_unknown_key_is_found_in_lists_and_below_subgraph_names() -> None:
    text = (
        "headers:\n  subgraphs:\n    products:\n      request:\n        - propogate:\n            named: x\n"
    )
    assert refused(text) == "router.yaml:5: Unknown key `propogate`; did you mean `propagate`?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("supergraph:\n  listen: 4", "router.yaml:2: `supergraph.listen`: Expected `str`, got `int`"),
        ("supergraph: 5", "router.yaml:1: `supergraph`: Expected `object`, got `int`"),
        ("limits:\n  max_depth: 0", "router.yaml:2: `limits.max_depth`: Expected `int` >= 1"),
        (
            "trusted_proxies:\n- 10.0.0.0/8\n- nowhere",
            "router.yaml:3: Expected an address or a network: 'nowhere' does not appear to be an IPv4 or IPv6 network",
        ),
        ("- 1", "router.yaml:1: Expected an object at the top"),
        ("a: [", "router.yaml:1: Not YAML: expected the node content, but found '<stream end>'"),
        (
            "homepage:\n  enabled: true\nhomepage:\n  enabled: false",
            "router.yaml:3: The key `homepage` stands twice",
        ),
        ("a: &x\n  b: *x", "router.yaml:1: An alias may not contain itself"),
    ],
)
def test_a_wrong_value_is_named_with_its_line(text: str, message: str) -> None:
    assert refused(text) == message


@pytest.mark.parametrize(
    "rule",
    [
        "{}",
        "insert: {name: a}",
        "insert: {name: a, value: b, claim: c}",
        "insert: {name: a, from_context: other}",
        "propagate: {}",
        "propagate: {named: a, matching: b}",
        "remove: {matching: '['}",
        "propagate: {matching: a, rename: b}",
        "{insert: {name: a, value: b}, remove: {named: a}}",
    ],
)
def test_a_header_rule_that_contradicts_itself_is_refused_on_its_line(rule: str) -> None:
    text = f"headers:\n  all:\n    request:\n      - insert: {{name: x, value: y}}\n      - {rule}\n"
    assert refused(text).startswith("router.yaml:5: ")


def test_the_environment_is_expanded_and_takes_the_type_of_its_place() -> None:
    text = "limits:\n  max_depth: ${env.DEPTH:-7}\nsupergraph:\n  introspection: ${env.INTROSPECTION}\n"
    config = parse_config(text, {"INTROSPECTION": "true"})
    assert config.limits.max_depth == 7
    assert config.supergraph.introspection is True


def test_a_variable_that_is_not_set_and_has_no_default_is_named() -> None:
    assert refused("supergraph:\n  listen: ${env.NOWHERE}") == (
        "router.yaml:2: The environment variable NOWHERE is not set and `${env.NOWHERE}` has no default"
    )


def test_a_files_text_stands_for_its_path(tmp_path: Path) -> None:
    file = tmp_path / "listen.txt"
    file.write_text("127.0.0.1:1")
    config = parse_config(f"supergraph:\n  listen: ${{file.{file}}}", {})
    assert config.supergraph.listen == "127.0.0.1:1"
    assert refused(f"supergraph:\n  listen: ${{file.{file}x}}").startswith(
        f"router.yaml:2: The file {file}x cannot be read: "
    )


def test_an_expansion_of_another_kind_is_refused() -> None:
    assert "is not of the form" in refused("supergraph:\n  listen: ${vault.x}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("500ms", 0.5), ("1m 30s", 90), ("1m30s", 90), ("0.5s", 0.5), ("1h", 3600)],
)
def test_durations_have_units(text: str, seconds: float) -> None:
    config = parse_config(f"traffic_shaping:\n  router:\n    timeout: {text}", {})
    assert config.traffic_shaping.router.timeout == seconds


@pytest.mark.parametrize("text", ["5", "0s", "5 parsecs", "s", "''", "-1s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    message = refused(f"traffic_shaping:\n  router:\n    timeout: {text}")
    assert message.startswith(
        "router.yaml:3: `traffic_shaping.router.timeout`: Expected a duration such as `30s`"
    )


def test_a_subgraphs_timeout_beats_that_of_all() -> None:
    text = "traffic_shaping:\n  all:\n    timeout: 5s\n  subgraphs:\n    a:\n      timeout: 1s\n"
    config = parse_config(text, {})
    assert (config.subgraph_timeout("a"), config.subgraph_timeout("b")) == (1, 5)


def test_a_subgraphs_error_inclusion_beats_that_of_all() -> None:
    config = parse_config("include_subgraph_errors:\n  all: true\n  subgraphs:\n    a: false\n", {})
    assert (config.include_subgraph_errors.of("a"), config.include_subgraph_errors.of("b")) == (False, True)


@pytest.mark.parametrize(
    "text",
    [
        "plugins:\n  experimental.expose_query_plan: true",
        "plugins:\n  experimental:\n    expose_query_plan: true",
    ],
)
def test_query_plan_exposure_is_read_in_both_spellings(text: str) -> None:
    assert parse_config(text, {}).plugins.expose_query_plan


def test_the_console_is_on_unless_both_pages_are_off() -> None:
    assert parse_config("", {}).console
    assert not parse_config("homepage:\n  enabled: false", {}).console
    assert parse_config("homepage:\n  enabled: false\nsandbox:\n  enabled: true", {}).console


def test_a_file_that_is_missing_or_not_utf8_is_an_error_with_its_name(tmp_path: Path) -> None:
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\xff")
    for file in (tmp_path / "missing.yaml", binary):
        with pytest.raises(ConfigError, match=f"{file.name}:1: Cannot be read"):
            load_config(file, {})


def test_the_platforms_own_file_loads() -> None:
    secrets = {"HANSA_RATELIMIT_TOKEN": "token", "HANSA_ROUTER_SECRET": "secret"}
    config = load_config(Path("compose/router.yaml"), secrets)
    assert config.headers.all.request
    assert config.authentication.router.jwt


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("{}", "A policy has `origins`, `match_origins` or both"),
        ("{origins: ['*']}", "`*` is not an origin such as `https://app.example`"),
        ("{origins: ['https://app.example/']}", "`https://app.example/` is not an origin"),
        ("{match_origins: ['[']}", "`[` is not a regular expression"),
        ("{origins: ['https://a.example'], methods: ['*']}", "means all only without `allow_credentials`"),
        ("{origins: ['https://a.example'], allow_headers: ['a b']}", "Expected `str` matching regex"),
    ],
)
def test_a_cors_policy_that_no_browser_would_follow_is_refused_on_its_line(policy: str, message: str) -> None:
    text = f"cors:\n  allow_credentials: true\n  policies:\n    - {policy}\n"
    found = refused(text)
    assert found.startswith("router.yaml:4: ")
    assert message in found


def test_any_origin_with_credentials_is_refused() -> None:
    assert refused("cors:\n  allow_any_origin: true\n  allow_credentials: true").startswith("router.yaml:3: ")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1mb", 1_000_000),
        ("1.5 KiB", 1536),
        ("2GB", 2_000_000_000),
        ("7", 7),
        ("'7b'", 7),
        ("512kib", 524_288),
    ],
)
def test_sizes_are_read_with_their_unit(text: str, size: int) -> None:
    limits = f"{{limits: {{max_file_size: {text}}}}}"
    config = parse_config(f"preview_file_uploads: {{enabled: true, protocols: {{multipart: {limits}}}}}", {})
    assert config.uploads is not None
    assert config.uploads.max_file_size == size


@pytest.mark.parametrize("text", ["0", "-1", "1 parsec", "''", "mb", "true"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    limits = f"{{limits: {{max_file_size: {text}}}}}"
    message = refused(f"preview_file_uploads: {{protocols: {{multipart: {limits}}}}}")
    assert "Expected a size such as `1mb`" in message
