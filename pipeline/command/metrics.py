"""A run as Prometheus metrics, for node_exporter's textfile collector. Pure.

Gauges all: a run is an event, and its file holds the last one. No timestamps
of samples, for the collector skips files that have some.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.report import NOT_DUE, OrderLine, Report
from pipeline.text import printable

SUCCESS = "dns01_last_success_timestamp_seconds"
EXPIRY = "dns01_certificate_expiry_timestamp_seconds"
LABELS = ("certificate", "verb")
OUTCOMES = ("done", "not-due", "failed")

GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "dns01_last_run_timestamp_seconds": ("When the last run ended.", ()),
    SUCCESS: ("When a run last ended with exit status 0; 0 if none did.", ()),
    EXPIRY: ("When the first of the certificates ends, where the source told.", ()),
    "dns01_exit_status": ("Exit status of the last run.", ()),
    "dns01_ready": ("Whether the last run found every value ready to validate.", ()),
    "dns01_run_duration_seconds": ("How long the last run took.", ()),
    "dns01_certificates": ("Certificates by how the last run left them.", ("outcome",)),
    "dns01_records": ("TXT values that the last run dealt with.", ()),
    "dns01_servers": ("Values by server, by what the server last said.", ("role", "state")),
    "dns01_confirmed_seconds": ("From start until the last server confirmed.", ("role",)),
    "dns01_dns_queries": ("DNS questions that the last run sent.", ()),
    "dns01_api_calls": ("Requests that the last run made to DNS hosts.", ()),
    "dns01_problems": ("Problems that the last run named.", ("code", "severity")),
}
"""Every metric: what it tells, and its labels beside `LABELS`."""


def metrics(report: Report, names: Sequence[str], verb: str, ended: float, before: str) -> bytes:
    """Return the metrics of *report*, a run of *verb* over *names* that ended at Unix time *ended*.

    *before* is the file of the run before: who has not succeeded now keeps its success, and who
    has not been told now when certificates end keeps what was known of that.
    """
    registry = CollectorRegistry()
    own = (printable(" ".join(names), 1000), verb)
    gauges = {
        name: Gauge(name, told, (*LABELS, *more), registry=registry)
        for name, (told, more) in GAUGES.items()
    }
    once = {
        "dns01_last_run_timestamp_seconds": ended,
        SUCCESS: (kept(before, own, SUCCESS) or 0.0) if report.exit else ended,
        "dns01_exit_status": int(report.exit),
        "dns01_ready": int(report.status == "ready"),
        "dns01_run_duration_seconds": report.elapsed_s,
        "dns01_dns_queries": report.dns_queries,
        "dns01_api_calls": report.api_calls,
    }
    if not report.summary:  # of many certificates it has all, but for their records
        once["dns01_records"] = len(report.records)
    for name, value in once.items():
        gauges[name].labels(*own).set(value)
    outcomes = Counter(map(outcome_of, report.orders))
    for outcome in OUTCOMES if outcomes else ():
        gauges["dns01_certificates"].labels(*own, outcome).set(outcomes[outcome])
    if ends := endings(report, verb, kept(before, own, EXPIRY)):
        gauges[EXPIRY].labels(*own).set(min(ends))
    lines = [line for record in report.records for line in record.perspectives]
    for (role, state), number in Counter(
        (printable(line.role), printable(line.state)) for line in lines
    ).items():
        gauges["dns01_servers"].labels(*own, role, state).set(number)
    for role in sorted({line.role for line in lines}):
        times = [line.confirmed_at_s for line in lines if line.role == role]
        if known := [time for time in times if time is not None]:
            gauges["dns01_confirmed_seconds"].labels(*own, printable(role)).set(max(known))
    kinds = Counter((printable(each.code), each.severity.value) for each in report.problems)
    if report.summary:  # it has one problem for all that failed alike
        kinds |= Counter((printable(o.problem), "error") for o in report.orders if o.exit)
    for kind, number in kinds.items():
        gauges["dns01_problems"].labels(*own, *kind).set(number)
    return generate_latest(registry)


def outcome_of(order: OrderLine) -> str:
    """Return how the run left the certificate of *order*."""
    if order.exit:
        return "failed"
    return "not-due" if order.status == NOT_DUE else "done"


def endings(report: Report, verb: str, before: float | None) -> list[float]:
    """Return when certificates end, as far as is known; the first of them was known *before*.

    What `run` has renewed does not end then any more: the next run is told when it does.
    """
    is_renewed = verb == "run" and not report.exit
    asked = [each for each in report.orders if not is_renewed or each.status == NOT_DUE]
    ends = [each.expires.timestamp() for each in asked if each.expires]
    is_whole = bool(asked) and all(each.expires for each in asked)
    return ends if is_renewed or is_whole or before is None else [*ends, before]


def kept(before: str, own: tuple[str, str], name: str) -> float | None:
    """Return what the file *before* has as the gauge *name* of our *own* labels, if anything."""
    with suppress(ValueError, KeyError, IndexError):  # whatever has been written there
        for family in text_string_to_metric_families(before):
            for sample in family.samples:
                labels = tuple(sample.labels.get(label) for label in LABELS)
                if sample.name == name and labels == own:
                    return sample.value
    return None
