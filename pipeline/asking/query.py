"""What is asked of one server, and what came of it."""

from dataclasses import dataclass

from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from pipeline.questions import Silence, Transport


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question for one server.

    Attributes:
        recursion: Whether to set RD.
        timeout: Seconds until silence, TCP included.
        transport: How it travels.
        dnssec: Whether to ask for signatures (DO, RFC 3225).
        unchecked: Whether a validating resolver is to hand out what is bogus (CD, RFC 4035 §3.2.2).
        edns: Whether to speak EDNS at all (RFC 6891).
        tcp: Whether to begin with TCP.
        mixed_case: Whether to spell the name in random case, which the answer must repeat.
    """

    name: Name
    rdtype: RdataType
    address: str
    port: int
    recursion: bool
    timeout: float = 2.0
    transport: Transport = Transport.PLAIN
    dnssec: bool = False
    unchecked: bool = False
    edns: bool = True
    tcp: bool = False
    mixed_case: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of *query*, and when (seconds on our clock)."""

    query: Query
    at: float
    outcome: Message | Silence
