"""Spell the name of a question in random case, which an answer must repeat.

The random bits make an answer harder to forge (draft-vixie-dnsext-dns0x20).
Names compare without regard to case, so this is about the octets of a message.
"""

import secrets
from string import ascii_letters

CASE = bytes(0x20 if chr(octet) in ascii_letters else 0 for octet in range(256))
"""The bit that makes a letter small or capital, by octet; lengths of labels are no letters."""


def in_random_case(section: bytes) -> bytes:
    """Return a question with each letter of its name in upper or lower case, as chance has it."""
    name, rest = section[:-4], section[-4:]
    chances = int.from_bytes(secrets.token_bytes(len(name))) & int.from_bytes(name.translate(CASE))
    return (int.from_bytes(name) ^ chances).to_bytes(len(name)) + rest
