"""The bad habits of dns-lexicon's providers, each played by one that has it."""

from collections.abc import Callable
from functools import partial
from itertools import count
from threading import Event, Lock
from typing import Any

import pytest
from dns.name import Name, from_text
from lexicon.config import ConfigResolver
from lexicon.exceptions import AuthenticationError
from lexicon.interfaces import Provider as Interface

from providers.contract import TXT, Provider, Zone
from providers.errors import ProviderError, Rejected, Unauthorized, Unavailable
from providers.lexicon import Lexicon
from providers.lexicon.calls import Calls
from providers.lexicon.session import unquoted
from providers.testing import MARK, ProviderContract

APEX = from_text("example.com.")
ZONE = Zone(APEX, "example.com")
LEAF = from_text("_acme-challenge.example.com.")
SPELLED = "_acme-challenge.example.com"
SECRET = "s3cret-7c1e-canary"


class Host:
    """What the provider's sessions share: the records, and what went on."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.lock = Lock()
        self.ids = count(1)
        self.deletes: list[tuple[object, object]] = []

    def at(self, name: str, rdtype: str = "TXT") -> list[dict[str, Any]]:
        return [row for row in self.rows if (row["name"], row["type"]) == (name, rdtype)]

    def add(self, rdtype: str, name: str, content: str) -> None:
        self.rows.append({"id": next(self.ids), "type": rdtype, "name": name, "content": content})

    def contents(self, name: str = SPELLED) -> list[str]:
        return sorted(row["content"] for row in self.at(name))


class Sound(Interface):
    """A provider without bad habits, but for adding what is there already."""

    host: Host

    @staticmethod
    def get_nameservers() -> list[str]:
        return []

    @staticmethod
    def configure_parser(parser: object) -> None:
        """Take no options."""

    def authenticate(self) -> None:
        """Let everybody in."""

    def create_record(self, rtype: str, name: str, content: str) -> bool:
        with self.host.lock:
            if self.host.at(name, "CNAME"):
                raise ValueError("conflict")
            self.host.add(rtype, name, content)
        return True

    def list_records(
        self, rtype: str | None = None, name: str | None = None, content: str | None = None
    ) -> list[dict[str, Any]]:
        with self.host.lock:
            return [dict(row) for row in self.host.at(name or "", rtype or "")]

    def update_record(self, *_: object, **__: object) -> bool:
        raise AssertionError("nothing is ever updated")

    def delete_record(
        self,
        identifier: object = None,
        rtype: str | None = None,
        name: str | None = None,
        content: str | None = None,
    ) -> bool:
        with self.host.lock:
            self.host.deletes.append((identifier, content))
            self.host.rows = [
                row
                for row in self.host.rows
                if not (
                    self.has_id(row, identifier)
                    if identifier is not None
                    else (row["name"], row["type"]) == (name, rtype) and self.is_like(row, content)
                )
            ]
        return True

    def has_id(self, row: dict[str, Any], identifier: object) -> bool:
        return bool(row["id"] == identifier)

    def is_like(self, row: dict[str, Any], content: str | None) -> bool:
        return bool(row["content"] == content)


class Sloppy(Sound):
    """Filters nothing, says relative names, adds quotes, and compares contents loosely."""

    def list_records(self, *_: object, **__: object) -> list[dict[str, Any]]:
        with self.host.lock:
            return [
                row
                | {"name": row["name"].removesuffix(".example.com").upper()}
                | {"content": f'"{row["content"]}"'}
                for row in self.host.rows
            ]

    def is_like(self, row: dict[str, Any], content: str | None) -> bool:
        return row["content"].lower() in (content or "").lower().strip('"')


class OneId(Sound):
    """Gives all records of a name one id, by which all of them are removed."""

    def list_records(self, *given: Any, **named: Any) -> list[dict[str, Any]]:
        return [row | {"id": row["name"]} for row in super().list_records(*given, **named)]

    def has_id(self, row: dict[str, Any], identifier: object) -> bool:
        return bool(row["name"] == identifier)


class NoId(Sound):
    """Has no ids to give."""

    def list_records(self, *given: Any, **named: Any) -> list[dict[str, Any]]:
        return [row | {"id": None} for row in super().list_records(*given, **named)]


class NotByContent(Sound):
    """Finds nothing by its content, and complains."""

    def delete_record(self, identifier: object = None, *given: Any, **named: Any) -> bool:
        if identifier is None:
            raise LookupError("Record identifier could not be found")
        return super().delete_record(identifier, *given, **named)


class Overwriting(Sound):
    """Keeps one value a name."""

    def create_record(self, rtype: str, name: str, content: str) -> bool:
        with self.host.lock:
            self.host.rows = [row for row in self.host.rows if row["name"] != name]
        return super().create_record(rtype, name, content)


class Deaf(Sound):
    """Says yes and does nothing."""

    def create_record(self, *_: object) -> bool:
        return True

    def delete_record(self, *_: object, **__: object) -> bool:
        return True


class Failing(Sound):
    """Says no, and not why."""

    def create_record(self, *_: object) -> bool:
        return False

    def delete_record(self, *_: object, **__: object) -> bool:
        return False


class Slow(Sound):
    """Shows a change to the second who looks after it."""

    def authenticate(self) -> None:
        with self.host.lock:
            self.shown = [dict(row) for row in vars(self.host).setdefault("before", [])]
            vars(self.host)["before"] = [dict(row) for row in self.host.rows]

    def list_records(self, rtype: str | None = None, name: str | None = None, *_: Any) -> Any:
        return [row for row in self.shown if (row["name"], row["type"]) == (name, rtype)]


def sessions(kind: type[Sound], host: Host) -> Callable[[str, int], Interface]:
    """Return what makes providers of a *kind* that share *host*."""

    def make(apex: str, ttl: int) -> Interface:
        config = ConfigResolver().with_dict(  # type: ignore[no-untyped-call]
            {"provider_name": "fake", "domain": apex, "ttl": ttl}
        )
        made = kind(config)
        made.host = host
        return made

    return make


def opened(kind: type[Sound], host: Host, seconds: float = 30) -> Lexicon:
    calls = Calls("fake", seconds, [SECRET])
    return Lexicon(sessions(kind, host), lambda: [ZONE], calls, pause=lambda _s: None)


class Habit(ProviderContract):
    kind: type[Sound]
    tells = True

    @pytest.fixture
    def provider(self) -> Provider:
        self.host = Host()
        return opened(self.kind, self.host)

    def values(self, name: Name) -> set[str]:
        stored = self.host.contents(name.canonicalize().to_text(omit_final_dot=True))
        assert len(set(stored)) == len(stored)
        return set(stored)

    def alias(self, name: Name) -> None:
        self.host.add("CNAME", name.to_text(omit_final_dot=True), "elsewhere.example.net")


class TestSloppy(Habit):
    kind = Sloppy


class TestOneId(Habit):
    kind = OneId


class TestNoId(Habit):
    kind = NoId


class TestNotByContent(Habit):
    kind = NotByContent


class TestSlow(Habit):
    kind = Slow


def failure(provider: Lexicon, *values: str, verb: str = "append") -> ProviderError:
    records = [TXT(LEAF, value) for value in values]
    call = partial(provider.append, mark=MARK) if verb == "append" else provider.delete
    with pytest.raises(ProviderError) as caught:
        call(ZONE, records)
    return caught.value


def test_a_host_that_keeps_one_value_is_found_out() -> None:
    """
    It says yes to a certificate's own name and to its wildcard, and has one of them.
    """
    found = failure(opened(Overwriting, Host()), "own", "wild")
    assert isinstance(found, Rejected)
    assert f"fake took the values at {SPELLED}, and lists 1 of 2" in str(found)


def test_that_others_values_are_gone_is_no_success() -> None:
    """
    Whether this host loses them, or somebody has removed them just now, cannot be told.
    """
    host = Host()
    host.add("TXT", SPELLED, "theirs")
    found = failure(opened(Overwriting, host), "ours")
    assert isinstance(found, Unavailable)
    assert "lists values" in str(found)
    assert "somebody else's" in str(found)


@pytest.mark.parametrize(
    ("verb", "words"),
    [("append", "and lists 1 of 2"), ("delete", "are removed, and still lists them")],
)
def test_yes_is_not_believed(verb: str, words: str) -> None:
    """
    What the host does not show is not done, what it still shows is not gone.
    """
    host = Host()
    host.add("TXT", SPELLED, "old")
    found = failure(opened(Deaf, host), "new" if verb == "append" else "old", verb=verb)
    assert isinstance(found, Rejected)
    assert words in str(found)


def test_a_cname_that_is_passed_over_in_silence_is_said() -> None:
    """
    A host that says yes to a value beside a CNAME, and does not keep it, is asked why.
    """
    host = Host()
    host.add("CNAME", SPELLED, "elsewhere.example.net")
    found = failure(opened(Deaf, host), "v")
    assert isinstance(found, Rejected)
    assert str(found).startswith(f"a CNAME at {SPELLED} is in the way")


def test_a_removal_that_has_not_ended_is_no_removal() -> None:
    """
    Nor is it tried in another way: it may be under way.
    """
    host, over = Host(), Event()
    host.add("TXT", SPELLED, "v")

    class Hanging(Sound):
        def delete_record(self, *given: Any, **named: Any) -> bool:
            over.wait()
            return super().delete_record(*given, **named)

    found = failure(opened(Hanging, host, seconds=1.5), "v", verb="delete")
    over.set()
    assert f"has not ended to remove a TXT value at {SPELLED} within 1.5 s" in str(found)


@pytest.mark.parametrize("verb", ["append", "delete"])
def test_false_is_a_failure(verb: str) -> None:
    """
    It is what some providers return for what others raise; it may have been done in part.
    """
    host = Host()
    if verb == "delete":
        host.add("TXT", SPELLED, "v")
    found = failure(opened(Failing, host), "v", verb=verb)
    assert (type(found), found.untouched) == (Unavailable, False)
    what = "add" if verb == "append" else "remove"
    assert f"fake failed to {what} a TXT value at {SPELLED}, and does not say why" in str(found)


def test_a_repetition_adds_nothing() -> None:
    """
    And every copy that somebody made is removed.
    """
    host = Host()
    host.add("TXT", SPELLED, "v")
    host.add("TXT", SPELLED, "v")
    provider = opened(Sound, host)
    provider.append(ZONE, [TXT(LEAF, "v")], MARK)
    assert host.contents() == ["v", "v"]
    provider.delete(ZONE, [TXT(LEAF, "v")])
    assert host.contents() == []


def test_an_id_counts_where_it_tells_records_apart() -> None:
    """
    Beside others the id, alone at the name the content, which then can hit nothing else.
    """
    host = Host()
    for value in ("a", "b"):
        host.add("TXT", SPELLED, value)
    provider = opened(Sound, host)
    provider.delete(ZONE, [TXT(LEAF, "a")])
    provider.delete(ZONE, [TXT(LEAF, "b")])
    assert [identifier for identifier, _ in host.deletes] == [1, None]


def test_a_write_that_has_not_ended_keeps_the_receipt() -> None:
    """
    It may yet take effect, so nothing counts as removed before it has ended.
    """
    host, over, begun = Host(), Event(), Event()

    class Hanging(Sound):
        def create_record(self, rtype: str, name: str, content: str) -> bool:
            begun.set()
            over.wait()
            return super().create_record(rtype, name, content)

    provider = opened(Hanging, host, seconds=1.5)
    found = failure(provider, "v")
    assert begun.is_set()
    assert isinstance(found, Unavailable)
    assert f"fake has not ended to add a TXT value at {SPELLED} within 1.5 s" in str(found)
    found = failure(provider, "v", verb="delete")
    assert "has not ended an earlier call about example.com." in str(found)
    over.set()
    for _ in range(1000):
        if host.contents():
            break
        Event().wait(0.01)
    provider.delete(ZONE, [TXT(LEAF, "v")])
    assert host.contents() == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AuthenticationError(f"No domain for {SECRET}"), Unauthorized),
        (RuntimeError(f"https://api.example/?token={SECRET}"), Unavailable),
        (KeyError("rrset"), Unavailable),
    ],
)
def test_exceptions_of_all_kinds(error: Exception, kind: type[ProviderError]) -> None:
    """
    In our words, with theirs, without secrets.
    """

    class Refusing(Sound):
        def authenticate(self) -> None:
            raise error

    found = failure(opened(Refusing, Host()), "v")
    assert type(found) is kind
    assert f"failed to open the zone example.com: {type(error).__name__}: " in str(found)
    assert SECRET not in str(found)
    assert ("***" in str(found)) is (SECRET in str(error))


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("v", "v"),
        ('"v"', "v"),
        (' "v" ', "v"),
        ('"v" "w"', "vw"),
        ('"', '"'),
        ("", ""),
        ('"v', '"v'),
    ],
)
def test_quotes(content: str, value: str) -> None:
    """
    Around a value, around its pieces, or none: the same value.
    """
    assert unquoted(content) == value
