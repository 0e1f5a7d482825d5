"""The hook verb from the client's side: what is in DNS, in receipts, and said after each call."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from providers.errors import Unavailable
from tests.bridge import DNS01, Site, finish, leaf, opened, until

HOSTS = ["a.example.com", "a.example.com", "b.example.com"]
VALUES = ["-" * 43, "B" * 43, "C" * 43]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def variables(index: int) -> dict[str, str]:
    """Return what certbot sets for its call number *index* of three."""
    return {
        "CERTBOT_DOMAIN": HOSTS[index],
        "CERTBOT_VALIDATION": VALUES[index],
        "CERTBOT_ALL_DOMAINS": ",".join(HOSTS),
        "CERTBOT_REMAINING_CHALLENGES": str(2 - index),
    }


def auth(site: Site, index: int, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
    return site.dns01("hook", "certbot", "auth", *options, **variables(index) | more)


def cleanup(site: Site, index: int) -> subprocess.CompletedProcess[str]:
    return site.dns01("hook", "certbot", "cleanup", **variables(index))


def lego(site: Site, verb: str, value: str, *options: str) -> subprocess.CompletedProcess[str]:
    return site.dns01("hook", "lego", *options, verb, "_acme-challenge.a.example.com.", value)


def shown(site: Site) -> set[str]:
    """Return what is in DNS."""
    return {value for host in HOSTS for value in site.dns.values(leaf(host))}


def listed(site: Site) -> set[str]:
    """Return what receipts list."""
    return {record["value"] for each in site.receipts() for record in each["records"]}


def reports(site: Site) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in site.state.rglob("*.report.json")]


def fail(site: Site, *verbs: str) -> None:
    """Let the DNS host fail at *verbs*."""

    def before(verb: str, _content: object) -> None:
        if verb in verbs:
            raise Unavailable("down for repairs")

    site.bridge.before = before


def test_progress_speaks_of_values(site: Site) -> None:
    """
    The order is the client's: neither a new call nor one that goes on with an earlier one has any.
    """
    for _ in range(2):
        told = lego(site, "present", VALUES[1], "--verbose")
        assert told.returncode == 0
        assert "published 1 value in zone example.com. at bridge" in told.stderr
        assert "order" not in told.stderr


def test_writes_at_once_and_waits_once(site: Site) -> None:
    """
    Each call writes its value before it returns, and asks no resolver; the last confirms all of
    them; each cleanup removes its own, and the receipts end empty.
    """
    for index in range(2):
        result = auth(site, index)
        assert (result.returncode, result.stderr) == (0, "")
        assert shown(site) == set(VALUES[: index + 1])
    assert {each["status"] for each in reports(site)} == {"published"}
    assert auth(site, 2).returncode == 0
    [last] = [each for each in reports(site) if each["status"] == "ready"]
    assert {record["value"] for record in last["records"]} == set(VALUES)
    states = {line["state"] for each in last["records"] for line in each["perspectives"]}
    assert states == {"confirmed"}
    for index in range(3):
        result = cleanup(site, index)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert shown(site) == listed(site) == set(VALUES[index + 1 :])
    assert {each["state"] for each in site.receipts()} == {"cleaned"}


def test_the_handle(site: Site) -> None:
    """
    Standard output is one line that names run, record and value, for whoever wants to keep it;
    the run is the same for all calls of one certbot, and another for other names.
    """
    first, second = (json.loads(auth(site, index).stdout) for index in (0, 1))
    assert (first["fqdn"], first["value"]) == ("_acme-challenge.a.example.com.", VALUES[0])
    assert first["run"] == second["run"]
    other = json.loads(auth(site, 2, CERTBOT_ALL_DOMAINS="b.example.com").stdout)
    assert other["run"] not in {"", first["run"]}


def test_json_is_one_document(site: Site) -> None:
    """
    With --json standard output is the report, and nothing beside.
    """
    report = json.loads(auth(site, 0, "--json").stdout)
    assert (report["status"], report["exit"]) == ("published", 0)


def test_a_failed_write_fails_the_last_call(site: Site) -> None:
    """
    certbot goes on after a hook that failed, so the last call fails as well, with the reason,
    although its own value is fine; cleanup leaves no trace.
    """
    fail(site, "append")
    first = auth(site, 0)
    assert first.returncode == 69
    assert "down for repairs" in first.stderr

    def before(verb: str, content: dict[str, Any]) -> None:
        if verb == "append" and any(value == VALUES[0] for _, value, _ in content["records"]):
            raise Unavailable("still down for repairs")

    site.bridge.before = before
    assert auth(site, 1).returncode == 0
    last = auth(site, 2)
    assert last.returncode == 69
    assert "still down for repairs" in last.stderr
    assert [cleanup(site, index).returncode for index in range(3)] == [0, 0, 0]
    assert shown(site) == listed(site) == set()
    assert {each["state"] for each in site.receipts()} == {"cleaned"}


def test_the_last_call_makes_up_for_a_failed_write(site: Site) -> None:
    """
    What an earlier call could not write the last one writes, if that goes well now.
    """
    fail(site, "append")
    assert auth(site, 0).returncode == 69
    fail(site)
    assert [auth(site, index).returncode for index in (1, 2)] == [0, 0]
    assert shown(site) == set(VALUES)


def test_a_value_that_nobody_handed_over(site: Site) -> None:
    """
    A last call that knows of fewer values than certbot has is not ready, and says how many.
    """
    assert auth(site, 0, DNS01_STATE_DIR=str(site.folder / "elsewhere")).returncode == 0
    assert auth(site, 1).returncode == 0
    last = auth(site, 2)
    assert last.returncode == 75
    assert "values-missing: 1 more value of this certbot run was to be confirmed" in last.stderr


def test_killed_while_it_waits(site: Site) -> None:
    """
    After kill -9 of the last hook, and of any call before, cleanup needs but name and value.
    """
    site.hide()
    assert auth(site, 0).returncode == 0
    process = site.start("hook", "certbot", "auth", **variables(2))
    until(lambda: VALUES[2] in shown(site))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert [cleanup(site, index).returncode for index in (0, 2)] == [0, 0]
    assert shown(site) == listed(site) == set()


def test_a_signal_while_it_waits(site: Site) -> None:
    """
    A hook that is told to stop removes what its call wrote, the values of earlier calls included.
    """
    site.hide()
    assert auth(site, 0).returncode == 0
    process = site.start("hook", "certbot", "auth", **variables(2))
    until(lambda: VALUES[2] in shown(site))
    process.send_signal(signal.SIGTERM)
    assert finish(process).returncode == 143
    assert shown(site) == listed(site) == set()


def test_certbot_that_is_told_to_stop(site: Site) -> None:
    """
    certbot kills the shell around its hook, and forgets that challenge: the hook ends with the
    shell, and the cleanup of one value waits until it has taken back all of the run.
    """
    site.hide()
    other = auth(site, 1, CERTBOT_ALL_DOMAINS="a.example.com", CERTBOT_REMAINING_CHALLENGES="1")
    assert [other.returncode, auth(site, 0).returncode] == [0, 0]
    shell = subprocess.Popen(
        ["sh", "-c", f"{DNS01} hook certbot auth & wait"],
        env=site.environment | variables(2),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: VALUES[2] in shown(site))
    site.bridge.before = lambda verb, _: time.sleep(3 if verb == "delete" else 0)
    shell.kill()
    shell.wait()
    assert cleanup(site, 0).returncode == 0
    assert shown(site) == listed(site) == {VALUES[1]}


def test_what_a_killed_hook_left_goes_with_the_first_cleanup(site: Site) -> None:
    """
    After kill -9 of the last hook certbot cleans up all but its challenge; dns01 that one, too.
    """
    site.hide()
    assert auth(site, 0).returncode == 0
    process = site.start("hook", "certbot", "auth", **variables(2))
    until(lambda: VALUES[2] in shown(site))
    process.kill()
    process.communicate()
    assert cleanup(site, 0).returncode == 0
    assert shown(site) == listed(site) == set()


def test_cleanup_is_of_one_value(site: Site) -> None:
    """
    Cleanup of a value that was never written is done, and touches no other at the name.
    """
    assert lego(site, "present", VALUES[0]).returncode == 0
    assert lego(site, "cleanup", VALUES[1]).returncode == 0
    assert shown(site) == {VALUES[0]}
    assert lego(site, "cleanup", VALUES[0]).returncode == 0
    assert lego(site, "cleanup", VALUES[0]).returncode == 0
    assert shown(site) == set()


def test_a_repeated_call_takes_over(site: Site) -> None:
    """
    A value handed over again is the first call's: one cleanup removes it from DNS and receipts.
    """
    assert [lego(site, "present", VALUES[0]).returncode for _ in range(2)] == [0, 0]
    assert lego(site, "cleanup", VALUES[0]).returncode == 0
    assert shown(site) == listed(site) == set()


def test_the_end_of_a_run_is_of_that_run(site: Site) -> None:
    """
    dehydrated's exit hook removes what its own run left, and nobody else's values.
    """
    assert lego(site, "present", VALUES[0]).returncode == 0
    script = '"$@" deploy_challenge b.example.com - CCC && "$@" exit_hook "ERROR: no"'
    client = ["sh", "-c", f"export BASEDIR=/; {script}", "dehydrated"]
    for words in (client, []):
        done = subprocess.run(
            [*words, DNS01, "hook", "dehydrated", *([] if words else ["exit_hook"])],
            env=site.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert shown(site) == listed(site) == {VALUES[0]}
    assert [verb for verb, _ in site.bridge.calls].count("append") == 2


def test_what_is_for_other_hooks_is_silent(site: Site) -> None:
    """
    What dehydrated tells other hooks costs nothing, says nothing, and needs no configuration.
    """
    result = site.dns01("hook", "dehydrated", "generate_csr", "x", DNS01_CONFIG="/nowhere")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_all_at_once(site: Site) -> None:
    """
    dehydrated's chain of challenges is one run: one write for the zone, one wait, one receipt.
    """
    triplets = [word for at in range(3) for word in (HOSTS[at], "token", VALUES[at])]
    assert site.dns01("hook", "dehydrated", "deploy_challenge", *triplets).returncode == 0
    assert [verb for verb, _ in site.bridge.calls].count("append") == 1
    assert len(site.receipts()) == 1
    assert shown(site) == set(VALUES)
    assert site.dns01("hook", "dehydrated", "clean_challenge", *triplets).returncode == 0
    assert [verb for verb, _ in site.bridge.calls].count("delete") == 1
    assert shown(site) == listed(site) == set()


def test_what_a_cache_may_repeat_is_outlasted(site: Site) -> None:
    """
    Where another value was removed within a TTL, the next is not ready before that is over.
    """
    ttl, removed = 6, list[float]()
    assert lego(site, "present", VALUES[0], "--ttl", str(ttl)).returncode == 0

    def note(verb: str, _content: object) -> None:
        if verb == "delete":
            removed.append(time.time())

    site.bridge.before = note
    assert lego(site, "cleanup", VALUES[0]).returncode == 0
    again = lego(site, "present", VALUES[1], "--ttl", str(ttl))
    assert again.returncode == 0
    assert "was removed there a moment ago" in again.stderr
    assert time.time() >= removed[0] + ttl - 0.1
    elsewhere = site.dns01("hook", "lego", "present", "_acme-challenge.b.example.com", VALUES[2])
    assert "a moment ago" not in elsewhere.stderr


def test_what_is_not_outlasted_is_not_ready(site: Site) -> None:
    """
    Where the time does not suffice for that, the value is published, and the call says no.
    """
    assert lego(site, "present", VALUES[0], "--ttl", "60").returncode == 0
    assert lego(site, "cleanup", VALUES[0]).returncode == 0
    again = lego(site, "present", VALUES[1], "--ttl", "60", "--timeout", "6")
    assert again.returncode == 75
    assert "may repeat the values that were there before" in again.stderr
    assert VALUES[1] in shown(site)


def test_cleanup_ends_by_its_timeout(site: Site) -> None:
    """
    --timeout bounds a cleanup, too: a host that hangs is left, and the receipt keeps the value.
    """
    assert lego(site, "present", VALUES[0]).returncode == 0
    site.bridge.before = lambda verb, _: time.sleep(20 if verb == "delete" else 0)
    began = time.monotonic()
    assert lego(site, "cleanup", VALUES[0], "--timeout", "3").returncode == 69
    assert time.monotonic() - began < 15
    assert listed(site) == {VALUES[0]}


def test_a_job_is_the_clients_own(site: Site) -> None:
    """
    Within a step of GitHub Actions outputs, summary and annotations are the client's to make.
    """
    names = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
    job = {name: str(site.folder / name) for name in names} | {"GITHUB_ACTIONS": "true"}
    fail(site, "append")
    result = auth(site, 0, **job)
    assert result.returncode == 69
    assert "::" not in result.stdout + result.stderr
    assert not any((site.folder / name).exists() for name in names)


def test_the_options_are_those_of_ready(site: Site) -> None:
    """
    Options count as they do elsewhere; nothing is written where they are wrong.
    """
    assert lego(site, "present", VALUES[0], "--provider", "nosuch").returncode == 78
    assert site.dns01("hook", "lego", "present", "x.example.com", "v").returncode == 65
    assert shown(site) == set()
