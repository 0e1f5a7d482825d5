"""The CA of the comparison: Pebble, and a resolver that keeps nothing, as is best for every client.

With a resolver that keeps its cache, clients that validate two values of a name one after the
other fail; here they may pass.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import configuration, pebble
from tests.lab.program import Program
from tests.lab.rack import Rack

ADDRESS = "127.0.0.31"
RESOLVER = "127.0.0.106"
_NO_CACHE = f"{configuration.LIKE_THE_CA}    cache-max-ttl: 0\n    cache-max-negative-ttl: 0\n"
_CALL = re.compile(r"\b(?:POST|GET|HEAD) (?P<path>/\S*) -> calling handler")


@dataclass(frozen=True, slots=True)
class Authority:
    """A running CA.

    Attributes:
        pebble: Where it is reached, and whom to trust for it.
    """

    pebble: pebble.Pebble
    _program: Program

    def calls(self, since: float) -> list[tuple[float, str]]:
        """Return when which path was called after *since*."""
        lines = [(at, _CALL.search(line)) for at, line in self._program.lines.copy() if at >= since]
        return [(at, call["path"]) for at, call in lines if call]

    def handed(self, since: float) -> list[float]:
        """Return when a challenge was handed over to be validated."""
        return [at for at, path in self.calls(since) if path.startswith("/chalZ/")]


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """Start the CA and its resolver, and end them."""
    folder.mkdir()
    rack = Rack(folder)
    try:
        rack.serve(
            RESOLVER,
            ["unbound", "-d"],
            lambda its: configuration.unbound_with(RESOLVER, its, _NO_CACHE),
            {"hints": configuration.hints()},
        )
        rack.await_zones(RESOLVER, ["example.test."])
        path = folder / "pebble.json"
        path.write_text(json.dumps(_configured(folder)))
        program = Program(
            ["pebble", "-config", str(path), "-dnsserver", f"{RESOLVER}:53"],
            {**pebble.ENVIRONMENT, "PEBBLE_WFE_NONCEREJECT": "0"},
        )
        rack.programs[ADDRESS] = program
        served = pebble.Pebble(
            folder / "ca.pem", f"https://{ADDRESS}:14000/dir", f"https://{ADDRESS}:15000/"
        )
        program.await_that(served.answers)
        yield Authority(served, program)
    finally:
        rack.stop()


def _configured(folder: Path) -> dict[str, dict[str, object]]:
    pebble.certify(ADDRESS, folder)
    return {
        "pebble": {
            "listenAddress": f"{ADDRESS}:14000",
            "managementListenAddress": f"{ADDRESS}:15000",
            "certificate": str(folder / "leaf.pem"),
            "privateKey": str(folder / "key.pem"),
            "httpPort": 5002,
            "tlsPort": 5001,
        }
    }
