"""Certificates issued to the real lego, whose httpreq asks `dns01 serve`."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.hooks.authority import authority
from tests.hooks.bench import Bench, ended, trusting
from tests.lab import Lab, topology
from tests.lab.pebble import Pebble

pytestmark = pytest.mark.servers

LAG = 0.7
"""Seconds that a secondary stays behind: a client that does not wait is not issued a thing."""

BOTH = ["example.test", "*.example.test"]
PRIVATE = 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'
"""lego finds addresses of name servers by the system's resolver: it gets one of its own."""


@pytest.fixture(scope="module")
def pebble(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    lab.flush()
    with authority(tmp_path_factory.mktemp("pebble")) as pebble:
        yield pebble


@pytest.fixture
def bench(lab: Lab, pebble: Pebble, tmp_path: Path) -> Iterator[Bench]:
    lab.flush()
    with lab.delay(nsd=LAG):
        yield Bench(lab, pebble, tmp_path, dict(trusting(pebble)))


@contextmanager
def serving(bench: Bench) -> Iterator[Path]:
    """Serve for lego, with a login; yield the file that the log goes to."""
    login = {"DNS01_SERVE_USERNAME": "lego", "DNS01_SERVE_PASSWORD": "geheim"}
    log = bench.folder / "log"
    words = ["dns01", "serve", "--listen", "127.0.0.1:0"]
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=stderr, text=True,
            env=bench.environment | login | {"DNS01_SERVE_NAMES": "example.test"},
        ) as server,
    ):  # fmt: skip
        assert server.stdout is not None
        bench.extra |= {
            "HTTPREQ_ENDPOINT": server.stdout.readline().split()[-1],
            "HTTPREQ_USERNAME": login["DNS01_SERVE_USERNAME"],
            "HTTPREQ_PASSWORD": login["DNS01_SERVE_PASSWORD"],
            "HTTPREQ_POLLING_INTERVAL": "1",
        }
        try:
            yield log
        finally:
            server.terminate()
            assert server.wait(30) == 0


def privately(bench: Bench, command: list[str]) -> list[str]:
    """Return *command* with the laboratory's resolver as the system's."""
    path = bench.folder / "resolv.conf"
    path.write_text(f"nameserver {topology.UNBOUND}\n")
    shell = ["unshare", "--mount", "--propagation", "private", "sh", "-c", PRIVATE, "sh"]
    return [*shell, str(path), *command]


@pytest.mark.parametrize("mode", ["", "RAW"])
def test_lego_apex_and_wildcard(bench: Bench, mode: str) -> None:
    """
    Both values are written, lego sees them at every name server, and both are gone in the end.
    """
    with serving(bench) as log:
        bench.extra["HTTPREQ_MODE"] = mode
        lego = [word if word != "exec" else "httpreq" for word in bench.lego(BOTH)]
        status, said = ended(bench.start(privately(bench, lego)))
        assert status == 0, said
    told = log.read_text()
    assert bench.issued("lego/certificates/example.test.crt") == set(BOTH)
    for path in ("present", "cleanup"):
        assert told.count(f"POST /{path} _acme-challenge.example.test. 200") == 2, told
    assert "geheim" not in told + said
    assert bench.left(BOTH) == set()
    assert {receipt["state"] for receipt in bench.receipts()} == {"cleaned"}


def test_lego_two_runs_at_once(bench: Bench) -> None:
    """
    Two clients of one server, of which one name is both's: each gets its certificate.
    """
    hosts = [["example.test", "h001.example.test"], ["example.test", "h002.example.test"]]
    with serving(bench):
        running = []
        for folder, names in zip(("one", "two"), hosts, strict=True):
            words = [w if w != "exec" else "httpreq" for w in bench.lego(names, folder=folder)]
            running.append(bench.start(privately(bench, words)))
        for process in running:
            status, said = ended(process)
            assert status == 0, said
    assert bench.issued("one/certificates/example.test.crt") == set(hosts[0])
    assert bench.issued("two/certificates/example.test.crt") == set(hosts[1])
    assert bench.left([*hosts[0], *hosts[1]]) == set()


def test_lego_is_told_why_it_is_refused(bench: Bench) -> None:
    """
    A name that is not allowed: lego ends with the server's words, and nothing is written.
    """
    with serving(bench):
        lego = [word if word != "exec" else "httpreq" for word in bench.lego(["www.open.test"])]
        status, said = ended(bench.start(privately(bench, lego)))
    assert status != 0
    assert "403" in said
    assert "not served here" in said
    assert not bench.receipts()
