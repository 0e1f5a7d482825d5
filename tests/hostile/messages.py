"""DNS messages from anybody, and all that reads them."""

import struct
import time
from collections.abc import Callable, Mapping

import dns.rdatatype as t
from dns import flags as f
from dns.message import Message, make_query
from dns.name import Name, from_text
from dns.rdataclass import IN
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from pipeline.asking import wire
from pipeline.asking.encrypted.answers import genuine
from pipeline.checks import caa, keys, names, servers, signatures
from pipeline.questions import Answer, Perspective, Role, Silence
from pipeline.tree import referrals

from .chance import Chance

NAME = from_text("_acme-challenge.www.example.com.")
APEX = from_text("example.com.")
VIA = Perspective("192.0.2.1", 53, Role.AUTHORITATIVE, "ns1.example.com.")
KINDS = (
    t.TXT, t.CNAME, t.NS, t.SOA, t.CAA, t.A, t.AAAA, t.DS, t.DNSKEY, t.RRSIG, t.NSEC, t.NSEC3,
    t.OPT, t.DNAME, t.SVCB, t.HTTPS, t.TSIG, t.ANY, t.MX, t.NULL,
)  # fmt: skip
CLASSES = (1, 1, 1, 1, 3, 254, 255, 1232, 0, 4096)
SECONDS = 5.0
"""Far more than 64 KiB should take, even where many machines' work is done on one."""


def dns_name(chance: Chance) -> bytes:
    """Return the octets of a name: ours, pointers, loops, odd labels, too many of them."""
    match chance.below(8):
        case 0 | 1:
            return b"\xc0\x0c"  # the question's
        case 2:
            return NAME.to_wire() or b""
        case 3:
            return struct.pack("!H", 0xC000 | chance.below(1024))
        case 4:
            return b"\x01a" * chance.below(140) + chance.pick((b"\0", b"\xc0\x0c", b"\xff"))
        case 5:
            return APEX.to_wire() or b""
        case _:
            label = chance.take(chance.below(64))
            return bytes([len(label)]) + label + chance.pick((b"\0", b"\xc0\x0c"))


def character_string(chance: Chance) -> bytes:
    text = chance.take(chance.below(60))
    return bytes([len(text)]) + text


def soa(chance: Chance) -> bytes:
    return dns_name(chance) + dns_name(chance) + chance.take(20).ljust(20, b"\0")


def caa_property(chance: Chance) -> bytes:
    tag = chance.pick((b"issue", b"issuewild", b"iodef", b"\xff", b""))
    return bytes([chance.below(256), len(tag)]) + tag + chance.take(chance.below(40))


def ds(chance: Chance) -> bytes:
    head = struct.pack("!HBB", 1, chance.pick((8, 13, 0)), chance.pick((1, 2, 4, 9)))
    return head + chance.take(chance.pick((20, 32, 48, 1))).ljust(20, b"\0")


def signature(chance: Chance) -> bytes:
    kind = chance.pick((t.SOA, t.TXT, t.A))
    head = struct.pack("!HBBIIIH", kind, 8, 2, 60, chance.below(65536), 1, 2)
    return head + dns_name(chance) + chance.take(9)


def extended_error(chance: Chance) -> bytes:
    text = chance.take(chance.below(30))
    return struct.pack("!HHH", 15, len(text) + 2, chance.below(40)) + text


CONTENT: Mapping[int, Callable[[Chance], bytes]] = {
    t.TXT: character_string,
    t.CNAME: dns_name,
    t.NS: dns_name,
    t.DNAME: dns_name,
    t.SOA: soa,
    t.CAA: caa_property,
    t.A: lambda chance: chance.take(4).ljust(4, b"\1"),
    t.AAAA: lambda chance: chance.take(16).ljust(16, b"\1"),
    t.DS: ds,
    t.DNSKEY: lambda chance: (
        struct.pack("!HBB", chance.pick((257, 256, 0)), 3, 8) + chance.take(40)
    ),
    t.RRSIG: signature,
    t.NSEC: lambda chance: dns_name(chance) + b"\0\x06\x40\0\0\0\0\x03",
    t.OPT: extended_error,
}


def rdata(kind: int, chance: Chance) -> bytes:
    """Return what may stand in a record of *kind*, mostly."""
    content = CONTENT.get(kind)
    return content(chance) if content and chance.below(4) else chance.take(chance.below(70))


def record(chance: Chance) -> bytes:
    """Return one record, in most cases with the length that it has."""
    kind = chance.pick(KINDS)
    content = rdata(kind, chance)
    length = len(content) if chance.below(8) else chance.below(65536)
    owner = b"\0" if kind == t.OPT else dns_name(chance)
    ttl = chance.pick((0, 1, 60, 86400, 2**31, 2**32 - 1))
    return owner + struct.pack("!HHIH", kind, chance.pick(CLASSES), ttl, length) + content


def answer(chance: Chance, asked: Message) -> bytes:
    """Return octets that begin like an answer to *asked*."""
    question = asked.to_wire()[12:]
    sections: list[list[bytes]] = [[], [], []]
    while not chance.is_spent and sum(map(len, sections)) < 40:
        sections[chance.below(3)].append(record(chance))
    if chance.below(16) == 1:  # the largest, made of one record
        sections[0] = (sections[0][:1] or [record(chance)]) * 5_000
    flags = f.QR | chance.pick((f.AA, 0, f.TC, f.AD))
    flags |= chance.pick((0, 0, 0, 3, 2, 5, 11, 15)) | chance.pick((0, 0, 0, 0x2800, 0x2000))
    counts = [len(section) for section in sections]
    if chance.below(8) == 1:
        counts[chance.below(3)] = chance.below(65536)
    head = struct.pack("!HHHHHH", asked.id, flags, 1, *counts)
    return (head + question + b"".join(b"".join(each) for each in sections))[:65535]


def dns(octets: bytes) -> None:
    """Any message is an answer or silence, in bounded time, and its words can be shown."""
    chance = Chance(octets)
    rdtype = chance.pick((t.TXT, t.TXT, t.CNAME, t.SOA, t.NS, t.CAA, t.DS, t.DNSKEY))
    asked = make_query(NAME, rdtype)
    wired = chance.rest() if chance.below(8) == 1 else answer(chance, asked)
    began = time.process_time()
    outcome = genuine(wired, asked)
    if isinstance(outcome, Message):
        read(outcome, rdtype)
    assert time.process_time() - began < SECONDS


def read(message: Message, rdtype: t.RdataType) -> None:
    """Let everybody read *message*."""
    for name in (NAME, APEX):
        for role in Role:
            said = wire.read(message, name, role, rdtype)
            assert (said.reason if isinstance(said, Silence) else said.detail).isprintable()
            if isinstance(said, Answer):
                assert 0 <= said.ttl < 2**32
        tree(message, name)
        caa.records(name, message)
    hearing = servers.hear(VIA, APEX, message)
    servers.problems(APEX, [hearing])
    names.denying(APEX, message)
    str(signatures.Validation(VIA, message))
    found = [rdata for rrset in message.answer for rdata in rrset]
    zone_keys = [each for each in found if isinstance(each, DNSKEY)]
    keys.mismatched(
        APEX, [each for each in found if isinstance(each, DS)], zone_keys, is_secure=False
    )


def tree(message: Message, name: Name) -> None:
    """Walk as *message* leads."""
    assert isinstance(referrals.leads_on(message, name, APEX), Message | Silence)
    hosts = referrals.ns_targets(message, APEX)
    list(referrals.glue(message, hosts, APEX))
    cut = referrals.zone_cut(message, name, APEX)
    assert cut is None or (cut.is_subdomain(APEX) and name.is_subdomain(cut))
    apex = referrals.apex_of(message, name)
    assert apex is None or name.is_subdomain(apex)
    referrals.alias(message, name)
    referrals.addressed({(name, t.A): message, (name, t.AAAA): message})
    message.get_rrset(message.answer, name, IN, t.TXT)
