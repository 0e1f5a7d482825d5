"""List what was at stake: orders, values, and what `check` saw of each domain. Pure."""

from collections.abc import Sequence

from pipeline.checks.lines import CheckLine, nameserver
from pipeline.report import Report

from .markup import Html, element
from .tables import scrolling


def orders(report: Report) -> Html:
    """Return the orders, if there are any."""
    if not report.orders:
        return Html()
    return listed(
        ("certificate", "source", "status", "exit", "URI"),
        [
            (order.name, order.source, order.status, str(int(order.exit)), order.uri)
            for order in report.orders
        ],
        "Orders",
        200,
    )


def records(report: Report, most: int) -> Html:
    """Return the values, if there are any."""
    if not report.records:
        return Html()
    return listed(
        ("name", "value", "zone", "provider"),
        [(each.name, each.value, each.zone, each.provider) for each in report.records],
        "Values",
        most,
    )


def listed(heads: Sequence[str], rows: Sequence[Sequence[str]], title: str, most: int) -> Html:
    """Return a plain table of the first *most* of *rows*."""
    body = [
        element("tr", element("th", first, scope="row"), *(element("td", each) for each in others))
        for first, *others in rows[:most]
    ]
    if len(rows) > most:
        more = element("td", f"and {len(rows) - most} more", colspan=len(heads))
        body.append(element("tr", more))
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    return scrolling(
        element("table", element("thead", head), element("tbody", *body), class_="plain"), title
    )


def checks(report: Report, most: int) -> Html:
    """Return what `check` saw, if it looked."""
    if not report.checks:
        return Html()
    heads = ("domain", "challenge", "zone", "DNSSEC", "may issue", "negative TTL", "servers")
    rows = [check_row(line) for line in report.checks]
    return listed(heads, rows, "Domains", most)


def check_row(line: CheckLine) -> tuple[str, ...]:
    """Return *line* in the columns of `checks`."""
    memory = "" if line.negative_ttl_s is None else f"{line.negative_ttl_s} s"
    alias = f", an alias for {line.target}" if line.target else ""
    servers = "\n".join(map(nameserver, line.servers))
    challenge = f"{line.name}{alias}"
    return (line.domain, challenge, line.zone, line.dnssec, may_issue(line), memory, servers)


def may_issue(line: CheckLine) -> str:
    """Return who may issue, as far as anybody could be asked."""
    match line.issuers:
        case None:
            is_known = line.zone and line.dnssec != "unknown"
            return "any CA" if is_known else "not known"
        case some:
            return ", ".join(some) or "no CA"
