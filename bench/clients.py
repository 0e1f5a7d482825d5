"""The clients that are compared, as a careful user would call each: commands and environment."""

import base64
import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.lab import Lab, topology

from .authority import Authority

COMMANDS = Path(sys.executable).parent
FINALIZE = Path(__file__).parents[1] / "docs" / "examples" / "finalize_acme.py"

STAGE = "dns01 ready"
ISSUES = "dns01 run"
"""The same with an order at the CA, as its peers make one, and a certificate in the end."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one client runs once: a folder of its own, servers and CA of all."""

    lab: Lab
    authority: Authority
    folder: Path

    def start(self, client: str, hosts: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        """Return command and environment of *client* for *hosts*.

        Raises:
            ValueError: There is no such client.
        """
        match client.split(":"):
            case [name] if name == STAGE:
                return self._stage(hosts)
            case [name] if name == ISSUES:
                return self._issues(hosts)
            case ["lego", polling]:
                return self._lego(hosts, polling)
            case ["certbot", sleep]:
                return self._certbot(hosts, sleep)
            case _:
                raise ValueError(f"no such client: {client}")

    @property
    def dns01(self) -> dict[str, str]:
        """What every call of dns01 is given."""
        return {
            **self._plain,
            "DNS01_STATE_DIR": str(self.folder / "state"),
            "DNS01_SHARED_DIR": str(self.folder / "shared"),
            "DNS01_RESOLVERS": ",".join(topology.PUBLIC_RECURSORS),
            "DNS01_PROVIDER": "rfc2136",
            **self._key,
        }

    @property
    def _plain(self) -> dict[str, str]:
        return {"PATH": f"{COMMANDS}:{os.environ['PATH']}", "HOME": str(self.folder)}

    @property
    def _key(self) -> dict[str, str]:
        return {
            "RFC2136_NAMESERVER": topology.PRIMARY,
            "RFC2136_TSIG_KEY": self.lab.keys.all.name,
            "RFC2136_TSIG_SECRET": self.lab.keys.all.secret,
        }

    def _stage(self, hosts: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        path = self.folder / "order.json"
        path.write_text(json.dumps(document(hosts)))
        return ["dns01", "ready", "--from", str(path), "--json"], self.dns01

    def _issues(self, hosts: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        account, request = self.folder / "account.pem", self.folder / "request.pem"
        account.write_bytes(_pem(ec.generate_private_key(ec.SECP256R1())))
        request.write_bytes(signing_request(hosts))
        environment = {
            "ACME_DIRECTORY_URL": self.authority.pebble.directory,
            "ACME_ACCOUNT_KEY_FILE": str(account),
            "ACME_ACCEPT_TOS": "true",
            "SSL_CERT_FILE": str(self.authority.pebble.ca),
        }
        finalize = [sys.executable, str(FINALIZE), str(request), str(self.folder / "chain.pem")]
        command = ["dns01", "run", "--order", "acme", "--respond", ",".join(hosts), "--", *finalize]
        return command, self.dns01 | environment

    def _lego(self, hosts: Sequence[str], polling: str) -> tuple[list[str], dict[str, str]]:
        environment = {
            "LEGO_CA_CERTIFICATES": str(self.authority.pebble.ca),
            "RFC2136_TSIG_ALGORITHM": "hmac-sha256.",
            "RFC2136_POLLING_INTERVAL": polling,
            "RFC2136_SEQUENCE_INTERVAL": "0",
        }
        command = [
            *("lego", "--server", self.authority.pebble.directory, "--accept-tos"),
            *("--email", "a@b.test", "--path", str(self.folder / "lego"), "--dns", "rfc2136"),
            *_each("--dns.resolvers", [f"{each}:53" for each in topology.PUBLIC_RECURSORS]),
            *_each("--domains", hosts),
            "run",
        ]
        return command, self._plain | self._key | environment

    def _certbot(self, hosts: Sequence[str], sleep: str) -> tuple[list[str], dict[str, str]]:
        path = self.folder / "rfc2136.ini"
        key = self.lab.keys.all
        settings = {
            "server": topology.PRIMARY,
            "name": key.name,
            "secret": key.secret,
            "algorithm": "HMAC-SHA256",
        }
        path.touch(0o600)
        path.write_text("".join(f"dns_rfc2136_{k} = {v}\n" for k, v in settings.items()))
        command = [
            *("certbot", "certonly", "--non-interactive", "--agree-tos"),
            *("--register-unsafely-without-email", "--server", self.authority.pebble.directory),
            *("--dns-rfc2136", "--dns-rfc2136-credentials", str(path)),
            *("--dns-rfc2136-propagation-seconds", sleep, "--cert-name", "it"),
            *_each("-d", hosts),
            *(f"--{each}-dir={self.folder / each}" for each in ("config", "work", "logs")),
        ]
        trusting = {"REQUESTS_CA_BUNDLE": str(self.authority.pebble.ca)}
        return command, self._plain | trusting


def document(hosts: Sequence[str]) -> Mapping[str, object]:
    """Return an order with a new value for each of *hosts*."""
    tokens = [
        {
            "tokenName": "_acme-challenge",
            "tokenValue": base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode(),
            "challengeType": "DNS",
            "domain": host,
        }
        for host in hosts
    ]
    return {
        "status": "pending",
        "validationTokens": tokens,
        "orderUri": "urn:bench",
        "certificateUri": None,
    }


def signing_request(hosts: Sequence[str]) -> bytes:
    """Return a request for a certificate of *hosts*, as PEM."""
    names = x509.SubjectAlternativeName(list(map(x509.DNSName, hosts)))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    request = builder.add_extension(names, critical=False)
    return request.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()).public_bytes(
        Encoding.PEM
    )


def missing() -> list[str]:
    """Return the programs of the comparison that this machine lacks."""
    programs = ("lego", "tcpdump", "unshare", COMMANDS / "certbot", COMMANDS / "dns01")
    return [str(each) for each in programs if not shutil.which(each)]


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _each(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
