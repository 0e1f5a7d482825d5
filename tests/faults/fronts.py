"""Servers with a fault no real server has: each asks the primary, and spoils its answer."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING

import dns.query
from dns.flags import AA
from dns.message import Message, make_response
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from providers.listener import Asked, Behaviour, Listener

from . import topology as at

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S = 5.0
CHALLENGE = b"_acme-challenge"


def front(address: str, behaviour: Behaviour) -> Listener:
    """Return a server at *address* whose proper replies are the primary's."""
    source = None if ":" in address else address

    def respond(query: Message) -> Message:
        reply, _ = dns.query.udp_with_fallback(query, at.PRIMARY, TIMEOUT_S, source=source)
        return reply

    listener = Listener((address, 53), respond, time.monotonic)
    listener.behaviour = behaviour
    return listener


def fronts() -> dict[str, Listener]:
    """Return every such server, by address, each with its fault."""
    return {address: front(address, behaviour) for address, behaviour in _faults().items()}


def _faults() -> dict[str, Behaviour]:
    return {
        at.NOT_AUTHORITATIVE: without_aa,
        at.FLAPPING: flapping(),
        at.LOWER_CASE: lower_case,
        at.CASE_DENIES: denying_mixed_case,
        at.EDNS_DROPPED: dropping_edns,
        at.EDNS_FORMERR: refusing_edns,
        at.CAA_SERVFAIL: failing_on_caa,
        at.SILENT: silent,
        at.SILENT_2: silent,
        at.SILENT_V6: silent,
    }


def silent(_asked: Asked, _reply: Message) -> Message | None:
    """Say nothing; over TCP, accept the connection and say nothing."""
    return None


def without_aa(_asked: Asked, reply: Message) -> Message:
    """Answer without authority, as a forwarder does."""
    reply.flags &= ~AA
    return reply


def flapping() -> Behaviour:
    """Deny every other time that the challenge name exists."""
    turns: Callable[[], int] = count().__next__

    def behaviour(asked: Asked, reply: Message) -> Message:
        return denial(asked) if asked.name[0].lower() == CHALLENGE and turns() % 2 else reply

    return behaviour


def lower_case(_asked: Asked, reply: Message) -> Message:
    """Repeat the question in lower case, whatever was asked."""
    for rrset in (*reply.question, *reply.answer):
        rrset.name = rrset.name.canonicalize()
    return reply


def denying_mixed_case(asked: Asked, reply: Message) -> Message:
    """Know names in lower case only."""
    return reply if asked.name.labels == asked.name.canonicalize().labels else denial(asked)


def dropping_edns(asked: Asked, reply: Message) -> Message | None:
    """Drop questions with an OPT record, as some firewalls do."""
    return reply if asked.query.edns < 0 else None


def refusing_edns(asked: Asked, reply: Message) -> Message:
    """Answer an OPT record with FORMERR, as servers older than EDNS do (RFC 6891 §7)."""
    if asked.query.edns < 0:
        return reply
    refusal = make_response(asked.query)
    refusal.use_edns(edns=False)
    refusal.set_rcode(Rcode.FORMERR)
    return refusal


def failing_on_caa(asked: Asked, reply: Message) -> Message:
    """Fail on CAA, as servers do that do not know the type."""
    if asked.rdtype != RdataType.CAA:
        return reply
    failure = make_response(asked.query)
    failure.set_rcode(Rcode.SERVFAIL)
    return failure


def denial(asked: Asked) -> Message:
    """Return an authoritative NXDOMAIN, without the SOA record that would let caches keep it."""
    reply = make_response(asked.query)
    reply.flags |= AA
    reply.set_rcode(Rcode.NXDOMAIN)
    return reply
