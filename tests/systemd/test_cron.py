"""From cron: silent on success whatever the verb, one run of a name at a time, one order."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge import Site, finish, leaf, opened, until
from tests.documents import DOCS, ROOT, blocks

NAME = "www.example.com"
HOLD = "touch up; until [ -e go ]; do sleep 0.05; done"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("calm"), lags=[0.0]) as site:
        yield site


@pytest.mark.parametrize(
    "words",
    [
        ("plan", NAME),
        ("ready", NAME),
        ("run", NAME, "--", "true"),
        ("clean", "--all"),
        ("clean", "never.heard.of.example"),
        ("clean", "--stale", "7d", "--provider", "bridge"),
        ("check", "example.com"),
        ("demo",),
    ],
    ids=" ".join,
)
def test_quiet_is_silent(calm: Site, words: tuple[str, ...]) -> None:
    """
    Of what went well nothing is said, warnings and notices included: cron would send mail. The key
    of this job can be read by others, which is a warning; every file that is asked for is written.
    """
    key = calm.folder / "key"
    key.write_text(calm.environment["RCL_API_KEY"])
    key.chmod(0o644)
    at = words.index("--") if "--" in words else len(words)
    extra = ["--quiet"]
    if words[0] != "demo":
        extra += ["--junit", "out.xml", "--dotenv", "out.env", "--metrics", "out.prom"]
    result = calm.dns01(*words[:at], *extra, *words[at:], RCL_API_KEY="", RCL_API_KEY_FILE=str(key))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_wait_is_silent_too(calm: Site) -> None:
    """
    As `wait` for what is there.
    """
    calm.dns01("ready", NAME)
    [value] = calm.dns.values(leaf(NAME))
    result = calm.dns01("wait", f"_acme-challenge.{NAME}={value}", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_two_runs_of_a_name_do_not_collide(site: Site) -> None:
    """
    The second, which cron starts while the first is at work, ends with 75 and says who has the
    name; it asks for no order, writes nothing, and starts no command. The first goes its way.
    """
    first = site.start("run", NAME, "--quiet", "--", "sh", "-c", HOLD)
    until((site.folder / "up").exists)
    calls = len(site.bridge.calls)
    second = site.dns01("run", NAME, "--quiet", "--", "touch", "second")
    assert second.returncode == 75
    assert "busy" in second.stderr
    assert not (site.folder / "second").exists()
    assert (site.orders.requests, len(site.bridge.calls)) == (1, calls)
    assert site.dns.values(leaf(NAME))
    (site.folder / "go").touch()
    assert finish(first).returncode == 0
    assert not site.dns.values(leaf(NAME))


def test_two_names_do_not_wait_for_each_other(site: Site) -> None:
    """
    The lock is the certificate's, not the folder's.
    """
    first = site.start("run", NAME, "--quiet", "--", "sh", "-c", HOLD)
    until((site.folder / "up").exists)
    assert site.dns01("run", "example.com", "--quiet", "--", "true").returncode == 0
    (site.folder / "go").touch()
    assert finish(first).returncode == 0


def test_the_next_tick_goes_on_with_the_order(site: Site) -> None:
    """
    75, with the records removed; the next tick publishes the same values again, asks for no order,
    and finalizes that one. The tick after a success asks anew.
    """
    command = ("--", "sh", "-c", 'echo "$DNS01_ORDER_URI" >> finalized')
    site.hide()
    for _ in range(2):
        tick = site.dns01("run", NAME, "--quiet", "--timeout", "6s", *command)
        assert tick.returncode == 75
        assert not site.dns.values(leaf(NAME))
    site.show()
    assert site.dns01("run", NAME, "--quiet", *command).returncode == 0
    assert site.orders.requests == 1
    reports = [json.loads(path.read_text()) for path in site.state.rglob("*.report.json")]
    uris = {order["order_uri"] for report in reports for order in report["orders"]}
    values = {record["value"] for report in reports for record in report["records"]}
    assert (len(reports), len(values)) == (3, 1)
    assert uris == {(site.folder / "finalized").read_text().strip()}
    assert site.dns01("run", NAME, "--quiet", *command).returncode == 0
    assert site.orders.requests == 2


def test_the_crontab_shown_is_one() -> None:
    """
    Each line is a comment, a variable, or five fields and a command; paths are absolute or found by
    the PATH that it sets.
    """
    shown = [*blocks(DOCS / "cron.md", "cron"), *blocks(ROOT / "README.md", "cron")]
    assert len(shown) >= 2
    for block in shown:
        for line in block.text.splitlines():
            if not line or line.startswith("#") or "=" in line.split()[0]:
                continue
            fields = line.split(maxsplit=5)
            assert len(fields) == 6, line
            assert all(set(field) <= set("0123456789*/,-") for field in fields[:5]), line
            assert shlex.split(fields[5])
