"""Look for lasting records at every authoritative server; nothing is written, no resolver asked."""

from collections import Counter
from collections.abc import Callable, Sequence

from dns.name import Name
from dns.rdatatype import TXT

from .asking import wire
from .case import Case, Tools
from .checks.soundings import Soundings
from .model import Failed, Order
from .questions import Answer, Role, Silence
from .standing import Proof, choose, missing, text_for
from .tree.delegation import Chain, Place

Texts = dict[Name, Counter[str]]
"""By the name they are at: each text, and how many servers hold it."""


def verify(cases: Sequence[Case], tools: Tools, left: Callable[[], float]) -> None:
    """Give each of *cases* its proofs, or its failure; their chains are known.

    Where nothing can be seen from here, the text that would do is what is to be seen.
    """
    relying = [(case, case.order) for case in cases if case.order and case.standing]
    ends = {chain.end.name: chain.end for case, _ in relying for chain in chains_of(case)}
    texts = ask(list(ends.values()), Soundings(tools.exchange, (), left)) if ends else {}
    for case, order in relying:
        try:
            case.proofs = proofs(case, order, texts, tools)
        except Failed as failed:
            case.failure = case.failure or failed


def chains_of(case: Case) -> list[Chain]:
    """Return where the lasting records of *case* are, as far as that can be seen."""
    return [case.chains[each.name] for each in case.standing if each.name in case.chains]


def ask(places: Sequence[Place], soundings: Soundings) -> Texts:
    """Return what stands at *places* by the word of all their servers."""
    asked = [(place.name, TXT, via) for place in places for via in place.zone.servers]
    texts = {place.name: Counter(place.values) for place in places}
    for (name, _, _), outcome in zip(asked, soundings.ask(asked), strict=True):
        if not isinstance(outcome, Silence):
            said = wire.read(outcome, name, Role.AUTHORITATIVE)
            texts[name].update(said.values if isinstance(said, Answer) else ())
    return texts


def proofs(case: Case, order: Order, texts: Texts, tools: Tools) -> tuple[Proof, ...]:
    """Return the records that prove what *case* needs proved.

    Raises:
        Failed: 65, if one is missing.
    """
    today = tools.clock.today()
    until = max(order.expires or today, today)
    found = []
    for each in case.standing:
        chain = case.chains.get(each.name)
        there = texts[chain.end.name] if chain else Counter([text_for(each)])
        text = choose(there, each, until)
        if text is None:
            raise missing(each, there, until)
        found.append(Proof(each, text, chain))
    return tuple(found)
