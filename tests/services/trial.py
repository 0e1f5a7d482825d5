"""Try one scenario, and see what is left once the fault is over."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_server
from typing import Protocol

from . import updates
from .authority import Authority
from .gate import Gate, passed
from .scenarios import RFC2136, SCENARIOS, Harm
from .scene import Outcome, Scene, cloudflare, order_api, route53
from .table import Key


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a scenario.

    Attributes:
        again: Whether the request that met the fault was repeated.
        stored, listed: Whether the value is in DNS, and in a receipt.
        healed: Whether, after the fault, `clean` leaves nothing.
        allowed: Seconds that the run was given.
    """

    outcome: Outcome
    again: bool
    stored: bool
    listed: bool
    healed: bool
    allowed: float


class Trouble(Protocol):
    """Makes a service faulty, and well again."""

    def begin(self) -> None: ...

    def end(self) -> None: ...

    @property
    def met(self) -> int:
        """How many requests, or connections where none came through, met it."""


@dataclass(frozen=True, slots=True)
class AtGate:
    """Trouble with an HTTP service."""

    gate: Gate
    harm: Harm

    def begin(self) -> None:
        self.gate.connections = 0
        self.gate.calls.clear()
        self.gate.fault, self.gate.meets, self.gate.often = (
            self.harm.fault, self.harm.meets, self.harm.often,
        )  # fmt: skip

    def end(self) -> None:
        self.gate.fault = passed

    @property
    def met(self) -> int:
        return len(self.gate.calls) or self.gate.connections


@dataclass(frozen=True, slots=True)
class AtServer:
    """Trouble with a DNS server."""

    server: updates.Server
    when: str
    fault: updates.Fault | None

    def begin(self) -> None:
        self.server.meets, self.server.fault = updates.MEETS[self.when], self.fault

    def end(self) -> None:
        self.server.fault = None

    @property
    def met(self) -> int:
        return len(self.server.calls)


@dataclass(frozen=True, slots=True)
class Ground:
    """What scenarios share: a folder, two authorities of which one is trusted, AWS's emulator."""

    folder: Path
    authority: Authority
    stranger: Authority
    endpoint: str

    def result(self, key: Key) -> Result:
        """Return what comes of the scenario *key*."""
        harm = SCENARIOS[key]
        with self._scene(key, harm) as (scene, trouble):
            is_late = key[1] == "removing"
            if is_late:
                assert scene.ready(60.0).exit == 0
                assert scene.stored()
            trouble.begin()
            outcome = scene.clean() if is_late else scene.ready(harm.timeout)
            again = (trouble.met or outcome.report["api_calls"]) > 1
            stored, listed = scene.stored(), scene.listed
            trouble.end()
            healed = not listed or (scene.clean().exit == 0 and not scene.stored())
            return Result(outcome, again, stored, listed, healed, harm.timeout)

    @contextmanager
    def _scene(self, key: Key, harm: Harm) -> Iterator[tuple[Scene, Trouble]]:
        service, when, fault = key
        place = f"s{list(SCENARIOS).index(key)}"
        if service != RFC2136:
            with self.scene(service, harm, place) as (scene, gate):
                yield scene, AtGate(gate, harm)
            return
        with updates.rfc2136(self.folder / place, f"www.{place}.test") as (scene, server):
            if harm.closed:
                scene.variables["RFC2136_NAMESERVER"] = f"127.0.0.1:{closed_port()}"
            yield scene, AtServer(server, when, updates.FAULTS.get(fault))

    @contextmanager
    def scene(self, service: str, harm: Harm, label: str) -> Iterator[tuple[Scene, Gate]]:
        """Set up an HTTP *service* behind a gate, with a zone and a folder called *label*."""
        label = f"{label}-{service[-3:].strip().lower()}"
        folder, host = self.folder / label, f"www.{label}.test"

        def behind(upstream: str) -> Gate:
            return self._gate(upstream, harm)

        match service:
            case "The order API":
                made = order_api(folder, host, behind)
            case "Cloudflare":
                made = cloudflare(folder, host, behind)
            case _:
                made = route53(folder, host, behind, self.endpoint)
        with made as (scene, gate):
            trusted = str(self.authority.path)
            scene.variables |= {"SSL_CERT_FILE": trusted, "AWS_CA_BUNDLE": trusted}
            yield scene, gate

    def _gate(self, upstream: str, harm: Harm) -> Gate:
        issuer = self.stranger if harm.is_strange else self.authority
        tls = None if harm.certificate is None else issuer.server(harm.certificate)
        gate = Gate(upstream, tls)
        gate.mute = harm.mute
        if harm.closed:
            gate.url = f"http://127.0.0.1:{closed_port()}"
        return gate


def closed_port() -> int:
    """Return a port at which nobody listens."""
    with create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
