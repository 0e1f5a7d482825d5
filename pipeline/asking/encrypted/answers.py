"""What a connection of our own brings is an answer, or a fault."""

import dns.message
from dns.exception import DNSException
from dns.message import Message

from pipeline.questions import Silence


def genuine(wire: bytes, asked: Message) -> Message | Silence:
    """Return the message in *wire* if it answers *asked*, as it must on a connection of our own."""
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True)
    except DNSException:
        return Silence("answer is no DNS message")
    return message if asked.is_response(message) else Silence("answer to another question")
