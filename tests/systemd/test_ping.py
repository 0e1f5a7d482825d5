"""A watcher is told that a job began, and how it ended; it changes nothing; its URL is secret."""

import signal
import time
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import pytest

from pipeline.command.ping import LARGEST, Ping, Watcher, watcher
from pipeline.configuration.environment import Environment
from pipeline.model import Exit, Failed
from tests.bridge import Site, finish, leaf, opened, until

from .watcher import KEY, Watching

NAME = "www.example.com"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("ping"), lags=[0.0]) as site:
        yield site


@pytest.fixture
def watching() -> Iterator[Watching]:
    with Watching() as watching:
        yield watching


def test_a_job_that_succeeds(site: Site, watching: Watching) -> None:
    """
    ``/start``, then the check itself with what became of it; the two pings share an id.
    """
    assert site.dns01("ready", NAME, "--quiet", DNS01_PING_URL=watching.url).returncode == 0
    (start, run, empty), (end, same_run, body) = watching.heard
    assert (start, empty, end) == ("/start", "", "")
    assert run == same_run
    assert len(run) == 36
    assert body.startswith("exit 0\nready: 1 value at 1 name confirmed")


def test_a_job_that_fails(site: Site, watching: Watching) -> None:
    """
    The exit status is the path, the reason and the next step are the body; the id is another.
    """
    variables = {"DNS01_PING_URL": watching.url, "RCL_API_KEY": ""}
    for _ in range(2):
        assert site.dns01("ready", NAME, **variables).returncode == 78
    assert watching.paths == ["/start", "/78"] * 2
    assert len({run for _, run, _ in watching.heard}) == 2
    body = watching.heard[1][2]
    assert body.startswith("exit 78\nfailed: exit 78")
    assert "configuration: RCL_API_KEY not set" in body
    assert "\nhint: " in body


@pytest.mark.parametrize(("script", "path"), [("exit 0", ""), ("exit 7", "/7")])
def test_run_tells_of_its_command(site: Site, watching: Watching, script: str, path: str) -> None:
    """
    What counts is how the job ended: the command's status; its watcher may be told meanwhile.
    """
    words = ("run", NAME, "--quiet", "--", "sh", "-c", script)
    site.dns01(*words, DNS01_PING_URL=watching.url)
    assert watching.paths == ["/start", path]
    assert watching.heard[1][2].startswith(f"exit {path[1:] or 0}\nready: ")


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        (("check", "example.com", "--timeout", "5s"), 2),
        (("clean", "--stale", "7d"), 2),
        (("clean", "--all"), 0),
        (("plan", NAME), 0),
    ],
)
def test_which_verbs_are_jobs(
    site: Site, watching: Watching, words: tuple[str, ...], paths: int
) -> None:
    """
    `clean` after a `ready` that failed does not tell the watcher that all is well; what is no job
    does not ping.
    """
    site.dns01(*words, DNS01_PING_URL=watching.url)
    assert len(watching.heard) == paths


def test_a_mistake_in_a_files_name_is_told(site: Site, watching: Watching) -> None:
    """
    Whatever ends the job after its arguments were read is heard of.
    """
    words = ("ready", NAME, "--junit", "no/such/folder")
    assert site.dns01(*words, DNS01_PING_URL=watching.url).returncode == 64
    assert watching.paths == ["/start", "/64"]


def test_a_signal_is_told(site: Site, watching: Watching) -> None:
    """
    The records go first, then the watcher hears of it.
    """
    site.hide()
    process = site.start("ready", NAME, "--quiet", DNS01_PING_URL=watching.url)
    until(lambda: [receipt["state"] for receipt in site.receipts()].count("waiting"))
    process.send_signal(signal.SIGTERM)
    assert finish(process).returncode == 143
    site.show()
    assert watching.paths == ["/start", "/143"]
    assert "interrupted: SIGTERM" in watching.heard[1][2]
    assert not site.dns.values(leaf(NAME))


def test_a_ping_is_tried_twice(site: Site, watching: Watching) -> None:
    """
    The end is worth a second try; the beginning is not. The id says that it is the same run.
    """
    answers = chain([500, 503], repeat(200))
    watching.answer = lambda: next(answers)
    result = site.dns01("clean", "--stale", "7d", DNS01_PING_URL=watching.url)
    assert (result.returncode, "ping" in result.stderr) == (0, False)
    assert watching.paths == ["/start", "", ""]


@pytest.mark.parametrize("status", [404, 500, 302])
def test_who_does_not_hear_is_told_again(watching: Watching, status: int) -> None:
    """
    Once, a moment later. A redirect is not followed: it could carry the key elsewhere.
    """
    watching.answer = lambda: status
    pauses: list[float] = []
    ping = Ping(Watcher(watching.url, "", is_local=True), pauses.append)
    assert ping.end(7, "") == f"it answers {status}"
    assert watching.paths == ["/7", "/7"]
    assert len(pauses) == 1


def test_a_watcher_that_does_not_hear_changes_no_exit(site: Site) -> None:
    """
    It is said, without the URL; in quiet it is not, for the watcher will miss the ping.
    """
    url = f"http://127.0.0.1:1/ping/{KEY}"
    loud = site.dns01("ready", NAME, DNS01_PING_URL=url)
    assert loud.returncode == 0
    assert "cannot ping the watcher: [Errno 111] Connection refused" in loud.stderr
    assert KEY not in loud.stderr + loud.stdout
    quiet = site.dns01("ready", NAME, "--quiet", DNS01_PING_URL=url)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.parametrize(("status", "most"), [(143, 2.0), (0, 5.0)])
def test_a_watcher_that_hangs(watching: Watching, status: int, most: float) -> None:
    """
    Costs seconds at the end, both pings together, and none at the beginning; fewer after a signal.
    It is not told twice.
    """
    watching.answer = lambda: 0
    pauses: list[float] = []
    ping = Ping(Watcher(watching.url, "", is_local=True), pauses.append)
    began = time.monotonic()
    ping.begin()
    assert time.monotonic() - began < 1
    until(lambda: watching.paths == ["/start"])
    ending = time.monotonic()
    assert ping.end(status, "") == f"no answer within {most / 2:g} s"
    assert most - 0.1 < time.monotonic() - ending < most + 1.5
    assert pauses == []
    assert watching.paths == ["/start", f"/{status}" if status else ""]


def test_a_watcher_that_is_gone(watching: Watching) -> None:
    """
    Of whom nothing was heard at the beginning is told once; who answered then is told twice.
    """
    pauses: list[float] = []
    gone = Ping(Watcher(f"http://127.0.0.1:1/{KEY}", "", is_local=True), pauses.append)
    gone.begin()
    assert "refused" in gone.end(1, "")
    assert pauses == []
    back = Ping(Watcher(watching.url, "", is_local=True), pauses.append)
    watching.answer = lambda: 500
    back.begin()
    assert back.end(1, "") == "it answers 500"
    assert len(pauses) == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://hc.example/{KEY}", "is neither https nor on the loopback"),
        ("ftp://hc.example/x", "is neither https nor on the loopback"),
        (f"https://user:{KEY}@hc.example/x", "is not a URL"),
        (f"{KEY}", "is not a URL"),
        (f"https://hc.example/{KEY} x", "is not a URL"),
    ],
)
def test_a_url_that_would_give_the_key_away(url: str, why: str) -> None:
    """
    Is no watcher's; it is not shown.
    """
    with pytest.raises(Failed) as caught:
        watcher(Environment({"DNS01_PING_URL": url}))
    assert caught.value.exit is Exit.CONFIG
    assert f"DNS01_PING_URL {why}" in str(caught.value)
    assert KEY not in f"{caught.value} {caught.value.problem}"


def test_a_wrong_url_costs_no_order(site: Site) -> None:
    """
    It is exit 78 before anything is asked for, and the URL is in no word of it.
    """
    before = site.orders.requests
    result = site.dns01("ready", NAME, "--json", DNS01_PING_URL=f"http://hc.example/{KEY}")
    assert result.returncode == 78
    assert "would travel in clear" in result.stdout
    assert KEY not in result.stderr + result.stdout
    assert site.orders.requests == before


def test_the_url_can_stand_in_a_file(site: Site, watching: Watching, tmp_path: Path) -> None:
    """
    As every secret; what it has after a ``?`` is kept.
    """
    path = tmp_path / "url"
    path.write_text(f"{watching.url}/?create=1\n")
    path.chmod(0o600)
    assert site.dns01("clean", "--stale", "7d", DNS01_PING_URL_FILE=str(path)).returncode == 0
    assert watching.paths == ["/start", ""]
    assert [query["create"] for query in watching.queries] == [["1"]] * 2


def test_the_key_is_a_secret_and_the_host_is_not() -> None:
    """
    Wherever the key turns up it is hidden; what other URLs have in common with this one is not.
    """
    environment = Environment(
        {"DNS01_PING_URL": f"https://ca.example.com/ping/{KEY}/my-slug-of-16-x"}
    )
    to = watcher(environment)
    assert to
    assert KEY not in repr(to)
    hide = environment.secrets.hide
    assert KEY not in hide(f"cannot reach /ping/{KEY}/start")
    for harmless in ("https://ca.example.com/order/1", "/ping/", "my-slug-of-16-x"):
        assert hide(harmless) == harmless


def test_nobody_is_told_by_default() -> None:
    """
    Without the variable there is no watcher.
    """
    assert watcher(Environment({"DNS01_PING_URL": ""})) is None


def test_an_unreadable_file_is_a_mistake(tmp_path: Path) -> None:
    """
    As with every secret: 78, naming the variable.
    """
    with pytest.raises(Failed, match="DNS01_PING_URL_FILE names"):
        watcher(Environment({"DNS01_PING_URL_FILE": str(tmp_path / "none")}))


def test_the_body_is_bounded(watching: Watching) -> None:
    """
    No more is sent than is kept, whatever there is to say.
    """
    ping = Ping(Watcher(watching.url, "", is_local=True), lambda _: None)
    assert ping.end(1, "é" * LARGEST) == ""
    assert len(watching.heard[0][2].encode()) <= LARGEST
