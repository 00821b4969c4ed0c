import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from common.auth import InvalidToken, Reason, TokenVerifier


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def segment(value: Any) -> str:
    return encode(json.dumps(value).encode())


def unsigned(issuer: Any) -> str:
    _, payload, _ = issuer.token().split(".")
    return f"{segment({'typ': 'at+jwt', 'alg': 'none', 'kid': 'k1'})}.{payload}."


def signed_by_public_key_as_secret(issuer: Any) -> str:
    secret = issuer.keys["k1"].as_pem(private=False)
    signed = f"{segment({'typ': 'at+jwt', 'alg': 'HS256', 'kid': 'k1'})}.{segment({'sub': 'u1'})}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), 'sha256'))}"


def without_key_id(_issuer: Any) -> str:
    return f"{segment({'typ': 'at+jwt', 'alg': 'ES256'})}.{segment({'sub': 'u1'})}.c2ln"


def with_critical_extension(_issuer: Any) -> str:
    return (
        f"{segment({'typ': 'at+jwt', 'alg': 'ES256', 'kid': 'k1', 'crit': ['x'], 'x': 1})}.{segment({})}.c2ln"
    )


def signed_by_rsa(_issuer: Any) -> str:
    header = {"typ": "at+jwt", "alg": "RS256", "kid": "k1"}
    return jwt.encode(header, {"sub": "u1"}, RSAKey.generate_key(2048), algorithms=["RS256"])


def tampered(issuer: Any) -> str:
    header, payload, signature = issuer.token().split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{segment({**claims, 'sub': 'admin'})}.{signature}"


def under_a_key_for_another_algorithm(issuer: Any) -> str:
    key = issuer.add("k384", alg="ES384")
    plain = ECKey.import_key(
        {name: key.as_dict(private=True)[name] for name in ("kty", "crv", "x", "y", "d")}
    )
    return str(issuer.token(header={"kid": "k384"}, key=plain))


def raw(issuer: Any, header: str, claims: str | bytes) -> str:
    """A token of these texts, well signed."""
    payload = claims.encode() if isinstance(claims, str) else claims
    signed = f"{encode(header.encode())}.{encode(payload)}"
    r, s = decode_dss_signature(issuer.keys["k1"].private_key.sign(signed.encode(), ECDSA(SHA256())))
    return f"{signed}.{encode(r.to_bytes(32) + s.to_bytes(32))}"


HEADER = '{"typ":"at+jwt","alg":"ES256","kid":"k1"}'
GOOD = f'{{"iss":"https://issuer.example","aud":"hansa","sub":"u1","exp":{int(time.time()) + 86_400}}}'


def with_a_key_of_its_own(issuer: Any) -> str:
    own = ECKey.generate_key("P-256", {"kid": "k1", "alg": "ES256"})
    return str(issuer.token(header={"jwk": own.as_dict(private=False)}, key=own))


class Published:
    """A key as a foreign issuer may publish it, however wrong."""

    def __init__(self, members: dict[str, Any]) -> None:
        self._members = members

    def as_dict(self, *, private: bool) -> dict[str, Any]:
        return {name: value for name, value in self._members.items() if private or name != "d"}


def under_a_key(issuer: Any, **parameters: Any) -> str:
    """Signed by a key that is published with `parameters`."""
    key = issuer.add("k2")
    plain = ECKey.import_key(key.as_dict(private=True) | {"key_ops": ["sign"]})
    members = key.as_dict(private=True) | parameters
    issuer.keys["k2"] = Published({name: value for name, value in members.items() if value is not None})
    return str(issuer.token(header={"kid": "k2"}, key=plain))


def as_der(issuer: Any) -> str:
    """With the signature as X.509 has it, not as JWA (RFC 7518 section 3.4)."""
    signed = issuer.token().rpartition(".")[0]
    return f"{signed}.{encode(issuer.keys['k1'].private_key.sign(signed.encode(), ECDSA(SHA256())))}"


CASES: dict[str, tuple[Reason, Callable[[Any], str]]] = {
    "no JWT": (Reason.MALFORMED, lambda _: "abc"),
    "empty": (Reason.MALFORMED, lambda _: ""),
    "four segments": (Reason.MALFORMED, lambda issuer: issuer.token() + ".x"),
    "padded": (Reason.MALFORMED, lambda issuer: issuer.token() + "="),
    "header is no object": (Reason.MALFORMED, lambda _: f"{segment([1])}.{segment({})}.x"),
    "too long": (Reason.MALFORMED, lambda issuer: issuer.token({"x": "y" * 9000})),
    "no subject": (Reason.MALFORMED, lambda issuer: issuer.token({"sub": None})),
    "no expiry": (Reason.MALFORMED, lambda issuer: issuer.token({"exp": None})),
    "expiry is true": (Reason.MALFORMED, lambda issuer: issuer.token({"exp": True})),
    "critical extension": (Reason.MALFORMED, with_critical_extension),
    "characters that are no base64url": (Reason.MALFORMED, lambda issuer: issuer.token() + "\x00"),
    "expired": (Reason.EXPIRED, lambda issuer: issuer.token({"exp": int(time.time()) - 60})),
    "not valid yet": (Reason.EXPIRED, lambda issuer: issuer.token({"nbf": int(time.time()) + 60})),
    "another audience": (Reason.WRONG_AUDIENCE, lambda issuer: issuer.token({"aud": "bank"})),
    "no audience": (Reason.WRONG_AUDIENCE, lambda issuer: issuer.token({"aud": None})),
    "another issuer": (Reason.WRONG_ISSUER, lambda issuer: issuer.token({"iss": "https://evil.example"})),
    "none": (Reason.WRONG_ALGORITHM, unsigned),
    "public key as HMAC secret": (Reason.WRONG_ALGORITHM, signed_by_public_key_as_secret),
    "RS256": (Reason.WRONG_ALGORITHM, signed_by_rsa),
    "alg is a list": (Reason.WRONG_ALGORITHM, lambda _: f"{segment({'alg': ['ES256']})}.{segment({})}.x"),
    "key for another algorithm": (Reason.WRONG_ALGORITHM, under_a_key_for_another_algorithm),
    "tampered": (Reason.BAD_SIGNATURE, tampered),
    "another key of that id": (
        Reason.BAD_SIGNATURE,
        lambda issuer: issuer.token(key=ECKey.generate_key("P-256", {"kid": "k1"})),
    ),
    "a name twice in the header": (
        Reason.MALFORMED,
        lambda issuer: raw(issuer, HEADER.replace("{", '{"alg":"none",'), GOOD),
    ),
    "a name twice in the claims": (
        Reason.MALFORMED,
        lambda issuer: raw(issuer, HEADER, GOOD.replace("{", '{"sub":"admin",')),
    ),
    "a name twice deep in the claims": (
        Reason.MALFORMED,
        lambda issuer: raw(issuer, HEADER, GOOD.replace("{", '{"act":{"sub":"a","sub":"b"},')),
    ),
    "a header as deep as it is long": (Reason.MALFORMED, lambda issuer: raw(issuer, "[" * 5000, GOOD)),
    "claims as deep as they are long": (Reason.MALFORMED, lambda issuer: raw(issuer, HEADER, "[" * 5000)),
    "claims are no object": (Reason.MALFORMED, lambda issuer: raw(issuer, HEADER, "[1]")),
    "claims are no UTF-8": (Reason.MALFORMED, lambda issuer: raw(issuer, HEADER, b"\xff")),
    "an unencoded payload": (
        Reason.MALFORMED,
        lambda issuer: raw(issuer, HEADER.replace("{", '{"b64":false,'), GOOD),
    ),
    "padded in the midst": (Reason.MALFORMED, lambda issuer: issuer.token().replace(".", "=.", 1)),
    "a bit that no byte has": (Reason.BAD_SIGNATURE, lambda issuer: raw(issuer, HEADER, GOOD)[:-1] + "B"),
    "no header": (Reason.MALFORMED, lambda issuer: issuer.token().partition(".")[2]),
    "no signature": (Reason.BAD_SIGNATURE, lambda issuer: issuer.token().rpartition(".")[0] + "."),
    "a signature of zeros": (
        Reason.BAD_SIGNATURE,
        lambda issuer: f"{issuer.token().rpartition('.')[0]}.{encode(bytes(64))}",
    ),
    "a signature as X.509 has it": (Reason.BAD_SIGNATURE, as_der),
    "a key of its own": (Reason.BAD_SIGNATURE, with_a_key_of_its_own),
    "a key for encryption": (Reason.UNKNOWN_KEY, lambda issuer: under_a_key(issuer, use="enc")),
    "a key that may not verify": (
        Reason.UNKNOWN_KEY,
        lambda issuer: under_a_key(issuer, use="sig", key_ops=["encrypt"]),
    ),
    "a key of no algorithm": (Reason.UNKNOWN_KEY, lambda issuer: under_a_key(issuer, alg=None)),
    "the type is a number": (
        Reason.WRONG_TYPE,
        lambda issuer: raw(issuer, HEADER.replace('"at+jwt"', "1"), GOOD),
    ),
    "the algorithm in another case": (
        Reason.WRONG_ALGORITHM,
        lambda issuer: raw(issuer, HEADER.replace("ES256", "es256"), GOOD),
    ),
    "the algorithm is a list": (
        Reason.WRONG_ALGORITHM,
        lambda issuer: raw(issuer, HEADER.replace('"ES256"', '["ES256"]'), GOOD),
    ),
    "unknown key": (Reason.UNKNOWN_KEY, lambda issuer: issuer.token(header={"kid": "k9"})),
    "no key id": (Reason.UNKNOWN_KEY, without_key_id),
    "an id token": (Reason.WRONG_TYPE, lambda issuer: issuer.token(header={"typ": "JWT"})),
}


@pytest.mark.parametrize(("reason", "make"), CASES.values(), ids=CASES.keys())
async def test_a_token_that_does_not_count_is_refused_with_its_reason(
    issuer: Any, verifier: TokenVerifier, reason: Reason, make: Callable[[Any], str]
) -> None:
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(make(issuer))
    assert refusal.value.reason is reason


async def test_a_good_token_gives_subject_scopes_and_claims(issuer: Any, verifier: TokenVerifier) -> None:
    caller = await verifier.verify(issuer.token({"custom": 1}))
    assert caller.subject == "u1"
    assert caller.scopes == {"read", "write"}
    assert caller.claims["custom"] == 1


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
async def test_the_media_type_of_access_tokens_is_accepted_in_both_forms(
    issuer: Any, verifier: TokenVerifier, typ: str
) -> None:
    assert (await verifier.verify(issuer.token(header={"typ": typ}))).subject == "u1"


async def test_one_of_several_audiences_is_enough(issuer: Any, verifier: TokenVerifier) -> None:
    assert await verifier.verify(issuer.token({"aud": ["bank", "hansa"]}))


async def test_clocks_may_differ_a_little(issuer: Any, verifier: TokenVerifier) -> None:
    assert await verifier.verify(issuer.token({"exp": int(time.time()) - 10}))


async def test_a_remembered_token_still_expires(issuer: Any, keys: Any) -> None:
    now = time.time()
    verifier = TokenVerifier(keys, ["https://issuer.example"], ["hansa"], now=lambda: now)
    token = issuer.token({"exp": int(now) + 5})
    await verifier.verify(token)
    now += 40
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    assert refusal.value.reason is Reason.EXPIRED


async def test_a_remembered_token_is_refused_when_its_key_is_withdrawn(
    issuer: Any, verifier: TokenVerifier, clock: Any
) -> None:
    token = issuer.token()
    await verifier.verify(token)
    issuer.add("k2")
    del issuer.keys["k1"]
    clock.now += 301
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    assert refusal.value.reason is Reason.UNKNOWN_KEY


async def test_no_header_is_anonymous(verifier: TokenVerifier) -> None:
    assert await verifier.authenticate(None) is None


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dTpw", "token"])
async def test_another_authorization_header_is_refused_and_not_made_anonymous(
    verifier: TokenVerifier, header: str
) -> None:
    with pytest.raises(InvalidToken) as refusal:
        await verifier.authenticate(header)
    assert refusal.value.reason is Reason.MALFORMED


def test_a_refusal_is_a_challenge_and_a_graphql_error() -> None:
    refusal = InvalidToken(Reason.EXPIRED)
    assert dict(refusal.headers())["www-authenticate"].startswith('Bearer error="invalid_token"')
    error = json.loads(refusal.body())["errors"][0]
    assert error["extensions"] == {"code": "UNAUTHENTICATED", "reason": "EXPIRED"}


async def test_any_issuer_and_audience_may_be_accepted(issuer: Any, keys: Any) -> None:
    several = TokenVerifier(keys, ["https://one.test", "https://two.test"], ["a", "b"])
    for name, audience in (("one", "a"), ("two", ["x", "b"])):
        token = issuer.token({"iss": f"https://{name}.test", "aud": audience})
        assert (await several.verify(token)).subject == "u1"
    anyone = TokenVerifier(keys, None, None)
    assert await anyone.verify(issuer.token({"iss": 5, "aud": None}))
    for claims in ({"iss": ["https://one.test"], "aud": "a"}, {"iss": "https://one.test", "aud": [["a"]]}):
        with pytest.raises(InvalidToken):
            await several.verify(issuer.token(claims))


async def test_a_well_signed_token_of_ones_own_making_counts(issuer: Any, verifier: TokenVerifier) -> None:
    """So that the refusals above are for what they change."""
    assert (await verifier.verify(raw(issuer, HEADER, GOOD))).subject == "u1"
