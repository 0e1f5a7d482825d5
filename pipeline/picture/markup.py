"""Write HTML in which text stays text, whoever wrote it. Pure."""

import html
import unicodedata

VOID = {"meta", "br"}
LIMIT = 4_000
"""Characters of one text; more than anybody reads, and no page grows past bounds."""


class Html(str):
    """Markup, as `element` makes it; any other string is text and will be escaped."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str | float | None) -> Html:
    """Return an element; attributes that are None are left out, ``_`` in their names is ``-``."""
    spelled = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escaped(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Html(f"<{tag}{spelled}>")
    return Html(f"<{tag}{spelled}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Html:
    """Return *children* one after the other."""
    return Html("".join(c if isinstance(c, Html) else escaped(c) for c in children))


def escaped(text: str) -> str:
    """Return *text* with no markup, no control and no bidirectional characters in it.

    Line feeds stay. What is taken out shows as U+FFFD, so that it is seen that something was.
    """
    return html.escape("".join(map(visible, text[:LIMIT])))


def visible(character: str) -> str:
    """Return *character*, or U+FFFD for one that would hide, reorder or break text."""
    return "\N{REPLACEMENT CHARACTER}" if is_hidden(character) else character


def is_hidden(character: str) -> bool:
    """Whether *character* is of category C: control, format, surrogate, unassigned."""
    return character != "\n" and unicodedata.category(character)[0] == "C"
