"""See what is wrong with the configuration, all of it, and what is in force; no secret's value."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from pipeline.model import Failed, Problem
from pipeline.text import counted

from . import registry, trial
from .config import Choice
from .environment import Environment
from .file import Found
from .keys import DECIDED
from .places import state_dir
from .tables import Reader

Given = ParamSpec("Given")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a key of the configuration is set to, and by what: a variable, the file, its default."""

    place: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Route:
    """Where a zone's records go. `providers`: empty where the fallback, or detection, decides."""

    zone: str
    providers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All there is to say about a configuration.

    Attributes:
        file: The path where it is looked for; empty: nowhere, this user has no home folder.
        exists: Whether there is one.
        accounts: The adapter of each account that can be opened, by the account's name.
    """

    file: str
    exists: bool
    mistakes: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    decisions: tuple[Decision, ...] = ()
    routes: tuple[Route, ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()


class Inspector:
    """Goes through the file *found*, and *environment* as what is *beside* also reads it."""

    def __init__(
        self, found: Found, environment: Environment, beside: Sequence[trial.Reading]
    ) -> None:
        self._found = found
        self._environment = environment
        self._beside = beside
        self._mistakes: list[Problem] = []
        self._refused: set[str] = set()

    def inspect(self) -> Inspection:
        """Return what there is to say."""
        document = self._try(self._found.document)
        reader = Reader(named=self._found.named)
        values = reader.document(document or {}, self._found.shown)
        self._mistakes += [each.problem for each in reader.mistakes]
        decisions = tuple(self._decisions(document or {}, values))
        unarmed = self._look_up(values)
        path = self._found.path
        return Inspection(
            str(path or ""),
            path is not None and path.exists(),
            tuple(self._mistakes),
            (*self._environment.remarks, *unarmed),
            decisions,
            tuple(Route(apex.to_text(), zone.providers) for apex, zone in values["zones"].items()),
            tuple(
                (name, account.adapter)
                for name, account in values["providers"].items()
                if name not in self._refused
            ),
        )

    def _decisions(
        self, document: Mapping[str, Any], values: Mapping[str, Any]
    ) -> Iterable[Decision]:
        choice = Choice(values, self._environment)
        for place, key in DECIDED.items():
            said = self._environment.get(key.variable) if key.variable else None
            value = self._try(choice.of, place)
            if value is None:
                continue
            if said is not None:
                yield Decision(place, said, key.variable)
            elif place in values:
                yield Decision(place, written(document, place), "the file")
            else:
                yield Decision(place, plain(key.default), "default")

    def _look_up(self, values: Mapping[str, Any]) -> Sequence[Problem]:
        """Read all that a run would: a folder's name, providers and accounts, what is beside.

        Return the warnings that some provider has no credentials.
        """
        choice = Choice(values, self._environment)
        self._try(state_dir, self._try(choice.of, "state_dir"), self._environment)
        accounts = values["providers"]
        chosen = dict.fromkeys(self._try(choice.of, "provider") or (), "")
        for apex, zone in values["zones"].items():
            chosen |= dict.fromkeys(zone.providers, f'zones."{apex.to_text()}" provider')
        known = [name for name in chosen if name in accounts or self._load(name, chosen, accounts)]
        touched = [name for name, _, _ in trial.touched(self._environment)]
        for name in dict.fromkeys((*accounts, *known, *touched)):
            before = len(self._mistakes)
            self._try(trial.opened, name, accounts, self._environment)
            self._refused |= {name} if len(self._mistakes) > before else set()
        for read in (*trial.orders(choice, self._environment), *self._beside):
            self._try(read)
        return tuple(trial.unarmed(known, self._environment))

    def _load(self, name: str, chosen: Mapping[str, str], accounts: Mapping[str, Any]) -> bool:
        """Whether the provider *name* can be loaded."""
        return self._try(registry.load, name, chosen[name], accounts) is not None

    def _try(
        self, read: Callable[Given, Value], *given: Given.args, **named: Given.kwargs
    ) -> Value | None:
        """Return what *read* makes of what it is *given*, or None for a mistake."""
        try:
            return read(*given, **named)
        except Failed as failed:
            if failed.problem not in self._mistakes:
                self._mistakes.append(failed.problem)
            return None


def inspect(
    found: Found, environment: Environment, beside: Sequence[trial.Reading] = ()
) -> Inspection:
    """Return all there is to say about the file *found* and about *environment*."""
    return Inspector(found, environment, beside).inspect()


def written(document: Mapping[str, Any], place: str) -> str:
    """Return the value at *place* as *document* has it."""
    value: Any = document
    for key in place.split("."):
        value = value[key]
    return plain(value)


def plain(value: object) -> str:
    """Return *value* as the file has it, a text without quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def to_json(found: Inspection) -> str:
    """Return *found* as one JSON document."""
    document = {
        "schema": 1,
        "valid": not found.mistakes,
        "file": found.file or None,
        "exists": found.exists,
        "mistakes": listed(found.mistakes),
        "warnings": listed(found.warnings),
        "settings": [
            {"key": each.place, "value": each.value, "from": each.source}
            for each in found.decisions
        ],
        "zones": [{"zone": each.zone, "providers": each.providers} for each in found.routes],
        "accounts": [{"name": name, "adapter": adapter} for name, adapter in found.accounts],
    }
    return json.dumps(document, indent=2)


def listed(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Return *problems* for JSON."""
    return [{"code": each.code, "message": each.message, "hint": each.hint} for each in problems]


def human(found: Inspection) -> str:
    """Return what is in force, as lines for a person."""
    state = counted(len(found.mistakes), "mistake") if found.mistakes else "valid"
    file = found.file if found.exists else f"no configuration file {found.file}".strip()
    lines = [f"{state}: {file}"]
    lines += [f"  {each.place} = {each.value} ({each.source})" for each in found.decisions]
    lines += [
        f"  zone {each.zone}: {', '.join(each.providers) or 'provider as for any other'}"
        for each in found.routes
    ]
    lines += [f"  account {name}: at {adapter}" for name, adapter in found.accounts]
    return "\n".join(lines)
