"""How an inventory may be written: CSV, JSON, TOML, or a name a line. Pure."""

import csv
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum
from itertools import chain, islice

from pipeline.model import Exit, Failed
from pipeline.text import quoted

FIELDS = ("name", "order", "provider")

COMMAS = "cells are divided by commas, not by semicolons or tabs; save it as such"
QUOTES = (
    "a cell in quotes has no space between a quote and the comma after it, and '\"\"' for each '\"'"
)
TABLES = re.compile(r"\[\[ *certificates|certificates *=")
"""How TOML begins."""


class Form(Enum):
    """How an inventory is written."""

    CSV = "csv"
    JSON = "json"
    TOML = "toml"
    LINES = "lines"


def rows(lines: Iterable[str], form: Form | None, where: str) -> Iterator[tuple[str, object]]:
    """Yield each entry of *lines*, with its place."""
    lines = iter(lines)
    try:
        if form is None:
            head = [line.removeprefix("\ufeff") for line in islice(lines, 100)]
            form, lines = form_of(head), chain(head, lines)
        match form:
            case Form.CSV:
                yield from of_csv(lines, where)
            case Form.LINES:
                yield from of_lines(lines, where)
            case Form.JSON | Form.TOML:
                if (text := "".join(lines)).strip():
                    document = json_in(text) if form is Form.JSON else tomllib.loads(text)
                    yield from of_document(document, where)
    except UnicodeDecodeError as error:
        raise wrong(f"{where} is not in UTF-8", "save it in that encoding") from error
    except (ValueError, RecursionError, csv.Error) as error:
        kind = form.value.upper() if form else "text"
        hint = (
            "entries are in one list, [ ], divided by commas" if "Extra data" in str(error) else ""
        )
        raise wrong(f"{where} is no {kind}: {error}", hint) from error


def form_of(head: Iterable[str]) -> Form:
    """Return how an inventory is written that begins with *head*.

    A bracket or brace begins JSON, but ``[[`` a line of TOML, and so does ``certificates =``; a
    line with a cell ``name`` is the header of CSV, for no certificate is called so; anything else
    is a name a line.
    """
    first = next((line.strip() for line in head if line.strip() and line.strip()[0] != "#"), "")
    if TABLES.match(first):
        return Form.TOML
    if first.startswith(("[", "{")):
        return Form.JSON
    return Form.CSV if "name" in cells(first) else Form.LINES


def cells(header: str) -> list[str]:
    """Return the cells of a line that may be the *header* of CSV, whatever divides them."""
    return [cell.strip().strip('"').lower() for cell in re.split("[,;\t]", header)]


def of_csv(lines: Iterable[str], where: str) -> Iterator[tuple[str, object]]:
    """Yield the rows of CSV (RFC 4180) below a header with ``name``; blank cells say nothing.

    Above the header may be comments, as in the other forms.
    """
    lines = iter(lines)
    above, first = next(
        ((n, line) for n, line in enumerate(lines) if line.strip() and line.strip()[0] != "#"),
        (0, ""),
    )
    if not first:
        return
    table = cut(first, lines, where, above)
    header = columns(*next(table))
    for row, place in table:
        if any(cell.strip() for cell in row[len(header) :]):
            more = "more cells than the header; is a name with commas in quotes?"
            yield place, ValueError(more)
        elif any(cell.strip() for cell in row):
            named = zip(header, row, strict=False)
            yield place, {key: cell.strip() for key, cell in named if cell.strip()}


def cut(
    header: str, lines: Iterable[str], where: str, above: int
) -> Iterator[tuple[list[str], str]]:
    """Yield each row of *header* and *lines*, and its place; so many lines stand *above*."""
    table = csv.reader(chain([header], lines), strict=True, skipinitialspace=True)
    while True:
        begun = above + table.line_num + 1
        try:
            row = next(table, None)
        except csv.Error as error:
            hint = COMMAS if re.search('"[;\t]', header) else QUOTES
            raise wrong(f"{where}:{begun}: {error}", hint) from error
        if row is None:
            return
        yield row, f"{where}:{above + table.line_num}"


def columns(header: Sequence[str], place: str) -> list[str]:
    """Return what the columns below *header* are called; blank cells at its end are none."""
    found = [cell.strip().lower() for cell in header]
    while found and not found[-1]:
        found.pop()
    if "name" not in found:
        divided = "name" in cells(",".join(header))
        known = COMMAS if divided else f"known are {', '.join(FIELDS)}"
        raise wrong(f"{place}: no column is called name", known)
    if strange := [cell for cell in found if cell not in FIELDS]:
        raise wrong(f"{place}: {unknown('column', strange[0])}")
    if twice := [cell for cell in FIELDS if found.count(cell) > 1]:
        raise wrong(f"{place}: two columns are called {twice[0]}")
    return found


def once_each(pairs: Sequence[tuple[str, object]]) -> Mapping[str, object]:
    """Return the object of *pairs*, of which no key may come twice: one of them would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{quoted(twice)} is there twice in one object")
    return found


def of_lines(lines: Iterable[str], where: str) -> Iterator[tuple[str, object]]:
    """Yield the names in *lines*; what follows a ``#`` is for people."""
    for number, line in enumerate(lines, 1):
        if name := line.partition("#")[0].strip():
            yield f"{where}:{number}", name


def json_in(text: str) -> object:
    """Return the JSON in *text*."""
    return json.loads(text, object_pairs_hook=once_each)


def of_document(document: object, where: str) -> Iterator[tuple[str, object]]:
    """Yield the entries of a list, or of a table with the list ``certificates``."""
    if isinstance(document, Mapping):
        if strange := [key for key in document if key != "certificates"]:
            near = get_close_matches(strange[0], ["certificates"], n=1)
            asked = "; did you mean certificates?" if near else ""
            raise wrong(f"{where}: {quoted(strange[0])} is no part of an inventory{asked}")
        document = document.get("certificates")
    if not isinstance(document, list):
        raise wrong(f"{where}: there is no list of certificates")
    for number, entry in enumerate(document, 1):
        yield f"{where}: certificate {number}", entry


def unknown(what: str, key: object) -> str:
    """Return a sentence on *key*, which no certificate has, and the nearest that one has."""
    near = get_close_matches(str(key), FIELDS, n=1)
    known = f"did you mean {near[0]}?" if near else f"known are {', '.join(FIELDS)}"
    return f"no {what} is called {quoted(key)}; {known}"


def wrong(message: str, hint: str = "") -> Failed:
    """Return the failure of an inventory that cannot be used."""
    return Failed(Exit.DATA, "inventory", message, hint or "nothing was ordered or written")
