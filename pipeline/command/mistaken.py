"""A mistake in the arguments; in a GitHub step it is told as every other failure."""

from contextlib import suppress


class Mistake(SystemExit):
    """The end of a command line that cannot be meant; whoever calls us has been told why."""

    def __init__(self, status: int, message: str, hint: str) -> None:
        super().__init__(status)
        self.message, self.hint = message, hint


def annotated(mistake: Mistake) -> str:
    """Set the step's outputs, if this is one; return what annotates it, or nothing."""
    # dnspython costs 70 ms, which only who is wrong needs.
    from pipeline.configuration.environment import Environment  # noqa: PLC0415
    from pipeline.model import Exit, Problem  # noqa: PLC0415
    from pipeline.report import Report  # noqa: PLC0415

    from .actions import annotations, announce  # noqa: PLC0415

    environment = Environment.of_process()
    if environment.get("GITHUB_ACTIONS") != "true":
        return ""
    problem = Problem("usage", mistake.message, mistake.hint)
    report = Report("failed", Exit.USAGE, problems=(problem,))
    output, summary = map(environment.get, ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
    with suppress(OSError):
        announce(report, None, output, summary)
    return "".join(f"{line}\n" for line in annotations([problem]))
