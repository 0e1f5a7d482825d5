"""Read the configuration file's document by the declarations in `keys`, to its last mistake."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeGuard, TypeVar

from dns.name import Name

from pipeline.model import Failed
from pipeline.text import quoted
from providers.contract import Setting

from . import registry
from .accounts import further
from .keys import SECTIONS, TOP, ZONE, Table
from .settings import Account, ZoneSettings
from .values import apex, checked, location, text, unknown, wrong

ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""Plain enough for a list with commas, a message and a receipt."""

FREE = ("zones", "providers")
"""The tables whose own tables have names of the user's."""

Given = ParamSpec("Given")
Value = TypeVar("Value")


class Reader:
    """Reads a document and keeps what is wrong with it.

    Args:
        named: Whether the user named the file: else some providers cannot be chosen in it.

    Attributes:
        mistakes: Each a failure with exit 78, in the order of the declarations.
    """

    def __init__(self, *, named: bool = True) -> None:
        self._named = named
        self.mistakes: list[Failed] = []

    def document(self, document: Mapping[str, Any], place: str) -> dict[str, Any]:
        """Return the values in *document*, from the file *place*, by their places.

        ``zones`` is a mapping of `ZoneSettings`, ``providers`` of `Account`.
        """
        self._unknown(document, (*names(TOP), *(each.name for each in SECTIONS), *FREE), place)
        found = self._table(TOP, document)
        for section in SECTIONS:
            table = document.get(section.name, {})
            if isinstance(table, dict):
                self._unknown(table, names(section), section.name)
                found |= self._table(section, table)
            else:
                self.mistakes.append(wrong(f'"{section.name}" is a table: [{section.name}]'))
        found["zones"] = self._zones(document.get("zones", {}))
        found["providers"] = self._accounts(document.get("providers", {}))
        self._known_by(found.get("provider", ()), "provider")
        return found

    def _table(self, of: Table, table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
        """Return what *table* has of the keys *of* a table, by their places."""
        found = {}
        for key in of.keys:
            if key.name in table:
                place = f"{prefix} {key.name}" if prefix else of.place(key)
                value = self._try(checked, place, key.kind.read, table[key.name])
                if value is not None:
                    found[key.name if prefix else of.place(key)] = value
        return found

    def _zones(self, tables: object) -> dict[Name, ZoneSettings]:
        """Return the ``[zones."NAME"]`` *tables* by apex."""
        found: dict[Name, ZoneSettings] = {}
        if not is_tables(tables):
            self.mistakes.append(wrong('"zones" holds tables: [zones."example.com"]'))
            return found
        for name, table in tables.items():
            place = f"zones.{quoted(name)}"
            zone = self._try(checked, "zones", apex, name)
            self._unknown(table, names(ZONE), place)
            values = self._table(ZONE, table, place)
            self._known_by(values.get("provider", ()), f"{place} provider")
            if zone in found:
                self.mistakes.append(wrong(f"{place}: another table is for this zone, too"))
            elif zone is not None:
                found[zone] = ZoneSettings(
                    values.get("provider", ()),
                    values.get("zone_id"),
                    values.get("nameservers", ()),
                )
        return found

    def _accounts(self, tables: object) -> dict[str, Account]:
        """Return the ``[providers.NAME]`` *tables* by name; no secret is in them, nor read here."""
        if not is_tables(tables):
            self.mistakes.append(
                wrong(
                    '"providers" holds tables: [providers.NAME]',
                    'to choose providers, write provider = "NAME" or provider = ["NAME", "NAME"]',
                )
            )
            return {}
        found = {}
        for name, table in tables.items():
            self._try(checked, "providers", account_name, name)
            plain = name if ACCOUNT_NAME.fullmatch(name) else quoted(name)
            account = self._try(self._account, f"providers.{plain}", table)
            if account is not None:
                found[name] = account
        return found

    def _account(self, place: str, table: Mapping[str, Any]) -> Account:
        """Return the account in the *table* at *place*."""
        if "adapter" not in table:
            installed = ", ".join(registry.installed())
            raise wrong(
                f"{place}: adapter is missing", f"one of the installed providers: {installed}"
            )
        key = checked(f"{place} adapter", text, table["adapter"])
        given = {name: value for name, value in table.items() if name != "adapter"}
        adapter = registry.load(key, place)
        self._known_by([key], f"{place} adapter")
        plain = [each.name for each in adapter.settings if not each.secret]
        said = {name: given[name] for name in plain if isinstance(given.get(name), str)}
        settings = (*adapter.settings, *(self._try(further, adapter, said) or ()))
        self._settings(given, settings, place)
        allowed = [name for name in account_keys(settings) if name in given]
        read = {name: self._try(setting, name, given[name], place) for name in allowed}
        return Account(key, {name: value for name, value in read.items() if value is not None})

    def _known_by(self, providers: Iterable[str], place: str) -> None:
        """Refuse the *providers* that only a file named by the user may choose."""
        for name in () if self._named else providers:
            if is_named_only(name):
                self.mistakes.append(
                    wrong(
                        f"{place}: {name} does whatever a program of this machine does, "
                        "and counts only in a file that you name",
                        "name this file with --config or DNS01_CONFIG",
                    )
                )

    def _settings(self, given: Mapping[str, Any], settings: Iterable[Setting], place: str) -> None:
        """Refuse a secret that stands in the table *given*, and what is none of *settings*."""
        settings = tuple(settings)
        secret = [setting.name for setting in settings if setting.secret]
        for name in secret:
            if name in given:
                self.mistakes.append(
                    wrong(
                        f"{place}: {name} is a secret, and this file is no place for it",
                        f"write {name}_FILE = PATH, or {name}_ENV = VARIABLE that holds it",
                    )
                )
            if f"{name}_FILE" in given and f"{name}_ENV" in given:
                self.mistakes.append(
                    wrong(f"{place}: {name}_FILE and {name}_ENV exclude each other")
                )
        self._unknown(given.keys() - secret, account_keys(settings), place)

    def _unknown(self, table: Iterable[str], keys: Iterable[str], place: str) -> None:
        keys = tuple(keys)
        self.mistakes += [unknown(key, keys, place) for key in table if key not in keys]

    def _try(
        self, read: Callable[Given, Value], *given: Given.args, **named: Given.kwargs
    ) -> Value | None:
        """Return what *read* makes of what it is *given*, or None for a mistake."""
        try:
            return read(*given, **named)
        except Failed as failed:
            self.mistakes.append(failed)
            return None


def names(table: Table) -> tuple[str, ...]:
    """Return the names of the keys of *table*."""
    return tuple(key.name for key in table.keys)


def is_tables(tables: object) -> TypeGuard[dict[str, dict[str, Any]]]:
    """Whether *tables* is a table of tables."""
    return isinstance(tables, dict) and all(isinstance(each, dict) for each in tables.values())


def account_keys(settings: Iterable[Setting]) -> tuple[str, ...]:
    """Return what an account's table may hold: *settings*, and where those are that are secret."""
    return tuple(
        key
        for each in settings
        for key in ((f"{each.name}_FILE", f"{each.name}_ENV") if each.secret else (each.name,))
    )


def is_named_only(provider: str) -> bool:
    """Whether *provider* is an adapter that takes part only if somebody names it."""
    try:
        return registry.load(provider).named_only
    except Failed:  # whoever uses it will be told
        return False


def account_name(name: str) -> str:
    """Return *name*, which must be free and plain."""
    if not ACCOUNT_NAME.fullmatch(name):
        raise ValueError("a name of letters, digits, dots, hyphens and underscores is wanted")
    if name in registry.installed():
        raise ValueError("an installed provider has this name; choose another for the account")
    return name


def setting(name: str, value: object, place: str) -> str:
    """Return the *value* of the setting *name*, of a file its path."""
    if name.endswith("_FILE"):
        return str(checked(f"{place} {name}", location, value))
    return checked(f"{place} {name}", text, value)
