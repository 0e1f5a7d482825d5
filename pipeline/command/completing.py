"""The verb `completion`: a script by which a shell completes our command line."""

import argparse
from collections.abc import Iterable, Mapping

from .arguments import build


def script(shell: str, providers: Iterable[str]) -> str:
    """Return the script for *shell*; options that take a provider offer *providers*."""
    import shtab  # noqa: PLC0415 - for who asks

    parser = build()
    names = list(providers)
    for verb in parser.verbs.values():
        for action in verb._actions:  # noqa: SLF001 - argparse shows them in no other way
            offer(action, names, {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY})
    return str(shtab.complete(parser, shell=shell))


def offer(action: argparse.Action, providers: list[str], paths: Mapping[str, object]) -> None:
    """Let *action* offer what it takes: a file or folder, by its metavar, or *providers*."""
    if action.dest in {"provider", "host"}:
        action.choices = providers
        return
    metavar = str(action.metavar).partition(".")[0]
    if metavar in paths:
        action.complete = paths[metavar]  # type: ignore[attr-defined] # shtab's own
