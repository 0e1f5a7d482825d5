"""`dns01 serve`: what is in DNS, in receipts and in answers, whatever becomes of the server."""

import json
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from providers.contract import LINGERS_S
from providers.errors import Rejected, Unauthorized, Unavailable
from tests.bridge import CANARY, Site, finish, leaf, opened, until

from .server import VALUE, WHERE, Server, answered, serving


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("serve"), lags=[0.0]) as site:
        yield site


@pytest.fixture(scope="module")
def running(shared: Site) -> Iterator[Server]:
    with serving(shared) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    """One server for all tests that leave it as it was."""
    yield running
    running.site.bridge.before = lambda _verb, _content: None
    assert not listed(running.site)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def listed(site: Site) -> list[str]:
    """Return what receipts list."""
    return sorted(record["value"] for each in site.receipts() for record in each["records"])


def is_open(server: Server) -> bool:
    """Whether the server lets anybody in."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


def shown(site: Site, host: str = "www.example.com") -> set[str]:
    return set(site.dns.values(leaf(host)))


# What is asked for


def test_a_value_comes_and_goes(server: Server) -> None:
    """
    Present writes it, beside a stranger's; cleanup removes it and nothing else; both echo it.
    """
    site = server.site
    assert server.present(value="theirs") == (200, {"fqdn": WHERE, "value": "theirs"})
    assert server.present() == (200, {"fqdn": WHERE, "value": VALUE})
    assert shown(site) == {"theirs", VALUE}
    assert server.cleanup() == (200, {"fqdn": WHERE, "value": VALUE})
    assert shown(site) == {"theirs"}
    assert server.cleanup(value="theirs")[0] == 200
    assert shown(site) == set()


def test_raw_mode_makes_the_value(server: Server) -> None:
    """
    The example of a key authorization gives the digest of RFC 8555 §8.4, at the base name.
    """
    wish = {"domain": "*.www.example.com", "token": "tok", "keyAuth": "tok.thumb"}
    assert server.post("/present", wish) == (200, wish)
    assert shown(server.site) == {"sYAwVrqDtVOuJZvAHurSAYPoEt5fFV_C4bdSOOW-o5Y"}
    assert server.post("/cleanup", wish) == (200, wish)
    assert shown(server.site) == set()


def test_repeating_is_no_error(server: Server) -> None:
    """
    A client that got no answer asks again: twice present is one value, twice cleanup is none.
    """
    assert [server.present()[0], server.present()[0]] == [200, 200]
    assert shown(server.site) == {VALUE}
    assert [server.cleanup()[0], server.cleanup()[0]] == [200, 200]
    assert shown(server.site) == set()


def test_cleaning_up_waits_for_who_is_writing(server: Server) -> None:
    """
    A client that gave up on present cleans up: the value is gone when both have their answers.
    """
    arrived, go_on = Event(), Event()

    def halt(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append":
            arrived.set()
            go_on.wait(60)

    server.site.bridge.before = halt
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(server.present)
        assert arrived.wait(60)
        removing = pool.submit(server.cleanup)
        until(removing.running)
        time.sleep(0.3)  # by then a hasty one has its answer
        assert not removing.done()
        go_on.set()
        assert [writing.result()[0], removing.result()[0]] == [200, 200]
    assert shown(server.site) == set()


def test_a_write_that_does_not_end_stays_listed_until_it_does(server: Server) -> None:
    """
    The client has its answer, and our thread is still at it: nobody takes the receipt away, and
    cleaning up waits for the end of the write, which it then undoes.
    """
    site, go_on = server.site, Event()

    def halt(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append":
            go_on.wait(60)

    site.bridge.before = halt
    assert server.present()[0] == 502
    assert site.dns01("clean", "--all").returncode == 75
    assert listed(site) == [VALUE]
    with ThreadPoolExecutor() as pool:
        removing = pool.submit(server.cleanup)
        time.sleep(LINGERS_S + 1)  # by then one that does not know has its answer
        assert not removing.done()
        go_on.set()
        assert removing.result()[0] == 200
    assert (shown(site), listed(site)) == (set(), [])


def test_what_others_wrote_stays(server: Server) -> None:
    """
    Cleanup of a value that no server's receipt lists touches nothing.
    """
    site = server.site
    document = site.document(value="o" * 43)
    assert site.dns01("ready", "--from", document, "--provider", "bridge").returncode == 0
    assert server.cleanup(value="o" * 43)[0] == 200
    assert shown(site) == {"o" * 43}
    assert site.dns01("clean", "--all").returncode == 0


def test_many_at_once(server: Server) -> None:
    """
    More clients than turns, apex and wildcard and names: each has its value, and each loses it.
    """
    number = 24
    wishes = [(f"_acme-challenge.h{i % 6}.example.com.", f"{i:043}") for i in range(number)]
    with ThreadPoolExecutor(number) as pool:
        assert {status for status, _ in pool.map(lambda w: server.present(*w), wishes)} == {200}
        assert listed(server.site) == sorted(value for _, value in wishes)
        for fqdn, value in wishes:
            assert value in shown(server.site, fqdn.removeprefix("_acme-challenge.").rstrip("."))
        assert {status for status, _ in pool.map(lambda w: server.cleanup(*w), wishes)} == {200}
    assert not any(shown(server.site, f"h{i}.example.com") for i in range(6))


@pytest.mark.parametrize(
    ("path", "content", "status", "word"),
    [
        ("/present", b"{", 400, "not JSON"),
        ("/present", b"[" * 4000, 400, "not JSON"),
        ("/present", b"x" * 9000, 413, "octets"),
        ("/present", {"fqdn": "www.example.com.", "value": VALUE}, 400, "_acme-challenge"),
        ("/present", {"fqdn": WHERE, "value": "a b"}, 400, "base64url"),
        ("/present", {"fqdn": "_acme-challenge.example.net.", "value": VALUE}, 403, "no hosted"),
        ("/elsewhere", {}, 404, "/present"),
    ],
)
def test_what_is_refused_is_not_written(
    server: Server, path: str, content: object, status: int, word: str
) -> None:
    """
    The reason is JSON; no receipt lists anything, and the DNS host has not been written to.
    """
    calls = len(server.site.bridge.calls)
    found, answer = server.post(path, content)
    assert (found, word in answer["error"]) == (status, True)
    assert not [verb for verb, _ in server.site.bridge.calls[calls:] if verb != "zones"]


def test_a_health_check_and_a_browser(server: Server) -> None:
    """
    Whoever watches gets 200; a page in somebody's browser gets nothing written.
    """
    assert answered(f"{server.url}/health") == (200, {"status": "ok"})
    for header in ("Origin", "Sec-Fetch-Site"):
        content = {"fqdn": WHERE, "value": VALUE}
        assert server.post("/present", content, {header: "https://evil.example"})[0] == 403
    assert shown(server.site) == set()


# What goes wrong at the DNS host


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unavailable("the host is down"), 502),
        (Unauthorized("the host knows no such token"), 502),
        (Rejected("the host takes no such name"), 409),
    ],
)
def test_a_host_that_fails_is_told(server: Server, error: Exception, status: int) -> None:
    """
    In its own words, and what may be in DNS is taken back: no receipt lists it afterwards.
    """

    def fail(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append":
            raise error

    server.site.bridge.before = fail
    found, answer = server.present()
    assert (found, str(error) in answer["error"]) == (status, True)
    assert answer["code"].startswith("provider-")


def test_what_cannot_be_removed_stays_listed(server: Server) -> None:
    """
    A failing removal is the client's to know, and later ours to finish.
    """
    server.present()

    def fail(verb: str, _content: dict[str, Any]) -> None:
        if verb == "delete":
            raise Unavailable("not now")

    server.site.bridge.before = fail
    assert server.cleanup()[0] == 502
    assert listed(server.site) == [VALUE]
    server.site.bridge.before = lambda _verb, _content: None
    assert server.cleanup()[0] == 200


# What becomes of the server


def test_a_receipt_is_there_before_the_write(site: Site) -> None:
    """
    Killed while the host is at it, the server leaves a receipt, and clean removes the value.
    """
    arrived = Event()

    def halt(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append":
            assert listed(site) == [VALUE]
            arrived.set()

    site.bridge.before = halt
    with serving(site) as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(server.present)
        assert arrived.wait(60)
        server.process.kill()
        server.process.communicate()
        assert answer.exception() or answer.result()[0] == 200
    assert listed(site) == [VALUE]
    assert site.dns01("clean", "--all").returncode == 0
    assert shown(site) == set()


def test_a_write_that_was_on_its_way_when_the_server_died_is_undone(site: Site) -> None:
    """
    The client has the next server clean up: that lets the write come, if it is to, and removes it.
    """
    arrived, go_on, done = Event(), Event(), Event()

    def halt(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append":
            arrived.set()
            go_on.wait(60)
            done.set()

    site.bridge.before = halt
    with serving(site) as first, ThreadPoolExecutor() as pool:
        pool.submit(first.present)
        assert arrived.wait(60)
        first.process.kill()
        first.process.communicate()
        with serving(site) as second:
            answer = pool.submit(second.cleanup)
            until(answer.running)
            time.sleep(0.5)  # by then a hasty server has looked, and found nothing
            go_on.set()
            assert done.wait(60)
            assert answer.result()[0] == 200
    assert (shown(site), listed(site)) == (set(), [])


def test_another_server_cleans_up_after_the_one_before(site: Site) -> None:
    """
    Values stay when a server ends by a signal, which is no failure; it says so, and the next
    says that it found them, and removes them when asked to.
    """
    with serving(site) as first:
        assert first.present()[0] == 200
        ended = first.stop()
    assert ended.returncode == 0
    assert "1 value of clients stay in DNS" in ended.stderr
    assert shown(site) == {VALUE}
    with serving(site) as second:
        assert second.cleanup()[0] == 200
        assert shown(site) == set()
        ended = second.stop(signal.SIGINT)
    assert ended.returncode == 0
    assert "1 value of clients served before" in ended.stderr
    assert "no value of a client is in DNS" in ended.stderr


def test_a_request_at_work_is_answered_before_the_end(site: Site) -> None:
    """
    SIGTERM lets no one new in, and waits for who is in.
    """
    arrived, go_on = Event(), Event()

    def halt(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append":
            arrived.set()
            go_on.wait(60)

    site.bridge.before = halt
    with serving(site) as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(server.present)
        assert arrived.wait(60)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not is_open(server))
        assert server.process.poll() is None
        go_on.set()
        assert answer.result()[0] == 200
        ended = finish(server.process)
    assert ended.returncode == 0
    assert shown(site) == {VALUE}


def test_a_second_signal_has_its_way(site: Site) -> None:
    """
    Whoever asks twice does not wait; the receipt tells what may be in DNS.
    """
    arrived, go_on = Event(), Event()

    def halt(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append":
            arrived.set()
            go_on.wait(60)

    site.bridge.before = halt
    with serving(site) as server, ThreadPoolExecutor() as pool:
        answer = pool.submit(server.present)
        assert arrived.wait(60)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.stderr is not None
        assert "finishing 1 request" in server.process.stderr.readline()
        ended = server.stop()
        go_on.set()
        assert ended.returncode == 143
        assert answer.exception()
    assert listed(site) == [VALUE]


# Who may ask, and how it is started


def test_a_login_is_wanted_where_one_is_set(site: Site) -> None:
    """
    Without it, or with another, 401 and nothing written; the password shows nowhere.
    """
    login = {"DNS01_SERVE_USERNAME": "lego", "DNS01_SERVE_PASSWORD": f"{CANARY}-password"}
    wish = {"fqdn": WHERE, "value": VALUE}
    right = {"Authorization": f"Basic {basic('lego', f'{CANARY}-password')}"}
    wrong = {"Authorization": f"Basic {basic('lego', 'guess')}"}
    with serving(site, **login) as server:
        for headers in ({}, wrong, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}):
            assert server.post("/present", wish, headers)[0] == 401
            assert server.post("/nowhere", wish, headers)[0] == 401
        assert answered(f"{server.url}/health")[0] == 200
        assert not site.bridge.calls
        assert server.post("/present", wish, right)[0] == 200
        server.stop()


def test_names_are_limited_to_those_allowed(site: Site) -> None:
    """
    A domain of the list and what is below it; by whole labels, without regard to case.
    """
    with serving(site, DNS01_SERVE_NAMES="Www.example.com,example.net") as server:
        for host in ("www.example.com", "a.WWW.example.com"):
            assert server.present(f"_acme-challenge.{host}.")[0] == 200
        for host in ("example.com", "xwww.example.com", "www.example.com.example.org"):
            status, answer = server.present(f"_acme-challenge.{host}.")
            assert (status, "is not served here" in answer["error"]) == (403, True)
        server.stop()


def test_the_configuration_may_limit_names(site: Site) -> None:
    """
    `[serve] names` does as the variable does.
    """
    with (site.folder / "dns01.toml").open("a") as file:
        file.write('\n[serve]\nnames = ["example.org"]\n')
    with serving(site) as server:
        assert server.present()[0] == 403
        assert server.present("_acme-challenge.example.org.")[0] == 200
        server.stop()


@pytest.mark.parametrize(
    ("words", "variables", "exit_code", "word"),
    [
        (["--listen", "0.0.0.0:0"], {}, 78, "DNS01_SERVE_USERNAME"),
        (["--listen", "[::]:0"], {}, 78, "anybody"),
        (["--listen", "0.0.0.0:0"], {"DNS01_SERVE_USERNAME": "u"}, 78,
         "DNS01_SERVE_PASSWORD is missing beside DNS01_SERVE_USERNAME"),
        ([], {"DNS01_SERVE_PASSWORD": "p"}, 78,
         "DNS01_SERVE_USERNAME is missing beside DNS01_SERVE_PASSWORD"),
        (["--listen", "0.0.0.0:0"], {"DNS01_SERVE_USERNAME": " ", "DNS01_SERVE_PASSWORD": "p"},
         78, "DNS01_SERVE_USERNAME is blank"),
        (["--listen", "0.0.0.0:0"], {"DNS01_SERVE_USERNAME": "u", "DNS01_SERVE_PASSWORD": " "},
         78, "DNS01_SERVE_PASSWORD is blank"),
        ([], {"DNS01_SERVE_USERNAME": "u:v", "DNS01_SERVE_PASSWORD": "p"}, 78, "colon"),
        (["--listen", "192.0.2.1:0"], {"DNS01_SERVE_USERNAME": "u", "DNS01_SERVE_PASSWORD": "p"},
         78, "cannot listen on 192.0.2.1:0"),
        ([], {"DNS01_SERVE_NAMES": "a..b"}, 78, "DNS01_SERVE_NAMES"),
        ([], {"DNS01_SERVE_NAMES": "example.com;example.org"}, 78, "DNS01_SERVE_NAMES"),
        (["--provider", "brigde"], {}, 78, "bridge"),
        (["--listen", "example.com:80"], {}, 64, "IPv4"),
        (["--listen", "127.0.0.1"], {}, 64, "ADDR:PORT"),
        (["--listen", "8099"], {}, 64, "must be ADDR:PORT, such as 127.0.0.1:8099"),
        (["--listen", ":8099"], {}, 64, "must be ADDR:PORT, such as 127.0.0.1:8099"),
        (["--listen", "::1:80"], {}, 64, "ADDR:PORT"),
        (["--listen", "127.0.0.1:99999"], {}, 64, "ADDR:PORT"),
    ],
)  # fmt: skip
def test_what_could_not_serve_does_not_start(
    shared: Site, words: list[str], variables: dict[str, str], exit_code: int, word: str
) -> None:
    """
    With the reason, at once, and before anybody is let in.
    """
    ended = shared.dns01("serve", "--provider", "bridge", *words, **variables)
    assert (ended.returncode, word in ended.stderr) == (exit_code, True), ended.stderr


def test_an_address_that_is_taken_is_named(running: Server) -> None:
    """
    A second server at the same place does not start, and the first goes on.
    """
    place = running.url.removeprefix("http://")
    ended = running.site.dns01("serve", "--provider", "bridge", "--listen", place)
    assert ended.returncode == 78
    assert f"cannot listen on {place}: address already in use\n" in ended.stderr
    assert answered(f"{running.url}/health")[0] == 200


def test_a_line_tells_each_request(site: Site) -> None:
    """
    Whence, what, which name, how it ended, and where it is; quiet leaves out what went well.
    """
    for options, there in (([], True), (["--quiet", "--json"], False)):
        with serving(site, *options) if not options else quietly(site, *options) as server:
            server.present()
            server.present("www.example.com.")
            server.cleanup()
            ended = server.stop()
        lines = [line for line in ended.stderr.splitlines() if " POST " in line]
        assert len(lines) == (3 if there else 1)
        assert (f"127.0.0.1 POST /present {WHERE} 200 " in ended.stderr) is there
        assert "POST /present - 400 " in ended.stderr
        assert ("written in zone example.com. at bridge" in ended.stderr) is there


def quietly(site: Site, *options: str) -> Any:
    """Return a server that tells its address as JSON alone."""
    from contextlib import contextmanager

    @contextmanager
    def started() -> Iterator[Server]:
        process = site.start("serve", "--listen", "127.0.0.1:0", "--provider", "bridge", *options)
        assert process.stdout is not None
        try:
            yield Server(site, process, json.loads(process.stdout.readline())["listening"])
        finally:
            process.kill()

    return started()


def basic(username: str, password: str) -> str:
    from base64 import b64encode

    return b64encode(f"{username}:{password}".encode()).decode()
