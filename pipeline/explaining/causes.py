"""Why a server may keep us waiting, and what to do about each reason. Pure."""

from dataclasses import dataclass
from enum import Enum

WAIT = "run again later, or with a longer --timeout"


class Kind(Enum):
    """A reason, the first to mend first: its code in the report, its name, the next step."""

    BLOCKED = (
        "blocked-port-53",
        "port 53 is filtered here: nobody answers, nobody even refuses",
        ("let this host out to port 53, UDP and TCP, or run `dns01 wait` from a network that may"),
    )
    LAME = (
        "lame",
        "lame delegation: the server is not configured for the zone",
        "configure the zone on that server, or take it out of the delegation at the registrar",
    )
    CUT = (
        "zone-cut",
        "refers elsewhere: a zone cut at the name",
        "remove the NS records at that name there, or publish in the zone that they lead to",
    )
    STALE = (
        "stale-secondary",
        "stale secondary",
        "look at the zone transfers to that server: NOTIFY, who may transfer, TSIG key, its log",
    )
    OTHER_HOST = (
        "other-host",
        "another DNS host, which was not written to",
        "publish at both DNS hosts (several providers for the zone), or delegate to one alone",
    )
    WILDCARD = (
        "wildcard",
        "a wildcard answers, for there is no record at the name itself",
        "the value is not in the zone that these servers serve: was it written to another one?",
    )
    ALIAS = (
        "alias-appeared",
        "an alias (CNAME) at the name, where no TXT can be",
        "remove the CNAME, or run again to have the value written at its target",
    )
    ALIAS_CHANGED = (
        "alias-changed",
        "the alias (CNAME) is gone, or leads elsewhere",
        "put the CNAME back, or run again to follow the new one",
    )
    WRONG_ZONE = (
        "wrong-zone",
        "not written yet, or to the wrong zone: no name server has ever shown a value",
        (
            "has it been written? If so, to a zone that nobody is delegated to, a private or a "
            "second one? compare the delegation with the name servers that your DNS host shows"
        ),
    )
    OTHER_VALUES = (
        "other-values",
        "other values at the name: no name server of the zone has ever shown this one",
        (
            "is it the value of this order, not of an earlier one? was it written, and to this "
            f"zone? If so, {WAIT}"
        ),
    )
    OVERWRITTEN = (
        "overwritten",
        "somebody keeps erasing the values, though they were put back",
        "let that tool end, or make it keep what others store at the name; then run again",
    )
    VANISHED = (
        "vanished",
        "the values were there, and are gone",
        "something removes or overwrites the record: another ACME client, infrastructure as code?",
    )
    FLAPPING = (
        "flapping",
        "machines behind one address disagree: values come and go",
        (
            "one of the machines there (anycast, load balancer) lags behind: mend it, for "
            "every validation is a matter of luck until then"
        ),
    )
    CASE = (
        "case-intolerant",
        "intolerance of names in mixed case (0x20), which CAs use",
        "names compare without case (RFC 4343): update that server, or what filters before it",
    )
    EDNS = (
        "edns-intolerant",
        "intolerance of EDNS, which CAs use",
        "update that server, or the firewall before it, which drops them (RFC 6891)",
    )
    TCP_CLOSED = (
        "tcp-closed",
        "an answer too large for a datagram, and no TCP",
        "open TCP port 53 there (RFC 7766), or remove left-over TXT values so that answers fit",
    )
    UDP_CLOSED = (
        "udp-closed",
        "UDP is filtered: the server answers over TCP only",
        "open UDP port 53 on the way to that server",
    )
    LOSSY = (
        "lossy",
        "a bad line, or a rate limit: the server answers only now and then",
        "look at its rate limits (RRL) and the line to it; a CA will meet the same",
    )
    FAILING = (
        "server-failing",
        "a failing server: it answers with an error",
        "look at that server's log: a zone that expired, or could not be loaded?",
    )
    DOWN = (
        "server-down",
        "the server is down: it does not answer",
        "start it, open port 53 on the way, or take it out of the delegation",
    )
    NO_ROUTE = (
        "no-route",
        "no route from this host (IPv6, often)",
        "that says nothing of the server: run from a network that reaches it",
    )
    LATE = (
        "late",
        "just too late: it has every value now",
        WAIT,
    )
    PROPAGATING = (
        "propagating",
        "still propagating",
        WAIT,
    )
    UNHEARD = (
        "unheard",
        "too little time: its answer was not waited for",
        WAIT,
    )
    BOGUS = (
        "dnssec-bogus",
        "DNSSEC: the resolver finds the zone's signatures wrong",
        (
            "no CA can validate that: have the signatures expired? does the DS record at the "
            "registrar fit the zone's keys?"
        ),
    )
    SPLIT = (
        "split-horizon",
        "split horizon: the resolver sees other name servers than we do, or other machines",
        (
            "is the zone delegated to these servers? for an inner view name inner resolvers with "
            "--resolver"
        ),
    )
    REFUSING = (
        "resolver-refuses",
        "the resolver does not serve this host",
        "name one that does: --resolver ADDR",
    )
    DEAF = (
        "resolver-down",
        "the resolver does not answer",
        "check --resolver, or whether port 53 is filtered here",
    )
    UNABLE = (
        "resolver-failing",
        "the resolver cannot find out",
        "can it reach the zone's name servers, every one? its log tells",
    )
    POISONED = (
        "poisoned",
        "poisoned cache: the resolver was asked too early, by whomever",
        "run again after that time, or flush the cache",
    )
    CACHED = (
        "cached-answer",
        "the resolver repeats an older answer from its cache",
        "run again after that time, or flush the cache",
    )
    HELD_BACK = (
        "held-back",
        "not asked, for the name above is not confirmed",
        (
            "an early question would make a resolver remember that there is nothing: see the name "
            "above first"
        ),
    )
    UNEXPLAINED = (
        "unexplained",
        "not found out",
        WAIT,
    )

    def __init__(self, code: str, label: str, hint: str) -> None:
        self.code = code
        self.label = label
        self.hint = hint


SOFT = {
    *(Kind.NO_ROUTE, Kind.LATE, Kind.PROPAGATING, Kind.UNHEARD, Kind.HELD_BACK, Kind.UNEXPLAINED),
}
"""What nobody can mend, or time does: not what to look at first."""

HARMLESS = {
    *(Kind.POISONED, Kind.CACHED, Kind.DEAF, Kind.REFUSING, Kind.NO_ROUTE, Kind.UNHEARD),
}
"""What a resolver of ours suffers from, and a CA's does not."""

OVERWRITING = {
    *(Kind.VANISHED, Kind.FLAPPING, Kind.LATE, Kind.PROPAGATING),
    *(Kind.WRONG_ZONE, Kind.OTHER_VALUES, Kind.STALE),
}
"""What it looks like when a value is erased and put back: by turns there and not."""

EVIDENT = {
    *(Kind.LAME, Kind.CUT, Kind.ALIAS, Kind.VANISHED, Kind.FLAPPING, Kind.LOSSY, Kind.FAILING),
    *(Kind.NO_ROUTE, Kind.REFUSING, Kind.UNABLE, Kind.BOGUS, Kind.POISONED, Kind.CACHED),
}
"""What can be told while the wait goes on, without follow-up questions."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The most likely reason why one question is not confirmed.

    Attributes:
        particulars: What it is told by, such as two serials; may be empty.
    """

    kind: Kind
    particulars: str = ""
