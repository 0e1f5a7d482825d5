"""List what a person should know, problems of one kind and one next step together. Pure."""

from collections.abc import Sequence

from pipeline.model import Problem, Severity

from .markup import Html, element, joined

MARKS = {Severity.ERROR: "✗ error", Severity.WARNING: "! warning", Severity.NOTICE: "i notice"}


def remarks(found: Sequence[Problem], most: int) -> Html:
    """Return the worst *most* of *found* as a list, each kind with its next step once."""
    ranked = sorted(found, key=lambda problem: list(Severity).index(problem.severity))
    kinds: dict[tuple[Severity, str, str], list[str]] = {}
    for each in ranked[:most]:
        kinds.setdefault((each.severity, each.code, each.hint.strip()), []).append(each.message)
    items = [block(*kind, messages) for kind, messages in kinds.items()]
    if len(ranked) > most:
        items.append(element("li", f"and {len(ranked) - most} more"))
    return element("ul", *items, class_="problems") if items else Html()


def block(severity: Severity, code: str, hint: str, messages: Sequence[str]) -> Html:
    """Return *messages* of one kind; a sentence about many servers has a line for each."""
    return element(
        "li",
        element("strong", MARKS[severity]),
        " ",
        element("code", code),
        *(element("p", each.replace("; ", ";\n"), class_="message") for each in messages),
        element("p", joined(element("b", "Hint: "), hint), class_="hint") if hint else "",
        class_=severity.value,
    )
