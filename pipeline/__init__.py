"""From a certificate order to a confirmed "ready" for its dns-01 challenges.

A program calls `ready`, `clean`, `wait`, `plan`, `check`, or enters `published`; they are
loaded when first asked for, so that the command stays quick.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # true to who checks types; to import it costs as much as all of --version
if TYPE_CHECKING:
    from .checks.lines import CheckLine
    from .library.calls import NotReady, RecordsLeft, check, clean, plan, published, ready, wait
    from .library.choices import Choices
    from .library.telling import Step
    from .model import Problem, Severity
    from .report import OrderLine, PerspectiveLine, RecordLine, Report, to_json
    from .tally import Tally

__all__ = [
    "CheckLine",
    "Choices",
    "NotReady",
    "OrderLine",
    "PerspectiveLine",
    "Problem",
    "RecordLine",
    "RecordsLeft",
    "Report",
    "Severity",
    "Step",
    "Tally",
    "check",
    "clean",
    "plan",
    "published",
    "ready",
    "to_json",
    "wait",
]

_PLACES = {
    **dict.fromkeys(("check", "clean", "plan", "published", "ready", "wait"), "library.calls"),
    **dict.fromkeys(("NotReady", "RecordsLeft"), "library.calls"),
    **dict.fromkeys(("Problem", "Severity"), "model"),
    "CheckLine": "checks.lines",
    "Choices": "library.choices",
    "Step": "library.telling",
    "Tally": "tally",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - for programs, not for the command

    return getattr(import_module(f"{__name__}.{_PLACES.get(name, 'report')}"), name)
