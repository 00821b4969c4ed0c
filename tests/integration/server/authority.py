"""Certificates of a test's own."""

import datetime as dt
import ipaddress
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


class Authority:
    """A certificate authority: `pem` is its certificate, `issue` gives certificates for 127.0.0.1 with their keys."""

    def __init__(self, issuer: "Authority | None" = None) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {id(self)}")])
        signer = issuer or self
        self.pem = signer._sign(self._name, self._key, is_authority=True)

    def intermediate(self) -> Self:
        """An authority for which this one vouches."""
        return type(self)(self)

    def issue(self, *, password: bytes | None = None) -> tuple[str, str]:
        """A certificate and its key, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
        sealing: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if password is not None:
            sealing = serialization.BestAvailableEncryption(password)
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, sealing)
        return self._sign(name, key, is_authority=False), private.decode()

    def _sign(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, is_authority: bool) -> str:
        now = dt.datetime.now(dt.UTC)
        addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        builder = (
            x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + dt.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(addresses, critical=False)
        )
        return builder.sign(self._key, hashes.SHA256()).public_bytes(PEM).decode()
