"""GitLab's dotenv: only what it takes, and nobody's words as a variable."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path, PurePath

import pytest

from pipeline.command.deliveries import tell_jobs
from pipeline.command.gitlab import LARGEST, dotenv
from pipeline.model import Failed
from pipeline.report import OrderLine, Report
from tests.picture.samples import HOSTILE, ready

HERE = PurePath("/builds/group/project")


def parsed(text: str) -> dict[str, str]:
    """Read *text* as GitLab does: ``NAME=value`` in each line, nothing else."""
    return dict(line.split("=", 1) for line in text.splitlines())


def test_what_later_jobs_get() -> None:
    """
    Verdict, order, and where receipt and report are, seen from the project's folder.
    """
    report = replace(ready(), receipt=str(HERE / "dns01-state" / "x.json"))
    assert parsed(dotenv(report, HERE / "dns01-state/x.report.json", HERE)) == {
        "DNS01_READY": "true",
        "DNS01_STATUS": "ready",
        "DNS01_EXIT": "0",
        "DNS01_RECEIPT": "dns01-state/x.json",
        "DNS01_REPORT": "dns01-state/x.report.json",
        "DNS01_ORDER_URI": "https://ca.example/order/1",
    }


def test_what_is_not_known_is_left_out() -> None:
    """
    GitLab takes no empty value.
    """
    text = dotenv(Report("failed", 78), None, HERE)
    assert text == "DNS01_READY=false\nDNS01_STATUS=failed\nDNS01_EXIT=78\n"


def test_paths_elsewhere_stay_absolute() -> None:
    """
    What is not below the folder is named from the root.
    """
    report = replace(ready(), receipt="/var/lib/dns01/x.json")
    assert parsed(dotenv(report, None, HERE))["DNS01_RECEIPT"] == "/var/lib/dns01/x.json"


@pytest.mark.parametrize(
    "foreign", [*HOSTILE[:-1], "a b", "a\nPATH=/evil", "$(id)", "${X}", '"', "'", "#", "a\\nb", "é"]
)
def test_foreign_words_set_nothing(foreign: str) -> None:
    """
    A value that would need quotes, or is no ASCII, is left out whole; the rest stays.
    """
    report = Report("ready", 0, (OrderLine("n", "rcl", foreign, "pending"),))
    text = dotenv(report, PurePath(f"/{foreign}x"), HERE)
    assert text == "DNS01_READY=true\nDNS01_STATUS=ready\nDNS01_EXIT=0\n"


def test_several_orders() -> None:
    """
    Their URIs, with commas; as many orders as fit are said, or none.
    """
    orders = tuple(OrderLine("n", "rcl", f"https://ca.example/{i}", "pending") for i in range(2))
    values = parsed(dotenv(Report("ready", 0, orders), None, HERE))
    assert values["DNS01_ORDER_URI"] == "https://ca.example/0,https://ca.example/1"
    text = dotenv(Report("ready", 0, orders * 500), None, HERE)
    assert len(text) <= LARGEST
    assert list(parsed(text)) == ["DNS01_READY", "DNS01_STATUS", "DNS01_EXIT"]


@pytest.mark.parametrize(
    ("uris", "is_said"), [(["u"], False), ([""], False), (["u"] * 3000, True), (["a b"], True)]
)
def test_orders_that_are_left_out_are_said(
    tmp_path: Path, uris: list[str], *, is_said: bool
) -> None:
    """
    Once the rest is written: the next job would finalize nothing, and nobody knew why.
    """
    orders = tuple(OrderLine("n", "rcl", uri, "pending") for uri in uris)
    path = tmp_path / "dns01.env"
    with pytest.raises(Failed, match="lacks DNS01_ORDER_URI") if is_said else nullcontext():
        tell_jobs(path, Report("ready", 0, orders), None)
    assert path.read_text().startswith("DNS01_READY=true\n")
    assert ("DNS01_ORDER_URI" in path.read_text()) is (uris == ["u"])
