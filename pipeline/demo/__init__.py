"""The main job on embedded parts: no account, no network, no privileges.

The order API, the DNS servers and the caching resolvers are stand-ins on
loopback; everything between them is the real pipeline over real sockets.
"""

import secrets
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import dns.name
from dns import rdatatype
from dns.message import Message

from pipeline.asking.endpoints import Endpoint
from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query
from pipeline.case import Progress, Tools
from pipeline.cleaning import clean
from pipeline.clock import Clock
from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.hosts import Hosts
from pipeline.orders.rcl import RclSource
from pipeline.orders.rcl_generations import V7
from pipeline.receipts.store import Store
from pipeline.report import Report, headline
from pipeline.stage import Run
from providers.embedded import Embedded, Nameserver

from .order_api import OrderApi
from .resolver import Resolver

ZONE = dns.name.from_text("example.com.")
CHALLENGE = dns.name.from_text("_acme-challenge.example.com.")
CERTIFICATE = "example.com,*.example.com"
LAGS = (0.0, 1.0, 2.5)
"""Seconds until each of the zone's servers shows what was written."""

NEGATIVE_TTL = 300
NEXT = f"""\
That was the whole pipeline: order, TXT records, every name server, caching resolvers, clean-up.
For your own zone:
  export RCL_API_KEY=... RCL_SUBSCRIPTION_ID=...    # RCL SSL Portal, Subscription
  export CLOUDFLARE_API_TOKEN=...                   # or AWS credentials, or RFC2136_NAMESERVER
  dns01 plan  '{CERTIFICATE}'           # what would be written; writes no record
  dns01 ready '{CERTIFICATE}'           # exit 0: the CA will see it; finalize now
  dns01 clean '{CERTIFICATE}'           # afterwards"""


def demonstrate(clock: Clock, progress: Progress) -> Report:
    """Run the pipeline against servers of our own; return the report of its wait."""
    with ExitStack() as stack:
        dns_host = stack.enter_context(
            Embedded(
                [ZONE],
                [Nameserver(lag=lag) for lag in LAGS],
                soa_ttl=NEGATIVE_TTL,
                minimum=NEGATIVE_TTL,
                now=clock.now,
            )
        )
        zones = {ZONE: dns_host.addresses}
        patient, other, hasty = (stack.enter_context(Resolver(zones, clock.now)) for _ in range(3))
        key, subscription = secrets.token_urlsafe(16), "demo"
        api = stack.enter_context(OrderApi(key, subscription))
        source = RclSource(api.url, V7(subscription), key, trust_env=False)
        exchange = stack.enter_context(Exchange(clock))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dns01-demo-")))
        settings = Settings(
            state_dir=folder,
            timeout=clock.now() + 30.0,
            providers=("embedded",),
            resolvers=(endpoint(patient.address), endpoint(other.address)),
            zones={ZONE: ZoneSettings(nameservers=tuple(map(endpoint, dns_host.addresses)))},
        )
        progress.say(f"order API {api.url}; 3 name servers, {LAGS[1]} s and {LAGS[2]} s behind")
        look(exchange, hasty, progress, "asked too early, as an impatient tool would")
        store, hosts = Store(folder, clock.today), Hosts(lambda _name: dns_host, clock)
        tools = Tools(clock, store, hosts, exchange, lambda _zone: ["embedded"], progress)
        with Run([CERTIFICATE], source, settings, tools) as run:
            report = run.ready()
        progress.say(headline(replace(report, receipt=None)))
        look(exchange, hasty, progress, "asked again; a tool that asks early waits for this")
        cleaned = clean([CERTIFICATE], store, Hosts(lambda _name: dns_host, clock), clock)
        left = dns_host.values(CHALLENGE)
        progress.say(f"{cleaned.status}: {len(cleaned.records)} values removed, {len(left)} left")
    if left or cleaned.exit:
        problems = (*report.problems, *cleaned.problems)
        return replace(report, status="failed", exit=cleaned.exit, problems=problems)
    return replace(report, receipt=None)


def endpoint(address: tuple[str, int]) -> Endpoint:
    """Return a listener's *address* as an endpoint."""
    host, port = address
    return Endpoint(host, port)


def look(exchange: Exchange, resolver: Resolver, progress: Progress, why: str) -> None:
    """Say what *resolver* answers about the challenge name."""
    host, port = resolver.address
    [reply] = exchange.ask([Query(CHALLENGE, rdatatype.TXT, host, port, recursion=True)])
    if isinstance(reply.outcome, Message):
        ttl = min((rrset.ttl for rrset in reply.outcome.authority), default=0)
        found = "the values" if reply.outcome.answer else f"no such record, for another {ttl} s"
        progress.say(f"a resolver we leave alone says {found} ({why})")
