"""A DNS server as a client of RFC 2136 sees it: requests, signatures and attempts."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from socket import SOCK_DGRAM, getaddrinfo
from threading import Lock

import dns.message
import dns.opcode
import dns.query
import dns.tsig
from dns.exception import DNSException, FormError, Timeout
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from dns.update import UpdateMessage

from providers import threads

from .errors import ClocksDiffer, refused_key, unanswered
from .settings import Key

DATAGRAM = 1200  # octets of a request that any path carries unfragmented; a longer one goes by TCP
PAYLOAD = 1232  # octets of an answer by UDP (DNS flag day 2020)
WIDTH = 8  # questions at a time


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the server says to an update.

    Attributes:
        is_repeated: Whether it is about a second attempt. The first may have been done.
    """

    code: Rcode
    is_repeated: bool


class UpdateServer:
    """A server that takes updates: under *key* or, without one, by the address of this host.

    Each request has two attempts of *timeout* seconds, the second one by TCP. Thread-safe.

    Attributes:
        key: What requests are signed with.

    Raises:
        ProviderError: From `ask` and `update`: no usable answer, or the key is refused.
    """

    def __init__(
        self, host: str, port: int = 53, key: Key | None = None, *, timeout: float = 5.0
    ) -> None:
        self._host = host
        self._port = port
        self.key = key
        self._timeout = timeout
        self._updates = self._questions = 0
        self._is_silent_by_udp = False
        self._lock = Lock()

    def __str__(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return host if self._port == 53 else f"{host}:{self._port}"

    @property
    def updates(self) -> int:
        """Updates sent so far, second attempts included."""
        return self._updates

    @property
    def questions(self) -> int:
        """What else was sent: questions, and conditions without an update."""
        return self._questions

    @property
    def endpoint(self) -> tuple[str, int]:
        """Address and port; the address is looked up once."""
        with self._translated():
            return self._address, self._port

    def update(self, message: UpdateMessage) -> Verdict:
        """Send *message* and return the server's verdict on it."""
        with self._translated():
            answer, is_repeated = self._exchange(self._signed(message))
            return Verdict(answer.rcode(), is_repeated)

    def ask(self, names: Iterable[Name], rdtype: RdataType) -> dict[Name, Message]:
        """Return the answer about each of *names*, asked once and with RD=0."""
        distinct = list(dict.fromkeys(names))
        with self._translated():
            answers = threads.each(partial(self._ask, rdtype=rdtype), distinct, WIDTH)
        return dict(zip(distinct, answers, strict=True))

    def _ask(self, name: Name, *, rdtype: RdataType) -> Message:
        question = partial(
            dns.message.make_query, name, rdtype, flags=0, use_edns=0, payload=PAYLOAD
        )
        try:
            # BIND may choose the view by the key: thus questions reach the one that updates reach.
            return self._exchange(self._signed(question()))[0]
        except (dns.tsig.PeerBadKey, dns.tsig.BadSignature, FormError):
            # Knot wants a key that may update to be allowed to query, too; NSD answers unsigned,
            # and Unbound sends the signature of the question back.
            return self._exchange(question())[0]

    def _signed(self, message: Message) -> Message:
        if self.key:
            message.use_tsig(self.key)
        return message

    def _exchange(self, message: Message) -> tuple[Message, bool]:
        """Return the response: of the same id and question, and signed if *message* is.

        And whether it took a second attempt.
        """
        # A record takes 12 octets at least: writing a hundred out tells nothing new.
        is_short = message.opcode() == dns.opcode.QUERY or (
            sum(map(len, message.sections)) < 100 and len(message.to_wire()) <= DATAGRAM
        )
        try:
            by_udp = is_short and not self._is_silent_by_udp
            return (self._by_udp(message) if by_udp else self._by_tcp(message)), False
        except dns.tsig.PeerBadTime as error:
            raise ClocksDiffer(self._ahead(message)) from error
        except dns.tsig.PeerError:
            raise
        except (DNSException, EOFError, OSError) as error:
            # Silence, a truncated answer or a forged one. Should an update have arrived after all,
            # it is idempotent.
            answer = self._by_tcp(message)
            # Where datagrams are filtered, only the first one is waited for.
            self._is_silent_by_udp |= isinstance(error, Timeout)
            return answer, True

    def _ahead(self, message: Message) -> int | None:
        """Return by how many seconds the server's clock is ahead, as it says; None if it does not.

        dnspython refuses an answer with BADTIME before it has read the time in it. So the
        signed *message*, which has just been refused, is sent again, and no signature looked at:
        this serves to tell a person.
        """
        again = dns.message.from_wire(message.to_wire(), keyring=False)
        again.keyring = False
        with suppress(DNSException, EOFError, OSError):
            tsig = self._by_udp(again).tsig
            if again.tsig and tsig and len(tsig[0].other) == 6:  # RFC 8945 §5.2.3
                return int.from_bytes(tsig[0].other) - int(again.tsig[0].time_signed)
        return None

    def _by_udp(self, message: Message) -> Message:
        self._count(message)
        return dns.query.udp(
            message,
            self._address,
            self._timeout,
            self._port,
            ignore_unexpected=True,
            raise_on_truncation=True,
        )

    def _by_tcp(self, message: Message) -> Message:
        self._count(message)
        return dns.query.tcp(message, self._address, self._timeout, self._port)

    def _count(self, message: Message) -> None:
        """Count what may change something; conditions alone are a question."""
        is_update = isinstance(message, UpdateMessage) and bool(message.update)
        with self._lock:
            self._updates += is_update
            self._questions += not is_update

    @cached_property
    def _address(self) -> str:
        # The system's first choice, kept: what is read back is read where it was written.
        return str(getaddrinfo(self._host, self._port, type=SOCK_DGRAM)[0][4][0])

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except dns.tsig.PeerError as error:
            raise refused_key(str(self), self.key, error) from error
        except (DNSException, EOFError, OSError) as error:
            raise unanswered(str(self), self.key, error) from error
