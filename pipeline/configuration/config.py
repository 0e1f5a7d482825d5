"""Turn flags, environment and the configuration file into checked values.

Flags beat environment beats file. The file is never looked for in the working
directory: a pull request could bring one and redirect keys.
"""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pipeline.model import Failed
from pipeline.text import counted

from . import file
from .environment import Environment
from .keys import DECIDED
from .places import shared_dir, state_dir
from .settings import ORDER_S, AcmeSettings, Authority, Settings
from .tables import Reader
from .values import checked, optional, require, words


def settings(options: Namespace, environment: Environment) -> Settings:
    """Return what *options*, *environment* and the configuration file decide.

    Raises:
        Failed: 78, naming the place and the value that is wrong.
    """
    flags = vars(options)  # a verb without an option has no such entry
    choice = Choice(read(file.find(flags["config"], environment)), environment)
    source = flags.get("order") or choice.of("order")
    return Settings(
        order=source,
        state_dir=flags["state_dir"] or state_dir(choice.of("state_dir"), environment),
        timeout=flags.get("timeout") or choice.of("timeout"),
        ttl=flags.get("ttl") or 60,
        require=optional("--require", require, flags.get("require")) or choice.of("require"),
        resolvers=tuple(flags.get("resolver") or choice.of("resolvers") or ()),
        root_hints=choice.of("root_hints") or (),
        authority=Authority(
            flags.get("issuer") or choice.of("issuer") or (), choice.of("account_uri") or ""
        ),
        providers=optional("--provider", words, flags.get("provider")) or (),
        fallback=choice.of("provider") or (),
        force=flags.get("force", False),
        respond=flags.get("respond", False),
        order_s=ORDER_S if flags.get("fleet") else 0.0,
        fleet_run=flags.get("fleet_run", ""),
        order_limit=choice.of("order_limit"),
        serve_names=choice.of("serve.names") or (),
        acme=acme(choice) if source == "acme" and "order" in flags else AcmeSettings(),
        zones=choice.file["zones"],
        accounts=choice.file["providers"],
        shared_dir=choice.of("shared_dir") or shared_dir(),
    )


class Choice:
    """What *environment*, or else the *file* read, or else the declaration says."""

    def __init__(self, file: Mapping[str, Any], environment: Environment) -> None:
        self.file = file
        self._environment = environment

    def of(self, place: str) -> Any:  # noqa: ANN401 - whatever the key's kind is
        """Return the value of the key at *place*; None where nothing says one.

        Raises:
            Failed: 78, if its variable is wrong.
        """
        key = DECIDED[place]
        said = self._environment.get(key.variable) if key.variable else None
        if said is not None:
            return checked(key.variable, key.kind.read, key.kind.spelled(said))
        if place in self.file:
            return self.file[place]
        return None if key.default is None else key.kind.read(key.default)


def acme(choice: Choice) -> AcmeSettings:
    """Return what *choice* says of the ACME account."""
    said = {each.name: choice.of(f"acme.{each.name}") for each in fields(AcmeSettings)}
    return AcmeSettings(**{name: value for name, value in said.items() if value is not None})


def read(found: file.Found) -> Mapping[str, Any]:
    """Return the values in the file *found*, by their places.

    Raises:
        Failed: 78, for the first mistake, with the number of others.
    """
    reader = Reader(named=found.named)
    values = reader.document(found.document(), found.shown)
    if not reader.mistakes:
        return values
    first, *others = reader.mistakes
    if not others:
        raise first
    more = f"{counted(len(others), 'more mistake')}: `dns01 config check` names all"
    hint = f"{first.problem.hint}; {more}" if first.problem.hint else more
    raise Failed(first.exit, first.problem.code, first.problem.message, hint)
