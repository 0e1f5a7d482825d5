"""The JSON Schema of the configuration file (draft 2020-12), for editors. Pure.

It is made of what the reader goes by: `keys`, and what adapters declare. It refuses
nothing that is read, and lets pass what no schema can tell, such as a domain name.
"""

import json
from collections.abc import Mapping
from typing import Any

from providers.contract import Adapter, Setting

from .keys import SECTIONS, TOP, ZONE, Key, Table
from .kinds import APEX, PATH, TEXT, Schema
from .tables import ACCOUNT_NAME

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(adapters: Mapping[str, Adapter]) -> Schema:
    """Return the schema of a file whose accounts are opened by *adapters*, by their names."""
    document = table(TOP)
    document["properties"] |= {each.name: table(each) for each in SECTIONS} | {
        "zones": {
            "description": 'zones by name, each a table: [zones."example.com"]',
            "type": "object",
            "propertyNames": APEX.schema,
            "additionalProperties": table(ZONE),
        },
        "providers": {
            "description": "accounts under names of your own: [providers.NAME]",
            "type": "object",
            "propertyNames": {
                "pattern": f"^{ACCOUNT_NAME.pattern}$",
                "not": {"enum": list(adapters)},
            },
            "additionalProperties": {
                "type": "object",
                "required": ["adapter"],
                "properties": {"adapter": {"enum": list(adapters)}},
                "anyOf": [account(name, adapter) for name, adapter in adapters.items()],
            },
        },
    }
    return {"$schema": DIALECT, "title": "dns01 configuration", **document}


def table(of: Table) -> dict[str, Any]:
    """Return the schema of a table with the keys *of* this one."""
    return {
        "description": of.meaning,
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: value(key) for key in of.keys},
    }


def value(key: Key) -> Schema:
    """Return the schema of the values of *key*."""
    beaten = f"; {key.variable} beats it" if key.variable else ""
    shown = {"examples": [key.example]} if key.default is None else {"default": key.default}
    return {"description": f"{key.meaning}{beaten}", **key.kind.schema, **shown}


def account(name: str, adapter: Adapter) -> Schema:
    """Return the schema of the table of an account that the *adapter* called *name* opens."""
    properties: dict[str, Schema] = {"adapter": {"const": name}}
    for setting in adapter.settings:
        properties |= places(setting)
    exclusive = [
        {"not": {"required": [f"{each.name}_FILE", f"{each.name}_ENV"]}}
        for each in adapter.settings
        if each.secret
    ]
    return {
        "title": name,
        "required": ["adapter"],
        "properties": properties,
        "additionalProperties": TEXT.schema if adapter.further else False,
        **({"allOf": exclusive} if exclusive else {}),
    }


def places(setting: Setting) -> dict[str, Schema]:
    """Return the keys that an account's table may have for *setting*."""
    if not setting.secret:
        kind = PATH if setting.name.endswith("_FILE") else TEXT
        return {setting.name: {"description": setting.meaning, **kind.schema}}
    meaning = f"{setting.meaning}: the "
    return {
        f"{setting.name}_FILE": {"description": f"{meaning}file that holds it", **PATH.schema},
        f"{setting.name}_ENV": {"description": f"{meaning}variable that does", **TEXT.schema},
    }


def to_json(adapters: Mapping[str, Adapter]) -> str:
    """Return the `schema` as the text of a file."""
    return json.dumps(schema(adapters), indent=2, ensure_ascii=False) + "\n"
