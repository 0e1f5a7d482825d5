"""Read the tables of the configuration file: zones, and accounts under names of their own."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dns.name import Name

from providers.contract import Adapter

from . import registry
from .settings import Account, ZoneSettings
from .values import apex, checked, endpoints, known, optional, text, words, wrong

ZONE = ("provider", "zone_id", "nameservers")
ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Plain enough for a list with commas, a message and a receipt."""


def zones(tables: object) -> Mapping[Name, ZoneSettings]:
    """Return the ``[zones."NAME"]`` *tables* by apex.

    Raises:
        Failed: 78, naming the place, here and below.
    """
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise wrong('"zones" holds tables: [zones."example.com"]')
    return {
        checked("zones", apex, name): zone(table, f'zones."{name}"')
        for name, table in tables.items()
    }


def zone(table: Mapping[str, Any], place: str) -> ZoneSettings:
    """Return one zone's *table*, found at *place*."""
    known(table, ZONE, place)
    return ZoneSettings(
        optional(f"{place} provider", words, table.get("provider")) or (),
        optional(f"{place} zone_id", text, table.get("zone_id")),
        optional(f"{place} nameservers", endpoints, table.get("nameservers")) or (),
    )


def accounts(tables: object) -> Mapping[str, Account]:
    """Return the ``[providers.NAME]`` *tables* by name; no secret is in them, nor read here."""
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise wrong(
            '"providers" holds tables: [providers.NAME]',
            'to choose providers, write provider = "NAME" or provider = ["NAME", "NAME"]',
        )
    return {
        checked("providers", account_name, name): account(name, tables[name]) for name in tables
    }


def account_name(name: str) -> str:
    """Return *name*, which must be free and plain."""
    if not ACCOUNT_NAME.fullmatch(name):
        raise ValueError("a name of letters, digits, dots, hyphens and underscores is wanted")
    if name in registry.installed():
        raise ValueError("an installed provider has this name; choose another for the account")
    return name


def account(name: str, table: Mapping[str, Any]) -> Account:
    """Return the *table* of the account *name*."""
    place = f"providers.{name}"
    key = optional(f"{place} adapter", text, table.get("adapter"))
    if key is None:
        names = ", ".join(registry.installed())
        raise wrong(f"{place}: adapter is missing", f"one of the installed providers: {names}")
    given = {name: value for name, value in table.items() if name != "adapter"}
    check_keys(given, registry.load(key, place), place)
    return Account(key, {name: setting(name, value, place) for name, value in given.items()})


def setting(name: str, value: object, place: str) -> str:
    """Return the *value* of the setting *name*, of a file its path."""
    if name.endswith("_FILE"):
        return str(checked(f"{place} {name}", location, value))
    return checked(f"{place} {name}", text, value)


def check_keys(given: Mapping[str, Any], adapter: Adapter, place: str) -> None:
    """Refuse a secret that stands in the table *given*, and what is no setting of *adapter*."""
    secret = [setting.name for setting in adapter.settings if setting.secret]
    plain = [setting.name for setting in adapter.settings if not setting.secret]
    for name in secret:
        if name in given:
            raise wrong(
                f"{place}: {name} is a secret, and this file is no place for it",
                f"write {name}_FILE = PATH, or {name}_ENV = VARIABLE that holds it",
            )
        if f"{name}_FILE" in given and f"{name}_ENV" in given:
            raise wrong(f"{place}: {name}_FILE and {name}_ENV exclude each other")
    known(
        given, [*plain, *(f"{name}{kind}" for name in secret for kind in ("_FILE", "_ENV"))], place
    )


def location(value: object) -> Path:
    """Return *value* as a path, ``~`` being the user's home."""
    try:
        found = Path(text(value)).expanduser()
    except RuntimeError as error:
        raise ValueError("it begins with a home folder that nobody has") from error
    if "\0" in str(found):
        raise ValueError("no file can have this name")
    return found
