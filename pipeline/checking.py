"""Say whether a domain would validate, before anybody writes anything: `dns01 check`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from dns.name import Name

from .case import Tools
from .checks.caa import Identifier, identified
from .checks.examine import Examination
from .checks.issuance import is_known, issuers
from .checks.judgement import Findings, gravest_first
from .checks.lines import CheckLine, NameserverLine
from .checks.soundings import Soundings
from .configuration.settings import Settings
from .hosting import hosting
from .model import LEAF, Exit, Failed, Severity, worst
from .orders.identifiers import hostname, leaf_of
from .report import Report, finished
from .survey import Survey
from .text import printable, quoted
from .tree.delegation import Chain, Delegation

Found = Mapping[Name, Chain | Failed]
"""Where each challenge name leads, or why nowhere."""


class Checking:
    """Looks at domains without writing; with credentials, if there are any, also at their host."""

    def __init__(
        self,
        settings: Settings,
        tools: Tools,
        unused: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        """Take what decides and what looks; *unused*: see `hosting`."""
        self._unused = unused
        self._settings = settings
        self._tools = tools
        self._clock = tools.clock
        self._exchange = tools.exchange

    def check(self, domains: Sequence[str]) -> Report:
        """Return the report on *domains*, which are independent; wildcards begin with ``*.``.

        What would surely fail is exit 65, a look-up that failed exits as it says.
        """
        names = dict.fromkeys(leaf_of(each.base) for each in identified(domains))
        survey = Survey(self._settings, self._exchange, tuple(names), self._left)
        found = survey.look()
        found = {**found, **survey.nowhere(found)}
        examination = Examination(
            Soundings(self._exchange, survey.recursive, self._left, survey.tree.silent),
            survey.tree,
            self._settings.authority,
            self._clock.today,
        )
        report = examined(domains, found, examination)
        failures, remarks = hosting(self._settings, self._tools, survey, found, self._unused)
        code = worst([Exit(report.exit), *(failed.exit for failed in failures)])
        said = [*report.problems, *survey.problems, *(f.problem for f in failures), *remarks]
        return replace(
            report,
            status=finished(code, "checked"),
            exit=code,
            problems=gravest_first(said),
            elapsed_s=self._clock.now(),
            dns_queries=self._exchange.sent + self._tools.hosts.dns_queries,
            api_calls=self._tools.hosts.api_calls,
        )

    def _left(self) -> float:
        return self._settings.timeout - self._clock.now()


def examined(domains: Sequence[str], found: Found, examination: Examination) -> Report:
    """Return the report on *domains*, as far as their challenge names were *found*."""
    asked = list(dict.fromkeys(domains))
    known = {domain: each for domain in asked for each in identified([domain])}
    strange = [no_domain(domain) for domain in asked if domain not in known]
    names = dict.fromkeys(leaf_of(each.base) for each in known.values())
    ends = [found.get(name, unseen(name)) for name in names]
    lost = [end for end in ends if isinstance(end, Failed)]
    chains = {name: end for name, end in found.items() if isinstance(end, Chain)}
    places = dict.fromkeys(place for chain in chains.values() for place in chain.places)
    there = [domain for domain, each in known.items() if leaf_of(each.base) in chains]
    findings = examination.in_depth(tuple(places), there)
    failures = [*strange, *lost]
    problems = examination.judge(findings)
    fatal = any(problem.severity is Severity.ERROR for problem in problems)
    exit_ = worst([*(each.exit for each in failures), Exit.DATA if fatal else Exit.DONE])
    return Report(
        finished(exit_, "checked"),
        exit_,
        checks=tuple(line(domain, known.get(domain), chains, findings) for domain in asked),
        problems=(*(each.problem for each in failures), *problems),
    )


def unseen(name: Name) -> Failed:
    """Return the failure of a *name* that nobody could be asked about."""
    return Failed(
        Exit.UNAVAILABLE,
        "dns-unreachable",
        f"no name server can be asked about {name} from here",
        "open port 53 (UDP and TCP) outwards, or run where it is open",
    )


def no_domain(text: str) -> Failed:
    """Return the failure of what cannot be in a certificate as a domain."""
    leaf = f"{LEAF.decode()}."
    base = text.lower().removeprefix(leaf)
    if base != text.lower() and hostname(base) is not None:
        what = "is the name of a challenge, not of a certificate"
        hint = f"leave {leaf} out: dns01 check {printable(base, 300)}"
    else:
        what = "is not a domain name"
        hint = f"a certificate's name, such as example.com or *.example.com, without {leaf}"
    return Failed(Exit.USAGE, "name", f"{quoted(text)} {what}", hint)


def line(
    domain: str,
    identifier: Identifier | None,
    chains: Mapping[Name, Chain],
    findings: Findings,
) -> CheckLine:
    """Return what *findings* say of *domain*, as far as it could be found."""
    bare = CheckLine(printable(domain, 300))
    if identifier is None:
        return bare
    name = leaf_of(identifier.base)
    bare = replace(bare, name=name.to_text())
    if name not in chains:
        return bare
    end = chains[name].end
    zone = findings.zones[end.zone.apex]
    return replace(
        bare,
        target="" if end.name == name else printable(end.name.to_text(), 255),
        zone=printable(end.zone.apex.to_text(), 255),
        servers=nameservers(end.zone),
        issuers=issuers(identifier, findings.caa),
        hears_caa=is_known(identifier, findings.caa),
        dnssec=zone.chain.value,
        negative_ttl_s=zone.negative_ttl,
    )


def nameservers(zone: Delegation) -> tuple[NameserverLine, ...]:
    """Return each host of *zone* with its addresses, also one that has none."""
    addresses: dict[str, list[str]] = {host.to_text(): [] for host in sorted(zone.hosts)}
    for via in zone.servers:
        addresses.setdefault(via.server, []).append(str(via))
    parent, child = ({host.to_text() for host in hosts} for hosts in (zone.parent, zone.child))
    return tuple(
        NameserverLine(printable(host, 255), tuple(at), named_by(host, parent, child))
        for host, at in addresses.items()
    )


def named_by(host: str, parent: set[str], child: set[str]) -> str:
    """Return who names *host*: the zone, its parent, both, or the configuration."""
    match host in parent, host in child:
        case True, True:
            return "both"
        case True, False:
            return "parent"
        case False, True:
            return "child"
        case _:
            return "configuration"
