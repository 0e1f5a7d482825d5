"""The page about the report says what a report can hold: every field, every problem code."""

import ast
import json
import re

import providers.cloudflare.adapter
import providers.rfc2136.adapter
import providers.route53.errors  # noqa: F401 - its subclasses of ProviderError count
from pipeline.checks.lines import CheckLine, NameserverLine
from pipeline.explaining.causes import Kind
from pipeline.model import Exit, Problem
from pipeline.outcomes import translated
from pipeline.receipts.receipt import State
from pipeline.report import OrderLine, PerspectiveLine, RecordLine, Report, to_json
from providers.errors import ProviderError

from .documents import DOCS, blocks, quoted, rows, sources


def codes_of_code() -> dict[str, set[int]]:
    """Return every problem code, with the exits it may come with."""
    found: dict[str, set[int]] = {}
    for node in (node for tree in sources() for node in ast.walk(tree)):
        match node:
            case ast.Call(ast.Name("Problem"), [ast.Constant(str(code)), *_]):
                found.setdefault(code, set())
            case ast.Call(ast.Name("Failed"), [ast.Attribute(_, exit_), ast.Constant(code), *_]):
                found.setdefault(str(code), set()).add(int(Exit[exit_]))
            case _:
                pass
    kinds = list(ProviderError.__subclasses__())
    for kind in kinds:
        kinds += kind.__subclasses__()
    for kind in (kind for kind in kinds if kind.__module__.startswith("providers.")):
        failed = translated(kind("why"), "host")
        found.setdefault(failed.problem.code, set()).add(int(failed.exit))
    return found


def test_the_problem_codes_are_those_of_the_code() -> None:
    """
    The table has every code that a report may hold, and no other, with its exits.
    """
    documented = {
        code: {int(number) for number in re.findall(r"\d+", cells[1])}
        for cells in rows(DOCS / "report.md", "code")
        for code in quoted(cells[0])
    }
    found = codes_of_code()
    assert set(documented) == set(found)
    assert {code: documented[code] for code in found if found[code]} == {
        code: exits for code, exits in found.items() if exits
    }


def test_the_likely_causes_are_those_of_the_code() -> None:
    """
    The table has every cause, in the order of the code.
    """
    table = [quoted(cells[0]) for cells in rows(DOCS / "report.md", "cause")]
    assert table == [[kind.code] for kind in Kind]


def key_paths(value: object, path: str = "") -> set[str]:
    """Return the keys of a JSON document, ``[]`` standing for any item of a list."""
    match value:
        case dict():
            children = [(f"{path}.{key}".lstrip("."), child) for key, child in value.items()]
            return {name for name, _ in children}.union(*(key_paths(c, n) for n, c in children))
        case list():
            return set().union(*(key_paths(child, f"{path}[]") for child in value))
        case _:
            return set()


def full_report() -> Report:
    line = PerspectiveLine(
        *("192.0.2.1", "authoritative", "ns1.", "confirmed", 1.0, 2, ""),
        history=((1.0, "confirmed"),),
    )
    record = RecordLine("n.", "v", "z.", "p", (line,))
    problems = (Problem("code", "message", "hint"),)
    check = CheckLine("n", "n.", servers=(NameserverLine("ns1.", ("192.0.2.1",), "both"),))
    orders = (OrderLine("n", "rcl", "u", "pending"),)
    return Report("ready", 0, orders, (record,), problems, checks=(check,))


def test_the_fields_of_the_report_are_those_of_the_code() -> None:
    """
    The table has every field of schema 1, and the example shows every one.
    """
    real = key_paths(json.loads(to_json(full_report())))
    shown, *parts = (json.loads(block.text) for block in blocks(DOCS / "report.md", "json"))
    example = shown | dict(zip(("problems", "checks"), ([part] for part in parts), strict=True))
    assert key_paths(example) == real
    table = {
        name for cells in rows(DOCS / "report.md", "field") for name in quoted(cells[0])
    }  # fmt: skip
    short = {name.replace("records[].perspectives[].", "perspectives[].") for name in real}
    assert table == short


def test_the_states_of_receipts_are_those_of_the_code() -> None:
    """
    The table has every state of a receipt, in the order in which a run goes through them.
    """
    table = [quoted(cells[0]) for cells in rows(DOCS / "report.md", "receipt")]
    assert table == [[state.value] for state in State]
