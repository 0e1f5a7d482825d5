"""Amazon Route 53, by boto3.

Appends and deletes are compare-and-swaps (see `providers.route53.rrsets`): they
keep what others store at the name, and are retried when another writer came first.
Nothing is read first: see `providers.route53.writing`.

Credentials are searched by botocore (see `providers.route53.client`). IAM actions
used, all of route53: ListResourceRecordSets, ChangeResourceRecordSets (CREATE and
DELETE of TXT), GetChange; ListHostedZones and GetHostedZone (once for each zone
that encloses a name) unless the zone id is configured, and in accounts of 100 zones
ListHostedZonesByName, if allowed.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from dns.name import Name

from providers.coalescing import OneWriter
from providers.contract import TXT, Adapter, Change, Description, Pause, Setting, Zone
from providers.limits import Budget

from .client import account, client
from .errors import sensible
from .outgoing import Outgoing
from .policy import policy
from .requests import RATE, Patience, Requests
from .width import excess
from .writing import Edit, appending, removing, write
from .zones import Zones

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client


class Route53:
    """Adapter over a ready-made boto3 client, which is thread-safe.

    The client should retry nothing by itself: time and attempts are bounded here.

    Args:
        client: Of boto3, for the service route53.
        secrets: Returns what the client has sent of secrets so far; see `Entrusted`.
        pause, random, now: See `Patience`.
    """

    def __init__(
        self,
        client: "Route53Client",
        *,
        secrets: Callable[[], Collection[str]] = tuple,
        pause: Callable[[float], None] = time.sleep,  # noqa: TID251  # the one default, replaceable
        random: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,  # noqa: TID251  # likewise
    ) -> None:
        self._client = client
        self._secrets = secrets
        self._budget = Budget(RATE, pause, now)
        self._patience = partial(Patience, self._budget, random, now)
        self._zones = Zones()
        self._writer = OneWriter()
        self._surprising = defaultdict[str, set[Name]](set)
        self._sent = 0
        self._counting = Lock()
        client.meta.events.register("before-send.route-53", self._count)

    @property
    def api_calls(self) -> int:
        return self._sent

    def entrusted(self) -> Collection[str]:
        return self._secrets()

    def pace(self, pause: Pause, shared: Path | None) -> None:
        self._budget.share(pause, shared, partial(account, self._client))

    @sensible()
    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return self._zones.enclosing(self._requests(), names)

    @sensible()
    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        def write(txts: Sequence[TXT]) -> Change:
            return self._write(zone, appending(txts), mark)

        return self._writer.write(zone, ("append", mark), records, write)

    @sensible()
    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        def write(txts: Sequence[TXT]) -> Change:
            return self._write(zone, removing(txts), "")

        return self._writer.write(zone, "delete", records, write)

    @sensible()
    def in_sync(self, change: Change) -> bool:
        return not change.id or self._requests().status(change.id) == "INSYNC"

    def excess(self, zones: Sequence[Zone]) -> Sequence[str]:
        return excess(self._requests(), zones)

    def _requests(self) -> Requests:
        """Begin a call of this adapter: its retries share one span of time."""
        return Requests(self._client, self._patience())

    def _write(self, zone: Zone, edits: Mapping[Name, Edit], comment: str) -> Change:
        # Two processes in one zone would only refuse each other.
        with self._budget.turn(zone.id):
            return write(self._requests(), zone, edits, comment, self._surprising[zone.id])

    def _count(self, **_event: object) -> None:
        with self._counting:
            self._sent += 1


def _open(settings: Mapping[str, str], *, apart: bool = False) -> Route53:
    outgoing = Outgoing()
    return Route53(client(settings, outgoing, apart=apart), secrets=outgoing.secrets)


ADAPTER = Adapter(
    settings=(
        Setting("AWS_ACCESS_KEY_ID", "access key id"),
        Setting("AWS_SECRET_ACCESS_KEY", "secret access key", secret=True),
        Setting("AWS_SESSION_TOKEN", "session token of temporary keys", secret=True),
        Setting("AWS_PROFILE", "profile in the shared AWS files"),
        Setting("AWS_ROLE_ARN", "role to assume by web identity; an account's, by keys or profile"),
        Setting("AWS_WEB_IDENTITY_TOKEN_FILE", "file with the web identity token"),
        Setting("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "credentials of an ECS task"),
        Setting("AWS_CONTAINER_CREDENTIALS_FULL_URI", "credentials of an EKS pod"),
        Setting("AWS_ENDPOINT_URL_ROUTE_53", "endpoint: https, or loopback"),
        Setting("AWS_ENDPOINT_URL_STS", "endpoint for a role's credentials: https, or loopback"),
    ),
    # Instance metadata is no group: it shows only when asked, which detection must not.
    credentials=(
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_PROFILE",),
        ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI",),
    ),
    open=_open,
    open_apart=partial(_open, apart=True),
    policy=policy,
    nameservers=tuple(f"ns-*.awsdns-*.{tld}" for tld in ("com", "net", "org", "co.uk")),
    description=Description(
        "Amazon Route 53",
        "ChangeResourceRecordSets limited to the challenge names, TXT, CREATE and DELETE; "
        "list and get on the zone: `dns01 policy route53 DOMAIN` prints it",
        "a batch of up to 1,000 changes is all or nothing; nothing is overwritten: a set that "
        "somebody else has changed meanwhile is read again",
        "route53.md",
    ),
)
