"""Questions and changes as the laboratory itself sends them."""

import re
from collections.abc import Collection
from contextlib import suppress

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update
from dns.name import Name

from .topology import Key

TIMEOUT_S = 5.0

_RECURSOR = re.compile(r"127\.0\.\d\.1\d\d")
"""In this laboratory as in that of faults, where the recursors live, and nobody else."""


def absolute(name: Name | str) -> Name:
    """Return *name*, which as text may lack the final dot."""
    return dns.name.from_text(name) if isinstance(name, str) else name


def is_recursor(address: str) -> bool:
    """Whether a recursor lives at *address*."""
    return bool(_RECURSOR.fullmatch(address))


def ask(
    address: str, name: Name | str, rdtype: str = "TXT", *, timeout: float = TIMEOUT_S
) -> dns.message.Message:
    """Return the answer of *address*; RD is set towards recursors only."""
    flags = dns.flags.RD if is_recursor(address) else 0
    query = dns.message.make_query(absolute(name), rdtype, flags=flags, use_edns=0)
    response, _ = dns.query.udp_with_fallback(query, address, timeout, ignore_unexpected=True)
    return response


def values(response: dns.message.Message, name: Name | str) -> set[str]:
    """Return the TXT values *response* holds for *name* itself, aliases not followed."""
    rrset = response.get_rrset(
        response.answer, absolute(name), dns.rdataclass.IN, dns.rdatatype.TXT
    )
    return {b"".join(rdata.strings).decode() for rdata in rrset or ()}


def serial(address: str, apex: str) -> int:
    """Return the SOA serial that *address* answers for *apex* with authority; -1 where it does not.

    Silence is no answer, either: a server that starts is asked again.
    """
    try:
        response = ask(address, apex, "SOA", timeout=0.5)
    except (OSError, dns.exception.DNSException):
        return -1
    rrset = response.get_rrset(
        response.answer, absolute(apex), dns.rdataclass.IN, dns.rdatatype.SOA
    )
    if rrset is None or not (response.flags & dns.flags.AA or is_recursor(address)):
        return -1
    return int(rrset[0].serial)


def replace(  # noqa: PLR0913 (an RRset, where it lives, and who says so)
    key: Key,
    apex: Name | str,
    name: Name | str,
    rdtype: str,
    texts: Collection[str],
    *,
    ttl: int,
    address: str,
) -> None:
    """Make the RRset at *name* exactly *texts*, in presentation format, by an update."""
    message = dns.update.UpdateMessage(absolute(apex))
    message.use_tsig(dns.tsig.Key(key.name, key.secret))
    message.delete(absolute(name), rdtype)
    for text in sorted(texts):
        message.add(absolute(name), ttl, rdtype, text)
    response = dns.query.tcp(message, address, TIMEOUT_S)
    if response.rcode() != dns.rcode.NOERROR:
        raise RuntimeError(f"{address} refuses a change of {name}: {response}")


def mark(address: str, name: Name) -> None:
    """Leave a question in the log of *address* that no cache and no other server ever sees.

    Raises:
        dns.exception.Timeout: It does not answer.
    """
    # Class CH: answered, or refused, by the server that is asked. named takes a second refusal
    # in a second for a loop, and stays silent.
    query = dns.message.make_query(name, dns.rdatatype.TXT, dns.rdataclass.CH, flags=0)
    for _ in range(4):
        with suppress(dns.exception.Timeout):
            dns.query.udp(query, address, TIMEOUT_S / 5)
            return
    dns.query.udp(query, address, TIMEOUT_S / 5)
