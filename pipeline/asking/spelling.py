"""Spell the name of a question in random case, and see whether an answer repeats it.

The random bits make an answer harder to forge (draft-vixie-dnsext-dns0x20); a
server must repeat the question as it came. Names compare without regard to
case, so this is about the octets of a message.
"""

import secrets
from string import ascii_letters

from dns.message import Message

HEADER = 12
"""Octets before the question (RFC 1035 §4.1.1)."""

LETTERS = frozenset(ascii_letters.encode())


def question_section(message: Message) -> bytes:
    """Return the octets of *message*'s only question: name, type, class."""
    name = message.question[0].name
    return message.to_wire()[HEADER : HEADER + sum(len(label) + 1 for label in name.labels) + 4]


def in_random_case(section: bytes) -> bytes:
    """Return a question with each letter of its name in upper or lower case, as chance has it."""
    name, rest = section[:-4], section[-4:]
    chances = secrets.token_bytes(len(name))
    # The lengths of labels stand among the letters, but are below 64, where no letter is.
    spelt = bytes(
        octet ^ (chance & 0x20) if octet in LETTERS else octet
        for octet, chance in zip(name, chances, strict=True)
    )
    return spelt + rest


def respelt(wire: bytes, old: bytes, new: bytes) -> bytes:
    """Return *wire* with the question *new* where it has, octet for octet, *old*; else as it is."""
    end = HEADER + len(old)
    return wire[:HEADER] + new + wire[end:] if wire[HEADER:end] == old else wire
