"""What is still in DNS is said in a sentence, with a command that removes it."""

import json
import shlex
from pathlib import Path, PurePath

import pytest
from dns.name import from_text

from pipeline.model import Challenge, Record, Severity
from pipeline.receipts.remains import dropped, left_behind, staying
from providers.contract import TXT, Zone
from providers.errors import Rejected, Unavailable

from .bridge import APEX, leaf, opened

FOLDER = PurePath("/var/lib/my receipts")
ZONE = Zone(from_text("example.com."), "Z1")


def record(host: str) -> Record:
    challenge = Challenge(from_text(f"_acme-challenge.{host}."), "v", host)
    return Record(challenge, ZONE, "shelf", 60)


def told(count: int) -> str:
    records = [record(f"h{number}.example.com") for number in range(count)]
    problem = left_behind(records, "stopped", FOLDER)
    assert (problem.code, problem.severity) == ("records-left", Severity.WARNING)
    return problem.message


def test_records_left_are_named() -> None:
    """Up to three are named whole, the rest counted; one is not many."""
    h0, h1, h2 = (f"_acme-challenge.h{n}.example.com. TXT v at shelf" for n in range(3))
    assert told(1) == (f"stopped: 1 record may still be in DNS: {h0}; the receipt lists it")
    assert told(3) == (
        f"stopped: 3 records may still be in DNS: {h0}, {h1}, {h2}; the receipt lists them"
    )
    assert told(5).endswith(f"{h2}, and 2 more; the receipt lists them")


def test_an_alias_is_named_where_the_value_is() -> None:
    """Whoever removes it by hand looks at the target, not at the CNAME."""
    aliased = Record(record("a.example.com").challenge, ZONE, "shelf", 60, from_text("t.example."))
    assert "DNS: t.example. TXT v at shelf;" in left_behind([aliased], "x", FOLDER).message


def test_the_command_says_which_folder() -> None:
    """The hint is a command for a shell that works from anywhere, whatever the folder's name."""
    hint = left_behind([record("a.example.com")], "x", FOLDER).hint
    assert shlex.split(hint) == ["dns01", "clean", "--all", "--state-dir", str(FOLDER)]


@pytest.mark.parametrize(
    ("names", "which"),
    [
        (["example.com,*.example.com"], ["example.com,*.example.com"]),
        (["a", "b", "c"], ["a", "b", "c"]),
        (["a", "b", "c", "d"], ["--all"]),
    ],
)
def test_values_that_stay(names: list[str], which: list[str]) -> None:
    """A few names are cleaned by name, a wildcard safe from the shell; it is a mere notice."""
    late = {name: [record(f"{number}.example.com")] for number, name in enumerate(names)}
    published = [(f"_acme-challenge.{n}.example.com.", "v") for n in (*range(len(names)), "ready")]
    [problem] = staying(published, late, FOLDER)
    assert (problem.code, problem.severity) == ("records-stay", Severity.WARNING)
    verb = "value stays" if len(names) == 1 else "values stay"
    assert problem.message == f"{len(names)} {verb} in DNS"
    [_, command] = problem.hint.split(": ")
    assert shlex.split(command) == ["dns01", "clean", *which, "--state-dir", str(FOLDER)]


def test_nothing_stays_of_what_was_not_published() -> None:
    """What is ready waits for nobody, and what failed before the write is not there."""
    published = [("_acme-challenge.ready.example.com.", "v")]
    assert staying(published, {"a": [record("a.example.com")]}, FOLDER) == ()
    assert staying(published, {}, FOLDER) == ()


def test_orders_that_are_kept_no_more() -> None:
    """One is named, of many a few, in one sentence; none is nothing to say."""
    assert dropped([]) == ()
    [one], [many] = dropped(["a"]), dropped(["a", "b", "c", *"d" * 1000])
    assert one.message == "the order kept for a is dropped: the next run asks for a new one"
    assert many.message.startswith("the orders kept for a, b, c, and 1,000 more are dropped")


def test_what_a_time_out_leaves_is_said_by_ready_alone(tmp_path: Path) -> None:
    """
    `ready` says what stays, and its command removes that; `run` takes it back, so nothing stays.
    """
    name = "www.example.com"
    with opened(tmp_path, lags=[60.0]) as site:
        late = ("--timeout", "8s")
        ran = json.loads(site.dns01("run", name, *late, "--json", "--", "true").stdout)
        assert (ran["exit"], site.dns.values(leaf(name))) == (75, set())
        assert "records-stay" not in {problem["code"] for problem in ran["problems"]}
        ready = site.report("ready", name, *late)
        [stays] = [each for each in ready["problems"] if each["code"] == "records-stay"]
        assert (ready["exit"], stays["message"]) == (75, "1 value stays in DNS")
        assert len(site.dns.values(leaf(name))) == 1
        command = shlex.split(stays["hint"].partition(": ")[2])
        assert command[0] == "dns01"
        assert site.dns01(*command[1:]).returncode == 0
        assert site.dns.values(leaf(name)) == set()


def test_another_process_removes_what_a_document_left(tmp_path: Path) -> None:
    """
    A document's write fails half-way and the host cannot delete: `clean` finds what is left, also
    after another run of the same value, which left it to the first.
    """
    name = "www.example.com"
    with opened(tmp_path) as site:

        def half(verb: str, _content: object) -> None:
            if verb == "append":
                site.dns.append(Zone(APEX, ""), [TXT(leaf(name), "v" * 43)], "")
                raise Rejected("no")
            if verb == "delete":
                raise Unavailable("down")

        order = site.document(name)
        site.bridge.before = half
        failed = site.report("ready", "--from", order)
        assert failed["exit"] == 65
        assert "records-left" in {problem["code"] for problem in failed["problems"]}
        assert site.report("ready", "--from", order)["exit"] == 65  # leaves it to the first
        site.bridge.before = lambda _verb, _content: None
        assert site.dns.values(leaf(name)) == {"v" * 43}
        cleaned = site.report("clean", "--all")
        assert (cleaned["exit"], len(cleaned["records"])) == (0, 1)
        assert site.dns.values(leaf(name)) == set()
