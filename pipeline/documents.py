"""Write JSON for machines that a person can read too. Pure."""

import json


def by_lines(value: object, depth: int, margin: str = "\n") -> str:
    """Return *value* as JSON in ASCII: what is at most *depth* levels within it begins a line.

    What is deeper goes on in the line it is in. To indent all of it would take `json` six times
    as long, for it does that in Python.
    """
    inner = f"{margin}  "
    match value:
        case dict() if value and depth:
            parts = [
                f"{json.dumps(key)}: {by_lines(each, depth - 1, inner)}"
                for key, each in value.items()
            ]
            return f"{{{inner}{f',{inner}'.join(parts)}{margin}}}"
        case list() if value and depth:
            parts = [by_lines(each, depth - 1, inner) for each in value]
            return f"[{inner}{f',{inner}'.join(parts)}{margin}]"
        case _:
            return json.dumps(value)
