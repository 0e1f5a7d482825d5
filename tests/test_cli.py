"""The command as a user meets it: verbs, exit codes, signals, and where what is printed goes."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from pipeline.cli import main
from providers.contract import TXT, Zone
from providers.errors import Rejected, Unavailable

from .bridge import APEX, CANARY, DNS01, Site, at, finish, leaf, opened, until

NAME = "www.example.com"
KEYS = {
    "schema", "status", "exit", "orders", "records", "elapsed_s", "dns_queries", "api_calls",
    "receipt", "problems", "checks",
}  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0, 0.0]) as site:
        yield site


def codes(report: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in report["problems"]]


def listed(site: Site) -> list[str]:
    """Return the values that any receipt lists."""
    return [record["value"] for receipt in site.receipts() for record in receipt["records"]]


def test_plan_ready_clean(site: Site) -> None:
    """
    The main job in three commands: one order, its values seen everywhere, nothing left behind.
    """
    name = "example.com,*.example.com,www.example.org"
    plan = site.report("plan", name)
    assert (plan["status"], plan["exit"], site.dns.values(leaf("example.com"))) == (
        "planned", 0, set(),
    )  # fmt: skip
    ready = site.report("ready", name)
    assert set(plan) == set(ready) == KEYS
    assert (ready["schema"], ready["status"], ready["exit"]) == (1, "ready", 0)
    assert [order["name"] for order in ready["orders"]] == [name]
    wanted = {(record["name"], record["value"]) for record in plan["records"]}
    assert {(record["name"], record["value"]) for record in ready["records"]} == wanted
    lines = [line for record in ready["records"] for line in record["perspectives"]]
    assert {line["state"] for line in lines} == {"confirmed"}
    assert {line["role"] for line in lines} == {"authoritative", "recursive"}
    assert (ready["api_calls"], site.orders.requests) == (3, 1)
    assert len(site.dns.values(leaf("example.com"))) == 2
    assert Path(ready["receipt"]).with_suffix(".report.json").exists()
    cleaned = site.report("clean", name.upper())
    assert (cleaned["status"], cleaned["exit"], len(cleaned["records"])) == ("cleaned", 0, 3)
    assert site.dns.values(leaf("example.com")) == site.dns.values(leaf("www.example.org")) == set()
    assert listed(site) == []


def test_wait(site: Site) -> None:
    """
    `wait` confirms what others published: no order, no provider, no receipt; several values of a
    name are wanted together, and a value may hold an equals sign.
    """
    site.dns.append(Zone(APEX, ""), [TXT(leaf(NAME), "one"), TXT(leaf(NAME), "two=2")], "")
    report = site.report("wait", f"{leaf(NAME)}=one", f"{leaf(NAME)}=two=2")
    assert (report["status"], report["exit"], report["orders"], report["receipt"]) == (
        "ready", 0, [], None,
    )  # fmt: skip
    assert [record["provider"] for record in report["records"]] == [None, None]
    assert site.bridge.calls == []
    assert not site.state.exists()
    report = site.report("wait", f"{leaf(NAME)}=three", "--timeout", "5s")
    assert (report["status"], report["exit"]) == ("not-ready", 75)


def test_check_takes_domains_as_certificates_are_named(site: Site) -> None:
    """
    With commas, as every other verb does, or one by one; each domain counts once. A challenge's
    own name is no domain, and what to write instead is said.
    """
    report = site.report("check", "example.com, *.example.com,www.example.com", "example.com")
    assert [check["domain"] for check in report["checks"]] == [
        "example.com", "*.example.com", "www.example.com",
    ]  # fmt: skip
    assert "name" not in codes(report)
    report = site.report("check", "_ACME-challenge.www.example.com,a..b")
    assert report["exit"] == 64
    hints = [each["hint"] for each in report["problems"] if each["code"] == "name"]
    assert hints[0] == "leave _acme-challenge. out: dns01 check www.example.com"
    assert hints[1].startswith("a certificate's name, such as example.com")


def test_providers(site: Site) -> None:
    """
    Every installed adapter, ours and others', with its settings and whether they are set.
    """
    document = json.loads(site.dns01("providers", "--json").stdout)
    by_name = {provider["name"]: provider for provider in document["providers"]}
    assert {"bridge", "cloudflare", "rfc2136", "route53"} <= set(by_name)
    assert by_name["bridge"]["credentials_present"]
    text = site.dns01("providers").stdout
    assert "\n  set   BRIDGE_TOKEN (secret; also as _FILE): its token\n" in text


def test_a_document(site: Site) -> None:
    """
    An order from a file needs no order API; from standard input neither.
    """
    document = site.document(NAME, "from-a-file")
    assert site.report("ready", "--from", document, RCL_API_KEY="")["exit"] == 0
    with Path(site.document(NAME, "from-stdin")).open() as stdin:
        result = subprocess.run(
            [DNS01, "ready", NAME, "--from", "-", "--require", "authoritative"],
            env=site.environment,
            stdin=stdin,
            capture_output=True,
            check=False,
        )
    assert result.returncode == 0
    assert site.dns.values(leaf(NAME)) == {"from-a-file", "from-stdin"}
    assert site.orders.requests == 0
    assert len(site.report("clean", NAME)["records"]) == 2


def test_a_flag_beats_the_environment(site: Site) -> None:
    """
    --config, --state-dir, --resolver and --provider decide where nothing else may.
    """
    flags = (
        "--config", str(site.folder / "dns01.toml"), "--state-dir", str(site.folder / "other"),
        "--resolver", at(site.resolver.address), "--provider", "bridge",
    )  # fmt: skip
    wrong = {"DNS01_CONFIG": "no", "DNS01_STATE_DIR": "/proc/no", "DNS01_PROVIDER": "no"}
    report = site.report("ready", NAME, *flags, DNS01_RESOLVERS="127.0.0.1:9", **wrong)
    assert report["exit"] == 0
    assert Path(report["receipt"]).parent == site.folder / "other"


def refuse(site: Site, error: Exception) -> None:
    def fail(_verb: str, _content: object) -> None:
        raise error

    site.bridge.before = fail


Spoil = Callable[[Site], tuple[str, ...]]


def hidden(site: Site) -> tuple[str, ...]:
    site.hide()
    return ("ready", NAME, "--timeout", "8s")


def silent(site: Site) -> tuple[str, ...]:
    site.mute()
    return ("ready", NAME, "--timeout", "8s")


def unreachable(site: Site) -> tuple[str, ...]:
    site.orders.close()
    return ("ready", NAME)


def rejecting(site: Site) -> tuple[str, ...]:
    refuse(site, Rejected("a CNAME is in the way"))
    return ("ready", NAME)


def failing(site: Site) -> tuple[str, ...]:
    refuse(site, Unavailable("throttled"))
    return ("ready", NAME)


def breaking(site: Site) -> tuple[str, ...]:
    (site.folder / "packages" / "bridge_adapter.py").write_text("1 / 0")
    return ("ready", NAME)


def unwritable(site: Site) -> tuple[str, ...]:
    site.state.write_text("a file, not a folder")
    return ("ready", NAME)


def garbled(site: Site) -> tuple[str, ...]:
    path = site.folder / "order.json"
    path.write_text('{"status": "pending", "validationTokens": [{"domain": "::error::\x1b[2J"}]}')
    return ("plan", "--from", str(path))


@pytest.mark.parametrize(
    ("spoil", "variables", "exit_code", "code"),
    [
        (garbled, {}, 65, "order"),
        (rejecting, {}, 65, "provider-rejected"),
        (failing, {}, 69, "provider-unavailable"),
        (unreachable, {}, 69, "order-api"),
        (silent, {}, 69, "dns-unreachable"),
        (hidden, {}, 75, "not-ready"),
        (lambda _: ("ready", NAME), {"RCL_API_KEY": "wrong"}, 77, "order-credentials"),
        (lambda _: ("ready", NAME), {"BRIDGE_TOKEN": "wrong"}, 77, "provider-unauthorized"),
        (lambda _: ("ready", "www.example.net"), {}, 78, "no-zone"),
        (lambda _: ("ready", NAME), {"RCL_API_KEY": ""}, 78, "configuration"),
        (lambda _: ("ready", NAME), {"BRIDGE_TOKEN": ""}, 78, "provider"),
        (lambda _: ("ready", NAME), {"DNS01_PROVIDER": "bride"}, 78, "provider"),
        (lambda _: ("clean", NAME, "--config", "gone.toml"), {}, 78, "configuration"),
        (breaking, {"DNS01_PROVIDER": "bridge"}, 78, "provider"),
        (unwritable, {}, 78, "state-dir"),
        (lambda _: ("wait", "a..b=v"), {}, 64, "name"),
    ],
)
def test_exit_codes(
    site: Site, spoil: Spoil, variables: dict[str, str], exit_code: int, code: str
) -> None:
    """
    Each way to fail has its code, exactly one document on standard output, the reason on standard
    error with a word a script can match, and nothing left in DNS but after a failed wait.
    """
    result = site.dns01(*spoil(site), "--json", **variables)
    document = json.loads(result.stdout)
    assert (result.returncode, document["exit"]) == (exit_code, exit_code)
    assert document["status"] == ("not-ready" if exit_code == 75 else "failed")
    assert codes(document)[0] == code
    assert f"dns01: {code}: " in result.stderr
    assert set(document) == KEYS
    assert "::" not in result.stderr
    kept = code == "not-ready"
    assert bool(site.dns.values(leaf(NAME))) == bool(listed(site)) == kept


def test_75_is_resumed(site: Site) -> None:
    """
    After 75 the same command goes on with the same order.
    """
    site.hide()
    assert site.dns01("ready", NAME, "--timeout", "8s").returncode == 75
    site.show()
    report = site.report("ready", NAME)
    assert (report["exit"], report["orders"][0]["resumed"]) == (0, True)
    assert site.orders.requests == 1


def test_the_worst_of_several(site: Site) -> None:
    """
    One name fails, the other is ready all the same, and the exit code is the failure's.
    """
    report = site.report("ready", NAME, "www.example.net")
    assert [order["exit"] for order in report["orders"]] == [0, 78]
    assert report["exit"] == 78
    assert {line["state"] for line in report["records"][0]["perspectives"]} == {"confirmed"}


def test_two_at_once(site: Site) -> None:
    """
    While one run waits, a second one of the name, and clean, are 75 and change nothing.
    """
    site.hide()
    first = site.start("ready", NAME, "--timeout", "80s")
    until(lambda: site.dns.values(leaf(NAME)))
    assert codes(site.report("ready", NAME)) == ["busy"]
    assert site.report("clean", NAME)["exit"] == 75
    assert len(site.dns.values(leaf(NAME))) == 1
    site.show()
    assert finish(first).returncode == 0
    assert site.orders.requests == 1


def test_quiet(site: Site) -> None:
    """
    For cron: not a byte on success, everything on failure.
    """
    for verb in (("plan", NAME), ("ready", NAME), ("clean", "--all")):
        result = site.dns01(*verb, "--quiet")
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    result = site.dns01("ready", "www.example.net", "--quiet")
    assert (result.returncode, result.stdout) == (78, "")
    assert "dns01: failed: exit 78" in result.stderr
    assert "no hosted zone encloses" in result.stderr
    assert "dns01: hint: " in result.stderr


def test_quiet_keeps_the_document(site: Site) -> None:
    """
    --quiet silences people's text, never the document.
    """
    result = site.dns01("ready", NAME, "--quiet", "--json")
    assert json.loads(result.stdout)["status"] == "ready"
    assert result.stderr == ""


def test_human_text(site: Site) -> None:
    """
    The verdict and the records on standard output, progress on standard error.
    """
    result = site.dns01("ready", NAME)
    verdict, record = result.stdout.splitlines()
    assert verdict.startswith("ready: 1 value at 1 name confirmed in ")
    assert record.endswith("(bridge, zone example.com.)  3 of 3 servers")
    assert "published 1 value in zone example.com. at bridge" in result.stderr
    assert "3 of 3" not in result.stderr


def test_verbose_shows_places_not_secrets(site: Site) -> None:
    """
    --verbose names the servers that secrets go to, and no secret (see `finish`).
    """
    result = site.dns01("ready", NAME, "--verbose")
    assert f"order API {site.orders.url}" in result.stderr
    assert f"BRIDGE_URL={site.bridge.url}" in result.stderr
    assert f"receipts in {site.state}" in result.stderr
    for path in site.state.iterdir():
        assert CANARY not in path.read_text()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_wait(site: Site, signum: signal.Signals) -> None:
    """
    The records are removed within five seconds, and the document says so.
    """
    site.hide()
    process = site.start("ready", NAME, "--json")
    until(lambda: seen(site))
    before = time.monotonic()
    process.send_signal(signum)
    result = finish(process)
    assert time.monotonic() - before < 5
    document = json.loads(result.stdout)
    assert result.returncode == document["exit"] == 128 + signum
    assert codes(document) == ["interrupted"]
    assert "nothing of this run is left in DNS" in result.stderr
    assert site.dns.values(leaf(NAME)) == set()
    assert listed(site) == []


def seen(site: Site) -> bool:
    """Whether a run waits for its records."""
    return any(receipt["state"] == "waiting" for receipt in site.receipts())


def test_a_signal_the_host_does_not_survive(site: Site) -> None:
    """
    If removing hangs, we are gone within the grace, and say that the receipt is kept.
    """
    site.hide()
    process = site.start("ready", NAME, "--json")
    until(lambda: seen(site))
    never = Event()
    site.bridge.before = lambda _verb, _content: never.wait(60)
    process.terminate()
    before = time.monotonic()
    result = finish(process)
    never.set()
    assert time.monotonic() - before < 8  # five, and what a busy machine takes to end a process
    assert result.returncode == 143
    assert codes(json.loads(result.stdout)) == ["interrupted", "provider", "records-left"]
    assert "hint: dns01 clean --all" in result.stderr
    assert len(listed(site)) == 1


def catches(pid: int, signum: signal.Signals) -> bool:
    """Whether the process has a handler of its own for *signum*."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return bool(int(status["SigCgt"], 16) >> (signum - 1) & 1)


def test_a_signal_while_the_order_is_awaited(site: Site) -> None:
    """
    A document that never comes through standard input does not keep us from ending.
    """
    with subprocess.Popen(
        [DNS01, "ready", "--from", "-", "--json"],
        env=site.environment | {"DNS01_STATE_DIR": "/proc/never/used"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: catches(process.pid, signal.SIGTERM))
        time.sleep(0.3)  # it reads by now
        process.terminate()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert json.loads(out)["exit"] == 143
    assert "Fatal Python error" not in err


def test_kill_and_clean(site: Site) -> None:
    """
    After kill -9 the records are still listed; clean removes exactly those, from another process.
    """
    site.dns.append(Zone(APEX, ""), [TXT(leaf(NAME), "theirs")], "")
    site.hide()
    process = site.start("ready", NAME)
    until(lambda: seen(site))
    process.kill()
    finish(process)
    [ours] = site.dns.values(leaf(NAME)) - {"theirs"}
    assert listed(site) == [ours]
    report = site.report("clean", "--all")
    assert [record["value"] for record in report["records"]] == [ours]
    assert site.dns.values(leaf(NAME)) == {"theirs"}
    assert listed(site) == []


def test_kill_and_ready(site: Site) -> None:
    """
    After kill -9 the next run takes over order and records.
    """
    site.hide()
    process = site.start("ready", NAME)
    until(lambda: seen(site))
    process.kill()
    finish(process)
    site.show()
    report = site.report("ready", NAME)
    assert (report["exit"], report["orders"][0]["resumed"]) == (0, True)
    assert len(site.dns.values(leaf(NAME))) == len(listed(site)) == 1
    assert site.orders.requests == 1


def test_nohup_is_honoured(site: Site) -> None:
    """
    A hang-up that nohup had us ignore does not end the run.
    """
    site.hide()
    process = subprocess.Popen(
        ["sh", "-c", f"trap '' HUP; exec {DNS01} ready {NAME}"],
        env=site.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: seen(site))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    site.show()
    assert finish(process).returncode == 0


def piped(site: Site, shell: str) -> subprocess.CompletedProcess[str]:
    """Run *shell* with bash, where a pipe fails with what fails in it."""
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell.replace("dns01", str(DNS01))],
        env=site.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr
    return result


@pytest.mark.parametrize(
    "shell",
    [
        f"dns01 ready {NAME} | head -c1",
        f"dns01 ready {NAME} --json | true",
        f"dns01 ready {NAME} 2>&1 | head -c1",
        f"dns01 ready {NAME} --json 2>&1 >/dev/null | true",
        f"dns01 ready {NAME} --quiet; dns01 --help | true",
    ],
)
def test_a_reader_that_goes_away(site: Site, shell: str) -> None:
    """
    Whoever stops reading along changes neither the run nor its exit status.
    """
    assert piped(site, shell).returncode == 0
    [receipt] = site.receipts()
    assert receipt["state"] == "ready"


def test_a_result_that_cannot_be_written(site: Site) -> None:
    """
    A full disk under standard output is said on standard error, and is not success.
    """
    result = piped(site, f"dns01 ready {NAME} --json > /dev/full")
    assert result.returncode == 78
    assert "cannot write the result: no space left on device" in result.stderr
    assert site.receipts()[0]["state"] == "ready"


def test_github(site: Site) -> None:
    """
    In a GitHub job the outputs and the summary say what became of it, in the files named for that.
    """
    files = {name: str(site.folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    report = site.report("ready", NAME, **files)
    output = Path(files["GITHUB_OUTPUT"]).read_text()
    assert "ready<<" in output
    assert f"\n{report['receipt']}\n" in output
    assert "### dns01: ready" in Path(files["GITHUB_STEP_SUMMARY"]).read_text()
    assert site.report("clean", NAME, GITHUB_OUTPUT="/proc/no")["exit"] == 0


def test_any_number_of_cron_jobs(site: Site) -> None:
    """
    Documents of one name at the same time are all ready; every clean takes what is listed.
    """
    documents = [site.document(NAME, f"value-{i}") for i in range(4)]
    options = ("--require", "authoritative", "--quiet")
    runs = [site.start("ready", "--from", each, *options) for each in documents]
    assert [finish(run).returncode for run in runs] == [0] * 4
    assert len(site.dns.values(leaf(NAME))) == len(listed(site)) == 4
    assert site.dns01("clean", "--all").returncode == 0
    assert site.dns.values(leaf(NAME)) == set()


def test_as_a_module(site: Site) -> None:
    """
    ``python -m pipeline`` is the same command.
    """
    words = [sys.executable, "-m", "pipeline", "--version"]
    result = subprocess.run(words, env=site.environment, capture_output=True, text=True, check=True)
    assert result.stdout == site.dns01("--version").stdout


class Pressed(list[str]):
    """Arguments during whose reading somebody presses Ctrl-C."""

    def __iter__(self) -> Iterator[str]:
        raise KeyboardInterrupt


def test_an_early_signal() -> None:
    """
    Ctrl-C before anything has begun is 130 like any other, without a traceback.
    """
    assert main(Pressed()) == 130


def test_a_bug_is_a_document_too(site: Site) -> None:
    """
    Even an error nobody foresaw prints exactly one document, and says where.
    """
    words = "import sys, pipeline.command.assembly as s; s.Store = None; "
    words += "from pipeline.cli import main; "
    words += f"sys.exit(main(['ready', '{NAME}', '--json']))"
    result = subprocess.run(
        [sys.executable, "-c", words],
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(result.stdout)
    assert (result.returncode, document["exit"], codes(document)) == (70, 70, ["bug"])
    assert "TypeError in assembly.py:" in result.stderr


@pytest.mark.parametrize(("verb", "hint"), [("clean", True), ("plan", False)])
def test_a_signal_to_what_writes_nothing(site: Site, verb: str, hint: bool) -> None:  # noqa: FBT001
    """
    `plan` just ends; `clean` says that what it did not get to can be cleaned again.
    """
    assert site.dns01("ready", NAME).returncode == 0
    before = site.dns.values(leaf(NAME))
    hangs, go_on = Event(), Event()

    def hang(_verb: str, _content: object) -> None:
        hangs.set()
        go_on.wait(60)

    site.bridge.before = hang
    process = site.start(verb, NAME, "--json")
    assert hangs.wait(60)
    process.terminate()
    document = json.loads(finish(process).stdout)
    go_on.set()
    assert (document["exit"], codes(document)) == (143, ["interrupted"])
    assert bool(document["problems"][0]["hint"]) == hint
    assert before == site.dns.values(leaf(NAME))


def test_a_provider_that_does_not_exist_costs_no_order(site: Site) -> None:
    """
    A name mistyped, as an option, in the environment or for a zone, is 78 with the nearest one,
    before a request of the weekly quota is spent; `plan` does not approve it either.
    """
    table = site.folder / "typo.toml"
    table.write_text('[zones."example.com"]\nprovider = "bridgee"\nzone_id = "z"\n')
    for words, variables in (
        (["ready", NAME, "--provider", "bridgee"], {}),
        (["plan", NAME], {"DNS01_PROVIDER": "bridgee"}),
        (["plan", NAME, "--config", str(table)], {}),
    ):
        result = site.dns01(*words, **variables)
        assert result.returncode == 78, result.stderr
        assert "did you mean bridge?" in result.stderr
    assert site.orders.requests == 0


LATE = """
import os, signal
if "LATE" in os.environ:
    from pipeline.stage import Run

    ready = Run.ready

    def late(self, **given):
        report = ready(self, **given)
        os.kill(os.getpid(), signal.SIGTERM)
        return report

    Run.ready = late
"""


def test_a_signal_that_comes_when_all_is_done_has_a_whole_report(site: Site) -> None:
    """
    What was ready, and not told yet, is removed, and the report has the order and the receipt.
    """
    (site.folder / "packages" / "sitecustomize.py").write_text(LATE)
    result = site.dns01("ready", NAME, "--json", LATE="1")
    report = json.loads(result.stdout)
    assert result.returncode == report["exit"] == 143
    [told] = [each["message"] for each in report["problems"] if each["code"] == "interrupted"]
    assert "nothing of this run is left in DNS" in told
    assert report["receipt"]
    assert [order["name"] for order in report["orders"]] == [NAME]
    assert [receipt["records"] for receipt in site.receipts()] == [[]]
    assert site.dns.values(leaf(NAME)) == set()
