"""A primary server that takes updates, and does as badly as a test wants."""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import dns.flags
import dns.message
import dns.query
import dns.rrset
from dns.message import Message
from dns.name import from_text
from dns.rcode import Rcode
from dns.rdataclass import NONE
from dns.rdatatype import TXT as TXT_TYPE

from providers.contract import TXT, Zone
from providers.embedded import Embedded
from tests.bridge import leaf, opened
from tests.providers.primary import KEY, Primary, Request

from .scene import VALUE, Scene

PAUSE = 0.2  # seconds between two octets of a drip
AHEAD = 3600  # seconds by which a clock is wrong


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, what to answer by rights, and when nobody needs an answer any more."""

    request: Request
    proper: Callable[[], Message]
    over: Event


Answer = Message | bytes | Iterator[bytes] | None
Fault = Callable[[Asked], Answer]


def silent(asked: Asked) -> Answer:
    return waiting(asked) if asked.request.tcp else None


def waiting(asked: Asked) -> Iterator[bytes]:
    asked.over.wait()
    yield b""


def without_udp(asked: Asked) -> Answer:
    return asked.proper() if asked.request.tcp else None


def truncating(asked: Asked) -> Answer:
    answer = asked.proper()
    if not asked.request.tcp:
        answer.answer, answer.authority, answer.flags = [], [], answer.flags | dns.flags.TC
    return answer


def saying(rcode: Rcode, tsig_error: int = 0) -> Fault:
    return lambda asked: asked.request.answer(rcode=rcode, aa=False, tsig_error=tsig_error)


def an_hour_ahead(asked: Asked) -> Answer:
    """Refuse the signature as too old, and say what time it is (RFC 8945 §5.2.3)."""
    answer = asked.request.answer(rcode=Rcode.NOTAUTH, tsig_error=Rcode.BADTIME)
    assert answer.tsig
    other = (int(time.time()) + AHEAD).to_bytes(6)
    answer.tsig = dns.rrset.from_rdata(answer.tsig.name, 0, answer.tsig[0].replace(other=other))
    return answer


def unsigned(asked: Asked) -> Answer:
    answer = asked.proper()
    answer.tsig = None
    return answer


def garbage(octets: int) -> Fault:
    return lambda _asked: b"\xff" * octets


def dripping(asked: Asked) -> Answer:
    return drops(asked) if asked.request.tcp else None


def drops(asked: Asked) -> Iterator[bytes]:
    yield b"\xff\xff"
    while not asked.over.wait(PAUSE):
        yield b"\x00"


def unheard(asked: Asked) -> Answer:
    """The request takes effect; nobody hears of it."""
    asked.proper()
    return None


FAULTS: dict[str, Fault] = {
    "silence": silent,
    "silence once the request has taken effect": unheard,
    "silence by UDP": without_udp,
    "truncation by UDP": truncating,
    "a drip over TCP": dripping,
    "hanging up": lambda _asked: None,
    "REFUSED": saying(Rcode.REFUSED),
    "SERVFAIL": saying(Rcode.SERVFAIL),
    "NOTAUTH": saying(Rcode.NOTAUTH),
    "BADKEY": saying(Rcode.NOTAUTH, Rcode.BADKEY),
    "BADSIG": saying(Rcode.NOTAUTH, Rcode.BADSIG),
    "BADTIME": an_hour_ahead,
    "an answer without a signature": unsigned,
    "garbage": garbage(8),
    "60 KB of garbage": garbage(60_000),
}


@dataclass
class Server:
    """What a primary does: as it should, but for the requests that `fault` is for.

    Attributes:
        meets: Which requests it is for.
        calls: Those that it was for.
        over: Set when nobody needs an answer any more.
    """

    dns: Embedded
    fault: Fault | None = None
    meets: Callable[[Request], bool] = lambda _request: True
    calls: list[Request] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    def __call__(self, request: Request) -> Answer:
        if self.fault and self.meets(request):
            self.calls.append(request)
            return self.fault(Asked(request, lambda: self._proper(request), self.over))
        return self._proper(request)

    def _proper(self, request: Request) -> Message:
        if request.is_update:
            return self._updated(request)
        [question] = request.message.question
        plain = dns.message.make_query(question.name, question.rdtype, flags=0)
        host, port = self.dns.addresses[0]
        known = dns.query.udp(plain, host, port=port, timeout=10)
        reply = request.answer(rcode=known.rcode(), aa=bool(known.flags & dns.flags.AA))
        reply.answer, reply.authority = known.answer, known.authority
        return reply

    def _updated(self, request: Request) -> Message:
        apex = request.message.question[0].name
        zone = Zone(apex, apex.to_text())
        for rrset in request.message.authority:
            if rrset.rdtype == TXT_TYPE:
                values = [b"".join(rdata.strings).decode() for rdata in rrset]
                records = [TXT(rrset.name, value, rrset.ttl) for value in values]
                if rrset.deleting == NONE:
                    self.dns.delete(zone, records)
                else:
                    self.dns.append(zone, records, "")
        return request.answer()


def is_question(request: Request) -> bool:
    return not request.is_update


def is_addition(request: Request) -> bool:
    return request.is_update and not is_removal(request)


def is_removal(request: Request) -> bool:
    return request.is_update and any(each.deleting == NONE for each in request.message.authority)


MEETS = {"reading": is_question, "writing": is_addition, "removing": is_removal}


@contextmanager
def rfc2136(folder: Path, host: str) -> Iterator[tuple[Scene, Server]]:
    """A primary at fault, and a secondary that dns01 and the world ask; the order is a document."""
    apex = from_text(host).parent()
    with ExitStack() as stack:
        site = stack.enter_context(opened(folder, lags=(0.0,), apexes=[apex]))
        server = Server(site.dns)
        primary = stack.enter_context(Primary(server))
        stack.callback(server.over.set)
        secret = base64.b64encode(KEY.secret).decode()
        variables = {
            "DNS01_PROVIDER": "rfc2136",
            "RFC2136_NAMESERVER": f"127.0.0.1:{primary.port}",
            "RFC2136_TSIG_KEY": "key.test",
            "RFC2136_TSIG_SECRET": secret,
        }
        words = ("--from", site.document(host, VALUE))
        name = leaf(host)
        stored = lambda: VALUE in site.dns.values(name)  # noqa: E731
        yield Scene(site, variables, stored, words, (secret,)), server
