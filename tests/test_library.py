"""The stage as a Python program calls it, against a zone and an order API on loopback."""

import asyncio
import copy
import hashlib
import json
import os
import pickle
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

import pipeline
from pipeline import (
    NotReady,
    RecordsLeft,
    Report,
    Step,
    check,
    clean,
    plan,
    published,
    ready,
    wait,
)
from pipeline.case import Interrupted
from pipeline.clock import SystemClock
from pipeline.library.telling import Telling
from pipeline.model import Problem
from providers.errors import Rejected

from .bridge import CANARY, Site, leaf, opened

VALUE = "v" * 43


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site whose adapter this process finds, as it would find any installed one."""
    with pytest.MonkeyPatch.context() as patch, opened(tmp_path_factory.mktemp("site")) as site:
        patch.syspath_prepend(str(site.folder / "packages"))
        yield site


@pytest.fixture
def site(place: Site) -> Iterator[Site]:
    """Return the site with nothing in DNS before the test, and nothing after it."""
    yield place
    place.show()
    place.bridge.before = lambda _verb, _content: None
    assert clean(everything=True, environment=place.environment).exit == 0


@pytest.fixture
def host(request: pytest.FixtureRequest) -> str:
    """Return a name of the test's own, which no resolver has heard of."""
    digest = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]
    return f"t{digest}.example.com"


def order(host: str, value: str = VALUE) -> dict[str, Any]:
    """Return an order for *host* as a document."""
    token = {"tokenName": "_acme-challenge", "tokenValue": value, "challengeType": "DNS"}
    return {"status": "pending", "validationTokens": [token | {"domain": host}]}


def codes(report: Report) -> set[str]:
    return {problem.code for problem in report.problems}


# What the calls do


def test_ready_publishes_and_clean_removes(site: Site, host: str) -> None:
    """
    `ready` is 0 with the values in place, as its report says; `clean` removes them.
    """
    report = ready(host, environment=site.environment)
    assert (report.status, report.exit) == ("ready", 0)
    [record] = report.records
    assert site.dns.values(leaf(host)) == {record.value}
    assert {line.state for line in record.perspectives} == {"confirmed"}
    removed = clean(host, environment=site.environment)
    assert (removed.status, len(removed.records)) == ("cleaned", 1)
    assert not site.dns.values(leaf(host))


@pytest.mark.parametrize("shape", [dict, json.dumps, lambda o: json.dumps(o).encode()])
def test_an_order_is_a_document_in_any_shape(site: Site, host: str, shape: Any) -> None:
    """
    A mapping, text or bytes; no order is asked for, and names limit what it may hold.
    """
    before = site.orders.requests
    report = ready(order=shape(order(host)), environment=site.environment)
    assert report.exit == 0
    assert site.dns.values(leaf(host)) == {VALUE}
    other = ready("example.org", order=shape(order(host)), environment=site.environment)
    assert (other.exit, codes(other)) == (65, {"order"})
    assert site.orders.requests == before


def test_plan_and_check_write_nothing(site: Site, host: str) -> None:
    """
    They report what would be written, and what stands in the way.
    """
    before = len(site.bridge.calls)
    planned = plan(order=order(host), environment=site.environment)
    assert (planned.status, [each.value for each in planned.records]) == ("planned", [VALUE])
    looked = check("example.com,*.example.com", environment=site.environment)
    assert [line.domain for line in looked.checks] == ["example.com", "*.example.com"]
    assert "append" not in {verb for verb, _ in site.bridge.calls[before:]}
    assert not site.dns.values(leaf(host))


def test_wait_confirms_what_somebody_else_publishes(site: Site, host: str) -> None:
    """
    Values of several names, one or several each; a value that is nowhere is 75 at the deadline.
    """
    ready(order=order(host), environment=site.environment)
    name = leaf(host).to_text()
    assert wait({name: VALUE}, environment=site.environment).exit == 0
    late = wait({name: [VALUE, "x" * 43]}, environment=site.environment, timeout=4)
    assert (late.exit, late.status) == (75, "not-ready")


def test_published_holds_the_values_for_a_body(site: Site, host: str) -> None:
    """
    They are there while the body runs, and gone after it, also after one that raises.
    """
    with published(order=order(host), environment=site.environment) as report:
        assert report.exit == 0
        assert site.dns.values(leaf(host)) == {VALUE}
    assert not site.dns.values(leaf(host))
    with (
        pytest.raises(KeyboardInterrupt),
        published(order=order(host), environment=site.environment),
    ):
        raise KeyboardInterrupt
    assert not site.dns.values(leaf(host))


def test_published_does_not_enter_the_body_unready(site: Site, host: str) -> None:
    """
    What is not ready by the deadline raises, with the report, and leaves nothing.
    """
    site.hide()
    entered = False
    with (
        pytest.raises(NotReady, match="not ready by the deadline") as raised,
        published(order=order(host), environment=site.environment, timeout=4),
    ):
        entered = True
    assert raised.value.report.exit == 75
    assert not entered
    assert not site.dns.values(leaf(host))


def test_published_says_what_it_could_not_remove(site: Site, host: str) -> None:
    """
    An exception after the body, a note on the body's own; and the receipt still lists it.
    """

    def before(verb: str, _content: object) -> None:
        if verb == "delete":
            raise Rejected("not today")

    site.bridge.before = before
    with (
        pytest.raises(RecordsLeft, match="not today") as raised,
        published(order=order(host), environment=site.environment),
    ):
        pass
    assert "records-left" in {problem.code for problem in raised.value.problems}
    with (
        pytest.raises(ZeroDivisionError) as own,
        published(order=order(f"other.{host}"), environment=site.environment),
    ):
        raise ZeroDivisionError
    assert any("not today" in note for note in own.value.__notes__)
    assert site.dns.values(leaf(host)) == site.dns.values(leaf(f"other.{host}")) == {VALUE}


# What goes wrong


def test_failures_are_in_the_report(site: Site, host: str) -> None:
    """
    Credentials, configuration, an order that is none: an exit and a problem, not an exception.
    """
    refused = site.environment | {"BRIDGE_TOKEN": "wrong-token"}
    assert ready(order=order(host), environment=refused).exit == 77
    missing = {k: v for k, v in site.environment.items() if k != "RCL_API_KEY"}
    report = ready(host, environment=missing)
    assert (report.exit, report.status, codes(report)) == (78, "failed", {"configuration"})
    assert ready(order=b"{}", environment=site.environment).exit == 65
    with pytest.raises(NotReady, match="RCL_API_KEY"), published(host, environment=missing):
        pass


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ready("example.com", timout=5), "there is no timout; did you mean timeout?"),  # type: ignore[call-arg]
        (
            lambda: ready("example.com", timeout=-1),
            "timeout: more than 0 seconds, and at most a year, are wanted",
        ),
        (
            lambda: ready(order=b"{}", source="rcl"),
            "order is a document, source says rcl",
        ),
        (
            lambda: ready("example.com", source="acme", renew_within=timedelta(1)),
            "renew_within asks the rcl source; acme knows of no certificate",
        ),
        (
            lambda: ready("example.com", source="rcl", respond=True),
            "respond needs source acme: elsewhere dns01 knows no challenge to answer",
        ),
    ],
)
def test_mistakes_are_told_in_the_calls_words(call: Callable[[], object], said: str) -> None:
    """
    A program has no options: each is named as its keyword, the nearest one where there is none.
    """
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (ready, TypeError),
        (lambda: ready(["example.com"]), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", resolver="192.0.2.1"), TypeError),  # type: ignore[call-arg]
        (lambda: ready("example.com", resolvers=["ns.example"]), ValueError),
        (lambda: ready("example.com", ttl=0), ValueError),
        (lambda: ready("example.com", timeout=-1), ValueError),
        (lambda: ready("example.com", timeout="soon"), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", require="most"), ValueError),  # type: ignore[arg-type]
        (lambda: ready("example.com", provider=[]), TypeError),
        (lambda: ready("example.com", source="none"), ValueError),  # type: ignore[arg-type]
        (lambda: ready("example.com", source="rcl", respond=True), ValueError),
        (lambda: ready(order=5), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", progress=5), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", cancel=True), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", environment=["A"]), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", renew_within=14), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", renew_within=timedelta()), ValueError),
        (lambda: ready("example.com", force="no"), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", ttl="60"), TypeError),  # type: ignore[arg-type]
        (lambda: ready("example.com", ttl=True), TypeError),
        (lambda: ready("example.com", timeout="5m"), TypeError),  # type: ignore[arg-type]
        (lambda: wait({"a": 5}), TypeError),  # type: ignore[dict-item]
        (lambda: wait({"a": ["v", 5]}), TypeError),  # type: ignore[list-item]
        (lambda: wait({"a": []}), ValueError),
        (lambda: ready(order={}, source="acme"), ValueError),
        (clean, TypeError),
        (lambda: clean("example.com", everything=True), TypeError),
        (lambda: wait({}), ValueError),
        (lambda: wait({"a..b": ["v"]}), ValueError),
        (check, TypeError),
    ],
)
def test_mistakes_of_the_programmer_raise(call: Any, error: Any) -> None:
    """
    Before anything is done: no call has an environment here, nor a network.
    """
    with pytest.raises(error):
        call()


@pytest.mark.parametrize(
    "error",
    [NotReady(Report("failed", 75)), RecordsLeft([Problem("records-left", "one", "clean")])],
)
def test_what_is_raised_can_be_handed_on(error: Exception) -> None:
    """
    To another process or as a copy, with all that it holds.
    """
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(other), str(other)) == (type(error), str(error))
        assert vars(other) == vars(error)


def test_a_call_that_is_cancelled_before_it_begins_asks_for_no_order(site: Site) -> None:
    """
    Exit 130, and the order API has heard of nothing.
    """
    cancel, before = Event(), site.orders.requests
    cancel.set()
    report = ready("never.example.com", environment=site.environment, cancel=cancel)
    assert (report.exit, site.orders.requests) == (130, before)


def test_no_secret_is_in_a_report(site: Site, host: str) -> None:
    """
    Not even where a host repeats one in what it says.
    """

    def before(verb: str, _content: object) -> None:
        if verb == "append":
            raise Rejected(f"no such token: {CANARY}-bridge")

    site.bridge.before = before
    report = ready(order=order(host), environment=site.environment)
    assert report.exit == 65
    assert "no such token" in pipeline.to_json(report)
    assert CANARY not in pipeline.to_json(report)


# What it leaves alone


def test_the_process_is_left_alone(
    site: Site, host: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Given an environment it reads no other; it prints nothing, sets no signal handler, no variable.
    """
    monkeypatch.setenv("DNS01_PROVIDER", "nonsense")
    before = [signal.getsignal(signum) for signum in signal.valid_signals()], dict(os.environ)
    assert ready(order=order(host), environment=site.environment).exit == 0
    after = [signal.getsignal(signum) for signum in signal.valid_signals()], dict(os.environ)
    assert before == after
    assert capfd.readouterr() == ("", "")


def test_without_an_environment_it_is_that_of_the_process(
    site: Site, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As the command has it.
    """
    for name, value in site.environment.items():
        monkeypatch.setenv(name, value)
    assert ready(host).exit == 0
    assert clean(host).exit == 0


# Progress, and an end to it


def test_progress_comes_in_steps(site: Site, host: str) -> None:
    """
    Each has a text and the seconds since the call; in the wait, who has confirmed, to the last.
    """
    steps: list[Step] = []
    report = ready(order=order(host), environment=site.environment, progress=steps.append)
    assert any(step.text.startswith("published 1 value") for step in steps)
    told = [step.tallies for step in steps if step.tallies]
    assert {tally.role: tally.total for tally in told[0]} == {"authoritative": 2, "recursive": 1}
    assert all(tally.confirmed == tally.total for tally in told[-1])
    moments = [step.elapsed_s for step in steps]
    assert moments == sorted(moments)
    assert moments[-1] <= report.elapsed_s


def test_a_progress_that_breaks_ends_no_run(site: Site, host: str) -> None:
    """
    It is not called again, and the report has a warning.
    """
    seen: list[Step] = []

    def progress(step: Step) -> None:
        seen.append(step)
        raise ZeroDivisionError

    report = ready(order=order(host), environment=site.environment, progress=progress)
    assert (report.exit, len(seen)) == (0, 1)
    assert "bug" in codes(report)


@pytest.mark.parametrize("at", ["published", "0 of 2"])
def test_a_call_that_is_cancelled_removes_its_records(site: Site, host: str, at: str) -> None:
    """
    Whether between steps or in the wait: exit 130, and nothing is left in DNS.
    """
    site.hide()
    cancel = Event()

    def progress(step: Step) -> None:
        if step.text.startswith(at):
            cancel.set()

    report = ready(
        order=order(host),
        environment=site.environment,
        progress=progress,
        cancel=cancel,
        timeout=60,
    )
    assert (report.exit, report.status) == (130, "failed")
    assert "interrupted" in codes(report)
    assert not site.dns.values(leaf(host))


def test_a_wait_that_is_cancelled_ends(site: Site, host: str) -> None:
    """
    There is nothing to remove: exit 130, long before the deadline.
    """
    cancel = Event()
    report = wait(
        {leaf(host).to_text(): VALUE},
        environment=site.environment,
        progress=lambda _step: cancel.set(),
        cancel=cancel,
        timeout=60,
    )
    assert (report.exit, report.status, codes(report)) == (130, "failed", {"interrupted"})
    assert report.elapsed_s < 30


def test_only_the_thread_of_the_call_is_interrupted_and_once() -> None:
    """
    An adapter's thread may tell of a wait, and what removes records of its work, undisturbed.
    """
    cancel, seen = Event(), list[str]()
    telling = Telling(SystemClock(), lambda step: seen.append(step.text), cancel, str)
    cancel.set()
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(telling.say, "waiting").result()
    with pytest.raises(Interrupted):
        telling.say("here")
    telling.say("removing")
    other = Telling(SystemClock(), lambda step: seen.append(step.text), cancel, str)
    other.disregard()
    other.say("removing, too")
    assert seen == ["waiting", "removing", "removing, too"]


def test_calls_of_one_program_do_not_disturb_each_other(site: Site) -> None:
    """
    Ten at once from a coroutine: each reports its own records, on its own clock and receipt.
    """
    names = [f"host{number}.example.com" for number in range(10)]

    async def every() -> list[Report]:
        calls = [asyncio.to_thread(ready, name, environment=site.environment) for name in names]
        return await asyncio.gather(*calls)

    before = site.orders.requests
    reports = asyncio.run(every())
    assert [report.exit for report in reports] == [0] * 10
    assert site.orders.requests == before + 10
    assert len({report.receipt for report in reports}) == 10
    for name, report in zip(names, reports, strict=True):
        [record] = report.records
        assert record.name == leaf(name).to_text()
        assert site.dns.values(leaf(name)) == {record.value}
        assert report.api_calls == 2  # zones, append: its own, nobody else's
    assert len(clean(everything=True, environment=site.environment).records) == 10


def test_two_calls_for_one_name_do_not_meet(site: Site, host: str) -> None:
    """
    The second finds the first at work, as it would in another process: 75, and no order.
    """
    site.hide()
    stop, waiting = Event(), Event()

    def progress(step: Step) -> None:
        if step.tallies:
            waiting.set()

    async def both() -> tuple[Report, Report]:
        first = asyncio.create_task(
            asyncio.to_thread(
                ready, host, environment=site.environment, progress=progress, cancel=stop
            )
        )
        assert await asyncio.to_thread(waiting.wait, 60)
        before = site.orders.requests
        second = await asyncio.to_thread(ready, host, environment=site.environment)
        assert site.orders.requests == before
        stop.set()
        return await first, second

    first, second = asyncio.run(both())
    assert (first.exit, second.exit) == (130, 75)
    assert "busy" in codes(second)


# What is exported


def test_the_names_promised_are_there() -> None:
    """
    Each of `pipeline.__all__` is there, with a docstring; another is an AttributeError.
    """
    for name in pipeline.__all__:
        assert getattr(pipeline, name).__doc__, name
    with pytest.raises(AttributeError, match="wrong"):
        _ = pipeline.wrong


def test_no_module_takes_the_name_of_what_is_exported() -> None:
    """
    Else importing it would put the module in the function's place.
    """
    assert not {each.name for each in pkgutil.iter_modules(pipeline.__path__)} & {*pipeline.__all__}


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    """
    `import pipeline` costs nothing, for the command begins with it; the functions come last.
    """
    script = (
        "import sys, pipeline; assert 'dns' not in sys.modules\n"
        "import pipeline.cli, pipeline.command.session\n"
        "from pipeline import clean, plan; assert callable(clean) and callable(plan)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[1])
