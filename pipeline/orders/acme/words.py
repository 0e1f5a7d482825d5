"""Read what a CA says in a problem document (RFC 7807, RFC 8555 §6.7), made harmless. Pure."""

from acme import messages

from pipeline.text import printable

SUBPROBLEMS = 5
"""How many of a problem's parts are told."""


def words(error: messages.Error) -> str:
    """Return what the CA says in *error*, its parts as well (RFC 8555 §6.7.1)."""
    said = [said_of(error), *map(said_of, (error.subproblems or ())[:SUBPROBLEMS])]
    return "; ".join(dict.fromkeys(said))


def said_of(error: messages.Error) -> str:
    """Return what the CA says in *error* itself."""
    kind = printable(str(error.typ).rpartition(":")[2], 60)
    text = printable(str(error.detail or error.title or ""), 400)
    whose = f"{printable(str(error.identifier.value), 260)}: " if error.identifier else ""
    return f"{whose}{kind}" + (f', "{text}"' if text else "")
