"""Every fault that `docs/failures.md` has a row for, and how it is brought about."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from .authority import DAY, ELSEWHERE, Certificate
from .faults import COMMON, PAGE, answering, broken_off, dripping, entities, half, silent, unheard
from .gate import Call, Fault, passed
from .scene import is_addition, is_lookup, is_removal, is_zones

HANGING = 10.0
"""Seconds of a run that waits in vain: all of them, or half, pass."""

SOON, LONG_AGO = timedelta(hours=1), -2 * DAY
LATER = "Wed, 01 Jan 2031 00:00:00 GMT"


@dataclass(frozen=True, slots=True)
class Harm:
    """What befalls a service.

    Attributes:
        fault: What it does to requests; `often` of them, None being all.
        certificate: What it shows; None speaks plain HTTP.
        is_strange: Whether nobody trusts who issued that.
        mute: Whether it accepts connections and leaves them alone.
        closed: Whether nobody listens.
        timeout: Seconds of the run.
    """

    fault: Fault = passed
    often: int | None = None
    certificate: Certificate | None = None
    is_strange: bool = False
    mute: bool = False
    closed: bool = False
    timeout: float = 24.0
    meets: Callable[[Call], bool] = field(default=lambda _call: True)


UNREACHABLE = {
    "connection refused": Harm(closed=True),
    "a certificate of an unknown authority": Harm(certificate=Certificate(), is_strange=True),
    "a certificate of another host": Harm(certificate=Certificate(host=ELSEWHERE)),
    "an expired certificate": Harm(certificate=Certificate(begins=LONG_AGO, ends=-DAY)),
    "a certificate that is not valid yet": Harm(certificate=Certificate(begins=SOON)),
    "a handshake that never ends": Harm(certificate=Certificate(), mute=True, timeout=HANGING),
}
"""Faults before any request."""

STATUSES = {
    "401": answering(401, "{}"),
    "403": answering(403, "{}"),
    "404": answering(404, "{}"),
    "a redirect": answering(307, Location="http://127.0.0.1:9/"),
}


def cloudflare_says(status: int, code: int, message: str, **headers: str) -> Fault:
    body = f'{{"success": false, "errors": [{{"code": {code}, "message": "{message}"}}]}}'
    return answering(status, body, Content_Type="application/json", **headers)


def aws_says(status: int, code: str, message: str, **headers: str) -> Fault:
    body = (
        '<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
        f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>1</RequestId></ErrorResponse>"
    )
    return answering(status, body, Content_Type="text/xml", **headers)


def harm(name: str, fault: Fault) -> Harm:
    """Return what *fault* does to a run of a fitting length."""
    hangs = name.startswith(("a drip", "silence"))
    return Harm(fault, timeout=HANGING) if hangs else Harm(fault)


ORDERING = {
    **UNREACHABLE,
    **{name: harm(name, fault) for name, fault in (COMMON | STATUSES).items()},
    "407 from a proxy": Harm(answering(407, PAGE, Content_Type="text/html")),
    "400": Harm(answering(400, "Certificate name is not defined.")),
    "403 for the quota": Harm(answering(403, '{"message": "Out of call volume quota."}')),
    "429": Harm(answering(429, "{}")),
    "429 with Retry-After": Harm(answering(429, "{}", Retry_After="17")),
    "429 with a date": Harm(answering(429, "{}", Retry_After=LATER)),
}

EXPIRED = {
    "cloudflare": cloudflare_says(403, 9109, "Invalid access token"),
    "route 53": aws_says(
        403, "ExpiredToken", "The security token included in the request is expired"
    ),
}

NO_RECORD = '{"success": true, "result": [null], "result_info": {"total_pages": 1}}'

LOOKING = {
    "500": Harm(COMMON["500"], meets=is_lookup),
    "403": Harm(STATUSES["403"], meets=is_lookup),
    "a record of null": Harm(
        answering(200, NO_RECORD, Content_Type="application/json"), meets=is_lookup
    ),
}
"""What may befall a write that looks what is stored, before it sends anything."""

THROTTLED = {
    "cloudflare": cloudflare_says(429, 971, "Please wait"),
    "route 53": aws_says(400, "Throttling", "Rate exceeded"),
}


def reading(service: str) -> dict[str, Harm]:
    """Return what may befall a DNS host's HTTP API when zones are looked for."""
    faults = COMMON | STATUSES | {"expired credentials": EXPIRED[service]}
    harms = UNREACHABLE | {name: harm(name, fault) for name, fault in faults.items()}
    harms["500 once"] = Harm(faults["500"], 1, timeout=40.0)
    harms["silence once"] = Harm(silent, 1, timeout=60.0)
    del harms["reset once the request has taken effect"]
    if service == "route 53":
        del harms["numbers for every text"]  # which are texts like others in XML
    return {name: replace(each, meets=is_zones) for name, each in harms.items()}


def writing(service: str) -> dict[str, Harm]:
    """Return what may befall it when the value is written."""
    harms = {
        "reset before an answer": Harm(broken_off),
        "reset before an answer, once": Harm(broken_off, 1, timeout=40.0),
        "reset once the request has taken effect": Harm(unheard, timeout=40.0),
        "reset in the middle of it": Harm(half, timeout=40.0),
        "silence": Harm(silent, timeout=HANGING),
        "a drip": Harm(dripping, timeout=HANGING),
        "500": Harm(COMMON["500"]),
        "expired credentials": Harm(EXPIRED[service]),
    }
    return {name: replace(each, meets=is_addition) for name, each in harms.items()}


def removing(service: str) -> dict[str, Harm]:
    """Return what may befall it when the value is removed."""
    harms = {
        "expired credentials": Harm(EXPIRED[service]),
        "reset once the request has taken effect": Harm(unheard),
    }
    return {name: replace(each, meets=is_removal) for name, each in harms.items()}


CLOUDFLARE = {
    **{str(status): Harm(answering(status, "{}"), meets=is_zones) for status in (402, 418, 451)},
    "429": Harm(THROTTLED["cloudflare"], meets=is_zones),
    "429 with a date": Harm(cloudflare_says(429, 971, "wait", Retry_After=LATER), meets=is_zones),
    "429 with Retry-After, once": Harm(
        cloudflare_says(429, 971, "wait", Retry_After="1"), 1, timeout=40.0, meets=is_zones
    ),
}

UNTOLD = {
    "a success that does not tell of it": Harm(
        answering(200, '{"success": true, "result": {"a": [null]}}'), meets=is_addition
    )
}

ROUTE53 = {
    "a bomb of entities": Harm(entities, meets=is_zones),
    "429": Harm(answering(429, ""), meets=is_zones),
    "throttling": Harm(THROTTLED["route 53"], meets=is_zones),
    "throttling, once": Harm(THROTTLED["route 53"], 1, timeout=40.0, meets=is_zones),
    "a clock too far off": Harm(
        aws_says(
            403,
            "SignatureDoesNotMatch",
            "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z",
        ),
        meets=is_zones,
    ),
    "a signature too old": Harm(
        aws_says(403, "RequestTimeTooSkewed", "The difference is too large"), meets=is_zones
    ),
}

RFC2136 = "A DNS server"

UPDATING = {
    "reading": [
        "silence", "silence by UDP", "truncation by UDP", "a drip over TCP", "hanging up",
        "REFUSED", "SERVFAIL", "BADSIG", "BADTIME", "garbage", "60 KB of garbage",
    ],
    "writing": [
        "silence", "silence once the request has taken effect", "truncation by UDP",
        "a drip over TCP", "REFUSED", "SERVFAIL", "NOTAUTH",
        "BADKEY", "BADSIG", "BADTIME", "an answer without a signature", "garbage",
    ],
    "removing": ["REFUSED", "BADKEY", "SERVFAIL"],
}  # fmt: skip
"""What a server for updates does wrong, by the names in `updates.FAULTS`."""


def updating(when: str) -> dict[str, Harm]:
    """Return what may befall such a server at each occasion; attempts take 5 s each."""
    harms = {fault: Harm(timeout=60.0) for fault in UPDATING[when]}
    return harms | ({"nobody listens": Harm(closed=True)} if when == "reading" else {})


SCENARIOS: dict[tuple[str, str, str], Harm] = {
    (service, when, fault): each
    for (service, when), harms in {
        ("The order API", "ordering"): ORDERING,
        ("Cloudflare", "reading"): reading("cloudflare") | CLOUDFLARE,
        ("Cloudflare", "looking"): LOOKING,
        ("Cloudflare", "writing"): writing("cloudflare") | UNTOLD,
        ("Cloudflare", "removing"): removing("cloudflare"),
        ("Route 53", "reading"): reading("route 53") | ROUTE53,
        ("Route 53", "writing"): writing("route 53"),
        ("Route 53", "removing"): removing("route 53"),
        **{(RFC2136, when): updating(when) for when in UPDATING},
    }.items()
    for fault, each in harms.items()
}
"""By heading, occasion and name."""
