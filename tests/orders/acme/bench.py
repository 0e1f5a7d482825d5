"""The real command, a real CA (Pebble), and DNS that both can see, on loopback."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acme import messages
from acme.client import ClientNetwork, ClientV2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from tests.acme_client import Patient
from tests.bridge import Site
from tests.lab.pebble import Pebble, certify
from tests.lab.program import Program

QUIET = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0", "PEBBLE_WFE_NONCEREJECT": "0"}
"""A CA that neither sleeps, nor refuses nonces, nor remembers what it has validated."""


def free_port() -> int:
    """Return a port that nobody listens at."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def pebble(
    folder: Path, resolver: str, environment: Mapping[str, str] = QUIET, **more: object
) -> Iterator[Pebble]:
    """Run Pebble, which validates by *resolver*; *more* goes into its configuration."""
    folder.mkdir()
    certify("127.0.0.1", folder)
    port, management = free_port(), free_port()
    configuration = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(folder / "leaf.pem"),
        "privateKey": str(folder / "key.pem"),
        "httpPort": 5002,
        "tlsPort": 5001,
        **more,
    }
    (folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
    command = ["pebble", "-config", str(folder / "pebble.json"), "-dnsserver", resolver]
    running = Pebble(
        folder / "ca.pem", f"https://127.0.0.1:{port}/dir", f"https://127.0.0.1:{management}/"
    )
    program = Program(command, environment)
    try:
        program.await_that(running.answers)
        yield running
    finally:
        program.close()


def new_key(path: Path, curve: ec.EllipticCurve | None = None) -> Path:
    """Write a new account key to *path*; of what comes out nothing may be found in it."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o600)
    return path


def client(ca: Pebble, path: Path) -> ClientV2:
    """Return another client of the account whose key is at *path*, at *ca*."""
    key = JWKEC(key=serialization.load_pem_private_key(path.read_bytes(), None))
    trust: Any = str(ca.ca)
    network: ClientNetwork = Patient(key, alg=ES256, verify_ssl=trust, timeout=10)
    found = ClientV2(ClientV2.get_directory(ca.directory, network), network)
    unknown = messages.RegistrationResource(body=messages.NewRegistration())
    found.query_registration(unknown)
    return found


@dataclass
class Bench:
    """A DNS host, the command's folder, a CA, and an account there."""

    site: Site
    ca: Pebble
    key: Path

    def variables(self) -> dict[str, str]:
        """Return what a user of the ACME source has set."""
        return {
            "ACME_DIRECTORY_URL": self.ca.directory,
            "ACME_ACCOUNT_KEY_FILE": str(self.key),
            "ACME_ACCEPT_TOS": "true",
            "SSL_CERT_FILE": str(self.ca.ca),
        }

    def report(self, *words: str, **more: str) -> dict[str, Any]:
        """Run the command with ``--json``; of the account's key nothing shows."""
        result = self.site.dns01(*words, "--json", **self.variables() | more)
        self.hides_key(result.stdout + result.stderr)
        document: dict[str, Any] = json.loads(result.stdout)
        assert document["exit"] == result.returncode, result
        return document

    def hides_key(self, text: str) -> None:
        """See that *text* has no piece of the account's key."""
        body = "".join(self.key.read_text().splitlines()[1:-1])
        pieces = {body[i : i + 12] for i in range(24, len(body) - 12)}  # before: same for all
        assert not [piece for piece in pieces if piece in text]
