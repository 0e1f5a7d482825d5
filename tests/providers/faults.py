"""Ways for a `providers.listener.Listener` to be at fault."""

from collections.abc import Collection

import dns.flags
from dns.message import Message
from dns.rcode import Rcode
from dns.rdatatype import TXT
from dns.rrset import from_text_list

from providers.listener import Asked, Behaviour


def silent(asked: Asked, reply: Message) -> None:
    """Drop the question."""


def failing(rcode: Rcode) -> Behaviour:
    """Answer nothing but *rcode*: REFUSED, SERVFAIL..."""

    def fail(_asked: Asked, reply: Message) -> Message:
        reply.answer, reply.authority, reply.additional = [], [], []
        reply.flags &= ~dns.flags.AA
        reply.set_rcode(rcode)
        return reply

    return fail


def lame(_asked: Asked, reply: Message) -> Message:
    """Answer without authority."""
    reply.flags &= ~dns.flags.AA
    return reply


def truncating(asked: Asked, reply: Message) -> Message:
    """Send everybody from UDP to TCP."""
    if not asked.tcp:
        reply.answer, reply.authority, reply.additional = [], [], []
        reply.flags |= dns.flags.TC
    return reply


def lying(values: Collection[str]) -> Behaviour:
    """Answer TXT questions with these values whatever the truth."""

    def lie(asked: Asked, reply: Message) -> Message:
        if asked.rdtype == TXT:
            quoted = [f'"{value}"' for value in values]
            reply.answer = [from_text_list(asked.name, 60, "IN", "TXT", quoted)]
            reply.authority = []
            reply.set_rcode(Rcode.NOERROR)
        return reply

    return lie
