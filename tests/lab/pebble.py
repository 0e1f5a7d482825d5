"""Pebble, the ACME server, and the certificate its API is served with."""

import json
import ssl
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import topology

# Some nonces are refused (a default left on: clients must cope), nothing sleeps, and each order
# is validated anew. With 0 percent an authorization is nevertheless reused once in 110 runs.
ENVIRONMENT = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"}


@dataclass(frozen=True, slots=True)
class Pebble:
    """A running ACME server.

    Attributes:
        ca: PEM file of the CA behind the certificate of Pebble's own API.
        directory: URL of the ACME directory (RFC 8555 §7.1.1).
        management: URL below which ``roots/0`` is the root of issued certificates.
    """

    ca: Path
    directory: str = f"https://{topology.PEBBLE}:14000/dir"
    management: str = f"https://{topology.PEBBLE}:15000/"

    def answers(self) -> bool:
        """Whether the directory can be fetched."""
        context = ssl.create_default_context(cafile=self.ca)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        try:
            with opener.open(self.directory, timeout=5):
                return True
        except OSError:
            return False


def prepare(folder: Path) -> tuple[Sequence[str], Pebble]:
    """Write certificate and configuration to *folder*; return the command to run and the server."""
    certify(topology.PEBBLE, folder)
    configuration = {
        "listenAddress": f"{topology.PEBBLE}:14000",
        "managementListenAddress": f"{topology.PEBBLE}:15000",
        "certificate": str(folder / "leaf.pem"),
        "privateKey": str(folder / "key.pem"),
        "httpPort": 5002,
        "tlsPort": 5001,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
    resolver = f"{topology.CA_RESOLVER}:53"
    command = ["pebble", "-config", str(folder / "pebble.json"), "-dnsserver", resolver]
    return command, Pebble(folder / "ca.pem")


def certify(address: str, folder: Path) -> None:
    """Write ca.pem, leaf.pem for *address* and its key.pem to *folder*."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = (
        _unsigned("dns01 laboratory CA", "dns01 laboratory CA", ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    leaf = (
        _unsigned(address, "dns01 laboratory CA", key.public_key())
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(issuer, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "leaf.pem").write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _unsigned(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
