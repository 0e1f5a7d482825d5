"""Say what became of a run: one Report, as JSON for machines and lines for people. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .checks.lines import CheckLine, check_details, check_out
from .documents import by_lines
from .model import Exit, Problem, Record, Severity
from .sentences import lives, weighed
from .text import counted, printable

SCHEMA = 1

NOT_DUE = "not-due"
"""The status of an order that is not needed yet, and of a run that needs none."""

LONGEST = 4000
"""Characters of one text: more than eight servers with the longest of names take."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order: `status` is its own (RFC 8555 §7.1.6), `exit` how it ends here.

    `status` is `NOT_DUE` where there was none to be: the certificate `expires` late enough.
    `problem` is the code of what ended it, and `reason` its message; empty if nothing did.
    """

    name: str
    source: str
    uri: str
    status: str
    exit: int = 0
    resumed: bool = False
    expires: datetime | None = None
    problem: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PerspectiveLine:
    """What one server last said of one name. Times in seconds from process start.

    Attributes:
        since_s: When it first said so, in the present run of like answers.
        repeats_until: Until what time of day (ISO 8601, UTC) a resolver will repeat it.
        history: Each change of state: when, and to which.
        cause: The code of the likely reason why it kept us waiting, if it did.
    """

    address: str
    role: str
    server: str
    state: str
    confirmed_at_s: float | None
    attempts: int
    detail: str
    since_s: float | None = None
    repeats_until: str | None = None
    history: tuple[tuple[float, str], ...] = ()
    cause: str | None = None


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One value at one name; zone and provider are empty where nobody wrote it.

    Attributes:
        target: Where the value really is, if *name* is an alias; else empty.
    """

    name: str
    value: str
    zone: str
    provider: str
    perspectives: tuple[PerspectiveLine, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of a run.

    Attributes:
        checks: What `check` saw of each domain.
        summary: Of a fleet: how many certificates ended how.
    """

    status: str
    exit: int
    orders: tuple[OrderLine, ...] = ()
    records: tuple[RecordLine, ...] = ()
    problems: tuple[Problem, ...] = ()
    elapsed_s: float = 0.0
    dns_queries: int = 0
    api_calls: int = 0
    receipt: str | None = None
    checks: tuple[CheckLine, ...] = ()
    summary: str = ""


def to_json(report: Report) -> str:
    """Return *report* as one JSON document, schema 1."""
    document = {
        "schema": SCHEMA,
        "status": report.status,
        "exit": int(report.exit),
        "orders": [order_out(order) for order in report.orders],
        "records": [record_out(record) for record in report.records],
        "checks": [check_out(check) for check in report.checks],
        "elapsed_s": round(report.elapsed_s, 3),
        "dns_queries": report.dns_queries,
        "api_calls": report.api_calls,
        "receipt": report.receipt,
        "problems": [problem_out(problem) for problem in report.problems],
    }
    # A value that `wait` was given is told as it is, yet no CI log finds a command (##vso[) in it.
    return by_lines(document, 4).replace("#", r"\u0023")


def order_out(order: OrderLine) -> dict[str, object]:
    """Return *order* as JSON values."""
    return {
        "name": printable(order.name, 500),
        "source": order.source,
        "order_uri": order.uri or None,
        "status": printable(order.status) or None,
        "exit": int(order.exit),
        "resumed": order.resumed,
        "expires_at": order.expires.isoformat(timespec="seconds") if order.expires else None,
        "problem": order.problem or None,
        "reason": printable(order.reason, LONGEST) or None,
    }


def record_out(record: RecordLine) -> dict[str, object]:
    """Return *record* as JSON values."""
    return {
        "name": printable(record.name, LONGEST),
        "target": printable(record.target, LONGEST) or None,
        "value": record.value,
        "zone": printable(record.zone, LONGEST) or None,
        "provider": printable(record.provider, LONGEST) or None,
        "perspectives": [
            {
                "address": printable(line.address),
                "role": line.role,
                "server": printable(line.server, LONGEST),
                "state": line.state,
                "confirmed_at_s": line.confirmed_at_s,
                "attempts": line.attempts,
                "detail": printable(line.detail, LONGEST),
                "since_s": line.since_s,
                "repeats_until": line.repeats_until,
                "history": [{"at_s": at, "state": state} for at, state in line.history],
                "cause": line.cause,
            }
            for line in record.perspectives
        ],
    }


def problem_out(problem: Problem) -> dict[str, object]:
    """Return *problem* as JSON values."""
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "message": printable(problem.message, LONGEST),
        "hint": "\n".join(hints(problem)),
    }


def record_lines(records: Iterable[Record]) -> tuple[RecordLine, ...]:
    """Return *records* before anybody was asked about them: one line for each value at a name.

    Of a value that several hosts serve, all providers are named, with commas.
    """
    lines: dict[object, RecordLine] = {}
    for record in records:
        known = lines.get(record.key)
        lines[record.key] = RecordLine(
            record.challenge.name.to_text(),
            record.challenge.value,
            record.zone.apex.to_text(),
            f"{known.provider},{record.provider}" if known else record.provider,
            target=record.target.to_text() if record.target else "",
        )
    return tuple(lines.values())


def headline(report: Report) -> str:
    """Return the verdict in one line."""
    if report.summary:
        return f"{report.status}: {report.summary}"
    names = sorted({record.name for record in report.records})
    what = f"{counted(len(report.records), 'value')} at {counted(len(names), 'name')}"
    match report.status:
        case "not-due":
            ends = [(order.name, order.expires) for order in report.orders]
            said = f"not due: {lives(ends)}; nothing was ordered"
        case "ready" if not report.records:
            said = "ready: nothing to publish, the order needs no validation"
        case "ready":
            stay = "; the records stay in place" if report.receipt else ""
            said = f"ready: {what} confirmed in {report.elapsed_s:.1f} s{stay}"
        case "planned":
            said = f"planned: {what}; nothing was written"
        case "cleaned":
            said = f"cleaned: {what} removed" if report.records else "cleaned: nothing to clean"
        case "checked":
            said = f"checked: {counted(len(report.checks), 'domain')}; {weighed(report.problems)}"
        case status:
            said = f"{status}: exit {int(report.exit)} after {report.elapsed_s:.1f} s"
    return said


def details(report: Report) -> list[str]:
    """Return a line for each record, with how many servers confirmed it; what a check saw."""
    lines = []
    for record in report.records:
        name, value = printable(record.name, LONGEST), printable(record.value, LONGEST)
        host = printable(f"{record.provider}, zone {record.zone}", LONGEST)
        where = f"  ({host})" if record.provider else ""
        states = [line.state for line in record.perspectives]
        seen = f"  {states.count('confirmed')} of {len(states)} servers" if states else ""
        alias = f" (alias of {printable(record.target, LONGEST)})" if record.target else ""
        lines.append(f"  {name}{alias} TXT {value}{where}{seen}")
    more = [f"  ... and {len(lines) - 20} more"] if len(lines) > 20 else []
    return [*check_details(report.checks), *lines[:20], *more]


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """Return each problem, its hint on a line below, unless it was given before."""
    lines = []
    given: set[str] = set()
    for problem in problems:
        weight = "" if problem.severity is Severity.ERROR else f"{problem.severity.value}: "
        lines.append(f"{weight}{problem.code}: {printable(problem.message, LONGEST)}")
        lines += [f"hint: {line}" for line in hints(problem) if line not in given]
        given.update(hints(problem))
    return lines


def hints(problem: Problem) -> list[str]:
    """Return the hint of *problem* by its lines, printable."""
    lines = (printable(line, LONGEST) for line in problem.hint.splitlines())
    return [line for line in lines if line]


def finished(exit_code: int, success: str) -> str:
    """Return the status word of a run that ends with *exit_code*."""
    if exit_code == Exit.DONE:
        return success
    return "not-ready" if exit_code == Exit.NOT_READY else "failed"
