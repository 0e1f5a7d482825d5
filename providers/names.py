"""Domain names in the texts of strangers."""

import struct

from dns.exception import DNSException
from dns.name import Name, from_text


def domain_name(text: str) -> Name:
    r"""Return the absolute name that *text* spells.

    Raises:
        ValueError: It spells none; dnspython itself lets ``\300`` end in a `struct.error`.
    """
    try:
        return from_text(text)
    except (DNSException, UnicodeError, struct.error) as error:
        raise ValueError(f"not a domain name: {error}") from error
