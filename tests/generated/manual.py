"""The manual page, made of the parser and the declarations of the configuration."""

import argparse
import re
from collections.abc import Iterator

from pipeline import __version__
from pipeline.command.arguments import EXITS, VERBS, Parser, build
from pipeline.configuration.keys import DECIDED

INTRODUCTION = """\
dns01 publishes the DNS\\-01 challenges of a certificate order and tells when the CA
will see them, or why it would not.
It is the step right before an order is finalized: in a CI job, from cron, by hand.
.PP
Options follow the verb.
They beat the environment, which beats the configuration file.
Secrets never go into arguments: they come from the environment, or from a file that
.IR NAME _FILE
names.
"""

FILES = (
    ("$XDG_CONFIG_HOME/dns01/config.toml", "the configuration file, unless another is named"),
    ("~/.local/state/dns01", "receipts and reports, unless another folder is named"),
)

EXAMPLES = (
    ("would it work?", "dns01 check example.com *.example.com"),
    ("publish and confirm; finalize when this ends with 0", "dns01 ready example.com"),
    ("the same around your own command", "dns01 run example.com -- ./finalize.sh"),
    ("what is wrong with the configuration, and what is in force", "dns01 config check"),
)


def manual() -> str:
    """Return the page, in the macros of man(7)."""
    return "\n".join(part.strip() for part in parts(build())) + "\n"


def parts(parser: Parser) -> Iterator[str]:
    """Yield the page's sections."""
    yield f'.TH DNS01 1 "" "dns01 {__version__}" "User Commands"'
    yield ".SH NAME\ndns01 \\- publish ACME dns\\-01 challenges, and say when the CA will see them"
    yield ".SH SYNOPSIS\n" + "\n.br\n".join(map(synopsis, parser.verbs.values()))
    yield ".SH DESCRIPTION\n" + INTRODUCTION
    yield ".SH VERBS\n" + "\n".join(
        entry(f"\\fB{roff(verb)}\\fR", summary) for verb, summary, _ in VERBS
    )
    yield ".SH ARGUMENTS\n" + "\n".join(arguments(parser, positional=True))
    yield ".SH OPTIONS\n" + "\n".join(arguments(parser, positional=False))
    yield ".SH ENVIRONMENT\n" + "\n".join(
        entry(f"\\fB{roff(key.variable)}\\fR", f"{key.meaning}; in the file: {place}")
        for place, key in DECIDED.items()
        if key.variable
    )
    yield (
        'Variables of providers are listed by\n.BR "dns01 providers" ;\n'
        "a secret can stand in a file that\n.IR NAME _FILE\nnames."
    )
    yield ".SH FILES\n" + "\n".join(entry(f"\\fI{roff(path)}\\fR", what) for path, what in FILES)
    yield ".SH EXIT STATUS\n" + "\n".join(
        entry(f"\\fB{code}\\fR", meaning) for code, meaning in exits()
    )
    yield ".SH EXAMPLES\n" + "\n".join(
        entry(f"{roff(what)}", command) for what, command in EXAMPLES
    )


def synopsis(verb: Parser) -> str:
    """Return how *verb* is called, its options aside."""
    words = verb.format_usage().removeprefix("usage: ").split()
    name = " ".join(verb.prog.split())
    given = re.sub(r"\[-.*?\](?= |$)|\[OPTION\.\.\.\]", "", " ".join(words)[len(name) :])
    return f"\\fB{roff(name)}\\fR [\\fIOPTION\\fR...] {roff(' '.join(given.split()))}".rstrip()


def arguments(parser: Parser, *, positional: bool) -> Iterator[str]:
    """Yield an entry for each argument, with the verbs that take it unless all do."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, verb in parser.verbs.items():
        for action in verb._actions:  # noqa: SLF001 - argparse shows them in no other way
            if action.help and bool(action.option_strings) is not positional:
                found.setdefault((written(action), action.help), []).append(name)
    for (term, meaning), verbs in found.items():
        of = "" if len(verbs) == len(VERBS) else f"; for {', '.join(verbs)}"
        yield entry(term, meaning + of)


def written(action: argparse.Action) -> str:
    """Return how *action* is written."""
    names = ", ".join(f"\\fB{roff(each)}\\fR" for each in action.option_strings)
    if action.nargs == 0:
        return names
    value = action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper()
    return f"{names} \\fI{roff(str(value))}\\fR".strip()


def exits() -> list[tuple[str, str]]:
    """Return the exit codes and their meanings."""
    text = re.sub(r"\n {4,}", " ", EXITS)
    return re.findall(r"(?m)^ +(\d+) +(.+)$", text)


def entry(term: str, meaning: str) -> str:
    """Return a tagged paragraph; *term* is roff already."""
    return f".TP\n{term}\n{roff(meaning)}"


def roff(text: str) -> str:
    """Return *text* so that roff takes every character for itself."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    escaped = escaped.replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    return f"\\&{escaped}" if escaped.startswith(".") else escaped
