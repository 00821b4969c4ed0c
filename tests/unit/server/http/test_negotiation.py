import pytest

from gateway.server.errors import RequestError
from gateway.server.http.negotiation import JSON, RESPONSE_JSON, negotiate


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/json", JSON),
        ("APPLICATION/JSON", JSON),
        ("application/json; charset=utf-8", JSON),
        ("application/graphql-response+json", RESPONSE_JSON),
        ("application/json, application/graphql-response+json", RESPONSE_JSON),
        ("application/graphql-response+json;q=0.5, application/json", JSON),
        ("application/json, multipart/mixed", JSON),
        ("text/html, */*;q=0.1", JSON),
        ("application/graphql-response+json;q=0, application/json;q=0.1", JSON),
    ],
)
def test_the_best_supported_media_type_is_chosen(accept: str | None, media_type: str) -> None:
    assert negotiate(accept) == media_type


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/json;q=0", "application/json; charset=utf-16", ",;,", "application/json;q=x"],
)
def test_what_is_not_supported_is_406_and_names_what_is(accept: str) -> None:
    with pytest.raises(RequestError, match=r"application/graphql-response\+json, application/json") as caught:
        negotiate(accept)
    assert caught.value.status == 406
