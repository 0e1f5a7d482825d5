"""Certificates issued to real clients, dns01 being their DNS stage, through a caching resolver."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge import until
from tests.lab import Lab, topology
from tests.lab.pebble import Pebble

from .authority import authority
from .bench import Bench, ended, trusting

pytestmark = pytest.mark.servers

LAG = 0.7
"""Seconds that a secondary stays behind: a client that does not wait is not issued a thing."""

LEGO = ("--dns.disable-cp", "--dns.resolvers", f"{topology.UNBOUND}:53")
"""Its own check stays off; what it still asks, it asks of a resolver that is there."""

BOTH = ["example.test", "*.example.test"]
TWENTY = [host.removesuffix(".") for host in topology.HOSTS[:20]]


@pytest.fixture(scope="module")
def pebble(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    assert lab.pebble.answers()
    with authority(tmp_path_factory.mktemp("pebble")) as pebble:
        yield pebble


@pytest.fixture
def bench(lab: Lab, pebble: Pebble, tmp_path: Path) -> Iterator[Bench]:
    lab.flush()
    with lab.delay(nsd=LAG):
        yield Bench(lab, pebble, tmp_path, dict(trusting(pebble)))


def states(bench: Bench) -> set[str]:
    return {receipt["state"] for receipt in bench.receipts()}


def test_certbot_apex_and_wildcard(bench: Bench) -> None:
    """
    certbot: both values stand together before a resolver hears of the name; nothing is left.
    """
    since = time.monotonic()
    status, said = ended(bench.start(bench.certbot(BOTH)))
    assert status == 0, said
    assert bench.issued("certbot/config/live/it/cert.pem") == set(BOTH)
    assert bench.early(BOTH, since) == {}
    assert bench.left(BOTH) == set()
    assert states(bench) == {"cleaned"}


def test_certbot_twenty_names_wait_once(bench: Bench) -> None:
    """
    certbot: nineteen calls only write, the twentieth waits for all twenty values.
    """
    since = time.monotonic()
    status, said = ended(bench.start(bench.certbot(TWENTY)))
    assert status == 0, said
    waits = [report for report in bench.reports() if report["status"] != "published"]
    assert [(each["status"], len(each["records"])) for each in waits] == [("ready", 20)]
    assert len(bench.reports()) == 20
    assert bench.early(TWENTY, since) == {}
    assert bench.left(TWENTY) == set()
    assert states(bench) == {"cleaned"}


def test_certbot_two_runs_at_once(bench: Bench) -> None:
    """
    certbot: two runs side by side each wait for their own values, and remove their own.
    """
    ones, others = TWENTY[:3], TWENTY[3:6]
    first = bench.start(bench.certbot(ones, folder="one"))
    second = bench.start(bench.certbot(others, folder="two"))
    assert [ended(each)[0] for each in (first, second)] == [0, 0]
    assert bench.issued("one/config/live/it/cert.pem") == set(ones)
    assert bench.issued("two/config/live/it/cert.pem") == set(others)
    waits = [report for report in bench.reports() if report["status"] != "published"]
    assert [(each["status"], len(each["records"])) for each in waits] == [("ready", 3)] * 2
    assert bench.left([*ones, *others]) == set()


def test_certbot_with_a_host_that_fails(bench: Bench) -> None:
    """
    certbot goes on whatever a hook says, so the last hook fails too, each with its reason.
    """
    bench.extra["RFC2136_NAMESERVER"] = "127.0.0.1:9"
    status, said = ended(bench.start(bench.certbot(BOTH)))
    assert status != 0
    assert said.count("reported error code 69") == 2, said
    assert said.count("127.0.0.1:9") >= 2, said
    assert bench.left(BOTH) == set()


def test_certbot_told_to_stop(bench: Bench) -> None:
    """
    certbot that gets SIGTERM while its last hook waits has the values removed.
    """
    with bench.lab.delay(nsd=60.0):
        process = bench.start(bench.certbot(BOTH))
        until(lambda: len(bench.lab.txt("_acme-challenge.example.test.")) == 2, 60)
        process.terminate()
        status, said = ended(process)
    assert status != 0, said
    assert bench.left(BOTH) == set()
    assert states(bench) == {"cleaned"}


@pytest.mark.parametrize("mode", ["", "RAW"])
def test_lego_apex_and_wildcard(bench: Bench, mode: str) -> None:
    """
    lego: it has each value validated and removed before it shows the next, so the hook keeps the
    second back until no cache can repeat the first; its own check is not needed.
    """
    since = time.monotonic()
    bench.extra |= {"EXEC_PATH": bench.hook("lego", "--ttl", "9"), "EXEC_MODE": mode}
    status, said = ended(bench.start(bench.lego(BOTH, *LEGO)))
    assert status == 0, said
    assert bench.issued("lego/certificates/example.test.crt") == set(BOTH)
    assert bench.early(BOTH, since, at=0) == {}
    assert "was removed there a moment ago" in said
    assert bench.left(BOTH) == set()
    assert states(bench) == {"cleaned"}


def test_lego_two_runs_at_once(bench: Bench) -> None:
    """
    lego: two runs side by side, each with its own names.
    """
    bench.extra["EXEC_PATH"] = bench.hook("lego", "--ttl", "3")
    first = bench.start(bench.lego(TWENTY[:1], *LEGO, folder="one"))
    second = bench.start(bench.lego(TWENTY[1:2], *LEGO, folder="two"))
    assert [ended(each)[0] for each in (first, second)] == [0, 0]
    assert bench.left(TWENTY[:2]) == set()


@pytest.mark.parametrize("chain", ["yes", "no"])
def test_dehydrated_apex_and_wildcard(bench: Bench, chain: str) -> None:
    """
    dehydrated: with HOOK_CHAIN all values are waited for once; without it each by itself, and
    the second also until resolvers that saw the first have both.
    """
    since = time.monotonic()
    lines = [f"HOOK={bench.hook('dehydrated', '--ttl', '3')}", f"HOOK_CHAIN={chain}"]
    status, said = ended(bench.start(bench.dehydrated(BOTH, *lines)))
    assert status == 0, said
    assert bench.issued("dehydrated/certs/it/cert.pem") == set(BOTH)
    assert bench.early(BOTH, since, at=-1 if chain == "yes" else 0) == {}
    assert len(bench.reports()) == (1 if chain == "yes" else 2)
    assert bench.left(BOTH) == set()
    assert states(bench) == {"cleaned"}


def test_dehydrated_that_gives_up(bench: Bench) -> None:
    """
    dehydrated that aborts cleans no challenge: its exit hook has what the run wrote removed, and
    nothing of another run.
    """
    other = bench.start(
        ["dns01", "hook", "dehydrated", "deploy_challenge", "h030.example.test", "-", "-mine"]
    )
    assert ended(other)[0] == 0
    fails = bench.folder / "fails"
    fails.write_text(
        f'#!/bin/sh\n{bench.hook("dehydrated")} "$@" && [ "$1" != deploy_challenge ]\n'
    )
    fails.chmod(0o755)
    lines = [f"HOOK={fails}", "HOOK_CHAIN=yes"]
    status, said = ended(bench.start(bench.dehydrated(TWENTY[:1], *lines)))
    assert status != 0
    assert "deploy_challenge hook returned with non-zero exit code" in said
    assert bench.left(TWENTY[:1]) == {"-mine"}
    assert ended(bench.start(["dns01", "clean", "--all"]))[0] == 0
    assert bench.left(TWENTY) == set()


def test_dehydrated_two_runs_at_once(bench: Bench) -> None:
    """
    dehydrated: two runs side by side, each with its own names and folder.
    """
    lines = [f"HOOK={bench.hook('dehydrated')}", "HOOK_CHAIN=yes"]
    first = bench.start(bench.dehydrated(TWENTY[:1], *lines, folder="one"))
    second = bench.start(bench.dehydrated(TWENTY[1:2], *lines, folder="two"))
    assert [ended(each)[0] for each in (first, second)] == [0, 0]
    assert bench.issued("one/certs/it/cert.pem") == set(TWENTY[:1])
    assert bench.issued("two/certs/it/cert.pem") == set(TWENTY[1:2])
    assert bench.left(TWENTY[:2]) == set()
