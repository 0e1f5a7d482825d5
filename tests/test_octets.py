"""Questions and answers as octets say what a library's messages say. Pure."""

import dns.message
import pytest
from dns import flags, rcode, rdatatype
from dns.edns import EDECode, EDEOption
from dns.message import Message
from dns.name import Name, from_text
from dns.rrset import from_text as rrset
from hypothesis import given
from hypothesis import strategies as st

from pipeline.asking.octets import answers, concise, parsed, request, section
from pipeline.asking.query import Query

NAME = from_text("_acme-challenge.www.example.com.")
ID = 4711

labels = st.binary(min_size=1, max_size=20)
domain_names = st.lists(labels, max_size=6).map(lambda some: Name((*some, b"")))


def query(name: Name = NAME, rdtype: rdatatype.RdataType = rdatatype.TXT) -> Query:
    return Query(name, rdtype, "192.0.2.1", 53, recursion=False)


def response(*records: str, owner: str = "", beside: bool = True) -> Message:
    """Return an answer with TXT *records*, and what servers add to it."""
    reply = dns.message.make_response(dns.message.from_wire(asking()))
    reply.flags |= flags.AA
    reply.answer.extend([rrset(owner or NAME, 60, "IN", "TXT", *records)] if records else [])
    if beside:
        reply.authority.append(rrset("example.com.", 60, "IN", "NS", "ns1.example.com."))
        reply.additional.append(rrset("ns1.example.com.", 60, "IN", "A", "192.0.2.1"))
    return reply


def asking(of: Query | None = None, *, edns: bool = True) -> bytes:
    return request(of or query(), ID, section(of or query()), edns=edns)


def shortened(reply: Message) -> bytes:
    return concise(reply.to_wire(), section(query()))


@given(
    name=domain_names, **dict.fromkeys(("recursion", "unchecked", "dnssec", "edns"), st.booleans())
)
def test_a_question_is_what_the_library_makes_of_it(
    *, name: Name, recursion: bool, unchecked: bool, dnssec: bool, edns: bool
) -> None:
    """
    Octet for octet, for every name and all that can be asked for.
    """
    asked = Query(
        name, rdatatype.CAA, "192.0.2.1", 53, recursion, dnssec=dnssec, unchecked=unchecked
    )
    message = dns.message.make_query(
        name, "CAA", use_edns=0 if edns else False, payload=1232, want_dnssec=dnssec and edns
    )
    message.id = ID
    message.flags = flags.RD * recursion | flags.CD * unchecked
    assert asking(asked, edns=edns) == message.to_wire()


def test_an_answer_has_our_id_and_question_and_is_one() -> None:
    """
    Another id, another name, type or class, another opcode, a question: none of these answers ours;
    the name in other letters does.
    """
    wire, asked = response("v").to_wire(), section(query())
    assert answers(wire, ID, asked)
    assert answers(wire[:12] + wire[12:40].upper() + wire[40:], ID, asked)
    assert not answers(wire, ID ^ 1, asked)
    assert not answers(asking(), ID, asked)
    for place, change in ((2, 0x08), (2, 0x40), (12 + 3, 1), (12 + len(asked) - 3, 1), (5, 2)):
        other = bytearray(wire)
        other[place] ^= change
        assert not answers(bytes(other), ID, asked), place
    last = bytearray(wire)
    last[12 + len(asked) - 1] ^= 0x20  # class CH is not IN in small letters
    assert not answers(bytes(last), ID, asked)


def test_servers_that_say_the_same_are_read_once() -> None:
    """
    Whatever stands beside the values, and however the owner is written, the octets are the same.
    """
    plain = shortened(response("v", "w", beside=False))
    assert shortened(response("v", "w")) == plain
    pointing = response("v", "w").to_wire()
    spelt = section(query())[:-4].replace(b"www", b"WWW")
    assert pointing.count(b"\xc0\x0c\0\x10") == 2
    written_out = pointing.replace(b"\xc0\x0c\0\x10", spelt + b"\0\x10")
    # What follows is full of pointers that are wrong now, and nobody reads them.
    assert concise(written_out, section(query())) == plain
    message = parsed(plain)
    assert message
    assert {each.to_text() for each in message.answer[0]} == {'"v"', '"w"'}
    assert (message.flags, message.answer[0].ttl, message.edns) == (flags.QR | flags.AA, 60, 0)


def extended(reply: Message) -> Message:
    reply.set_rcode(rcode.BADVERS)
    return reply


def with_alias(reply: Message) -> Message:
    reply.answer.insert(0, rrset(NAME, 60, "IN", "CNAME", "other.example."))
    return reply


def explained(reply: Message) -> Message:
    option = EDEOption(EDECode.STALE_ANSWER)
    reply.use_edns(0, payload=1232, options=[option])
    return reply


def without_edns(reply: Message) -> Message:
    reply.use_edns(edns=False)
    return reply


@pytest.mark.parametrize(
    "reply",
    [
        response(),
        response("v", owner="www.example.com."),
        response("v", owner="_acme-challenge.www.example.com.example.com."),
        with_alias(response("v")),
        explained(response("v")),
        without_edns(response("v")),
    ],
    ids=["negative", "other owner", "longer owner", "alias", "explained", "no EDNS"],
)
def test_what_is_not_plain_is_read_whole(reply: Message) -> None:
    """
    A denial needs its SOA, an alias its end: such messages stay as they are.
    """
    assert shortened(reply) == reply.to_wire()


def test_an_error_code_in_the_opt_record_stays() -> None:
    """
    Half of some codes stands in the OPT record, which is kept for that.
    """
    message = parsed(shortened(extended(response("v"))))
    assert message
    assert message.rcode() == rcode.BADVERS
    assert not message.authority


@given(st.data())
def test_what_is_cut_off_is_no_message(data: st.DataObject) -> None:
    """
    An answer that ends too early is not taken for a shorter one.
    """
    wire = response("v" * 40, "w").to_wire()
    end = data.draw(st.integers(12 + len(section(query())), len(wire) - 1))
    assert parsed(concise(wire[:end], section(query()))) is None


def test_a_record_that_runs_into_the_next_is_no_message() -> None:
    """
    What says that it is longer than the room it has is not made to fit.
    """
    wire = bytearray(response("v", beside=False).to_wire())
    wire[-11 - 3] += 1  # of the TXT record's length
    assert parsed(bytes(wire)) is None
    assert parsed(concise(bytes(wire), section(query()))) is None


@given(st.binary(min_size=12, max_size=120))
def test_garbage_neither_answers_nor_breaks_anything(tail: bytes) -> None:
    """
    Whatever octets come, they are read or refused.
    """
    asked = section(query())
    for wire in (tail, response("v").to_wire()[: 12 + len(asked)] + tail):
        answers(wire, ID, asked)
        parsed(concise(wire, asked))
