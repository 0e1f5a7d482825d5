"""Tell a GitHub step of a mistake in the arguments, as of every other failure."""

from contextlib import suppress

from pipeline.configuration.environment import Environment
from pipeline.model import Exit, Problem
from pipeline.report import Report

from .actions import annotations, announce


def annotated(message: str, hint: str) -> str:
    """Set the step's outputs, if this is one; return what annotates it, or nothing."""
    environment = Environment.of_process()
    if environment.get("GITHUB_ACTIONS") != "true":
        return ""
    problem = Problem("usage", message, hint)
    report = Report("failed", Exit.USAGE, problems=(problem,))
    output, summary = map(environment.get, ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
    with suppress(OSError):
        announce(report, None, output, summary)
    return "".join(f"{line}\n" for line in annotations([problem]))
