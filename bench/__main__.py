"""``python -m bench``: compare dns01 with its peers; exit 1 where a target is missed."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.lab import premises, running

from . import page, parts, promises, tables
from .authority import authority
from .clients import missing
from .plan import Step, alternating, beside, steps
from .results import Results, load, machine, save, versions
from .runs import CASES, Run, run
from .table import Row, Target, text


def main(words: Sequence[str]) -> int:
    """Run what *words* ask for, print tables and verdicts, and write the page if all was run."""
    wanted = _parsed(words)
    if obstacle := premises.obstacle() or ", ".join(missing()):
        print(f"the servers and clients cannot run here: {obstacle}", file=sys.stderr)
        return 1
    start = time.monotonic()
    whole = not (wanted.names or wanted.rounds)
    others = measured(full=wanted.full) if whole else []
    runs = compare(alternating(steps(wanted.names, wanted.rounds, full=wanted.full)))
    results = Results(
        machine=machine(),
        versions=versions(),
        took_s=round(time.monotonic() - start),
        full=wanted.full,
        runs=runs,
        parts={name: rows for name, rows, _ in others},
        targets=[each for *_, its in others for each in its],
    )
    if whole:
        results = replace(results, runs=beside(runs, load().runs))
        save(results)
        page.write()
    return told(results, whole=whole)


def measured(*, full: bool) -> list[tuple[str, Sequence[Row], Sequence[Target]]]:
    """Return what the benchmarks beside the comparison found."""
    found = []
    start = time.monotonic()
    for part in parts.measure(full=full):
        found.append(part)
        print(f"{part[0]}: {time.monotonic() - start:.0f} s so far", file=sys.stderr, flush=True)
    return found


def compare(order: Sequence[Step]) -> list[Run]:
    """Return the runs of *order*, all on the same servers."""
    runs = []
    begun = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
    with (
        running() as lab,
        TemporaryDirectory(prefix="dns01-bench-") as folder,
        authority(Path(folder) / "ca") as ca,
    ):
        for number, step in enumerate(order, start=1):
            took = run(lab, ca, step.client, step.case, step.delay)
            runs.append(replace(took, begun=begun))
            print(f"{number}/{len(order)} {_line(runs[-1])}", file=sys.stderr, flush=True)
    return runs


def _line(run: Run) -> str:
    ready = f"ready after {run.ready:.2f} s" if run.ready else "never ready"
    fate = "" if run.ok else ", FAILED"
    return (
        f"{run.client}, names: {run.case}, {run.delay:g} s late: {ready}{fate}, "
        f"{run.cpu:.2f} s CPU, {run.questions:,} questions"
    )


def told(results: Results, *, whole: bool) -> int:
    """Print tables and verdicts; return the exit status, 1 where a target is missed."""
    for heading, rows in tables.all_of(results):
        print(f"\n{heading}\n{text(rows)}")
    verdicts = [*promises.targets(results.runs), *results.targets]
    missed = sum(not verdict.met for verdict in verdicts)
    print(f"\nTargets ({missed} missed)\n{text(tables.verdicts(verdicts))}")
    print(f"\n{results.took_s:.0f} s" + ("" if whole else "; shortened: docs/ stay as they are"))
    return int(missed > 0)


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--names", type=_names, default=(), help=f"of {','.join(CASES)}")
    parser.add_argument("--rounds", type=int, help="at most so many of each")
    parser.add_argument(
        "--full", action="store_true", help="lego with many names and a fleet of 10,000, too"
    )
    wanted = parser.parse_args(words)
    if wanted.rounds is not None and wanted.rounds < 1:
        parser.error(f"--rounds: {wanted.rounds} is none at all")
    return wanted


def _names(words: str) -> list[str]:
    names = words.split(",")
    if unknown := set(names) - set(CASES):
        raise argparse.ArgumentTypeError(f"no such number of names: {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
