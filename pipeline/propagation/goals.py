"""Say what has to be seen, and by whom, before a run is ready: goals from what is wanted. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from dns.name import Name
from dns.rdatatype import CNAME, TXT, RdataType

from pipeline.asking.wire import target_text
from pipeline.questions import Goal, Perspective, Question
from pipeline.tree.delegation import Chain, Place

Wanted = Mapping[Name, Iterable[str]]
"""Values by the name that the CA asks for them at."""


def goals_for(
    wanted: Wanted, chains: Mapping[Name, Chain], recursive: Sequence[Perspective]
) -> dict[Name, Goal]:
    """Return one goal for each name in *wanted*.

    Args:
        wanted: Names that are aliases for one owner want all its values there.
        chains: Where each name leads; a name without is judged blindly, by resolvers alone.
        recursive: The resolvers that are asked last, about the name itself.
    """
    owners = {name: chains[name].end.name if name in chains else name for name in wanted}
    values: dict[Name, set[str]] = {}
    for name, some in wanted.items():
        values.setdefault(owners[name], set()).update(some)
    goals = Goals({owner: frozenset(all_) for owner, all_ in values.items()})
    return {
        name: goals.goal(name, owner, chains.get(name), recursive) for name, owner in owners.items()
    }


class Goals:
    """Makes goals; what two of them ask alike is one question."""

    def __init__(self, values: Mapping[Name, frozenset[str]]) -> None:
        """Want *values*, by owner."""
        self._values = values
        self._questions: dict[tuple[Name, RdataType, Perspective], Question] = {}

    def goal(
        self, name: Name, owner: Name, chain: Chain | None, recursive: Sequence[Perspective]
    ) -> Goal:
        """Return what has to be seen at *name*, by the servers along *chain* and by *recursive*."""
        wanted = self._values[owner]
        places = chain.places if chain else ()
        zone = places[0].zone.apex if places else name.parent()
        return Goal(
            name,
            wanted,
            tuple(question for place in places for question in self._about(place, owner)),
            tuple(self._question(name, zone, wanted, via, TXT) for via in recursive),
            tuple(place.name for place in places) or (name,),
            is_blind=chain is None,
        )

    def _about(self, place: Place, owner: Name) -> Iterable[Question]:
        """Yield what to ask the servers of *place*: for the values, or for the link to the next."""
        wanted, rdtype = self._values[owner], TXT
        if place.name != owner and place.alias is not None:
            wanted, rdtype = frozenset({target_text(place.alias)}), CNAME
        for via in place.zone.servers:
            yield self._question(place.name, place.zone.apex, wanted, via, rdtype)

    def _question(
        self, name: Name, zone: Name, wanted: frozenset[str], via: Perspective, rdtype: RdataType
    ) -> Question:
        key = (name, rdtype, via)
        if key not in self._questions:
            self._questions[key] = Question(name, zone, wanted, via, rdtype)
        return self._questions[key]
