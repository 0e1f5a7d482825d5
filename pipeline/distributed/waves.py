"""Cut an inventory into tasks: which names go together, and into which queue.

A queue belongs to an account at a DNS host, so that whoever serves it has that account's
credentials and its receipts. A task is a wave of a fleet, as ``--inventory`` cuts it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from pipeline.configuration.settings import Settings
from pipeline.fleet.database import Database
from pipeline.fleet.inventory import Certificate
from pipeline.fleet.sharding import zone_of
from pipeline.fleet.waves import Choice
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
    """Yield what is to be done for *certificates*, each in exactly one wave.

    Raises:
        Failed: 65, before anything is yielded, as the command does for an inventory.
    """
    zone, queue = partial(zone_of, zones=settings.zones), partial(queue_of, settings=settings)
    with Database() as database:
        database.fill(certificates, settings.order, zone, queue)
        for wave in database.waves(LONGEST):
            names = tuple(sorted(database.names(wave)))
            yield Wave(wave.choice.queue, names, chosen(wave.choice))


def chosen(choice: Choice) -> dict[str, object]:
    """Return *choice* as choices of a call; of hosts, only what the entry says."""
    hosts = {"provider": choice.provider} if choice.provider else {}
    return {"source": choice.order, **hosts}


def queue_of(certificate: Certificate, settings: Settings) -> str:
    """Return the queue of the account, or accounts, that *certificate* is written at."""
    named = tuple(filter(None, certificate.provider.split(",")))
    accounts = named or settings.providers or of_zone(certificate.key, settings)
    return ".".join([QUEUE, "-".join(sorted(accounts))]) if accounts else QUEUE


def of_zone(key: str, settings: Settings) -> Sequence[str]:
    """Return the accounts that *settings* have for the first name of the certificate *key*."""
    first = key.partition(",")[0].removeprefix("*.")
    found = None if "//" in first else settings.zone(domain_name(first))
    return (found[1].providers if found else ()) or settings.fallback
