"""Reports as runs bring them, good and bad, small and large, and one that nobody should trust."""

from dataclasses import replace

from pipeline.checks.lines import CheckLine, NameserverLine
from pipeline.model import Exit, Problem, Severity
from pipeline.report import OrderLine, PerspectiveLine, RecordLine, Report

ZONE = "example.com."
HOSTS = (
    ("ns1.example.net.", "192.0.2.1"),
    ("ns1.example.net.", "2001:db8:7:42::53"),
    ("ns2.example.org.", "198.51.100.2"),
    ("ns2.example.org.", "2001:db8:9:42::53"),
)
RESOLVERS = (("Cloudflare", "1.1.1.1"), ("Google", "8.8.8.8"), ("Quad9", "9.9.9.10"))

HOSTILE = (
    "<script>document.title='owned'</script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "</style></title><svg onload=\"document.title='owned'\">",
    "'-alert(1)-' javascript:alert(1) &lt;b&gt; &#x3c;",
    "\u202egpj.exe\u202c \u2066left\u2069 \u200b zero",
    "a\r\nb\x1b[31mred\x00\ud800",
    '::error::x\n```\n---\nclick a href "javascript:alert(1)"\nsection x : y; z # w , v',
    "%%{init: {'securityLevel': 'loose'}}%%",
    "x" * 255,
)


def confirmed(role: str, server: str, address: str, at: float) -> PerspectiveLine:
    """Return a server that had nothing at first, and everything *at*."""
    early = () if role == "recursive" else ((0.2, "absent"),)
    return PerspectiveLine(
        role=role,
        server=server,
        address=address,
        state="confirmed",
        confirmed_at_s=at + 0.1,
        attempts=7,
        detail="holds 1 TXT value",
        since_s=at,
        history=(*early, (at, "confirmed")),
    )


def asked(at: float = 0.0) -> tuple[PerspectiveLine, ...]:
    """Return seven servers that all confirm, from *at* on."""
    return (
        *(confirmed("authoritative", *host, at + 1 + i * 1.3) for i, host in enumerate(HOSTS)),
        *(confirmed("recursive", *each, at + 6 + i / 9) for i, each in enumerate(RESOLVERS)),
    )


def record(name: str, perspectives: tuple[PerspectiveLine, ...]) -> RecordLine:
    return RecordLine(
        f"_acme-challenge.{name}",
        f"{name:x<43.43}".replace(".", "-"),
        ZONE,
        "route53",
        perspectives,
    )


def ready(names: int = 2) -> Report:
    """Return a run that went well."""
    records = tuple(record(f"www{i}.{ZONE}" if i else ZONE, asked(i / 100)) for i in range(names))
    return Report(
        "ready",
        0,
        (OrderLine("example.com,*.example.com", "rcl", "https://ca.example/order/1", "pending"),),
        records,
        (Problem("http-token", "token 2 validates by HTTP", "serve its file", Severity.NOTICE),),
        6.6,
        93,
        2,
        "/var/lib/dns01/01J.json",
    )


def poisoned() -> Report:
    """Return a time-out: one stale secondary, one dead, one resolver asked too early."""
    first, second, third, fourth, *resolvers = asked()
    stale = replace(
        third,
        state="stale",
        confirmed_at_s=None,
        detail="holds 1 TXT value, but 1 wanted value not among them",
        history=((0.2, "silent"), (12.0, "absent"), (131.0, "stale")),
        cause="stale-secondary",
    )
    dead = replace(
        fourth,
        state="not-observable",
        confirmed_at_s=None,
        detail="no route",
        history=((0.2, "not-observable"),),
    )
    blind = replace(
        resolvers[1],
        state="absent",
        confirmed_at_s=None,
        attempts=1,
        detail="NXDOMAIN, will repeat that until 20:20:34 UTC (in 0:11:00)",
        history=((6.2, "absent"),),
        since_s=6.2,
        repeats_until="2026-03-01T20:20:34+00:00",
        cause="poisoned",
    )
    waiting = replace(
        resolvers[2], state="not-asked", confirmed_at_s=None, attempts=0, detail="", history=(),
        since_s=None,
    )  # fmt: skip
    host = PerspectiveLine("", "provider", "route53", "absent", None, 1, "change still pending")
    flaps = replace(
        second, history=tuple((i * 0.7, "absent" if i % 2 else "confirmed") for i in range(400))
    )
    problem = Problem(
        "not-ready",
        "not ready by the deadline: ns2.example.org. 198.51.100.2 [stale] "
        "_acme-challenge.example.com.: holds 1 TXT value, but 1 wanted value not among them (asked "
        "61 times); Google 8.8.8.8 [absent] _acme-challenge.example.com.: NXDOMAIN, will repeat "
        "that until 20:20:34 UTC (in 0:11:00) (asked 1 time)",
        "run again later; if a server stays behind, look at its zone transfers",
    )
    aside = Problem(
        "server-silent",
        "set aside, for it does not answer: ns2.example.org. 2001:db8:9:42::53",
        "this host cannot reach it, which says nothing of the server",
        Severity.WARNING,
    )
    lines = (first, flaps, stale, dead, resolvers[0], blind, waiting, host)
    alias = replace(record(f"alias.{ZONE}", lines), target="_acme-challenge.elsewhere.example.")
    return Report(
        "not-ready", Exit.NOT_READY, ready().orders, (record(ZONE, lines), alias),
        (aside, problem), 300.2, 512, 3, "/var/lib/dns01/01J.json",
    )  # fmt: skip


def failed() -> Report:
    """Return a run that ended before anything was asked."""
    problem = Problem(
        "no-zone", "route53 hosts no zone that encloses example.com", "which account?"
    )
    return Report("failed", Exit.CONFIG, problems=(problem,), elapsed_s=0.4)


def planned() -> Report:
    return Report(
        "planned", 0, ready().orders, tuple(replace(r, perspectives=()) for r in ready().records)
    )


def checked() -> Report:
    """Return what `check` saw of two domains."""
    servers = tuple(
        NameserverLine(host, tuple(a for h, a in HOSTS if h == host), "both")
        for host in dict(HOSTS)
    )
    leaf = f"_acme-challenge.{ZONE}"
    far = "_acme-challenge.elsewhere.example."
    lines = (
        CheckLine("example.com", leaf, "", ZONE, servers, ("letsencrypt.org",), "signed", 1800),
        CheckLine("*.example.com", leaf, far, ZONE, servers, None, "unsigned", None),
    )
    caa = Problem("caa", "CAA at example.com. lets only letsencrypt.org issue", "", Severity.NOTICE)
    return Report("checked", 0, checks=lines, problems=(caa,), elapsed_s=1.2, dns_queries=41)


def many(names: int = 100) -> Report:
    """Return many names, a few of which a resolver does not find."""
    good = ready(names)
    blind = poisoned().records[0].perspectives[5]
    records = tuple(
        replace(r, perspectives=(*r.perspectives[:5], blind, r.perspectives[6]))
        if i % 17 == 3
        else r
        for i, r in enumerate(good.records)
    )
    return replace(good, status="not-ready", exit=Exit.NOT_READY, records=records, elapsed_s=45.0)


def hostile() -> Report:
    """Return a report each of whose texts attacks its reader."""
    lines = tuple(
        PerspectiveLine(
            address=text,
            role=role,
            server=text,
            state=text if i == 3 else "absent",
            confirmed_at_s=None,
            attempts=1,
            detail=text,
            since_s=1.0,
            repeats_until=text,
            history=((1.0, "absent"), (2.0, text)),
            cause=text,
        )
        for i, text in enumerate(HOSTILE)
        for role in ("authoritative", "recursive", text)
    )
    records = tuple(RecordLine(text, text, text, text, lines, text) for text in HOSTILE)
    problems = tuple(
        Problem(text, text, text, severity) for text in HOSTILE for severity in Severity
    )
    orders = tuple(OrderLine(text, text, f"javascript:{text}", text) for text in HOSTILE)
    seen = tuple(CheckLine(t, t, t, t, (NameserverLine(t, (t,), t),), (t,), t, 1) for t in HOSTILE)
    path = "".join(HOSTILE)
    return Report("failed", Exit.BUG, orders, records, problems, 3.0, 1, 1, path, seen)


SAMPLES = {
    "ready": ready(),
    "poisoned": poisoned(),
    "failed": failed(),
    "planned": planned(),
    "checked": checked(),
    "many": many(),
    "thousand": many(1000),
    "hostile": hostile(),
    "empty": Report("ready", 0),
    "stopped": Report("failed", 143, problems=(Problem("interrupted", "SIGTERM"),)),
}
