"""A fleet of certificates, and those it depends on. Pure.

What the product does is taken from its own constants; what it costs is measured (`MEASURED`);
what others allow is from their documentation. The rest is assumption, and a parameter.
"""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate, repeat, takewhile
from math import ceil

from pipeline.fleet.waves import SIZE
from pipeline.propagation.policy import Policy
from providers.limits import Rate

from .hosts import ROUTE53, Host

HOUR = 3600.0
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run costs, as measured with real servers on loopback, three of a zone.

    Attributes:
        run_cpu_s: CPU seconds of a run and of the removal after it, names aside.
        name_cpu_s: CPU seconds of each name of a run.
        question_cpu_s: CPU seconds of a question more while nothing is visible yet.
        answer_s: Seconds until a name server has answered: an assumption.
        zone_questions: Questions for each address of a zone's servers, names aside.
        name_questions: Questions for each name beside those that the rules need.
        fsyncs: Of a run, removal included.
        receipt_cpu_s, value_cpu_s: CPU seconds that a run spends on a receipt that is not put
            aside, and on a value in it.
        value_bytes: Octets that are kept of each value and address, as receipt and report.
        acme_requests: Requests of a client for one certificate with two values.
    """

    run_cpu_s: float = 0.95
    name_cpu_s: float = 0.006
    question_cpu_s: float = 0.0006
    answer_s: float = 0.02
    zone_questions: float = 7.0
    name_questions: float = 2.0
    fsyncs: int = 10
    receipt_cpu_s: float = 75e-6
    value_cpu_s: float = 8e-6
    value_bytes: float = 530.0
    acme_requests: float = 12.0


MEASURED = Measured()


ORDERS = Rate(300, 3 * HOUR)
"""New orders of an account: Let's Encrypt's limit for those it does not take for renewals."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Certificates, and how they are renewed.

    Attributes:
        values: TXT values of a certificate: apex and wildcard are two at one name.
        per_zone: Certificates whose names are in one zone.
        lifetime_s: How long a certificate is valid.
        renew_at: The part of its lifetime after which a certificate is due.
        jitter_s: A certificate is due up to so much earlier, by chance.
        by_zone: Whether the zone decides when its certificates are due, and not the age of each:
            on the last day of the zone's own calendar that leaves `reserve_s` of their life.
        every_s: Seconds from one run over what is due to the next.
        wave: The most certificates that a process takes on.
        jobs: Processes at a time, on all machines together.
        cores: Of all machines.
        failing: The part of the attempts that fails; what failed is due again.
        ca_accounts: Accounts at the CA.
        host_accounts: Accounts at the DNS host; None: as many as the zones need.
        counted: Whether the CA, or the product's own budget, counts renewals as new orders.
        resolvers: Recursive resolvers that must confirm.
    """

    certificates: int = 1_000_000
    values: int = 2
    per_zone: int = 5
    host: Host = ROUTE53
    lifetime_s: float = 47 * DAY
    renew_at: float = 2 / 3
    jitter_s: float = 2 * DAY
    by_zone: bool = True
    reserve_s: float = 5 * DAY
    every_s: float = 3 * HOUR
    wave: int = SIZE
    jobs: int = 16
    cores: int = 2
    failing: float = 0.01
    ca_accounts: int = 20
    host_accounts: int | None = None
    counted: bool = True
    resolvers: int = 4
    measured: Measured = MEASURED

    @property
    def zones(self) -> int:
        """How many zones there are."""
        return ceil(self.certificates / self.per_zone)

    @property
    def accounts(self) -> int:
        """How many accounts at the DNS host hold the zones."""
        return self.host_accounts or ceil(self.zones / self.host.zones)

    @property
    def zones_per_account(self) -> int:
        """How many zones an account holds, the last one perhaps fewer."""
        return ceil(self.zones / self.host_accounts) if self.host_accounts else self.host.zones

    @property
    def interval_s(self) -> float:
        """Seconds from a renewal to when the next is due, on average."""
        return self.lifetime_s * self.renew_at - (0 if self.by_zone else self.jitter_s / 2)

    @property
    def in_vain(self) -> int:
        """How often each server of a zone is asked before it shows anything."""
        return polls(self.host.visible_s, Policy(0.0, 0.0), self.measured.answer_s)

    def questions(self, names: float, zones: float) -> float:
        """Return how many DNS questions *names* cost in *zones*, by the rules of the wait."""
        cost, host, policy = self.measured, self.host, Policy(0.0, 0.0)
        confirming = policy.streak * host.addresses + self.resolvers + cost.name_questions
        before = host.addresses * (cost.zone_questions + self.in_vain)
        return names * confirming + zones * before

    def cpu_s(self, runs: float, names: float, zones: float) -> float:
        """Return the CPU seconds of *runs* for *names* in *zones*, what lies about aside."""
        cost = self.measured
        waiting = zones * self.host.addresses * self.in_vain
        return runs * cost.run_cpu_s + names * cost.name_cpu_s + waiting * cost.question_cpu_s


@cache
def polls(visible_s: float, policy: Policy, answer_s: float) -> int:
    """Return how often a server that answers after *answer_s* is asked until it shows a value."""
    asked = accumulate(repeat(0.0), lambda at, _: at + answer_s + policy.pause(at + answer_s))
    return sum(1 for _ in takewhile(lambda at: at + answer_s / 2 < visible_s, asked))
