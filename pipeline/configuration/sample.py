"""A commented sample of the configuration file: every key there is, out of force. Pure."""

import json
from collections.abc import Iterator, Mapping
from textwrap import wrap

from providers.contract import Adapter

from .keys import SECTIONS, TOP, ZONE, Key, Table

HEAD = """\
# Configuration of dns01. Nothing here is in force until its "#" is taken away.
# Flags beat environment variables, which beat this file. Secrets never stand here.
# `dns01 config check` tells what is wrong with it, and what is in force.
"""

WIDTH = 96


def sample(adapters: Mapping[str, Adapter], schema: str) -> str:
    """Return the text of a file with every key as a comment; editors find the *schema* there."""
    tables = "\n\n".join("\n".join(lines(each)) for each in (TOP, *SECTIONS, ZONE))
    accounts = "\n\n".join("\n".join(account(name, adapters[name])) for name in adapters)
    return f"#:schema {schema}\n\n{HEAD}\n{tables}\n\n{accounts}\n"


def lines(table: Table) -> Iterator[str]:
    """Yield the lines about *table*."""
    if table.name:
        yield from comment(table.meaning)
        yield f"# [{table.name}]"
    for key in table.keys:
        yield from comment(said(key))
        yield f"# {key.name} = {literal(key.shown)}"


def said(key: Key) -> str:
    """Return what a person should know about *key*."""
    notes = (key.variable, "" if key.default is None else "the default is shown")
    noted = "; ".join(filter(None, notes))
    return f"{key.meaning} ({noted})" if noted else key.meaning


def account(name: str, adapter: Adapter) -> Iterator[str]:
    """Yield the lines about an account that the *adapter* called *name* opens."""
    yield from comment(f"an account of your own at {name}")
    yield f"# [providers.my-{name}]"
    yield f"# adapter = {literal(name)}"
    for each in adapter.settings:
        if each.secret:
            yield from comment(f"{each.meaning}; or {each.name}_ENV, the variable that holds it")
            yield f'# {each.name}_FILE = "/path/of/its/file"'
        else:
            yield from comment(each.meaning)
            yield f'# {each.name} = "..."'


def comment(text: str) -> list[str]:
    """Return *text* as lines that stay comments when a "#" is taken away."""
    return [f"## {line}" for line in wrap(text[0].upper() + text[1:] + ".", WIDTH)]


def literal(value: object) -> str:
    """Return *value*, a text or a list of texts, in TOML, which writes them as JSON does."""
    return json.dumps(value, ensure_ascii=False)
