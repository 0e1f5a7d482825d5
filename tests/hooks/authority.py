"""A Pebble for clients that give up where a nonce is refused, and what they do with it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import pebble, topology
from tests.lab.program import Program

ADDRESS = "127.0.0.31"


@contextmanager
def authority(folder: Path) -> Iterator[pebble.Pebble]:
    """Run an ACME server whose validation asks the resolver that keeps its cache."""
    pebble.certify(ADDRESS, folder)
    configuration = {
        "listenAddress": f"{ADDRESS}:14000",
        "managementListenAddress": f"{ADDRESS}:15000",
        "certificate": str(folder / "leaf.pem"),
        "privateKey": str(folder / "key.pem"),
        "httpPort": 5002,
        "tlsPort": 5001,
    }
    path = folder / "pebble.json"
    path.write_text(json.dumps({"pebble": configuration}))
    served = pebble.Pebble(
        folder / "ca.pem", f"https://{ADDRESS}:14000/dir", f"https://{ADDRESS}:15000/"
    )
    program = Program(
        ["pebble", "-config", str(path), "-dnsserver", f"{topology.CA_RESOLVER}:53"],
        {**pebble.ENVIRONMENT, "PEBBLE_WFE_NONCEREJECT": "0"},
    )
    try:
        program.await_that(served.answers)
        yield served
    finally:
        program.close()
