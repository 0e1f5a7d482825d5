"""The list of DNS hosts is what their adapters declare, and all that a person needs to choose."""

import re

import pytest

from pipeline.configuration import catalogue
from providers.contract import Adapter, Description, Setting

from .documents import DOCS, anchors, rows
from .generated import ours

PAGE = DOCS / "providers.md"


def nothing(*_: object) -> None:
    raise AssertionError("nothing is to be opened")


def test_the_page_is_up_to_date() -> None:
    """
    It is made by `python -m tests.generated`.
    """
    assert PAGE.read_text() == catalogue.page(ours())


@pytest.mark.parametrize("name", ours())
def test_each_provider_is_described(name: str) -> None:
    """
    Whose zones, least privilege, what a write is, and a guide that is there.
    """
    told = ours()[name].description
    assert told
    assert all(len(each) > 9 for each in (told.host, told.privilege, told.limits))
    assert (DOCS / told.guide).is_file()
    assert name in anchors(PAGE)


def test_every_setting_is_listed() -> None:
    """
    Once, by its adapter, secrets marked.
    """
    listed = re.findall(r"(?m)^\| `(\w+)`( \*)? \|", PAGE.read_text())
    declared = [(s.name, s.secret) for adapter in ours().values() for s in adapter.settings]
    assert [(name, bool(mark)) for name, mark in listed] == declared


def section(**more: object) -> list[str]:
    adapter = Adapter(
        (Setting("A", "a"), Setting("B", "b", secret=True), Setting("C", "c")),
        (("A", "B"), ("A", "C")),
        nothing,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )
    return list(catalogue.section("x", adapter))


def test_a_section() -> None:
    """
    When it is taken unnamed, what it needs, and no more than was declared.
    """
    alone = "`A` with `B`, or `A` with `C` is set, and nothing of another host"
    told = Description("hosts", "the least", "atomic", "x.md")
    assert section(description=told) == [
        "## x",
        "",
        "Writes to hosts. [How](x.md).",
        "",
        f"* **Taken unnamed:** where {alone}.",
        "* **Least privilege:** the least.",
        "* **A write:** atomic.",
        "",
        "| setting | needed | what |",
        "|---|---|---|",
        "| `A` | yes | a |",
        "| `B` * | or others | b |",
        "| `C` | or others | c |",
    ]
    assert section()[2] == "Writes to what its package says."
    assert "* **Taken unnamed:** never." in section(named_only=True)
    assert section(nameservers=("*.ns.x",))[4].endswith("with name servers called `*.ns.x`.")
    assert section(further=nothing)[-1].startswith("There are further settings")


def test_the_table_leads_to_each() -> None:
    """
    One line each, in order.
    """
    assert [cells[0] for cells in rows(PAGE, "provider")] == [f"[{n}](#{n})" for n in ours()]
