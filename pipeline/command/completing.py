"""The verb `completion`: a script by which a shell completes our command line."""

import argparse
from collections.abc import Iterable, Mapping

from .arguments import build


def script(shell: str, providers: Iterable[str], hosts: Iterable[str]) -> str:
    """Return the script for *shell*.

    Options that take a provider offer *providers*; `policy` offers *hosts*, who have one to print.
    """
    import shtab  # noqa: PLC0415 - for who asks

    parser = build()
    names = {"provider": list(providers), "host": list(hosts)}
    for verb in parser.verbs.values():
        for action in verb._actions:  # noqa: SLF001 - argparse shows them in no other way
            offer(action, names, {"FILE": shtab.FILE, "DIR": shtab.DIRECTORY})
    return str(shtab.complete(parser, shell=shell))


def offer(
    action: argparse.Action, names: Mapping[str, list[str]], paths: Mapping[str, object]
) -> None:
    """Let *action* offer what it takes: *names*, or a file or folder, by its metavar."""
    if action.dest in names:
        action.choices = names[action.dest]
        return
    metavar = str(action.metavar).partition(".")[0]
    if metavar in paths:
        action.complete = paths[metavar]  # type: ignore[attr-defined] # shtab's own
