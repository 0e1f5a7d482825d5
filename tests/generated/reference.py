"""The page about the command line, made of the parser."""

import argparse
import re
from collections.abc import Collection, Iterable, Iterator

from pipeline.command.arguments import EXITS, VERBS, Parser, build

INTRODUCTION = """\
# The command line

Made of what the parser declares, as `dns01 VERB --help` prints it. What the verbs promise, and
what environment and configuration file add, stands in [configuration](configuration.md); what
comes out, in [the report](report.md).
"""

Options = dict[str, argparse.Action]

SEVERAL = 3
"""Verbs with the same option from which on it is told once, for all of them."""


def reference() -> str:
    """Return the page, in Markdown."""
    parser = build()
    shared = common(parser)
    often = several(parser, shared)
    chapters = [
        chapter(verb, parser.verbs[verb], summary, shared, often) for verb, summary, _ in VERBS
    ]
    exits = re.sub(r"\n {4,}", " ", EXITS).splitlines()[1:]
    rows = [row(*re.split(r" {2,}", line.strip(), maxsplit=1)) for line in exits]
    every = [
        "## Options of several verbs\n",
        row("argument", "of", "meaning"),
        "|---|---|---|",
        *(row(f"`{written(each)}`", " ".join(of), each.help or "") for each, of in often.values()),
        "\n## Every verb\n",
        *table(shared.values()),
        "\nBefore any verb: `dns01 --version`, `dns01 --help`.\n",
        "## Exit status\n",
        *(row("exit", "meaning"), "|---|---|", *rows),
    ]
    return "\n".join([INTRODUCTION, *chapters, *every]) + "\n"


def common(parser: Parser) -> Options:
    """Return the options that every verb has."""
    found = [options(verb) for verb in parser.verbs.values()]
    return {name: found[0][name] for name in found[0] if all(name in each for each in found)}


def several(parser: Parser, shared: Options) -> dict[str, tuple[argparse.Action, list[str]]]:
    """Return each option that `SEVERAL` verbs have beside those *shared*, with these verbs."""
    found: dict[str, tuple[argparse.Action, list[str]]] = {}
    for verb, of in parser.verbs.items():
        for name, action in options(of).items():
            if name not in shared:
                found.setdefault(f"{name} {action.help}", (action, []))[1].append(verb)
    return {key.partition(" ")[0]: found[key] for key in found if len(found[key][1]) >= SEVERAL}


def options(verb: Parser) -> Options:
    """Return the options of *verb* by their last name, help aside."""
    actions = verb._actions  # noqa: SLF001 - argparse shows them in no other way
    every = {each.option_strings[-1]: each for each in actions if each.option_strings}
    return {name: each for name, each in every.items() if name != "--help"}


def chapter(name: str, verb: Parser, summary: str, shared: Options, often: Collection[str]) -> str:
    """Return what there is to say of the verb called *name*, beside what is *shared*.

    Options of several verbs, *often*, are named only.
    """
    own = [each for key, each in options(verb).items() if key not in shared and key not in often]
    elsewhere = [key for key in options(verb) if key in often and key not in shared]
    given = [each for each in verb._actions if not each.option_strings]  # noqa: SLF001 - see above
    words = "".join(f" {usage(each)}" for each in given) + (" -- CMD..." if name == "run" else "")
    lines = [
        f"## {name}\n",
        f"`dns01 {name}{' [OPTION...]' if own or elsewhere else ''}{words}`\n",
        f"{summary[0].upper()}{summary[1:]}.\n",
    ]
    described = [each for each in given if each.help] + own
    rows = [*table(described), ""] if described else []
    named = ", ".join(f"`{key}`" for key in elsewhere)
    rest = [f"And {named}: [of several verbs](#options-of-several-verbs).\n"] if named else []
    return "\n".join([*lines, *rows, *rest])


def usage(action: argparse.Action) -> str:
    """Return how *action*, without a name, stands in the line."""
    word = str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())
    match action.nargs:
        case "?":
            return f"[{word}]"
        case "*":
            return f"[{word}...]"
        case "+":
            return f"{word}..."
        case _:
            return word


def table(actions: Iterable[argparse.Action]) -> Iterator[str]:
    """Yield the lines of a table of *actions*."""
    yield row("argument", "meaning")
    yield "|---|---|"
    for action in actions:
        yield row(f"`{written(action)}`", action.help or "")


def written(action: argparse.Action) -> str:
    """Return how *action* is written."""
    if not action.option_strings:
        return usage(action)
    value = "" if action.nargs == 0 else action.metavar or "|".join(map(str, action.choices or ()))
    return f"{', '.join(action.option_strings)} {value}".strip()


def row(*cells: str) -> str:
    """Return a line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
