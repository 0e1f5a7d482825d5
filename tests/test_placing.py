"""Every value goes to the zone that the world is led to, at every host that serves it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from dns.name import Name, from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.case import Case
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.detection import Detect
from pipeline.hosts import Hosts
from pipeline.model import Challenge, Exit, Failed, Order, Severity
from pipeline.placing import Placing, hindrance
from pipeline.questions import Perspective, Role
from pipeline.receipts.receipt import Claim
from pipeline.tree.delegation import Chain, Delegation, Place
from providers.contract import Change, Zone
from providers.errors import Unauthorized

if TYPE_CHECKING:
    from pipeline.case import Tools

A, SUB, VAL = (from_text(name) for name in ("a.test.", "sub.a.test.", "val.test."))
LEAF = from_text("_acme-challenge.a.test.")
TARGET = from_text("a.val.test.")
NS1, NS2, ELSEWHERE = (from_text(f"ns{n}.test.") for n in (1, 2, 3))


class Account:
    """A provider with zones."""

    def __init__(self, *zones: Zone, error: Exception | None = None) -> None:
        self.hosted = zones
        self.error = error
        self.asked: list[list[Name]] = []
        self.api_calls = 0

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        self.asked.append(list(names))
        if self.error:
            raise self.error
        return [z for z in self.hosted if any(name.is_subdomain(z.apex) for name in names)]

    def append(self, *_: object) -> Change:
        raise AssertionError("nothing is to be written")

    def delete(self, *_: object) -> Change:
        raise AssertionError("nothing is to be written")

    def in_sync(self, *_: object) -> bool:
        raise AssertionError("nothing is to be asked")


def zone(apex: Name = A, id_: str = "z1", *nameservers: Name, obstacle: str = "") -> Zone:
    return Zone(apex, id_, nameservers, obstacle)


def led(
    *names: Name,
    apex: Name | None = None,
    hosts: Collection[Name] = (NS1, NS2),
    configured: bool = False,
) -> Chain:
    """Return the chain through *names*, each in its parent, the last in *apex*."""
    places = []
    for name, alias in zip(names, (*names[1:], None), strict=True):
        within = apex if apex is not None and alias is None else name.parent()
        servers = tuple(
            Perspective(f"8.0.0.{h}", 53, Role.AUTHORITATIVE, h.to_text()) for h in hosts
        )
        zone_ = Delegation(within, servers, frozenset(hosts), is_configured=configured)
        places.append(Place(name, zone_, exists=True, alias=alias))
    return Chain(tuple(places))


def case(*names: Name, chains: Mapping[Name, Chain] | None = None) -> Case:
    made = Case(Claim("cert", "document", ""))
    challenges = tuple(Challenge(name, f"v{n}") for n, name in enumerate(names or (LEAF,)))
    made.order = Order("cert", "document", "", "pending", challenges)
    made.chains = {LEAF: led(LEAF)} if chains is None else chains
    return made


def undetected(_zone: Delegation | None) -> Sequence[str]:
    raise Failed(Exit.CONFIG, "provider", "no provider is chosen")


def nobody(_hosts: Collection[Name]) -> frozenset[str]:
    return frozenset()


def elsewhere(hosts: Collection[Name]) -> frozenset[str]:
    return frozenset(f"8.0.0.{host}" for host in hosts)


def placed(
    *cases: Case,
    detect: Detect = undetected,
    addresses: Callable[[Collection[Name]], frozenset[str]] = elsewhere,
    accounts: Mapping[str, Account] | None = None,
    **settings: object,
) -> Placing:
    """Place *cases* and return who did."""
    opened = {"here": Account(zone()), **(accounts or {})}
    hosts = Hosts(lambda name: opened[name], SystemClock())
    more = {"providers": ("here",), **settings}
    placing = Placing(Settings(Path(), **more), hosts, detect, addresses)  # type: ignore[arg-type]
    placing.place(cases)
    return placing


def where(made: Case) -> list[tuple[str, str, str]]:
    assert made.failure is None
    return [(r.owner.to_text(), r.provider, r.zone.id) for r in made.records]


def code(made: Case) -> str:
    assert made.failure is not None
    assert made.failure.exit is Exit.CONFIG
    assert made.records == ()
    return made.failure.problem.code


# Which zone


def test_a_value_goes_to_the_zone_that_the_world_is_led_to() -> None:
    """
    Not to a parent of it, nor to a child that nobody delegates to.
    """
    chain = {LEAF: led(LEAF)}
    account = Account(zone(from_text("test."), "up"), zone(), zone(LEAF, "down"))
    one = case(chains=chain)
    placed(one, accounts={"here": account})
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    assert (one.records[0].target, one.records[0].ttl) == (None, 60)


def test_values_of_a_delegated_name_go_to_the_end_of_its_chain() -> None:
    """
    The record says what name they answer for, and where they are.
    """
    one = case(chains={LEAF: led(LEAF, TARGET)})
    placed(one, accounts={"here": Account(zone(), zone(VAL, "val"))})
    assert where(one) == [(TARGET.to_text(), "here", "val")]
    assert (one.records[0].challenge.name, one.records[0].target) == (LEAF, TARGET)


def test_a_target_may_be_at_another_provider() -> None:
    """
    It is chosen by the name the value is written at; the alias's own host is not asked.
    """
    here, there = Account(zone()), Account(zone(VAL, "val"))
    zones = {A: ZoneSettings(providers=("here",)), VAL: ZoneSettings(providers=("there",))}
    one = case(chains={LEAF: led(LEAF, TARGET)})
    placed(one, accounts={"here": here, "there": there}, zones=zones, providers=())
    assert where(one) == [(TARGET.to_text(), "there", "val")]
    assert (here.asked, there.asked) == ([], [[VAL]])


@pytest.mark.parametrize(
    ("hosted", "apex", "wanted"),
    [
        (zone(), SUB, "delegated-elsewhere"),
        (zone(SUB, "sub"), A, "not-delegated"),
        (zone(VAL, "val"), A, "no-zone"),
        (zone(A, "z1", ELSEWHERE), A, "wrong-zone"),
        (zone(obstacle="pending: wait"), A, "zone-not-served"),
    ],
)
def test_a_zone_that_would_not_be_seen_is_refused(hosted: Zone, apex: Name, wanted: str) -> None:
    """
    78, and nothing to be written, for each way of being the wrong one.
    """
    name = from_text("_acme-challenge.sub.a.test.")
    one = case(name, chains={name: led(name, apex=apex)})
    placed(one, accounts={"here": Account(hosted)})
    assert code(one) == wanted


def test_force_writes_to_the_wrong_zone_and_says_so() -> None:
    """
    What would stop is a warning then.
    """
    one = case()
    placing = placed(one, accounts={"here": Account(zone(A, "z1", ELSEWHERE))}, force=True)
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    codes = {problem.code: problem.severity for problem in placing.problems}
    assert codes["wrong-zone"] is Severity.WARNING


def test_a_zone_whose_servers_have_no_address_here_is_written_to() -> None:
    """
    It is not certain that they are others: a warning.
    """
    one = case()
    placing = placed(one, accounts={"here": Account(zone(A, "z1", ELSEWHERE))}, addresses=nobody)
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    assert [problem.code for problem in placing.problems] == ["zone-unverified"]


def test_servers_that_no_chosen_host_names_are_a_warning() -> None:
    """
    Another host may serve the zone as well; once, however many names are in the zone.
    """
    www = from_text("_acme-challenge.www.a.test.")
    one = case(LEAF, www, chains={LEAF: led(LEAF), www: led(www, apex=A)})
    placing = placed(one, accounts={"here": Account(zone(A, "z1", NS1))})
    assert len(where(one)) == 2
    assert [problem.code for problem in placing.problems] == ["other-host"]
    assert NS2.to_text() in placing.problems[0].message


def test_servers_the_user_named_are_not_compared() -> None:
    """
    A split view is served by whom the user says.
    """
    one = case(chains={LEAF: led(LEAF, configured=True)})
    placing = placed(one, accounts={"here": Account(zone(A, "z1", ELSEWHERE))})
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    assert placing.problems == []


def test_without_the_worlds_view_the_closest_zone_is_taken() -> None:
    """
    Nothing better is known.
    """
    one = case(chains={})
    placing = placed(one, accounts={"here": Account(zone(from_text("test."), "up"), zone())})
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    assert placing.problems == []
    other = case(from_text("_acme-challenge.b.example."), chains={})
    placed(other)
    assert code(other) == "no-zone"


# Which provider


def test_a_zone_of_several_hosts_gets_its_values_at_each() -> None:
    """
    A CA may ask the servers of any; together they are all that the world is led to.
    """
    accounts = {"here": Account(zone(A, "z1", NS1)), "there": Account(zone(A, "z2", NS2))}
    one = case()
    placing = placed(one, accounts=accounts, providers=("here", "there"))
    assert where(one) == [(LEAF.to_text(), "here", "z1"), (LEAF.to_text(), "there", "z2")]
    assert placing.problems == []


@pytest.mark.parametrize(
    ("broken", "code_"),
    [
        (Account(), "no-zone"),
        (Account(zone(A, "z2", ELSEWHERE)), "wrong-zone"),
    ],
)
def test_one_of_several_hosts_is_enough_to_go_on(broken: Account, code_: str) -> None:
    """
    That the other has no part in the zone is a warning.
    """
    one = case()
    accounts = {"here": Account(zone(A, "z1", NS1, NS2)), "there": broken}
    placing = placed(one, accounts=accounts, providers=("there", "here"))
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    [problem] = placing.problems
    assert (problem.code, problem.severity) == (code_, Severity.WARNING)


def test_a_host_that_cannot_be_asked_is_not_gone_on_without() -> None:
    """
    Its values would be missing: better to hear of its credentials now than of its servers later.
    """
    one = case()
    accounts = {
        "here": Account(zone(A, "z1", NS1)),
        "there": Account(error=Unauthorized("who?")),
    }
    placed(one, accounts=accounts, providers=("here", "there"))
    assert one.failure is not None
    assert one.failure.exit is Exit.REFUSED


def test_where_no_host_will_do_the_first_is_heard() -> None:
    """
    It is the one the user named first.
    """
    one = case()
    accounts = {"here": Account(error=Unauthorized("who?")), "there": Account()}
    placed(one, accounts=accounts, providers=("here", "there"))
    assert one.failure is not None
    assert one.failure.exit is Exit.REFUSED


@pytest.mark.parametrize(
    ("flag", "configured", "fallback", "chosen"),
    [
        (("a",), ("b",), ("c",), "a"),
        ((), ("b",), ("c",), "b"),
        ((), (), ("c",), "c"),
        ((), (), (), "d"),
    ],
)
def test_who_chooses(
    flag: tuple[str, ...], configured: tuple[str, ...], fallback: tuple[str, ...], chosen: str
) -> None:
    """
    The flag, then the configuration, then the environment, then whoever has credentials.
    """
    accounts = {name: Account(zone(id_=name)) for name in "abcd"}
    one = case()
    zones = {A: ZoneSettings(providers=configured)}
    placed(
        one,
        detect=lambda _zone: ["d"],
        accounts=accounts,
        providers=flag,
        zones=zones,
        fallback=fallback,
    )
    assert where(one) == [(LEAF.to_text(), chosen, chosen)]


def test_a_provider_is_looked_for_once_in_a_zone() -> None:
    """
    And only where nobody chose.
    """
    looked: list[Name | None] = []

    def detect(zone: Delegation | None) -> Sequence[str]:
        looked.append(zone.apex if zone else None)
        return ["here"]

    www = from_text("_acme-challenge.www.a.test.")
    chains = {LEAF: led(LEAF), www: led(www, apex=A)}
    placed(case(LEAF, www, chains=chains), case(), detect=detect, providers=())
    assert looked == [A]


def test_each_zone_has_its_own_host() -> None:
    """
    A run over names in two zones at two hosts needs no flags; one at both is written to at both.
    """
    other, both = from_text("_acme-challenge.val.test."), from_text("_acme-challenge.sub.a.test.")
    hosts = {A: ["here"], VAL: ["there"], SUB: ["here", "there"]}
    accounts = {"here": Account(zone(), zone(SUB, "s1")), "there": Account(*map(zone, (VAL, SUB)))}
    one = case(LEAF, other, both, chains={name: led(name) for name in (LEAF, other, both)})
    placed(
        one,
        detect=lambda zone: hosts[zone.apex] if zone else [],
        accounts=accounts,
        providers=(),
    )
    assert [(r.provider, r.zone.apex) for r in one.records] == [
        ("here", A),
        ("there", VAL),
        ("here", SUB),
        ("there", SUB),
    ]


def test_a_zone_that_nobody_is_known_to_serve_fails_its_names_alone() -> None:
    """
    What cannot be told of one zone is no other's failure.
    """
    other = from_text("_acme-challenge.val.test.")

    def detect(zone: Delegation | None) -> Sequence[str]:
        return ["here"] if zone and zone.apex == A else undetected(zone)

    one, two = case(), case(other, chains={other: led(other)})
    placed(one, two, detect=detect, providers=())
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    assert code(two) == "provider"


def test_no_provider_fails_the_names_that_need_one() -> None:
    """
    Others, whose zone names theirs, go on.
    """
    other = from_text("_acme-challenge.val.test.")
    zones = {A: ZoneSettings(providers=("here",))}
    one, two = case(), case(other, chains={other: led(other)})
    placed(one, two, zones=zones, providers=())
    assert where(one) == [(LEAF.to_text(), "here", "z1")]
    assert code(two) == "provider"


# Few calls


def test_each_provider_is_asked_once_for_all_names() -> None:
    """
    For the zones that the world is led to, each once, however many names are in it.
    """
    account = Account(zone(), zone(VAL, "val"))
    www = from_text("_acme-challenge.www.a.test.")
    chains = {LEAF: led(LEAF, TARGET), www: led(www, TARGET)}
    other = from_text("_acme-challenge.b.a.test.")
    one, two = case(LEAF, www, chains=chains), case(other, chains={other: led(other, apex=A)})
    placed(one, two, accounts={"here": account})
    assert account.asked == [[VAL, A]]
    assert len(one.records) == 2


def test_around_a_name_whose_zone_is_elsewhere_everything_is_looked_at() -> None:
    """
    So the reason names the child that the provider has, and nobody delegates to.
    """
    one, other = case(), from_text("_acme-challenge.val.test.")
    two = case(other, chains={other: led(other, apex=VAL)})
    account = Account(zone(LEAF, "down"), zone(VAL, "val"))
    placed(one, two, accounts={"here": account})
    assert account.asked == [[A, VAL], [LEAF]]
    assert code(one) == "not-delegated"
    assert where(two) == [(other.to_text(), "here", "val")]


def test_a_zone_is_judged_once_for_all_its_names() -> None:
    """
    Name servers' addresses are questions, so they are not looked up for each name.
    """
    lookups: list[Collection[Name]] = []

    def counted(hosts: Collection[Name]) -> frozenset[str]:
        lookups.append(hosts)
        return elsewhere(hosts)

    names = [from_text(f"_acme-challenge.h{n}.a.test.") for n in range(20)]
    cases = [case(name, chains={name: led(name, apex=A)}) for name in names]
    account = Account(zone(A, "z1", NS1, ELSEWHERE))
    placed(*cases, accounts={"here": account}, addresses=counted)
    assert all(each.records for each in cases)
    assert len(lookups) == 1


def test_a_configured_zone_is_taken_at_its_word() -> None:
    """
    Apex and id are known: nobody is asked.
    """
    account = Account(zone(id_="other"))
    zones = {A: ZoneSettings(zone_id="Z9", nameservers=(Endpoint("8.0.0.1"),))}
    one = case()
    placed(one, accounts={"here": account}, zones=zones)
    assert where(one) == [(LEAF.to_text(), "here", "Z9")]
    assert account.asked == []


def test_a_case_of_several_names_fails_by_one_and_writes_nothing() -> None:
    """
    An order is served whole or not at all; other orders do not care.
    """
    other = from_text("_acme-challenge.b.example.")
    one = case(LEAF, other, chains={LEAF: led(LEAF), other: led(other)})
    two = case()
    placed(one, two)
    assert code(one) == "no-zone"
    assert where(two) == [(LEAF.to_text(), "here", "z1")]


def test_an_order_that_needs_nothing_gets_nothing() -> None:
    """
    Nobody is asked for it.
    """
    account = Account(zone())
    done = case(chains={})
    done.order = Order("cert", "document", "", "ready")
    placed(done, accounts={"here": account})
    assert (done.records, done.failure, account.asked) == ((), None, [])


@pytest.mark.parametrize(
    ("settings", "is_asked"),
    [
        ({"providers": ("work",)}, True),
        ({"fallback": ("work",)}, True),
        ({}, True),
        ({"providers": ("work", "other")}, False),
        ({"zones": {A: ZoneSettings(("other",))}, "fallback": ("work",)}, False),
    ],
    ids=["the flag", "the environment", "detected", "two hosts of one zone", "hosts by zone"],
)
def test_a_hindrance_is_of_the_one_provider_meant(
    settings: dict[str, object], *, is_asked: bool
) -> None:
    """
    Whom the names need is certain only where one provider is meant; no other is asked, or blamed.
    """
    accounts = {name: Account(error=Unauthorized("who are you?")) for name in ("work", "other")}
    hosts = Hosts(lambda name: accounts[name], SystemClock())
    tools = SimpleNamespace(hosts=hosts, detect=lambda _zone: ["work"])
    order = case().order
    assert order
    found = hindrance(order, Settings(Path(), **settings), cast("Tools", tools))  # type: ignore[arg-type]
    assert (found is not None) is is_asked
    assert [account.asked for account in accounts.values()] == [[[LEAF]] if is_asked else [], []]


def test_nothing_hinders_where_the_host_answers() -> None:
    """
    A host that has no zone of the name lets somebody in; the name may lead elsewhere.
    """
    tools = SimpleNamespace(hosts=Hosts(lambda _name: Account(), SystemClock()))
    order = case().order
    assert order
    assert hindrance(order, Settings(Path(), providers=("here",)), cast("Tools", tools)) is None
