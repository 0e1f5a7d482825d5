"""One certificate name on its way through the stage, and what the stage works with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from dns.name import Name

from .asking.exchange import Exchange
from .clock import Clock
from .detection import Detect
from .hosts import Hosts
from .model import Challenge, Exit, Failed, Order, Problem, Record, Standing
from .orders import OrderSource, Ration
from .orders.due import Certificate
from .planning import wanted
from .propagation.confirm import Watch
from .questions import Goal
from .receipts.receipt import Claim
from .receipts.store import Store
from .report import NOT_DUE, OrderLine
from .standing import Proof, required
from .tree.delegation import Chain


class Interrupted(BaseException):
    """A signal asked the process to stop; raised in the main thread, at any point."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum


class Progress(Protocol):
    """Is told what happens while it happens."""

    def say(self, line: str) -> None:
        """Take one line about a step that is done."""
        ...

    def watching(self, goals: Sequence[Goal], streak: int) -> Watch:
        """Return what is to be shown the evidence of a wait for *goals*."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What the stage works with.

    Attributes:
        detect: Finds the providers nobody chose.
        ration: Returns what limits the order requests to a source until a deadline; None: nothing.
    """

    clock: Clock
    store: Store
    hosts: Hosts
    exchange: Exchange
    detect: Detect
    progress: Progress
    ration: Callable[[OrderSource, float], Ration] | None = None


@dataclass(slots=True, eq=False)
class Case:
    """One certificate name of a run; steps fill it in, a failure ends it.

    Attributes:
        chains: Where each name leads; empty where the tree cannot be seen from here.
        proofs: The lasting records that stand where its order relies on them.
        certificate: What the source knows of the one to renew, if it was asked.
        is_due: Whether there is to be an order; else nothing happens to it.
    """

    claim: Claim
    order: Order | None = None
    resumed: bool = False
    chains: Mapping[Name, Chain] = field(default_factory=dict)
    failure: Failed | None = None
    records: tuple[Record, ...] = ()
    proofs: tuple[Proof, ...] = ()
    goals: tuple[Goal, ...] = ()
    certificate: Certificate | None = None
    is_due: bool = True

    @property
    def alive(self) -> bool:
        """Whether nothing has gone wrong with it yet."""
        return self.failure is None

    @property
    def challenges(self) -> tuple[Challenge, ...]:
        """What is to be published for it: nothing once it has failed."""
        return wanted(self.order) if self.order and self.alive else ()

    @property
    def standing(self) -> tuple[Standing, ...]:
        """What has to stand for it already: nothing once it has failed."""
        return required(self.order) if self.order and self.alive else ()

    @property
    def names(self) -> dict[Name, None]:
        """Every name that the CA will ask for."""
        written = dict.fromkeys(each.name for each in self.challenges)
        return written | dict.fromkeys(each.name for each in self.standing)

    def owner(self, name: Name) -> Name:
        """Return where the values of the challenge at *name* belong."""
        return self.chains[name].end.name if name in self.chains else name

    @property
    def exit(self) -> Exit:
        """How it ends."""
        return self.failure.exit if self.failure else Exit.DONE

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why it ended, and what its order holds beside challenges."""
        why = (self.failure.problem,) if self.failure else ()
        doubts = self.certificate.remarks(self.claim.name) if self.certificate else ()
        return (*why, *doubts, *(self.order.remarks if self.order else ()))

    def line(self) -> OrderLine:
        """Return it as a line of the report."""
        uri, status = (self.order.uri, self.order.status) if self.order else ("", "")
        name = self.claim.name or f"({self.claim.source})"
        status = status if self.is_due else NOT_DUE
        expires = self.certificate.expires if self.certificate else None
        why = self.failure.problem if self.failure else None
        source, resumed = self.claim.source, self.resumed
        ended = (why.code, why.message) if why else ("", "")
        return OrderLine(name, source, uri, status, self.exit, resumed, expires, *ended)


def attempt(cases: Sequence[Case], step: Callable[[], object]) -> bool:
    """Take *step* for *cases*; if it fails, those still alive fail with it."""
    try:
        step()
    except Failed as failed:
        for case in cases:
            case.failure = case.failure or failed
        return False
    return True
