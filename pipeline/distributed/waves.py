"""Cut an inventory into tasks: which names go together, and into which queue. Pure.

A queue belongs to an account at a DNS host, so that whoever serves it has that account's
credentials and its receipts. A task is a run: what is in one zone is written at once, so a
zone's certificates stay together as far as a wave reaches.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from operator import itemgetter

from pipeline.configuration.settings import Settings
from pipeline.fleet.inventory import Certificate
from pipeline.fleet.sharding import zone_of
from pipeline.fleet.waves import Choice, cut
from pipeline.receipts.receipt import normal
from providers.names import domain_name

QUEUE = "dns01"
"""Where the certificates go whose account nobody names; those of an account: ``dns01.ACCOUNT``."""

LONGEST = 100
"""Certificates of one wave: a batch worth its request, and a report that a result store takes."""


@dataclass(frozen=True, slots=True)
class Wave:
    """Certificates that one task takes care of.

    Attributes:
        queue: Whose task it is.
        names: Of the certificates, each once.
        choices: What they have in common, by the words of `pipeline.Choices`.
    """

    queue: str
    names: tuple[str, ...]
    choices: Mapping[str, object] = field(default_factory=dict)


def waves(certificates: Iterable[Certificate], settings: Settings) -> Iterator[Wave]:
    """Yield what is to be done for *certificates*, each in exactly one wave."""
    once = {(normal(each.name), each.order): each for each in certificates}.values()
    placed = sorted(
        (common(each, settings), zone_of(each.name, settings.zones), each.name) for each in once
    )
    for said, alike in groupby(placed, key=itemgetter(0)):
        queue, order, provider = said
        zones = [[*zone] for _, zone in groupby(alike, key=itemgetter(1))]
        names = iter([name for zone in zones for _, _, name in zone])
        sizes = ((Choice(order, provider), len(zone)) for zone in zones)
        for wave in cut(sizes, LONGEST):
            yield Wave(queue, tuple(islice(names, wave.count)), chosen(order, provider))


def common(certificate: Certificate, settings: Settings) -> tuple[str, str, str]:
    """Return what certificates of one wave have in common: the queue, and what the entry says."""
    return (queue_of(certificate, settings), certificate.order, certificate.provider)


def chosen(order: str, provider: str) -> dict[str, object]:
    """Return what an entry says as choices of a call; what it does not say is left out."""
    said = {"source": order, "provider": provider}
    return {keyword: value for keyword, value in said.items() if value}


def queue_of(certificate: Certificate, settings: Settings) -> str:
    """Return the queue of the account, or accounts, that *certificate* is written at."""
    named = tuple(filter(None, map(str.strip, certificate.provider.split(","))))
    accounts = named or settings.providers or of_zone(certificate.name, settings)
    return ".".join([QUEUE, "-".join(accounts)]) if accounts else QUEUE


def of_zone(name: str, settings: Settings) -> Sequence[str]:
    """Return the accounts that *settings* have for the first name of the certificate *name*."""
    first = normal(name).partition(",")[0].removeprefix("*.")
    found = None if "//" in first else settings.zone(domain_name(first))
    return (found[1].providers if found else ()) or settings.fallback
