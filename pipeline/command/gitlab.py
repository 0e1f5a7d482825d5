"""A report as variables for later jobs, in the dotenv format that GitLab takes. Pure."""

import re
from pathlib import PurePath

from pipeline.report import Report

LARGEST = 5 * 1024
"""Octets that GitLab takes of one file."""

PLAIN = re.compile(r"[!%&()*+,./0-9:;<=>?@A-Z\[\]^_a-z{|}~-]+", re.ASCII)
"""What stands for itself there: no blank, quote, comment, escape or variable."""


def dotenv(report: Report, report_path: PurePath | None, here: PurePath) -> str:
    """Return a line for each thing known of *report*; what GitLab would refuse is left out.

    Paths below the folder *here* are relative: the next job may have it elsewhere.
    """
    values = {
        "DNS01_READY": "true" if report.status == "ready" else "false",
        "DNS01_STATUS": report.status,
        "DNS01_EXIT": str(int(report.exit)),
        "DNS01_RECEIPT": below(here, PurePath(report.receipt)) if report.receipt else "",
        "DNS01_REPORT": below(here, report_path) if report_path else "",
        "DNS01_ORDER_URI": ",".join(order.uri for order in report.orders if order.uri),
    }
    lines, left = list[str](), LARGEST
    for name, value in values.items():
        line = f"{name}={value}\n"
        if PLAIN.fullmatch(value) and len(line) <= left:
            lines.append(line)
            left -= len(line)
    return "".join(lines)


def lacks_order(report: Report, text: str) -> bool:
    """Whether *text*, of *report*, leaves its orders out: too many, or not what GitLab takes."""
    return any(order.uri for order in report.orders) and "\nDNS01_ORDER_URI=" not in text


def below(here: PurePath, path: PurePath) -> str:
    """Return *path*, as it is seen from *here* if it is below."""
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
