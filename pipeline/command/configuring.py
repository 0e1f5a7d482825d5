"""The verb `config`: begin a configuration file, see what is wrong with one, describe them all."""

import json
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.configuration import check, registry, schema
from pipeline.configuration.environment import Environment
from pipeline.configuration.file import Found, find
from pipeline.configuration.sample import sample
from pipeline.configuration.trial import Reading
from pipeline.model import Exit, Failed
from pipeline.report import problem_lines
from pipeline.text import quoted
from providers.contract import Adapter

from .output import Output
from .ping import watcher

SCHEMA = Path(schema.__file__).with_name("dns01.schema.json")


def configuring(options: Namespace, environment: Environment, output: Output) -> int:
    """Do what `config` was asked for and return the exit status.

    Raises:
        Failed: 64, if a file cannot be begun; 78, if there is nowhere to.
    """
    found = find(options.file or options.config, environment)
    match options.action:
        case "init":
            printed = output.text(begin(found, adapters(), as_json=options.json))
        case "schema":
            printed = output.text(schema.to_json(adapters()).rstrip())
        case _:
            inspection = check.inspect(found, environment, beside(environment))
            text = check.to_json if options.json else check.human
            printed = (options.quiet and not options.json) or output.text(text(inspection))
            output.say(*problem_lines((*inspection.mistakes, *inspection.warnings)))
            if inspection.mistakes:
                return Exit.CONFIG
    return Exit.DONE if printed else Exit.CONFIG


def beside(environment: Environment) -> Sequence[Reading]:
    """Return what reads, at a run, variables that are no key of the file."""
    from .service import access_from  # noqa: PLC0415 - nobody else needs a server

    return (lambda: watcher(environment), lambda: access_from(environment, (), "127.0.0.1"))


def adapters() -> Mapping[str, Adapter]:
    """Return the installed adapters that can be loaded, by name."""
    found = {}
    for name, point in registry.installed().items():
        try:
            found[name] = registry.imported(point)
        except Failed:  # a broken one has no settings to describe
            continue
    return found


def begin(found: Found, known: Mapping[str, Adapter], *, as_json: bool) -> str:
    """Write a sample where *found* says, and return what to say of it; at ``-`` the sample."""
    text = sample(known, SCHEMA.as_uri())
    if found.path is None:
        raise Failed(Exit.CONFIG, "configuration", "this user has no home folder", "name a FILE")
    if found.path == Path("-"):
        return text.rstrip()
    try:
        if not found.named:
            found.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        create(found.path, text)
    except OSError as error:
        why = "it exists" if isinstance(error, FileExistsError) else str(error.strerror).lower()
        message = f"cannot begin {quoted(found.path, 400)}: {why}"
        raise Failed(
            Exit.USAGE, "configuration", message, "name another FILE, or - for standard output"
        ) from error
    path = str(found.path)
    return json.dumps({"schema": 1, "file": path}) if as_json else f"wrote {quoted(path, 400)}"


def create(path: Path, text: str) -> None:
    """Write *text* into a new file at *path* that nobody else can read.

    Raises:
        FileExistsError: Something is there; it is left as it is.
        OSError: With nothing left there.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
