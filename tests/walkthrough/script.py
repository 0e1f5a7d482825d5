"""The shell blocks of a page as one script: its commands in order, in one shell.

A reader works through a page from the top, so what a block sets holds for those
below it. Above a block may stand ``<!-- not run: REASON -->``.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SHELL = ("console", "sh", "bash")
FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+) -->\n)?"
    r"^```(?P<language>\S+)(?: (?P<file>\S+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
EXIT = re.compile(r"#.*\bexit (\d+)")
"""A comment behind a command, which says how it ends."""

GOES_ON = re.compile(r"#.*\bruns on\b")
"""A comment behind a command that does not end: the page goes on beside it."""

BESIDE = """\
eval {command} > beside 2>&1 & for _ in $(seq 600); do [ -s beside ] && break; sleep 0.1; done
cat beside; status=0"""

NUMBER = re.compile(r"\d+(?:\.\d+)?")
FOLDERS = r"(?<![\w./$}~:-])/(etc|opt|srv|var|run|usr/local)\b"
MARK = "@@walkthrough"


@dataclass(frozen=True, slots=True)
class Step:
    """A command, or a whole script, and what the page shows of its output.

    Attributes:
        line: Where its block begins on the page.
        status: How it ends.
        goes_on: It does not.
    """

    line: int
    command: str
    shown: tuple[str, ...] = ()
    status: int = 0
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Fenced:
    """A block with a language, and why it is not run, if it is not.

    Attributes:
        file: The name of the file that it is, if it is one.
    """

    line: int
    language: str
    file: str
    text: str
    reason: str

    @property
    def is_shell(self) -> bool:
        return self.language in SHELL and not self.file

    def steps(self) -> Iterator[Step]:
        """Yield what is to be run."""
        if self.language != "console":
            yield Step(self.line, self.text)
            return
        lines = self.text.splitlines()
        starts = [at for at, line in enumerate(lines) if line.startswith("$ ")]
        assert starts[:1] == [0], f"line {self.line}: a console block begins with a $"
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            command = [lines[start][2:]]
            rest = lines[start + 1 : end]
            while rest and (command[-1].endswith("\\") or rest[0].startswith("> ")):
                command.append(rest.pop(0).removeprefix("> "))
            says = EXIT.search(command[-1])
            status = int(says[1]) if says else 0
            yield Step(
                self.line,
                "\n".join(command),
                tuple(filter(None, rest)),
                status,
                bool(GOES_ON.search(command[-1])),
            )


def fenced(page: Path) -> list[Fenced]:
    """Return the blocks of *page*."""
    text = page.read_text()
    return [
        Fenced(
            text.count("\n", 0, match.start()) + 1,
            match["language"],
            match["file"] or "",
            match["text"],
            match["reason"] or "",
        )
        for match in FENCE.finditer(text)
    ]


def steps(page: Path) -> list[Step]:
    """Return what a reader of *page* runs."""
    found = [block for block in fenced(page) if block.is_shell and not block.reason]
    return [step for block in found for step in block.steps()]


def script(walk: list[Step], owned: set[str], root: Path, places: Mapping[str, str]) -> str:
    """Return the script that takes *walk* and stops at the first step that goes wrong.

    What a reader fills in, ``NAME=...``, is taken from ``OWN_NAME``, one of *owned*; the
    system's folders are below *root*; addresses are those of *places*.
    """
    lines = ["set -e"]
    for number, step in enumerate(walk):
        command = re.sub(r"\b([A-Z][A-Z0-9_]+)=(?:\.{3}|…)(?=\s|$)", own(owned), step.command)
        command = re.sub(FOLDERS, rf"{root}/\1", command)
        command = replaced(command, places)
        taken = f"status=0; eval {shlex.quote(command)} || status=$?"
        if step.goes_on:
            taken = BESIDE.format(command=shlex.quote(command))
        lines += [
            f"printf '\\n{MARK} {number}\\n'",
            taken,
            f"printf '\\n{MARK} ended %s\\n' $status; [ $status = {step.status} ]",
        ]
    return "\n".join(lines) + "\n"


def replaced(text: str, places: Mapping[str, str]) -> str:
    """Return *text* with the addresses of *places* put in."""
    for there, here in places.items():
        text = text.replace(there, here)
    return text


def own(owned: set[str]) -> Callable[[re.Match[str]], str]:
    """Return what replaces a value that the reader fills in."""

    def filled(match: re.Match[str]) -> str:
        assert match[1] in owned, f"nobody here has a value for {match[1]}"
        return f'{match[1]}="$OWN_{match[1]}"'

    return filled


def outputs(text: str) -> dict[int, str]:
    """Return the output of each step that began, in what the script has written."""
    pieces = re.split(rf"\n{MARK} (\d+)\n", text)[1:]
    return dict(zip(map(int, pieces[::2]), pieces[1::2], strict=True))


def alike(line: str) -> str:
    """Return *line* without what differs from run to run: numbers, plurals, runs of blanks."""
    counted = re.sub(r"\b(server|value|name|record)s\b", r"\1", NUMBER.sub("#", line))
    return re.sub(r"\s+", " ", counted).strip()


def missing(step: Step, output: str) -> list[str]:
    """Return the lines that the page shows and *output* does not have."""
    real = {alike(line) for line in output.splitlines()}
    return [line for line in step.shown if line.strip() != "..." and alike(line) not in real]
