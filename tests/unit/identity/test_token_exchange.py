"""An exchanged token allows no more, lives no longer and says who acts (guarantee 38)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.identity.domain.token_exchange import exchanged_claims
from subgraphs.identity.oauth_errors import OAuthError

CLAIMS = {
    "iss": "https://issuer.example",
    "aud": "hansa",
    "sub": "ada",
    "iat": 1_000,
    "exp": 1_600,
    "jti": "j1",
    "sid": "s1",
    "fam": "f1",
    "client_id": "console",
    "scope": "graph jobs:admin",
    "roles": ["member"],
    "auth_time": 900,
}


def exchanged(claims: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return exchanged_claims(
        {**CLAIMS, **(claims or {})}, **{"audience": "payments", "actor": "router", "now": 1_100, **changes}
    )


def test_it_is_the_same_person_for_one_service_and_a_minute() -> None:
    assert exchanged() == {
        **{name: value for name, value in CLAIMS.items() if name != "jti"},
        "aud": "payments",
        "iat": 1_100,
        "exp": 1_160,
        "act": {"sub": "router"},
    }


def test_it_is_issued_to_the_millisecond_as_all_that_may_be_revoked_by_their_time() -> None:
    claims = exchanged(now=1_100.25)
    assert (claims["iat"], claims["exp"]) == (1_100.25, 1_160)


scopes = st.frozensets(st.sampled_from(["graph", "jobs:admin", "identity:admin", "openid"]))


@given(scopes, st.none() | scopes, st.integers(0, 2_000))
def test_it_never_allows_more_nor_lives_longer(
    had: frozenset[str], wanted: frozenset[str] | None, exp: int
) -> None:
    token = {"scope": " ".join(had), "exp": exp}
    if wanted is not None and not wanted <= had:
        with pytest.raises(OAuthError):
            exchanged(token, scopes=wanted)
        return
    claims = exchanged(token, scopes=wanted)
    assert set(claims["scope"].split()) == (had if wanted is None else wanted)
    assert claims["exp"] <= min(exp, 1_160)


@pytest.mark.parametrize("audience", ["hansa", "", "a b", "https://x.example", "../payments", "x" * 65])
def test_the_audience_is_one_other_service(audience: str) -> None:
    with pytest.raises(OAuthError) as refusal:
        exchanged(audience=audience)
    assert refusal.value.error == "invalid_target"


def test_who_acted_before_stands_inside_and_there_are_not_many() -> None:
    chain: dict[str, Any] = {"sub": "first"}
    assert exchanged({"act": chain})["act"] == {"sub": "router", "act": {"sub": "first"}}
    for name in ("second", "third", "fourth"):
        chain = {"sub": name, "act": chain}
    with pytest.raises(OAuthError):
        exchanged({"act": chain})
