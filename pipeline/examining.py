"""Have every order of a run examined before it is written: what would surely fail stops it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from dns import rdatatype

from .case import Case, Tools
from .checks.caa import identified, ladder
from .checks.examine import Examination
from .checks.judgement import Findings
from .checks.soundings import Soundings
from .configuration.settings import Authority, Settings
from .model import Exit, Failed, Problem, Severity
from .orders.issuers import issuers_of
from .orders.tokens import PERSISTENT
from .survey import Survey
from .tree.delegation import Asked, Place


def examine(
    cases: Sequence[Case],
    survey: Survey,
    settings: Settings,
    tools: Tools,
    left: Callable[[], float],
) -> list[Problem]:
    """Fail those of *cases* that the CA would surely refuse; return what else it may mind.

    With `Settings.force` nothing fails, and what would have is a warning.
    """
    seen = [case for case in cases if case.alive and case.chains]
    if not seen:
        return []
    soundings = Soundings(tools.exchange, survey.recursive, left, survey.tree.silent)
    examination = Examination(soundings, survey.tree, settings.authority, tools.clock.today)
    places = dict.fromkeys(place for case in seen for place in places_of(case))
    domains = dict.fromkeys(domain for case in seen for domain in domains_of(case))
    findings = examination.look(tuple(places), domains)
    problems = []
    for case in seen:
        problems += judged(case, findings, settings, tools)
    return list(dict.fromkeys(problems))


def foreseen(cases: Sequence[Case], settings: Settings) -> list[Asked]:
    """Return what `examine` will ask of the tree for certain, while *cases* have no chains yet.

    Nothing in a split view, of which only the chains tell how far it goes.
    """
    if any(zone.nameservers for zone in settings.zones.values()):
        return []
    seen = [case for case in cases if case.names]
    domains = dict.fromkeys(domain for case in seen for domain in domains_of(case))
    rungs = dict.fromkeys(name for each in identified(domains) for name in ladder(each.base))
    return [(name, rdatatype.CAA) for name in rungs]


def judged(case: Case, findings: Findings, settings: Settings, tools: Tools) -> list[Problem]:
    """Fail *case* if *findings* are fatal for it; return the rest of what they mean."""
    authority, today = authority_of(case, settings.authority), tools.clock.today()
    own = {challenge.value for challenge in case.challenges}
    problems = [
        problem
        for method, domains in by_method(case).items()
        for problem in findings.about(tuple(places_of(case)), domains, own).problems(
            replace(authority, method=method), today
        )
    ]
    found = [
        Failed(Exit.DATA, problem.code, problem.message, problem.hint)
        if problem.severity is Severity.ERROR
        else problem
        for problem in dict.fromkeys(problems)
    ]
    fatal = [each for each in found if isinstance(each, Failed)]
    rest = [each for each in found if isinstance(each, Problem)]
    if settings.force:
        return [*(failed.as_warning() for failed in fatal), *rest]
    case.failure = case.failure or (fatal[0] if fatal else None)
    return [*(failed.problem for failed in fatal), *rest]


def authority_of(case: Case, configured: Authority) -> Authority:
    """Return the CA that will validate *case*: as configured, else as its order tells."""
    order = case.order
    if order is None:
        return configured
    return Authority(
        configured.issuers or order.issuers or issuers_of(order.uri),
        configured.account or order.account,
    )


def by_method(case: Case) -> dict[str, list[str]]:
    """Return the names of `domains_of` by the method that each is validated by, dns-01 first."""
    methods = {each.base: each.method for each in case.challenges}
    methods |= {each.base: PERSISTENT for each in case.standing}
    found: dict[str, list[str]] = {"dns-01": []}
    for domain in domains_of(case):
        method = next((methods.get(each.base, "") for each in identified([domain])), "")
        found.setdefault(method or "dns-01", []).append(domain)
    return found


def places_of(case: Case) -> list[Place]:
    """Return every name of *case*, and every name it is an alias for."""
    return [place for chain in case.chains.values() for place in chain.places]


def domains_of(case: Case) -> list[str]:
    """Return the names that the certificate of *case* is to cover, for what CAA says of them.

    None in a split view: what the world's CAA records say cannot be seen from inside.
    """
    if case.order is None or any(place.zone.is_configured for place in places_of(case)):
        return []
    named = [domain.strip() for domain in case.order.name.split(",")]
    covered = {each.base for each in identified(named)}  # a wildcard's challenge names its base
    others = (each.domain for each in case.challenges if each.base not in covered)
    return [*named, *others]
