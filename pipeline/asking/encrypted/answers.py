"""A connection of our own: what goes out, and whether what comes in is an answer or a fault."""

import secrets

import dns.message
from dns.exception import DNSException
from dns.message import Message

from pipeline.asking.octets import request, section
from pipeline.asking.query import Query
from pipeline.questions import Silence


def question(query: Query) -> Message:
    """Return *query* as a message with a random id."""
    id_ = secrets.randbits(16)
    return dns.message.from_wire(request(query, id_, section(query), edns=query.edns))


def genuine(wire: bytes, asked: Message) -> Message | Silence:
    """Return the message in *wire* if it answers *asked*, as it must on a connection of our own."""
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
    except DNSException:
        return Silence("answer is no DNS message")
    return message if asked.is_response(message) else Silence("answer to another question")
