"""A fleet's renewals, event by event. Pure, and the same for the same seed.

1. At each run, what is due goes into its account's line, and is served in turn; the account
   whose first certificate ends soonest begins.
2. An account has one process at a time, of at most `Fleet.wave` certificates; all together
   have `Fleet.jobs`.
3. Processes order no more in a run than the CA took at its beginning: the rest waits for the next.
4. It publishes at the host's rate, waits until the values are visible, has them validated, and
   removes them at the host's rate. What failed is due again at the next run.
5. A renewed certificate is due by its age, or by its zone's calendar: see `Fleet.by_zone`.
"""

from array import array
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import count
from math import ceil
from random import Random

from providers.limits import Rate

from .bucket import Bucket
from .fleet import DAY, ORDERS, Fleet
from .story import STEADY, Day, Story

NEVER = -1


@dataclass(frozen=True, slots=True)
class Wave:
    """The certificates that one process is at, and since when."""

    account: int
    certificates: Sequence[int]
    zones: int
    began: float


Happen = Callable[[float], None]
"""Is given the moment at which it does."""


class Simulation:
    """One story of one fleet."""

    def __init__(self, fleet: Fleet, story: Story = STEADY, seed: int = 0) -> None:
        self.fleet, self.story = fleet, story
        self._random = Random(seed)
        self._order = count()
        self._events: list[tuple[float, int, Happen]] = []
        self._line: deque[int] = deque()
        self._busy: set[int] = set()  # accounts in line, or with a process
        self._free = fleet.jobs
        self._waiting: defaultdict[int, deque[int]] = defaultdict(deque)
        self._due: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        rate = fleet.host.rate or Rate(1_000_000, 1.0)
        self._calls = [Bucket(rate) for _ in range(fleet.accounts)]
        self._orders = [Bucket(ORDERS) for _ in range(fleet.ca_accounts)]
        self._allowed = [0] * fleet.ca_accounts
        self._per_account = fleet.per_zone * fleet.zones_per_account
        self._phase = array("d", (self._random.random() for _ in range(fleet.zones)))
        self._days: list[Day] = []
        self._begin()

    def run(self, days: int) -> list[Day]:
        """Return *days*, one by one."""
        self._days = [Day() for _ in range(days)]
        end = days * DAY
        self._tell(0.0, self._run)
        for day in range(1, days + 1):
            self._tell(day * DAY - 1e-3, self._count)
        if self.story.revoked_at is not None:
            self._tell(self.story.revoked_at, self._revoke)
        while self._events and self._events[0][0] < end:
            now, _, happen = heappop(self._events)
            happen(now)
        self._days[-1].late += sum(
            self._expires[certificate] < end
            for line in self._waiting.values()
            for certificate in line
        )
        return self._days

    def census(self) -> tuple[int, int]:
        """Return how many certificates are due at some later run, and how many are in line."""
        due = sum(run != NEVER for run in self._due_in)
        return due, sum(map(len, self._waiting.values()))

    def _begin(self) -> None:
        """Give every certificate its age."""
        fleet = self.fleet
        self._expires = array("d", bytes(8 * fleet.certificates))
        self._due_in = array("i", bytes(4 * fleet.certificates))
        left = fleet.lifetime_s - fleet.interval_s
        for certificate in range(fleet.certificates):
            if self.story.at_once:
                due = self._random.random() * fleet.jitter_s
            elif fleet.by_zone:
                due = self._phase[certificate // fleet.per_zone] * fleet.interval_s
            else:
                due = self._random.random() * fleet.interval_s
            self._expires[certificate] = due + left
            self._await(certificate, due)

    def _run(self, now: float) -> None:
        """Put what is due in line, and begin."""
        self._tell(now + self.fleet.every_s, self._run)
        run = round(now / self.fleet.every_s)
        for certificate in sorted(self._due.pop(run, ())):
            if self._due_in[certificate] == run:
                self._queue(certificate)
        self._line_up(now)
        self._dispatch(now)

    def _count(self, now: float) -> None:
        self._day(now).waiting = sum(map(len, self._waiting.values()))

    def _queue(self, certificate: int) -> None:
        self._due_in[certificate] = NEVER
        self._waiting[certificate // self._per_account].append(certificate)

    def _line_up(self, now: float) -> None:
        self._allowed = [bucket.left(now) for bucket in self._orders]
        idle = [each for each, line in self._waiting.items() if line and each not in self._busy]
        self._line.extend(sorted(idle, key=lambda each: self._expires[self._waiting[each][0]]))
        self._busy.update(idle)

    def _revoke(self, now: float) -> None:
        for certificate in range(self.fleet.certificates):
            self._expires[certificate] = min(self._expires[certificate], now + self.story.notice_s)
            if self._due_in[certificate] != NEVER:
                self._queue(certificate)
        self._line_up(now)
        self._dispatch(now)

    def _dispatch(self, now: float) -> None:
        while self._free and self._line:
            account = self._line.popleft()
            if taken := self._taken(now, account):
                self._free -= 1
                self._publish(now, account, taken)
            else:
                self._busy.remove(account)  # until the next run

    def _taken(self, now: float, account: int) -> Sequence[int]:
        """Take the next wave of *account* out of its line, as far as the CA takes orders."""
        line, most = self._waiting[account], self.fleet.wave
        if self.story.down_from <= now < self.story.down_to:
            return ()
        ca_account = account % self.fleet.ca_accounts
        if self.fleet.counted:
            most = min(most, self._allowed[ca_account])
        taken = [line.popleft() for _ in range(min(most, len(line)))]
        if self.fleet.counted:
            self._allowed[ca_account] -= len(taken)
            self._orders[ca_account].take(now, len(taken))
        self._day(now).orders += len(taken)
        self._day(now).ca_orders[ca_account] += len(taken)
        return taken

    def _publish(self, now: float, account: int, taken: Sequence[int]) -> None:
        fleet, host = self.fleet, self.fleet.host
        zones = len({certificate // fleet.per_zone for certificate in taken})
        more = ceil(len(taken) * fleet.values / (zones * host.batch)) - 1
        calls = host.listing(fleet.zones_per_account) + zones * (host.publish + more)
        published = self._ask(now, account, calls)
        working = fleet.cpu_s(1, len(taken), zones) + host.visible_s
        self._day(now).waves += 1
        self._day(now).zones += zones
        wave = Wave(account, taken, zones, now)
        self._tell(published + working, partial(self._clean, wave))

    def _clean(self, wave: Wave, now: float) -> None:
        done = self._ask(now, wave.account, wave.zones * self.fleet.host.remove)
        self._tell(done, partial(self._finish, wave))

    def _finish(self, wave: Wave, now: float) -> None:
        day = self._day(now)
        day.busy_s += now - wave.began
        for certificate in wave.certificates:
            if self._random.random() < self.fleet.failing:
                self._await(certificate, now)
                continue
            left = self._expires[certificate] - now
            day.renewed += 1
            day.late += left < 0
            day.least_left_s = min(day.least_left_s, left)
            self._expires[certificate] = now + self.fleet.lifetime_s
            self._await(certificate, self._next(certificate, now))
        self._free += 1
        if self._waiting[wave.account]:
            self._line.append(wave.account)
        else:
            self._busy.remove(wave.account)
        self._dispatch(now)

    def _next(self, certificate: int, now: float) -> float:
        """Return when what is renewed *now* is due again."""
        fleet = self.fleet
        full = fleet.lifetime_s * fleet.renew_at
        if not fleet.by_zone:
            return now + full - self._random.random() * fleet.jitter_s
        phase = self._phase[certificate // fleet.per_zone]
        return full * (((now + fleet.lifetime_s - fleet.reserve_s) / full - phase) // 1 + phase)

    def _await(self, certificate: int, due: float) -> None:
        run = int(due // self.fleet.every_s) + 1
        self._due_in[certificate] = run
        self._due[run].append(certificate)

    def _ask(self, now: float, account: int, calls: int) -> float:
        self._day(now).calls += calls
        self._day(now).account_calls[account] += calls
        return self._calls[account].take(now, calls)

    def _day(self, now: float) -> Day:
        return self._days[min(int(now // DAY), len(self._days) - 1)]

    def _tell(self, at: float, happen: Happen) -> None:
        heappush(self._events, (at, next(self._order), happen))
