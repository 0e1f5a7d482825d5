"""No server that a validator may ask is left out: else a ready might be false."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from dns.message import Message, make_response
from dns.name import from_text
from dns.rcode import SERVFAIL
from dns.rdatatype import NS
from dns.zone import Zone

from pipeline.configuration.settings import Settings
from pipeline.model import Exit
from pipeline.questions import Silence, Transport
from pipeline.report import Report
from pipeline.tree.hints import ROOT_SERVERS

from .tree.internet import (
    RESOLVER,
    ROOT,
    TLD,
    Respond,
    delegated,
    knowing,
    root,
    serving,
    tld,
    zone,
)  # fmt: skip
from .tree.waits import Jumping, waited

ONE, TWO, THREE, HOST, CHILD = "8.0.1.1", "8.0.1.2", "8.0.1.3", "8.0.5.1", "8.0.2.1"
NAME = "_acme-challenge.x.test."
VALUE = f'{NAME} TXT "v"'


def world(glue: list[str], good: Zone, **servers: Respond) -> dict[str, Respond]:
    """Return an Internet in which *glue* stands in the TLD, and resolvers know the *good* zone."""
    return {
        ROOT: serving(root()),
        TLD: serving(tld(*glue)),
        RESOLVER: knowing(good),
        **servers,
    }


def not_ready(servers: Mapping[str, Respond], name: str = NAME) -> Report:
    report, _ = waited(servers, name)
    assert report.exit == Exit.NOT_READY
    return report


def stands_in_the_way(report: Report, address: str) -> bool:
    lines = {line.address: line for record in report.records for line in record.perspectives}
    return address in lines and lines[address].state == "absent"


def test_a_host_whose_address_is_not_told_at_once_is_asked_for_again() -> None:
    """
    The zone of ns2 is silent for a moment; ns2 is alive, and has no value.
    """
    own, far = f"ns1.x.test.={ONE}", "ns2.dns.test."
    dns = delegated("dns.test.", f"n.dns.test.={HOST}")
    hosts = zone("dns.test.", *dns, f"{far} A {TWO}")
    new = zone("x.test.", *delegated("x.test.", own, far), VALUE)
    old = zone("x.test.", *delegated("x.test.", own, far))
    calls: list[Message] = []

    def flaky(query: Message) -> Message | Silence:
        calls.append(query)
        return Silence("timeout") if len(calls) <= 2 else serving(hosts)(query)

    glue = [*delegated("x.test.", own, far), *dns]
    servers = world(glue, new) | {ONE: serving(new), TWO: serving(old), HOST: flaky}
    assert stands_in_the_way(not_ready(servers), TWO)


def test_a_host_whose_address_nobody_tells_counts_as_silent() -> None:
    """
    It may be there, and deny: of two hosts it is not one that can be done without.
    """
    own, far = f"ns1.x.test.={ONE}", "ns2.dns.test."
    dns = delegated("dns.test.", f"n.dns.test.={HOST}")
    new = zone("x.test.", *delegated("x.test.", own, far), VALUE)
    report = not_ready(world([*delegated("x.test.", own, far), *dns], new) | {ONE: serving(new)})
    [line] = [p for r in report.records for p in r.perspectives if p.server == far]
    assert (line.address, line.state) == ("", "silent")
    assert "nameserver-lost" in {problem.code for problem in report.problems}


def test_every_server_is_heard_on_who_the_servers_are() -> None:
    """
    One names a third that the others do not; a resolver that asks this one learns of it.
    """
    both = delegated("x.test.", f"ns1.x.test.={ONE}", f"ns2.x.test.={TWO}")
    third = ("x.test. NS ns3.x.test.", f"ns3.x.test. A {THREE}")
    one, two = zone("x.test.", *both, VALUE), zone("x.test.", *both, *third, VALUE)
    servers = world(both, one) | {
        ONE: serving(one),
        TWO: serving(two),
        THREE: serving(zone("x.test.", *both, *third)),
    }
    assert stands_in_the_way(not_ready(servers), THREE)


def test_a_look_up_that_fails_once_is_no_empty_set() -> None:
    """
    The zone's one known server cannot say at first who else there is.
    """
    glue = delegated("x.test.", f"ns1.x.test.={ONE}")
    more = ("x.test. NS ns2.x.test.", f"ns2.x.test. A {TWO}")
    new, old = zone("x.test.", *glue, *more, VALUE), zone("x.test.", *glue, *more)
    calls: list[Message] = []

    def flaky(query: Message) -> Message | Silence:
        if query.question[0].rdtype == NS and not calls:
            calls.append(query)
            response = make_response(query)
            response.set_rcode(SERVFAIL)
            return response
        return serving(new)(query)

    servers = world(glue, new) | {ONE: flaky, TWO: serving(old)}
    assert stands_in_the_way(not_ready(servers), TWO)


@pytest.mark.parametrize("left_over", [ONE, TWO])
def test_a_child_zone_left_on_a_server_of_its_parent_is_asked(left_over: str) -> None:
    """
    A resolver that is sent there gets an answer with authority, though the child lives elsewhere.
    """
    apex = "c.x.test."
    name = f"_acme-challenge.{apex}"
    up = delegated("x.test.", f"ns1.x.test.={ONE}", f"ns2.x.test.={TWO}")
    down = delegated(apex, f"ns.{apex}={CHILD}")
    parent = zone("x.test.", *up, *down)
    good, old = zone(apex, *down, f'{name} TXT "v"'), zone(apex, *down)
    servers = world(up, good) | {ONE: serving(parent), TWO: serving(parent), CHILD: serving(good)}
    servers[left_over] = serving(parent, old)
    assert stands_in_the_way(not_ready(servers, name), left_over)


def test_a_zone_that_is_silent_at_first_is_no_closed_port() -> None:
    """
    Root and top-level zone have answered by port 53: no resolver is asked in their stead.
    """
    glue = delegated("x.test.", f"ns1.x.test.={ONE}", f"ns2.x.test.={TWO}")
    new, old = zone("x.test.", *glue, VALUE), zone("x.test.", *glue)

    def servers(clock: Jumping) -> dict[str, Respond]:
        def waking(zone_: Zone) -> Respond:
            return lambda q: Silence("timeout") if clock.moment < 0.5 else serving(zone_)(q)

        return {
            **{at: serving(root()) for _, *both in ROOT_SERVERS for at in both},
            **{f"https://{at}": knowing(new, root()) for at in ("1.1.1.1", "8.8.8.8", "9.9.9.10")},
            TLD: serving(tld(*glue)),
            ONE: waking(new),
            TWO: waking(old),
        }

    report, net = waited(servers, NAME, Settings(Path(), timeout=60.0))
    assert report.exit != Exit.DONE
    assert "port-53-filtered" not in {problem.code for problem in report.problems}
    assert not [
        query
        for query in net.asked
        if query.transport is not Transport.PLAIN and query.name == from_text(NAME)
    ]
