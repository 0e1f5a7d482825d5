"""List the installed providers, their settings, and which are present; never a value."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from . import registry
from .accounts import adapter_settings
from .config import Environment
from .model import Failed


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting of a provider and whether it is set."""

    name: str
    meaning: str
    secret: bool
    present: bool


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """One installed provider; `problem` says why it cannot be used."""

    name: str
    settings: tuple[SettingLine, ...] = ()
    credentials: bool = False
    problem: str = ""


def take(environment: Environment) -> list[ProviderLine]:
    """Return what is installed."""
    found = []
    for name, point in registry.installed().items():
        try:
            adapter = registry.imported(point)
            present = adapter_settings(adapter, environment)
        except Failed as failed:
            found.append(ProviderLine(name, problem=failed.problem.message))
            continue
        lines = tuple(
            SettingLine(s.name, s.meaning, s.secret, s.name in present) for s in adapter.settings
        )
        complete = registry.has_credentials(adapter, present.__contains__)
        found.append(ProviderLine(name, lines, complete))
    return found


def to_json(found: Sequence[ProviderLine]) -> str:
    """Return *found* as one JSON document."""
    providers = [
        {
            "name": provider.name,
            "credentials_present": provider.credentials,
            "problem": provider.problem or None,
            "settings": [
                {"name": s.name, "meaning": s.meaning, "secret": s.secret, "present": s.present}
                for s in provider.settings
            ],
        }
        for provider in found
    ]
    return json.dumps({"schema": 1, "providers": providers}, indent=2)


def human(found: Sequence[ProviderLine]) -> str:
    """Return *found* as lines for a person."""
    lines = []
    for provider in found:
        state = provider.problem or (
            "credentials in the environment" if provider.credentials else "no credentials here"
        )
        lines.append(f"{provider.name}: {state}")
        for setting in provider.settings:
            mark = "set" if setting.present else "-"
            kind = " (secret; also as _FILE)" if setting.secret else ""
            lines.append(f"  {mark:4}{setting.name}{kind}: {setting.meaning}")
    return "\n".join(lines)
