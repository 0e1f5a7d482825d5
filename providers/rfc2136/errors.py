"""What a server's answers to RFC 2136, and their absence, mean to a person."""

from collections.abc import Sequence
from socket import gaierror

import dns.tsig
from dns.exception import DNSException, Timeout
from dns.name import Name
from dns.rcode import Rcode

from providers.errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable

from .settings import Key

WHICH = "is RFC2136_NAMESERVER the primary, and does it run?"


class ClocksDiffer(dns.tsig.PeerBadTime):
    """The server takes a signature for too old, or too new.

    Attributes:
        ahead: Seconds that the server's clock is before this host's, negative if it is behind;
            None if it did not say.
    """

    def __init__(self, ahead: int | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ahead = ahead


def refusal(
    server: str, key: Key | None, apex: Name, names: Sequence[Name], verdict: Rcode
) -> ProviderError:
    """Return what *verdict* on an update of *names* in the zone *apex* means.

    The server does not say which name it objects to.
    """
    code = Rcode.to_text(verdict)
    which = str(names[0]) if len(names) == 1 else f"one of {names[0]} and {len(names) - 1} more"
    match verdict:
        case Rcode.REFUSED | Rcode.NOTAUTH if key is None:
            return Unauthorized(
                f"{server} takes no unsigned update of {apex} ({code})",
                hint="set RFC2136_TSIG_KEY and RFC2136_TSIG_SECRET, if it is that zone's primary",
            )
        case Rcode.REFUSED if key:
            return Unauthorized(
                f"{server} does not let TSIG key {key} change TXT at {which} ({code})",
                hint="BIND permits it by, for each name,"
                f" `update-policy {{ grant {key.name} name {names[0]} TXT; }};` in the zone",
            )
        case Rcode.NOTAUTH:
            return Misconfigured(
                f"{server} is not the primary of {apex} ({code})",
                hint="RFC2136_NAMESERVER is to be the server where this zone is edited",
            )
        case Rcode.SERVFAIL:
            return Unavailable(f"{server} failed to update {apex} ({code})", hint="see its log")
        case _:
            return Rejected(
                f"{server} refuses to update {which} in {apex} ({code})",
                hint="does it take dynamic updates of this zone?",
            )


def no_authority(server: str, apex: Name, name: Name, verdict: Rcode) -> ProviderError:
    """Return what it means that *server* does not speak for *name* when asked."""
    code = Rcode.to_text(verdict)
    if verdict == Rcode.SERVFAIL:
        return Unavailable(f"{server} fails to answer about {name} ({code})", hint="see its log")
    return Misconfigured(
        f"{server} has no authority over {name} ({code}): it does not serve {apex} to this host",
        hint="RFC2136_NAMESERVER is to be the primary; may this host query it?",
    )


def refused_key(server: str, key: Key | None, error: dns.tsig.PeerError) -> Unauthorized:
    """Return what a TSIG error code in the server's answer means (RFC 8945 §5.2)."""
    match error:
        case dns.tsig.PeerBadKey():
            return Unauthorized(
                f"{server} does not know TSIG key {key} (BADKEY)",
                hint="compare its name and algorithm with the server's;"
                " Knot says so, too, of a key that the zone's ACL leaves out",
            )
        case dns.tsig.PeerBadSignature():
            return Unauthorized(
                f"{server} refuses the signature under TSIG key {key} (BADSIG)",
                hint="compare the secret with the server's",
            )
        case ClocksDiffer(ahead=int(ahead)):
            which = "ahead of" if ahead > 0 else "behind"
            return Unauthorized(
                f"the clock of {server} is {abs(ahead)} s {which} this host's (BADTIME)",
                hint="set both by NTP: signatures are good for 300 s either way",
            )
        case dns.tsig.PeerBadTime():
            return Unauthorized(
                f"{server} and this host are more than 300 s apart (BADTIME)",
                hint="set both clocks by NTP: signatures are good for 300 s either way",
            )
        case _:
            return Unauthorized(f"{server} refuses TSIG key {key}: {error}")


def unanswered(
    server: str, key: Key | None, error: DNSException | EOFError | OSError
) -> ProviderError:
    """Return what it means that the last attempt at a request brought no answer that counts."""
    match error:
        case Timeout():
            return Unavailable(
                f"{server} did not answer, twice",
                hint="does a firewall stand between, for UDP or TCP?",
            )
        case gaierror():
            return Unavailable(
                f"{server} has no address: {error.strerror}", hint="check RFC2136_NAMESERVER"
            )
        case DNSException() if key:
            return Unavailable(
                f"{server} answers without a good signature under TSIG key {key}: {error}",
                hint="is it the primary, does it know the key, and are both clocks right?",
            )
        case DNSException():
            return Unavailable(f"{server} answers nonsense: {error}", hint=WHICH)
        case OSError():
            return Unavailable(f"{server} cannot be reached: {error.strerror}", hint=WHICH)
        case _:
            return Unavailable(f"{server} closes the connection", hint=WHICH)
