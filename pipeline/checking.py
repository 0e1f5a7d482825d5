"""Say whether a domain would validate, before anybody writes anything: `dns01 check`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from dns.name import Name

from .checks.caa import Identifier
from .checks.examine import Examination, identified
from .checks.issuance import issuers
from .checks.judgement import Findings
from .checks.lines import CheckLine, NameserverLine
from .clock import Clock
from .identifiers import leaf_of
from .model import Exit, Failed, Problem, Severity, worst
from .report import Report
from .text import printable, quoted
from .tree.delegation import Delegation, Place


class Chain(Protocol):
    """A challenge name, and each name it is an alias for; the values belong at the last."""

    @property
    def places(self) -> tuple[Place, ...]: ...


Follow = Callable[[Iterable[Name]], Mapping[Name, Chain | Failed]]
"""Returns where each challenge name leads, or why nowhere."""


class Checking:
    """Looks at domains without credentials, and without writing."""

    def __init__(
        self, follow: Follow, examination: Examination, clock: Clock, sent: Callable[[], int]
    ) -> None:
        """Find places by *follow*; *sent* tells how many questions went out."""
        self._follow = follow
        self._examination = examination
        self._clock = clock
        self._sent = sent

    def check(self, domains: Sequence[str]) -> Report:
        """Return the report on *domains*, which are independent; wildcards begin with ``*.``.

        What would surely fail is exit 65, a look-up that failed exits as it says.
        """
        known = {domain: found for domain in domains for found in identified([domain])}
        strange = [no_domain(domain) for domain in dict.fromkeys(domains) if domain not in known]
        ends = self._follow(dict.fromkeys(leaf_of(each.base) for each in known.values()))
        lost = {name: end for name, end in ends.items() if isinstance(end, Failed)}
        chains = {name: end.places for name, end in ends.items() if not isinstance(end, Failed)}
        places = dict.fromkeys(place for chain in chains.values() for place in chain)
        there = [domain for domain, each in known.items() if leaf_of(each.base) in chains]
        findings = self._examination.in_depth(tuple(places), there)
        problems = self._examination.judge(findings)
        lines = [
            line(domain, known.get(domain), chains, findings) for domain in dict.fromkeys(domains)
        ]
        return self._report(lines, [*strange, *lost.values()], problems)

    def _report(
        self, lines: Sequence[CheckLine], failures: Sequence[Failed], problems: Sequence[Problem]
    ) -> Report:
        fatal = any(problem.severity is Severity.ERROR for problem in problems)
        exit_ = worst([*(each.exit for each in failures), Exit.DATA if fatal else Exit.DONE])
        return Report(
            "checked" if exit_ is Exit.DONE else "failed",
            exit_,
            checks=tuple(lines),
            problems=tuple(dict.fromkeys([*(each.problem for each in failures), *problems])),
            elapsed_s=self._clock.now(),
            dns_queries=self._sent(),
        )


def no_domain(text: str) -> Failed:
    """Return the failure of what cannot be in a certificate as a domain."""
    return Failed(
        Exit.USAGE,
        "name",
        f"{quoted(text)} is not a domain name",
        "a certificate's name, such as example.com or *.example.com, without _acme-challenge",
    )


def line(
    domain: str,
    identifier: Identifier | None,
    chains: Mapping[Name, Sequence[Place]],
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
    end = chains[name][-1]
    zone = findings.zones[end.zone.apex]
    return replace(
        bare,
        target="" if end.name == name else printable(end.name.to_text(), 255),
        zone=printable(end.zone.apex.to_text(), 255),
        servers=nameservers(end.zone),
        issuers=issuers(identifier, findings.caa),
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
