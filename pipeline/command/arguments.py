"""Describe the command line. Imports nothing heavy: `dns01 --version` is instant."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from pipeline import __version__
from pipeline.text import nearest, printable

from .contradictions import contradiction
from .handed import apart
from .mistaken import Mistake
from .options import (
    answer,
    ask,
    child,
    client,
    common,
    configure,
    domains,
    every,
    fleet,
    grant,
    insist,
    judge,
    names,
    order,
    pairs,
    renewal,
    service,
    shell,
    stale,
    tell,
)

USAGE = 64
NEAR = 0.75
"""How much alike what is meant and what was written are, at least; 1 is the same."""
OPTION = re.compile("--?[a-z]", re.ASCII | re.IGNORECASE)
EXITS = """exit status:
  0    ready, or done (nothing to clean is done)
  64   usage
  65   the order cannot be served: not an order, invalid, HTTP only, a name or value we refuse,
       a CNAME in the way; or the CA would surely refuse (CAA, DNSSEC)
  69   order API or provider failing or unreachable; no DNS server ever answered
  70   our own fault: please report
  75   not ready by the deadline, or another live run has this name: try again later
  77   credentials refused by the order API or the provider
  78   configuration: missing credentials, no hosted zone, no or several providers, a state
       folder that cannot be written
  130  SIGINT, 143 SIGTERM, 129 SIGHUP: records removed within 5 s, or the receipt kept
       and that said
"""

ELSEWHERE = "exit status: 0 done, 64 usage, 78 configuration; all of them: dns01 --help"
WITH_EXITS = {"plan", "ready", "run", "clean", "wait", "check", "serve", "hook"}
"""Verbs that may end with any of them."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are exit 64, in our tone; *verbs* are those of its verbs."""

    verbs: Mapping[str, "Parser"] = MappingProxyType({})

    @property
    def options(self) -> Mapping[str, argparse.Action]:
        """What it takes, by the word that asks for it."""
        return self._option_string_actions

    def unknown(self, words: Sequence[str]) -> str:
        """Return what is wrong with the first option among *words* that is none, or nothing."""
        given = words[: words.index("--")] if "--" in words else words
        keys = [word.partition("=")[0] for word in given if OPTION.match(word)]
        for key in keys:
            if key not in self._option_string_actions:
                near = nearest(key, self._option_string_actions, NEAR)
                what = f"{self.prog.partition(' ')[2]} has no option {key}"
                return f"{what}; did you mean {near}?" if near else what
        return ""

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Refuse a *value* that is none of the *action*'s choices, naming the nearest."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            if near := nearest(str(value), map(str, action.choices or ())):
                error.message += f"; did you mean {near}?"
            raise

    def error(self, message: str) -> NoReturn:
        hint = f"{self.prog} --help"
        sys.stderr.write(f"dns01: {printable(message, 1000)}\ndns01: hint: {hint}\n")
        raise Mistake(USAGE, message, hint)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Return the arguments in *argv*; ``command`` holds what follows ``--`` after ``run``.

    ``said`` holds what the client adds that calls ``hook``.

    Raises:
        SystemExit: 0 after ``--help`` and ``--version``; 64 on a mistake, which is a `Mistake`.
    """
    words, command, said = list(argv), None, None
    if words[:1] == ["run"] and "--" in words:
        at = words.index("--")
        words, command = words[:at], words[at + 1 :]
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    parser = build(*words[:1])
    if complaint := misplaced(words):
        parser.error(complaint)
    verb = parser.verbs.get(words[0], parser) if words else parser
    if words[:1] == ["hook"]:
        words, said = apart(words, verb.options)
    if complaint := verb.unknown(words[1:]):
        verb.error(complaint)
    options, left = parser.parse_known_args(words)
    options.command, options.said = command, said
    if options.verb == "hook" and options.client == "certbot":
        options.quiet = not options.verbose  # certbot shows each line on stderr as a warning
    if options.verb == "config" and not options.file and len(left) == 1:
        options.file, left = Path(left[0]), []  # argparse misses it after an option
    if complaint := surplus(left) or contradiction(options):
        verb.error(complaint)
    return options


def surplus(left: Sequence[str]) -> str:
    """Return what is wrong with arguments that are *left* over, or nothing."""
    return f"unrecognized arguments: {' '.join(left)}" if left else ""


def misplaced(words: Sequence[str]) -> str:
    """Return what is wrong with the verb, or nothing: none known, or options before it."""
    verbs = [verb for verb, *_ in VERBS]
    if not words or words[0] in {*verbs, "--version", "-V", "--help", "-h"}:
        return ""
    if words[0] in {"-v", "version"}:
        return f"dns01 has no {words[0]}; did you mean --version?"
    if words[0].startswith("-"):
        if near := nearest(words[0], ["--version", "--help"], NEAR):
            return f"dns01 has no option {words[0]}; did you mean {near}?"
        verb = next((word for word in words if word in verbs), "VERB")
        return f"options follow the verb: dns01 {verb} ... {words[0]}"
    near = nearest(words[0], verbs)
    known = f"did you mean {near}?" if near else f"known are {', '.join(verbs)}"
    return f"no verb is called {words[0]!r}; {known}"


def build(only: str = "") -> Parser:
    """Return the parser; of its verbs *only* the one named takes its options, or all do."""
    parser = Parser(
        prog="dns01",
        description="Publish ACME dns-01 challenges; say when the CA will see them, "
        "or why it would not.",
        epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("-V", "--version", action="version", version=f"dns01 {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    parser.verbs = verbs.choices
    for verb, summary, groups in VERBS:
        added = verbs.add_parser(
            verb,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=EXITS if verb in WITH_EXITS else ELSEWHERE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        for add_to in (*groups, common) if only in {verb, ""} else ():
            add_to(added)
    return parser


VERBS = (
    (
        "plan",
        "print what would be written; write no record",
        (names, order, renewal, ask, judge, tell),
    ),
    (
        "ready",
        "publish, confirm, report; the records stay",
        (names, fleet, order, renewal, answer, ask, judge, insist, tell),
    ),
    ("clean", "remove exactly what receipts say we wrote", (names, every, stale, tell)),
    (
        "run",
        "ready, then CMD, then clean, whatever happens",
        (names, order, renewal, answer, ask, judge, insist, tell, child),
    ),
    ("wait", "confirm FQDN=VALUE only; no order, no provider", (pairs, ask, judge, tell)),
    ("check", "read-only: would it work? no credentials needed", (domains, ask, judge, tell)),
    ("serve", "be the DNS stage of other ACME clients, over HTTP", (service,)),
    ("hook", "be the DNS stage of another ACME client", (client, ask, judge, insist)),
    ("policy", "print the least privilege that would do; asks nobody", (grant,)),
    ("providers", "list what is installed and which settings each needs", ()),
    ("config", "begin a configuration file, or tell what is wrong with one", (configure,)),
    ("completion", "print a script that completes this command in a shell", (shell,)),
    ("demo", "run the whole pipeline against servers of its own on loopback", ()),
)
"""Each verb, what it does, and what it takes beside the `common` options."""
