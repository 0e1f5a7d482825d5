"""Read an inventory of certificates, in whichever form it is written. Pure.

A mistake is told with the file and the line or entry that it is in. An
inventory with mistakes is no inventory: whoever reads it to its end learns so
before anything is ordered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pipeline.model import Failed
from pipeline.orders.identifiers import bases, hostname
from pipeline.receipts.receipt import normal
from pipeline.text import counted, quoted

from .forms import FIELDS, Form, rows, unknown, wrong

ORDERS = ("rcl", "acme")
SHOWN = 10
"""Mistakes of an inventory that are told one by one."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One entry of an inventory; empty: what holds for the whole run.

    Attributes:
        name: The certificate's NAME at its source.
        place: Where it stands, for messages.
        order: Its order source.
        provider: Its DNS host, or hosts with commas.
    """

    name: str
    place: str
    order: str = ""
    provider: str = ""

    @property
    def key(self) -> str:
        """The name as it is compared: one certificate has one, however it is spelt."""
        name = normal(self.name)
        return name if name.isascii() else ",".join(map(punycode, name.split(",")))


def punycode(name: str) -> str:
    """Return *name* with A-labels for what is internationalised, if it is a domain name."""
    base = hostname(name.removeprefix("*."))
    star = "*." * name.startswith("*.")
    return star + base.to_text(omit_final_dot=True) if base else name


def read(lines: Iterable[str], form: Form | None, where: str) -> Iterator[Certificate]:
    """Yield the certificates in *lines*, which *where* names to people; `form_of` them without.

    CSV and plain lines are read as they come, JSON and TOML whole.

    Raises:
        Failed: as `checked` does.
    """
    return checked(rows(lines, form, where), where)


def checked(entries: Iterable[tuple[str, object]], where: str) -> Iterator[Certificate]:
    """Yield the certificates that *entries* describe, each of which comes with its place.

    Raises:
        Failed: 65, at the end, for the first mistakes; from the first on nothing is yielded.
    """
    mistakes: list[str] = []
    count, is_empty = 0, True
    for place, row in entries:
        try:
            found = certificate(row, place)
        except ValueError as error:
            mistakes += [f"{place}: {error}"] if len(mistakes) < SHOWN else []
            count += 1
        else:
            is_empty = False
            if not count:
                yield found
    if count:
        first, *others = mistakes
        more = [f"... and {counted(count - SHOWN, 'more mistake')}"] if count > SHOWN else []
        raise wrong(first, "\n".join([*others, *more]))
    if is_empty:  # a list that broke on its way would pass for a day without work
        raise wrong(f"{where} lists no certificate")


def certificate(row: object, place: str) -> Certificate:
    """Return the certificate that *row* describes.

    Raises:
        ValueError: It describes none, and why.
    """
    if isinstance(row, ValueError):
        raise row
    fields: Mapping[str, Any] = {"name": row} if isinstance(row, str) else table(row)
    if strange := [key for key in fields if key not in FIELDS]:
        raise ValueError(unknown("field", strange[0]))
    order = text(fields, "order")
    if order and order not in ORDERS:
        near = get_close_matches(order, ORDERS, n=1)
        raise ValueError(
            f"order {quoted(order)} is none of {', '.join(ORDERS)}"
            + (f"; did you mean {near[0]}?" if near else "")
        )
    return Certificate(named(fields), place, order, hosts(fields))


def table(row: object) -> Mapping[str, Any]:
    """Return *row* as a table."""
    if not isinstance(row, Mapping):
        raise ValueError(f"{quoted(row)} is neither a name nor a table")  # noqa: TRY004 - see above
    return row


def named(fields: Mapping[str, Any]) -> str:
    """Return the certificate's name in *fields*: domain names with commas, or an order's URL."""
    name = text(fields, "name")
    if not name:
        raise ValueError("a certificate has a name")
    if name.startswith(("https://", "http://")):
        if "@" in name:  # not shown: it may hold a password
            raise ValueError("an order's URL has no user and password in it")
    else:
        try:
            bases(name)
        except Failed as failed:
            raise ValueError(failed.problem.message) from failed
    return name


def hosts(fields: Mapping[str, Any]) -> str:
    """Return the DNS hosts in *fields*, of which none comes before another."""
    said = text(fields, "provider")
    hosts = {each.strip() for each in said.split(",")} if said else set()
    if said and "" in hosts:
        raise ValueError(f"provider {quoted(said)} has an empty name in it")
    return ",".join(sorted(hosts))


def text(fields: Mapping[str, Any], key: str) -> str:
    """Return the text at *key* of *fields*; empty if there is none."""
    found = fields.get(key, "")
    if not isinstance(found, str):
        raise ValueError(f"{key} is a text, not {quoted(found)}")  # noqa: TRY004 - see above
    return found.strip()
