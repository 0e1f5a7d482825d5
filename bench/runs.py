"""One run of one client, measured from outside."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab import Lab, topology

from . import launch
from .authority import Authority
from .capture import capturing
from .clients import STAGE, Place
from .watch import served, watching

CASES = {
    "1": ["h001.example.test"],
    "both": ["example.test", "*.example.test"],
    "20": [host.removesuffix(".") for host in topology.HOSTS[:20]],
    "100": [host.removesuffix(".") for host in topology.HOSTS],
}
"""The names of a certificate, by what the command line calls them; ``both``: apex and wildcard."""

PRIVATE = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
"""Peers find addresses of name servers by the system's resolver: all get one of the laboratory."""

TOPMOST_S = 600
SAID = 2000
"""Characters, the last, that are shown of what a client said that failed."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run took. Seconds count from the start of the client's process.

    Attributes:
        client: One of `bench.clients`.
        case: One of `CASES`.
        delay: Seconds that both secondaries were kept behind the primary.
        ok: Whether it ended well: certificate issued; for `STAGE` exit 0.
        ready: When the last challenge was handed to the CA; for `STAGE` the end. None: never.
        wall: The end.
        cpu: Seconds of processor time, children included.
        peak: Largest resident memory in MiB.
        updates: RFC 2136 messages.
        calls: Requests to the CA.
        authoritative: Questions to authoritative servers, by type.
        recursive: The same to resolvers.
        wait: From the last write until the last server served it.
        lag: From then until `ready`.
        begun: When the comparison did that it is of, UTC.
    """

    client: str
    case: str
    delay: float
    ok: bool
    ready: float | None
    wall: float
    cpu: float
    peak: float
    updates: int
    calls: int
    authoritative: Mapping[str, int]
    recursive: Mapping[str, int]
    wait: float | None = None
    lag: float | None = None
    begun: str = ""

    @property
    def own(self) -> float | None:
        """Seconds until it ended, less `wait`: what was its own to be quick with."""
        return None if self.wait is None else self.wall - self.wait

    @property
    def questions(self) -> int:
        """All questions."""
        return sum(self.authoritative.values()) + sum(self.recursive.values())


def run(lab: Lab, authority: Authority, client: str, case: str, delay: float) -> Run:
    """Let *client* do *case* once, with empty caches, and clean up behind it."""
    lab.flush()
    with TemporaryDirectory(prefix="dns01-bench-") as folder:
        place = Place(lab, authority, Path(folder))
        command, environment = place.start(client, CASES[case])
        with ExitStack() as stack:
            if delay:
                stack.enter_context(lab.delay(knot=delay, nsd=delay))
            changes = stack.enter_context(watching())
            capture = stack.enter_context(capturing(place.folder))
            took = _launch(place.folder, command, environment)
        if client == STAGE:
            _tidy(place)
        lab.level()
        handed = authority.handed(took["start"])
        ok = took["exit"] == 0
        if not ok:
            print((place.folder / "said").read_text()[-SAID:], file=sys.stderr)
    ends = [took["end"]] if client == STAGE and ok else handed
    ready = max(ends, default=None)
    truth = served(changes, ready) if ready else None
    return Run(
        client=client,
        case=case,
        delay=delay,
        ok=ok,
        ready=ready and ready - took["start"],
        wall=took["end"] - took["start"],
        cpu=took["cpu_s"],
        peak=took["peak_mib"],
        updates=capture.updates.total(),
        calls=len([at for at, _ in authority.calls(took["start"])]),
        authoritative=capture.kinds((topology.ROOT, topology.TLD, *topology.AUTHORITATIVE)),
        recursive=capture.kinds(topology.PUBLIC_RECURSORS),
        wait=truth and truth[1] - truth[0],
        lag=truth and ready and ready - truth[1],
    )


def _launch(
    folder: Path, command: Sequence[str], environment: Mapping[str, str]
) -> dict[str, float]:
    resolver, took = folder / "resolv.conf", folder / "took.json"
    resolver.write_text(f"nameserver {topology.UNBOUND}\n")
    private = ["unshare", "--mount", "--propagation", "private", "sh", "-c", PRIVATE, "sh"]
    words = [sys.executable, "-I", "-S", launch.__file__, str(took)]
    limited = ["timeout", str(TOPMOST_S), *command]
    with (folder / "said").open("w") as said:
        subprocess.run(
            [*private, str(resolver), *words, *limited],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if not took.exists():
        raise RuntimeError((folder / "said").read_text())
    return dict(json.loads(took.read_text()))


def _tidy(place: Place) -> None:
    """Remove what `STAGE` left, as its caller would."""
    command = ["dns01", "clean", "--all"]
    subprocess.run(command, env=place.dns01, check=True, capture_output=True, cwd=place.folder)
