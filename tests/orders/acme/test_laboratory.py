"""The whole way at real servers: BIND, Knot, NSD and Unbound show what Pebble then validates."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import Lab, topology

from .bench import client, new_key

pytestmark = pytest.mark.servers

RESOLVERS = [word for at in topology.PUBLIC_RECURSORS for word in ("--resolver", at)]


def test_from_names_to_a_validated_order(lab: Lab, tmp_path: Path) -> None:
    """
    Apex and wildcard, secondaries late, a CA that caches and refuses nonces now and then: one
    order, two values, valid, and after CMD nothing is left.
    """
    key = new_key(tmp_path / "account.pem")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DNS01_STATE_DIR": str(tmp_path / "state"),
        "DNS01_SHARED_DIR": str(tmp_path / "shared"),
        "RFC2136_NAMESERVER": topology.PRIMARY,
        "RFC2136_TSIG_KEY": lab.keys.all.name,
        "RFC2136_TSIG_SECRET": lab.keys.all.secret,
        "ACME_DIRECTORY_URL": lab.pebble.directory,
        "ACME_ACCOUNT_KEY_FILE": str(key),
        "ACME_ACCEPT_TOS": "true",
        "SSL_CERT_FILE": str(lab.pebble.ca),
    }
    coverage = {k: v for k, v in os.environ.items() if k.startswith("COVERAGE")}
    lab.flush()
    name = "example.test,*.example.test"
    with lab.delay(knot=0.5, nsd=1.0):
        result = subprocess.run(
            [
                *(sys.executable, "-m", "pipeline", "run", "--order", "acme", "--respond", name),
                *(*RESOLVERS, "--", "sh", "-c", 'cat "$DNS01_REPORT"'),
            ],
            env=environment | coverage,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    [order] = report["orders"]
    assert order["status"] == "ready"
    assert len(report["records"]) == 2
    acme = client(lab.pebble, key)
    answer = acme.net.post(order["order_uri"], None, new_nonce_url=acme.directory["newNonce"])
    assert answer.json()["status"] == "ready"
    lab.level()
    leaf = "_acme-challenge.example.test."
    assert not any(lab.txt(leaf, address) for address in topology.AUTHORITATIVE)
