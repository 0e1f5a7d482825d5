"""List the providers, their settings, and which are present; never a value."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.model import Failed

from . import registry
from .accounts import further, provider_settings
from .environment import Environment
from .settings import Account


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting of a provider and whether it is set."""

    name: str
    meaning: str
    secret: bool
    present: bool


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """One provider: installed, or a configured account of the installed `adapter`.

    `needed`: groups of settings, of which one whole group will do.
    `problem` says why it cannot be used, `named_only` that credentials alone do not choose it.
    """

    name: str
    settings: tuple[SettingLine, ...] = ()
    credentials: bool = False
    problem: str = ""
    adapter: str = ""
    named_only: bool = False
    needed: Sequence[Sequence[str]] = ()


def take(
    environment: Environment, accounts: Mapping[str, Account] = MappingProxyType({})
) -> list[ProviderLine]:
    """Return what is installed, then *accounts*."""
    return [line(name, environment, accounts) for name in (*registry.installed(), *accounts)]


def line(name: str, environment: Environment, accounts: Mapping[str, Account]) -> ProviderLine:
    """Return what there is to say about the provider *name*."""
    of = accounts[name].adapter if name in accounts else ""
    try:
        adapter, present = provider_settings(name, accounts, environment)
        settings = (*adapter.settings, *further(adapter, present))
    except Failed as failed:
        return ProviderLine(name, problem=failed.problem.message, adapter=of)
    lines = tuple(SettingLine(s.name, s.meaning, s.secret, s.name in present) for s in settings)
    complete = registry.has_credentials(adapter, present.__contains__)
    alone = adapter.named_only and not of
    return ProviderLine(name, lines, complete, "", of, alone, adapter.credentials)


def missing(provider: ProviderLine) -> str:
    """Return what the *provider* has no credentials without."""
    groups = ", or ".join(" with ".join(group) for group in provider.needed)
    return f"no credentials here; they are {groups}" if groups else "no credentials here"


def to_json(found: Sequence[ProviderLine]) -> str:
    """Return *found* as one JSON document."""
    providers = [
        {
            "name": provider.name,
            "adapter": provider.adapter or None,
            "credentials_present": provider.credentials,
            "problem": provider.problem or None,
            "named_only": provider.named_only,
            "settings": [
                {"name": s.name, "meaning": s.meaning, "secret": s.secret, "present": s.present}
                for s in provider.settings
            ],
        }
        for provider in found
    ]
    return json.dumps({"schema": 1, "providers": providers}, indent=2)


def human(found: Sequence[ProviderLine]) -> str:
    """Return *found* as lines for a person; of an account only what its table has."""
    lines = []
    for provider in found:
        place = "configuration" if provider.adapter else "environment"
        state = provider.problem or (
            f"credentials in the {place}" if provider.credentials else missing(provider)
        )
        state += "; taken only if it is named" if provider.named_only else ""
        of = f" (an account at {provider.adapter})" if provider.adapter else ""
        lines.append(f"{provider.name}{of}: {state}")
        for setting in provider.settings:
            if provider.adapter and not setting.present:
                continue
            mark = "set" if setting.present else "unset"
            kind = " (secret; also as _FILE)" if setting.secret and not provider.adapter else ""
            lines.append(f"  {mark:6}{setting.name}{kind}: {setting.meaning}")
    return "\n".join(lines)
