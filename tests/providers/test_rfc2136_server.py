"""The RFC 2136 adapter against answers that no real server here can be brought to give."""

import re
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress

import dns.flags
import dns.message
import dns.rrset
import dns.tsig
import pytest
from dns.name import Name, from_text
from dns.rcode import Rcode
from dns.rdataclass import NONE
from dns.rdatatype import ANY, NS, RdataType
from dns.rdatatype import TXT as TXT_TYPE

from providers.contract import TXT, Addressed, Asking, Assuring, Zone
from providers.errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable
from providers.rfc2136.adapter import ADAPTER, PAUSES_S, Rfc2136
from providers.rfc2136.server import UpdateServer
from providers.rfc2136.settings import Key
from providers.testing import MARK

from .primary import KEY, Primary, Request, Script

ZONE = Zone(from_text("example."), "example.")
NAME = from_text("a.example.")
RECORD = TXT(NAME, "v")
SOA = "example. 60 SOA ns.example. host.example. 1 2 3 4 5"
SERVED = "a.example. 60 TXT v"
KEYED = Key(KEY.name, KEY.secret)


class Pauses(list[float]):
    """A pause that takes no time and is remembered."""

    __call__ = list.append


def opened(
    primary: Primary,
    *,
    host: str = "127.0.0.1",
    key: Key | None = None,
    timeout: float = 5.0,
    pauses: Pauses | None = None,
) -> Rfc2136:
    server = UpdateServer(host, primary.port, key, timeout=timeout)
    return Rfc2136(server, pause=pauses if pauses is not None else Pauses())


def working(request: Request) -> dns.message.Message:
    """Take every update, and serve the one value from the start."""
    return request.answer() if request.is_update else request.answer(SERVED, SOA)


def updates(primary: Primary) -> list[bool]:
    """Return whether each update came by TCP."""
    return [request.tcp for request in primary.requests if request.is_update]


def test_a_short_update_goes_by_udp() -> None:
    """
    One datagram each way is the usual case, and one call.
    """
    with Primary(working) as primary:
        provider = opened(primary)
        provider.append(ZONE, [RECORD], MARK)
    assert updates(primary) == [False]
    assert provider.api_calls == 1


def test_all_that_is_sent_counts_once() -> None:
    """
    An update as a call, and whatever else goes out as a question: looks, conditions, and what is
    sent again.
    """

    def cut(request: Request) -> dns.message.Message:
        answer = working(request)
        if not request.is_update and not request.tcp:
            answer.flags |= dns.flags.TC
        return answer

    records = [RECORD, TXT(from_text("b.example."), "v")]
    for script in (working, cut):
        with Primary(script) as primary:
            provider = opened(primary)
            provider.zones([NAME])
            provider.vacant(ZONE.apex, [NAME], {("127.0.0.1", primary.port)})
            with suppress(ProviderError):
                provider.append(ZONE, records, MARK)
            assert isinstance(provider, Asking)
            assert provider.api_calls > 0
            assert provider.dns_queries + provider.api_calls == len(primary.requests)


def test_a_long_update_goes_by_tcp() -> None:
    """
    What a path might fragment never tries UDP.
    """
    records = [TXT(NAME, "v" * size) for size in range(240, 250)]
    served = [f"a.example. 60 TXT {'v' * size}" for size in range(240, 250)]
    with Primary(lambda request: request.answer(*served * (not request.is_update))) as primary:
        opened(primary).append(ZONE, records, MARK)
    assert updates(primary) == [True]


def test_silence_is_answered_by_tcp() -> None:
    """
    One filtered datagram costs an attempt, not the update; and no other is sent after it.
    """
    with Primary(lambda request: working(request) if request.tcp else None) as primary:
        provider = opened(primary, timeout=1.0)
        provider.append(ZONE, [RECORD], MARK)
    assert [request.tcp for request in primary.requests] == [False, True, True, True]
    assert updates(primary) == [True]
    assert provider.api_calls == 1


def test_a_silent_server_is_asked_twice() -> None:
    """
    An update that nobody answers is sent by UDP, then by TCP; both attempts are calls.
    """
    with Primary(lambda request: None if request.is_update else working(request)) as primary:
        provider = opened(primary, timeout=1.0)
        with pytest.raises(Unavailable):
            provider.append(ZONE, [RECORD], MARK)
    assert updates(primary) == [False, True]
    assert provider.api_calls == 2


def test_a_forged_datagram_is_answered_by_tcp() -> None:
    """
    An answer of another id, or of none, does not count, whoever sent it.
    """

    def forged(request: Request) -> dns.message.Message | bytes:
        answer = working(request)
        answer.id ^= 1 if not request.tcp else 0
        return answer if request.is_update or request.tcp else b"noise"

    with Primary(forged) as primary:
        opened(primary).append(ZONE, [RECORD], MARK)
    assert updates(primary) == [False, True]


def test_a_truncated_answer_is_asked_for_by_tcp() -> None:
    """
    The rest of an RRset may hold the value (RFC 2181 §9).
    """

    def truncated(request: Request) -> dns.message.Message:
        answer = working(request)
        if not request.tcp and not request.is_update:
            answer.answer, answer.flags = [], answer.flags | dns.flags.TC
        return answer

    with Primary(truncated) as primary:
        opened(primary).append(ZONE, [RECORD], MARK)


@pytest.mark.parametrize("key", [None, KEYED], ids=["unsigned", "signed"])
def test_a_dead_server_is_unavailable(key: Key | None) -> None:
    """
    Two attempts in all, then an end.
    """
    with Primary(lambda request: None if request.is_update else working(request)) as primary:
        provider = opened(primary, key=key, timeout=1.0)
        with pytest.raises(Unavailable, match=r"^127.0.0.1:\d+ closes the connection$"):
            provider.append(ZONE, [RECORD], MARK)
    assert provider.api_calls == 2


def test_nobody_listens() -> None:
    """
    A refused connection is said as the system says it, with server and port.
    """
    with Primary(working) as primary:
        gone = primary
    with pytest.raises(Unavailable, match=r"^127.0.0.1:\d+ cannot be reached: Connection refused"):
        opened(gone, timeout=0.1).zones([NAME])


def test_a_server_that_never_answers() -> None:
    """
    Silence by TCP, too, ends after the second timeout and suggests a firewall.
    """
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = UpdateServer("127.0.0.1", silent.getsockname()[1], timeout=0.1)
        with pytest.raises(Unavailable, match="did not answer, twice") as caught:
            Rfc2136(server).zones([NAME])
    assert "firewall" in caught.value.hint


def test_nonsense() -> None:
    """
    Without a key, bytes that are no DNS message are the server's failure.
    """
    with (
        Primary(lambda _: b"nonsense") as primary,
        pytest.raises(Unavailable, match="nonsense"),
    ):
        opened(primary).zones([NAME])


def test_an_unsigned_verdict_proves_nothing() -> None:
    """
    A NOERROR that is not signed could be anybody's.
    """

    def stripped(request: Request) -> dns.message.Message:
        answer = working(request)
        if request.is_update:
            answer.tsig = None
        return answer

    with Primary(stripped) as primary, pytest.raises(Unavailable, match="without a good signature"):
        opened(primary, key=KEYED).append(ZONE, [RECORD], MARK)


def test_questions_are_signed_as_updates_are() -> None:
    """
    A server that chooses its view by the key answers from the view it updates.
    """
    with Primary(working) as primary:
        opened(primary, key=KEYED).append(ZONE, [RECORD], MARK)
    assert {request.signed for request in primary.requests} == {True}


def test_questions_are_few_and_for_authority() -> None:
    """
    One before and one after a write per name, whatever the number of values; RD=0.
    """
    with Primary(working) as primary:
        opened(primary).append(ZONE, [RECORD, RECORD], MARK)
    questions = [request.message for request in primary.requests if not request.is_update]
    assert [question.flags for question in questions] == [0, 0]
    assert {question.edns for question in questions} == {0}


class Stored:
    """A server that does what updates say, conditions included, and serves what it has."""

    def __init__(self, *there: tuple[str, str], deaf: int = 0) -> None:
        self.has = {(from_text(name), value) for name, value in there}
        self._deaf = deaf

    def __call__(self, request: Request) -> dns.message.Message | None:
        if not request.is_update:
            name = request.message.question[0].name
            values = [v for n, v in sorted(self.has) if n == name]
            return request.answer(SOA, *(f"{name} 60 TXT {value}" for value in values))
        verdict = self._verdict(request.message)
        if verdict == Rcode.NOERROR:
            added = {(r.name, r[0].strings[0].decode()) for r in request.message.sections[2]}
            self.has |= added
        if self._deaf:
            self._deaf -= 1
            return None
        return request.answer(rcode=verdict)

    def _verdict(self, update: dns.message.Message) -> Rcode:
        names = {name for name, _ in self.has}
        for condition in update.sections[1]:
            if condition.deleting == NONE and condition.rdtype == ANY and condition.name in names:
                return Rcode.YXDOMAIN
            if condition.rdtype == TXT_TYPE and len(condition):
                mine = {r[0].strings[0] for r in update.sections[1] if r.name == condition.name}
                if mine != {v.encode() for n, v in self.has if n == condition.name}:
                    return Rcode.NXRRSET
        return Rcode.NOERROR


def test_new_values_at_many_names_take_four_messages() -> None:
    """
    A look, the update, whether all values are there, and whether they are served.
    """
    records = [TXT(from_text(f"n{number}.example."), "v") for number in range(100)]
    with Primary(Stored()) as primary:
        provider = opened(primary, key=KEYED)
        change = provider.append(ZONE, records, MARK)
    assert change.written == frozenset((record.name, "v") for record in records)
    assert [request.is_update for request in primary.requests] == [False, True, True, False]
    assert provider.api_calls == 1


def test_values_that_are_there_already_are_told_from_new_ones() -> None:
    """
    Where something is at a name, each name is looked at; only what was missing is ours.
    """
    records = [TXT(from_text(f"n{number}.example."), "v") for number in range(3)]
    stored = Stored(("n1.example.", "v"), ("n2.example.", "theirs"))
    with Primary(stored) as primary:
        change = opened(primary).append(ZONE, records, MARK)
    assert change.written == frozenset({(records[0].name, "v"), (records[2].name, "v")})
    assert stored.has == {(r.name, "v") for r in records} | {(records[2].name, "theirs")}


@pytest.mark.parametrize("others", [0, 2])
def test_a_repeat_is_one_update(others: int) -> None:
    """
    What the first look shows, or one name alone, is reason enough to look at the rest at once.
    """
    names = [NAME, *(from_text(f"n{number}.example.") for number in range(others))]
    records = [TXT(name, "v") for name in names]
    with Primary(Stored(*((name.to_text(), "v") for name in names))) as primary:
        provider = opened(primary)
        change = provider.append(ZONE, records, MARK)
    assert (provider.api_calls, change.written) == (1, frozenset())
    assert len(primary.requests) == 2 * len(names) + 1


def test_what_an_update_met_that_was_sent_twice_is_not_called_found() -> None:
    """
    The answer to the first attempt was lost: what is there may be this very update's doing.
    """
    with Primary(Stored(deaf=1)) as primary:
        records = [RECORD, TXT(from_text("b.example."), "v")]
        change = opened(primary, timeout=1.0).append(ZONE, records, MARK)
    assert change.written is None


def test_an_update_that_was_not_done_has_met_what_others_did() -> None:
    """
    The answer to the first attempt was lost, and part of it is missing: it was not done, for it is
    all or nothing, and what is there is somebody else's.
    """
    records = [RECORD, TXT(from_text("b.example."), "v"), TXT(from_text("c.example."), "v")]
    with Primary(Stored(("b.example.", "v"), deaf=1)) as primary:
        change = opened(primary, timeout=1.0).append(ZONE, records, MARK)
    assert change.written == frozenset({(r.name, r.value) for r in (records[0], records[2])})


def test_an_update_that_is_dropped_in_part_is_an_error() -> None:
    """
    Each value counts, not the one that is read back alone.
    """
    records = [TXT(from_text(f"n{number}.example."), "v") for number in range(3)]
    stored = Stored()

    def careless(request: Request) -> dns.message.Message | None:
        answer = stored(request)
        stored.has.discard((records[1].name, "v"))
        return answer

    with Primary(careless) as primary, pytest.raises(Rejected, match=r"update of n1\.example\. in"):
        opened(primary).append(ZONE, records, MARK)


def test_to_have_the_values_is_not_to_serve_them() -> None:
    """
    A server that answers from another view than it updates has everything, and shows nothing.
    """
    stored = Stored()

    def hiding(request: Request) -> dns.message.Message | None:
        return stored(request) if request.is_update else request.answer(SOA)

    records = [TXT(from_text(f"n{number}.example."), "v") for number in range(3)]
    with Primary(hiding) as primary, pytest.raises(Rejected, match=r"n2\..* without that value"):
        opened(primary).append(ZONE, records, MARK)


def test_a_refused_key_is_final() -> None:
    """
    A verdict on the key is no reason for a second attempt.
    """

    def refusing(request: Request) -> dns.message.Message:
        if not request.is_update:
            return request.answer(f'{NAME} 60 TXT "{RECORD.value}"')
        return request.answer(rcode=Rcode.NOTAUTH, tsig_error=Rcode.BADSIG)

    with Primary(refusing) as primary:
        provider = opened(primary, key=KEYED)
        with pytest.raises(Unauthorized, match="BADSIG"):
            provider.delete(ZONE, [RECORD])
    assert provider.api_calls == 1


def test_what_is_denied_with_authority_needs_no_update() -> None:
    """
    A value that is not there is gone, also for a key that may not change the name.
    """

    def refusing(request: Request) -> dns.message.Message:
        return request.answer(SOA, rcode=Rcode.REFUSED if request.is_update else Rcode.NXDOMAIN)

    with Primary(refusing) as primary:
        provider = opened(primary, key=KEYED)
        provider.delete(ZONE, [RECORD])
    assert provider.api_calls == 0


@pytest.mark.parametrize(
    "unsure",
    [
        lambda request: request.answer(rcode=Rcode.SERVFAIL),
        lambda request: request.answer(SOA, aa=False),
        lambda request: request.answer(f"{NAME} 60 CNAME elsewhere.example."),
        lambda request: request.answer(f"{NAME} 60 SOA . . 1 2 3 4 5"),
    ],
    ids=["failure", "no authority", "alias", "another zone"],
)
def test_what_may_be_hidden_is_deleted_all_the_same(
    unsure: Callable[[Request], dns.message.Message],
) -> None:
    """
    A failure, a lame answer, an alias or a zone below prove nothing: the update is sent.
    """

    def script(request: Request) -> dns.message.Message:
        return request.answer() if request.is_update else unsure(request)

    with Primary(script) as primary:
        opened(primary, key=KEYED).delete(ZONE, [RECORD])
    assert len(updates(primary)) == 1


def test_the_signature_has_room() -> None:
    """
    A message that its signature would push over 65,535 octets is split.
    """
    records = [TXT(NAME, f"{number:03}{'v' * 252}") for number in range(244)]

    def unsure(request: Request) -> dns.message.Message:
        return request.answer(rcode=Rcode.NOERROR if request.is_update else Rcode.SERVFAIL)

    with Primary(unsure) as primary:
        opened(primary, key=KEYED).delete(ZONE, records)
    assert updates(primary) == [True, True]


def test_a_key_that_may_not_query_still_updates() -> None:
    """
    Questions whose key is refused are asked without; updates never are.
    """

    def knot(request: Request) -> dns.message.Message:
        if request.signed and not request.is_update:
            return request.answer(rcode=Rcode.NOTAUTH, tsig_error=Rcode.BADKEY)
        return working(request)

    with Primary(knot) as primary:
        opened(primary, key=KEYED).append(ZONE, [RECORD], MARK)
    assert [request.signed for request in primary.requests if request.is_update] == [True]


def test_another_tsig_error_is_the_keys() -> None:
    """
    A TSIG error without a name of its own here is still about the credentials.
    """

    def truncation(request: Request) -> dns.message.Message:
        return request.answer(rcode=Rcode.NOTAUTH, tsig_error=Rcode.BADTRUNC)

    with Primary(truncation) as primary, pytest.raises(Unauthorized, match="refuses TSIG key key"):
        opened(primary, key=KEYED).zones([NAME])


@pytest.mark.parametrize(
    ("rcode", "kind"),
    [
        (Rcode.SERVFAIL, Unavailable),
        (Rcode.NOTIMP, Rejected),
        (Rcode.FORMERR, Rejected),
        (Rcode.NXRRSET, Rejected),
        (Rcode.REFUSED, Unauthorized),
        (Rcode.NOTAUTH, Misconfigured),
    ],
)
def test_verdicts(rcode: Rcode, kind: type[ProviderError]) -> None:
    """
    Every code but NOERROR is an error that shows it, with a next step.
    """

    def refusing(request: Request) -> dns.message.Message:
        return request.answer(rcode=rcode) if request.is_update else working(request)

    with Primary(refusing) as primary, pytest.raises(kind, match=rcode.name) as caught:
        opened(primary, key=KEYED).delete(ZONE, [RECORD])
    assert caught.value.hint


def test_a_cname_that_went_away_meanwhile() -> None:
    """
    The verdict stands even when the culprit cannot be named any more.
    """

    def fickle(request: Request) -> dns.message.Message:
        return request.answer(rcode=Rcode.YXRRSET) if request.is_update else working(request)

    with Primary(fickle) as primary, pytest.raises(Rejected, match=r"a CNAME .* one of 1 names"):
        opened(primary).append(ZONE, [RECORD], MARK)


def test_a_slow_server_gets_time() -> None:
    """
    A server that answers before it serves is asked again, first at once, then ever later.
    """
    answers = iter([SOA, SOA, SOA, SERVED])

    def slow(request: Request) -> dns.message.Message:
        return request.answer() if request.is_update else request.answer(next(answers))

    with Primary(slow) as primary:
        pauses = Pauses()
        opened(primary, pauses=pauses).append(ZONE, [RECORD], MARK)
    assert pauses == list(PAUSES_S[:3])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ([SOA], "it answers without that value"),
        (["a.example. 60 TXT V", SOA], "it answers without that value"),
        (["a.example. 60 CNAME b.example.", SOA], "it answers a CNAME to b.example."),
    ],
)
def test_a_write_without_effect_is_an_error(answer: list[str], why: str) -> None:
    """
    NOERROR is not believed: after about two seconds the server's own answers decide.
    """
    pauses = Pauses()
    with (
        Primary(lambda request: request.answer(*answer * (not request.is_update))) as primary,
        pytest.raises(Rejected, match=f"accepted the update of a.example. .*{re.escape(why)}$"),
    ):
        opened(primary, pauses=pauses).append(ZONE, [RECORD], MARK)
    assert sum(pauses) == pytest.approx(2, abs=0.1)


def after_update(then: Callable[[Request], dns.message.Message]) -> Script:
    """Work until the first update is accepted, *then* answer otherwise."""
    accepted = []

    def script(request: Request) -> dns.message.Message:
        if request.is_update:
            accepted.append(request)
            return request.answer()
        return then(request) if accepted else request.answer(SOA)

    return script


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (lambda request: request.answer(SERVED, aa=False), "answers without that value"),
        (lambda request: request.answer(rcode=Rcode.SERVFAIL), "answers SERVFAIL"),
        (
            lambda request: request.answer(
                "example. 60 NS ns.example.", "a.example. 60 NS x.", aa=False
            ),
            "is delegated to the zone a.example.",
        ),
    ],
    ids=["no authority", "failing", "delegated"],
)
def test_what_became_of_a_write(then: Callable[[Request], dns.message.Message], why: str) -> None:
    """
    Only an answer with authority confirms; any other says what stands in the way.
    """
    with Primary(after_update(then)) as primary, pytest.raises(Rejected, match=why):
        opened(primary).append(ZONE, [RECORD], MARK)


def test_a_delete_without_effect_is_an_error() -> None:
    """
    A value that stays is said to stay.
    """
    with Primary(working) as primary, pytest.raises(Rejected, match="it still serves the value"):
        opened(primary).delete(ZONE, [RECORD])


def test_a_failing_server_is_not_written_to() -> None:
    """
    What cannot be read back is not written.
    """
    with Primary(lambda request: request.answer(rcode=Rcode.SERVFAIL, aa=False)) as primary:
        provider = opened(primary)
        with pytest.raises(Unavailable, match="fails to answer about a"):
            provider.append(ZONE, [RECORD], MARK)
        with pytest.raises(Unavailable, match="answers SERVFAIL"):
            provider.zones([NAME])
    assert updates(primary) == []


def test_what_is_above_the_names_is_asked_at_once() -> None:
    """
    However deep they are: the names, all that is above their zone, and the zone's name servers.
    """
    waits: list[int] = []

    class Counted(UpdateServer):
        def ask(self, names: Iterable[Name], rdtype: RdataType) -> dict[Name, dns.message.Message]:
            waits.append(rdtype)
            return super().ask(names, rdtype)

    with Primary(lambda request: request.answer(SOA)) as primary:
        deep = [from_text("a.b.c.d.e.example."), from_text("x.example.")]
        assert list(Rfc2136(Counted("127.0.0.1", primary.port)).zones(deep)) == [ZONE]
    assert len(waits) == 3


def test_one_failing_level_hides_no_zone() -> None:
    """
    SERVFAIL about what lies above a zone is no reason to doubt the zone.
    """

    def partly(request: Request) -> dns.message.Message:
        below = request.message.question[0].name.is_subdomain(ZONE.apex)
        return request.answer(SOA) if below else request.answer(rcode=Rcode.SERVFAIL, aa=False)

    with Primary(partly) as primary:
        assert list(opened(primary).zones([NAME])) == [ZONE]


def test_a_zone_has_one_spelling() -> None:
    """
    An answer may echo the case of the question (RFC 4343 §4.1); the zone's id does not.
    """
    with Primary(lambda request: request.answer(SOA)) as primary:
        [zone] = opened(primary).zones([from_text("A.EXAMPLE.")])
    assert (zone.id, zone.apex.to_text()) == ("example.", "example.")


@pytest.mark.parametrize(("aa", "served"), [(True, ["ns1.example.", "ns2.example."]), (False, [])])
def test_a_zone_names_its_servers(aa: bool, served: list[str]) -> None:  # noqa: FBT001 - a column
    """
    The NS set at the apex counts, by the server's own authority; hearsay does not.
    """

    def naming(request: Request) -> dns.message.Message:
        if request.message.question[0].rdtype != NS:
            return request.answer(SOA)
        answer = request.answer(aa=aa)
        hosts = ("ns2.example.", "ns1.example.")
        answer.answer.append(dns.rrset.from_text("example.", 60, "IN", "NS", *hosts))
        return answer

    with Primary(naming) as primary:
        [zone] = opened(primary).zones([NAME])
    assert [host.to_text() for host in zone.nameservers] == served


def test_another_zone_in_the_answer_is_not_the_names() -> None:
    """
    Only a zone that encloses the name counts, when searching and as a zone cut.
    """
    with Primary(
        lambda request: request.answer("elsewhere. 60 " + SOA.split(" ", 2)[2])
    ) as primary:
        assert list(opened(primary).zones([NAME])) == []

    def beside(request: Request) -> dns.message.Message:
        cut = "sub.example. 60 NS ns.sub.example."
        return request.answer() if request.is_update else request.answer(SERVED, cut)

    with Primary(beside) as primary:
        opened(primary).append(ZONE, [RECORD], MARK)


def test_an_alias_names_no_zone() -> None:
    """
    The SOA beside a CNAME is that of the target's zone, even where that encloses the name.
    """
    deep = from_text("a.b.example.")

    def aliased(request: Request) -> dns.message.Message:
        if request.message.question[0].name == deep:
            return request.answer("a.b.example. 60 CNAME x.example.", SOA)
        return request.answer(SOA.replace("example.", "b.example.", 1))

    with Primary(aliased) as primary:
        assert [str(zone.apex) for zone in opened(primary).zones([deep])] == ["b.example."]


def test_text_is_not_parsed() -> None:
    """
    A value goes out octet by octet, whatever zone files mean by it.
    """
    value = 'a"b\\010;c d'
    with Primary(working) as primary, pytest.raises(Rejected):
        opened(primary).append(ZONE, [TXT(NAME, value)], MARK)
    [update] = [request.message for request in primary.requests if request.is_update]
    [added] = [rrset for rrset in update.sections[2] if rrset.rdtype == 16]
    assert added[0].strings == (value.encode(),)


def test_ipv6_and_host_names() -> None:
    """
    Addresses come in brackets, names are resolved by the system.
    """
    with Primary(working, "::1") as primary:
        assert [zone.apex for zone in opened(primary, host="::1").zones([NAME])] == [ZONE.apex]
        assert str(UpdateServer("::1", primary.port)) == f"[::1]:{primary.port}"
    with Primary(working) as primary:
        settings = {"RFC2136_NAMESERVER": f"localhost:{primary.port}"}
        assert str(ADAPTER.open(settings)) != ""
    assert str(UpdateServer("ns1.example.com")) == "ns1.example.com"


def test_a_host_without_address() -> None:
    """
    A name server that cannot be found is named.
    """
    with pytest.raises(Unavailable, match=r"^\[fe80::1%none\] has no address") as caught:
        Rfc2136(UpdateServer("fe80::1%none")).zones([NAME])
    assert "RFC2136_NAMESERVER" in caught.value.hint


def test_the_server_is_told_with_its_setting() -> None:
    """
    Who is too slow to be heard is named all the same.
    """
    settings = {"RFC2136_NAMESERVER": "127.0.0.99:5353"}
    found = ADAPTER.open(settings)
    assert isinstance(found, Addressed)
    assert found.address == "127.0.0.99:5353 (RFC2136_NAMESERVER)"


def test_one_message_of_conditions_tells_that_many_names_are_vacant() -> None:
    """
    It changes nothing, so it is no call; 400 names are one, and one that is taken spoils its own.
    """
    names = [from_text(f"n{number}.example.") for number in range(1000)]
    with Primary(Stored(("n500.example.", "theirs"))) as primary:
        provider = opened(primary, key=KEYED)
        assert isinstance(provider, Assuring)
        found = provider.vacant(ZONE.apex, names, {("127.0.0.1", primary.port)})
    assert found == names[:400] + names[800:]
    assert [request.is_update for request in primary.requests] == [True] * 3
    assert not any(request.message.sections[2] for request in primary.requests)
    assert provider.api_calls == 0


def test_a_server_that_refuses_is_not_asked_again() -> None:
    """
    It would say so of all: one message, and nothing is known.
    """
    names = [from_text(f"n{number}.example.") for number in range(1000)]
    with Primary(lambda request: request.answer(rcode=Rcode.REFUSED)) as primary:
        provider = opened(primary, key=KEYED)
        assert list(provider.vacant(ZONE.apex, names, {("127.0.0.1", primary.port)})) == []
    assert len(primary.requests) == 1


@pytest.mark.parametrize("servers", [set(), {("127.0.0.2", 0)}, {("127.0.0.1", 53)}])
def test_a_server_that_the_world_does_not_ask_vouches_for_nothing(
    servers: set[tuple[str, int]],
) -> None:
    """
    Address and port count; nothing is sent.
    """
    with Primary(Stored()) as primary:
        asked = {(address, port or primary.port) for address, port in servers}
        assert list(opened(primary).vacant(ZONE.apex, [NAME], asked)) == []
    assert primary.requests == []


def test_a_server_without_address_vouches_for_nothing() -> None:
    """
    It is named, as by any other call.
    """
    with pytest.raises(Unavailable, match=r"^\[fe80::1%none\] has no address"):
        Rfc2136(UpdateServer("fe80::1%none")).vacant(ZONE.apex, [NAME], {("127.0.0.1", 53)})
