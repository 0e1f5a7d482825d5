"""Say what CAA means for the certificate at hand: who may issue, and what forbids it. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from pipeline.configuration.settings import Authority
from pipeline.model import Problem, Severity
from pipeline.text import counted, printable

from .caa import (
    Answers,
    Identifier,
    Obstructed,
    Properties,
    Relevant,
    critical,
    properties,
    relevant,
)
from .grants import METHODS, Grant

ANYONE = Authority()


def issuers(identifier: Identifier, answers: Answers) -> tuple[str, ...] | None:
    """Return the CAs that may issue for *identifier* after dns-01, printable.

    None: any, or what a CA meets is not known (`is_known`).
    """
    match relevant(identifier.base, answers):
        case None:
            return None
        case Obstructed(is_sure=False):
            return None
        case Relevant() as found if not critical(found):
            matter = properties(found, is_wildcard=identifier.is_wildcard)
            able = [each for each in matter.sound if each.allows(ANYONE)] if matter else ()
            names = {printable(each.issuer, 100) for each in able}
            return None if matter is None else tuple(sorted(names))
        case _:
            return ()


def is_known(identifier: Identifier, answers: Answers) -> bool:
    """Whether what CAA says of *identifier* has been heard; our own bad luck says nothing."""
    match relevant(identifier.base, answers):
        case Obstructed(is_sure=False):
            return False
        case _:
            return True


def problems(
    identifiers: Iterable[Identifier], answers: Answers, authority: Authority
) -> tuple[Problem, ...]:
    """Return what CAA has against *identifiers*: each finding once, with the names it is about.

    Args:
        identifiers: What the certificates are for.
        answers: For every name on every ladder.
        authority: The CA, as far as it is known.
    """
    found: dict[Problem, list[str]] = {}
    for identifier in identifiers:
        problem = judge(identifier, answers, authority)
        if problem is not None:
            found.setdefault(problem, []).append(str(identifier))
    return tuple(
        replace(problem, message=f"{several(about)}: {problem.message}")
        for problem, about in found.items()
    )


def several(about: list[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = f" and {counted(len(about) - 1, 'more name')}" if len(about) > 1 else ""
    return f"{about[0]}{more}"


def judge(identifier: Identifier, answers: Answers, authority: Authority) -> Problem | None:
    """Return what CAA has against *identifier*, whose name it leaves out; None: nothing."""
    match relevant(identifier.base, answers):
        case None:
            return None
        case Obstructed() as obstructed:
            return failing(obstructed)
        case Relevant() as found:
            if tags := critical(found):
                return Problem(
                    "caa-critical",
                    f"CAA at {found.owner} has a critical property that no CA knows, which "
                    f"forbids issuance: {', '.join(tags)}",
                    "correct the tag of that record, or remove it",
                )
            matter = properties(found, is_wildcard=identifier.is_wildcard)
            return None if matter is None else permission(found, matter, authority)


def failing(obstructed: Obstructed) -> Problem:
    """Return the problem of a look-up that failed where it decides."""
    reason = printable(obstructed.silence.reason)
    return Problem(
        "caa-failing",
        f"the look-up of CAA at {obstructed.owner} fails: {reason}; a CA must not issue then, "
        "even if a parent allows it",
        f"the name servers of {obstructed.owner} must answer questions for CAA, if only with "
        "an empty answer: see what they say",
        Severity.ERROR if obstructed.is_sure else Severity.WARNING,
    )


def permission(found: Relevant, matter: Properties, authority: Authority) -> Problem | None:
    """Return whether *matter* lets *authority* issue, as a problem; None: it does."""
    able = [each for each in matter.sound if each.allows(authority)]
    if not able:
        return Problem("caa-forbids", *refusal(found, matter, authority))
    if not authority.issuers:
        return Problem(
            "caa-issuer",
            f"CAA at {found.owner} lets these CAs issue, and no other: " + named(able),
            "is your CA among them? name it with --issuer, and this is judged",
            Severity.NOTICE,
        )
    if authority.account or not all(each.accounts for each in able):
        return None
    return Problem(
        "caa-account",
        f"CAA at {found.owner} lets only some accounts of the CA issue: {accounts(able)}",
        "is yours among them? set account_uri, and this is judged",
        Severity.NOTICE,
    )


def refusal(found: Relevant, matter: Properties, authority: Authority) -> tuple[str, str]:
    """Return why *matter* does not let *authority* issue, and the next step."""
    wanted = " or ".join(authority.issuers)
    ours = [each for each in matter.sound if not wanted or each.issuer in authority.issuers]
    add = f'if it is to issue, add a CAA record there: 0 {matter.tag} "{wanted or "ca.example"}"'
    if not matter.sound:
        broken = " (malformed records count for nothing)" if None in matter.grants else ""
        return f"CAA at {found.owner} forbids every CA to issue{broken}", add
    if ours:
        return unmet(found, ours, authority)
    others = named(matter.sound)
    if wanted.lower() in others.lower():
        add += ", spelt exactly so: case counts"
    return f"CAA at {found.owner} lets {others} issue, but not {wanted}", add


def unmet(found: Relevant, ours: list[Grant], authority: Authority) -> tuple[str, str]:
    """Return which condition of *ours*, grants to the right CA, is not met, and the next step."""
    who = f"CAA at {found.owner} does not let {named(ours)} issue"
    able = [each for each in ours if each.allows_method(authority.method)]
    if able:
        account = printable(authority.account) or "any account: several conditions contradict"
        why = f"{who} for {account}: accounturi={accounts(able)}"
        return why, "order with an account that is named there, or correct accounturi"
    methods = printable(", ".join(sorted({text for each in ours for text in each.named(METHODS)})))
    return (
        f"{who} after {authority.method}: {METHODS}={methods}",
        f"add {authority.method} to {METHODS}, or have the CA validate in another way",
    )


def named(grants: Iterable[Grant]) -> str:
    """Return the issuers that *grants* name, printable, each once; records have no order."""
    return ", ".join(sorted({printable(each.issuer, 100) for each in grants}))


def accounts(grants: Iterable[Grant]) -> str:
    """Return the accounts that *grants* name, printable."""
    return printable(", ".join(sorted({uri for each in grants for uri in each.accounts})))
