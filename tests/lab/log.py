"""What servers were asked, read from their logs."""

import re
import secrets
import time
from dataclasses import dataclass

from dns.name import Name, from_text

from . import wire
from .program import Program

SETTLE_S = 60.0

# unbound says "info: CLIENT NAME TYPE CLASS", named "client @0x… CLIENT#PORT (…): query: NAME
# CLASS TYPE FLAGS"; neither logs the questions it sends to others.
_LOGGED = re.compile(
    r" info: (?P<unbound>\S+) (?P<asked>\S+) (?P<type>\S+) (?:IN|CH)$"
    r"| client @\S+ (?P<named>[^#]+)#.* query: (?P<query>\S+) (?:IN|CH) (?P<rdtype>\S+) "
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that a server got from a client.

    Attributes:
        at: Seconds of `time.monotonic`; at most milliseconds late.
        client: Address.
        name: As asked.
        rdtype: In letters, e.g. ``TXT``.
    """

    at: float
    client: str
    name: Name
    rdtype: str


def questions(program: Program, address: str) -> list[Question]:
    """Return what clients asked *program*, which serves at *address*, so far.

    Raises:
        TimeoutError: It logs nothing.
    """
    # The log is complete once it shows a question that is asked now.
    mark = from_text(f"{secrets.token_hex(8)}.mark")
    wire.mark(address, mark)
    deadline = time.monotonic() + SETTLE_S
    while not (asked := _logged(program)) or asked[-1].name != mark:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{address} does not log questions")
        time.sleep(0.005)
    return [question for question in asked if not question.name.is_subdomain(from_text("mark"))]


def _logged(program: Program) -> list[Question]:
    found = [(at, match) for at, text in program.lines.copy() if (match := _LOGGED.search(text))]
    return [
        Question(
            at,
            match["unbound"] or match["named"],
            from_text(match["asked"] or match["query"]),
            match["type"] or match["rdtype"],
        )
        for at, match in found
    ]
