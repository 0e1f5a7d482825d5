"""Where everything goes, and who is to see it: found out before anything is written."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from dns.name import Name, from_text
from dns.rdatatype import NS

from pipeline.asking.endpoints import Endpoint
from pipeline.case import Case, Tools
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.detection import Detect
from pipeline.hosts import Hosts
from pipeline.model import Challenge, Exit, Failed, Order, Severity
from pipeline.preparing import Preparation
from pipeline.receipts.receipt import Claim
from pipeline.receipts.store import Store
from providers.contract import Change, Zone
from providers.errors import Unauthorized

from .tree.internet import ROOT, TLD, Internet, delegated, knowing, lame, root, serving, tld, zone

X_HOST, Y_HOST = "8.0.1.1", "8.0.1.2"
LEAF, OTHER = (from_text(f"_acme-challenge.{apex}.test.") for apex in "xy")
GLUE = [
    *delegated("x.test.", f"ns.x.test.={X_HOST}"),
    *delegated("y.test.", f"ns.y.test.={Y_HOST}"),
]
HINTS = (Endpoint(ROOT),)


class Account:
    """A provider that hosts *apexes*, on their own name servers."""

    api_calls = 0

    def __init__(self, *apexes: str, error: Exception | None = None) -> None:
        self.apexes = apexes
        self.error = error

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        if self.error:
            raise self.error
        return [Zone(from_text(apex), apex, (from_text(f"ns.{apex}"),)) for apex in self.apexes]

    def append(self, *_: object) -> Change:
        raise AssertionError("nothing is to be written")

    def delete(self, *_: object) -> Change:
        raise AssertionError("nothing is to be written")

    def in_sync(self, *_: object) -> bool:
        raise AssertionError("nothing is to be asked")


def world(x: tuple[str, ...] = (), y: tuple[str, ...] = ()) -> Internet:
    """Return an Internet with two zones on servers of their own."""
    return Internet(
        {
            ROOT: serving(root()),
            TLD: serving(tld(*GLUE)),
            X_HOST: serving(zone("x.test.", *delegated("x.test.", f"ns.x.test.={X_HOST}"), *x)),
            Y_HOST: serving(zone("y.test.", *delegated("y.test.", f"ns.y.test.={Y_HOST}"), *y)),
        }
    )


def host(name: Name) -> str:
    """Return the name that the challenge at *name* is for."""
    return name.parent().to_text(omit_final_dot=True)


def case(*wanted: tuple[Name, str]) -> Case:
    made = Case(Claim("x.test", "document", ""))
    challenges = tuple(
        Challenge(name, value, host(name)) for name, value in wanted or ((LEAF, "v"),)
    )
    made.order = Order("x.test", "document", "", "pending", challenges)
    return made


Verb = Callable[[Preparation, Sequence[Case]], None]


def prepared(
    internet: Internet,
    folder: Path,
    *cases: Case,
    verb: Verb = Preparation.prepare,
    accounts: Mapping[str, Account] | None = None,
    detect: Detect | None = None,
    **settings: object,
) -> Preparation:
    """Prepare *cases*, and return who did; their providers are chosen, but for *detect*."""
    opened = accounts or {"host": Account("x.test.", "y.test.")}
    clock = SystemClock()
    made = Settings(folder, **{"root_hints": HINTS, "providers": tuple(opened), **settings})  # type: ignore[arg-type]
    tools = Tools(
        clock,
        Store(folder, clock.today),
        Hosts(opened.__getitem__, clock),
        internet,
        detect or (lambda _zone: pytest.fail("a provider is chosen")),
        None,  # type: ignore[arg-type]
    )
    preparation = Preparation(made, tools, lambda: 9.0)
    verb(preparation, cases)
    return preparation


def test_a_case_gets_its_chain_records_and_goals(tmp_path: Path) -> None:
    """
    All that publishing and waiting need.
    """
    one = case((LEAF, "one"), (LEAF, "two"))
    preparation = prepared(world(), tmp_path, one)
    assert one.failure is None
    assert [place.name for place in one.chains[LEAF].places] == [LEAF]
    assert [(r.owner, r.challenge.value) for r in one.records] == [(LEAF, "one"), (LEAF, "two")]
    [goal] = one.goals
    assert (goal.name, set(goal.wanted), goal.is_blind) == (LEAF, {"one", "two"}, False)
    assert [question.via.address for question in goal.authoritative] == [X_HOST]
    assert preparation.problems == []


def test_a_delegated_name_is_written_and_awaited_at_its_target(tmp_path: Path) -> None:
    """
    By the host of that zone; its links are goals, too.
    """
    one = case()
    prepared(world((f"{LEAF} CNAME v.y.test.",)), tmp_path, one)
    [record] = one.records
    assert (record.owner, record.zone.id) == (from_text("v.y.test."), "y.test.")
    [goal] = one.goals
    assert [step[0].via.address for step in goal.steps] == [X_HOST, Y_HOST]


def test_cases_share_a_goal_for_a_name(tmp_path: Path) -> None:
    """
    Its values are one RRset, whoever wants them.
    """
    one, two = case((LEAF, "one")), case((LEAF, "two"), (OTHER, "three"))
    prepared(world(), tmp_path, one, two)
    assert one.goals[0] is two.goals[0]
    assert one.goals[0].wanted == {"one", "two"}
    assert [goal.name for goal in two.goals] == [LEAF, OTHER]


def test_what_failed_is_not_waited_for(tmp_path: Path) -> None:
    """
    A value that is not written cannot be seen.
    """
    one, two = case((LEAF, "one")), case((LEAF, "two"), (from_text("_acme-challenge.z."), "v"))
    prepared(world(), tmp_path, one, two)
    assert one.goals[0].wanted == {"one"}
    assert two.failure is not None
    assert (two.goals, two.records) == ((), ())


def test_an_alias_that_leads_nowhere_is_the_cases_failure(tmp_path: Path) -> None:
    """
    A loop is certain to fail: 65 for the case, and no provider is asked for it.
    """
    one, two = case(), case((OTHER, "v"))
    broken = Account(error=AssertionError("not to be asked"))
    zones = {from_text("x.test."): ZoneSettings(providers=("broken",))}
    prepared(
        world((f"{LEAF} CNAME {LEAF}",)),
        tmp_path,
        one,
        two,
        accounts={"host": Account("y.test."), "broken": broken},
        providers=(),
        fallback=("host",),
        zones=zones,
    )
    assert one.failure is not None
    assert (one.failure.exit, one.failure.problem.code) == (Exit.DATA, "alias-loop")
    assert two.failure is None


@pytest.mark.parametrize("lost", ["silent", "lame"])
def test_what_is_wrong_with_providers_counts_before_what_cannot_be_seen(
    tmp_path: Path, lost: str
) -> None:
    """
    Credentials can be mended at once; DNS out of sight may be this host's network.
    """
    internet = world()
    if lost == "lame":
        internet.servers[X_HOST] = lame
    else:
        del internet.servers[X_HOST]
    one, two = case(), case()
    prepared(internet, tmp_path, one, accounts={"host": Account(error=Unauthorized("who?"))})
    assert one.failure is not None
    assert (one.failure.exit, one.failure.problem.code) == (Exit.REFUSED, "provider-unauthorized")
    prepared(internet, tmp_path, two)
    assert two.failure is not None
    code = "dns-failing" if lost == "lame" else "dns-unreachable"
    assert (two.failure.exit, two.failure.problem.code) == (Exit.UNAVAILABLE, code)
    assert two.goals == ()


def test_one_name_out_of_sight_fails_its_case_alone(tmp_path: Path) -> None:
    """
    Others go on.
    """
    internet = world()
    internet.servers[Y_HOST] = lame
    one, two = case(), case((LEAF, "w"), (OTHER, "v"))
    prepared(internet, tmp_path, one, two)
    assert one.failure is None
    assert one.goals[0].wanted == {"v"}
    assert two.failure is not None
    assert two.failure.problem.code == "dns-failing"


def test_a_plan_is_content_without_dns(tmp_path: Path) -> None:
    """
    Where nobody can tell, the closest hosted zone will do, with a warning; no goals are needed.
    """
    one = case()
    preparation = prepared(Internet({}), tmp_path, one, verb=Preparation.plan)
    assert one.failure is None
    assert [(r.owner, r.zone.id) for r in one.records] == [(LEAF, "x.test.")]
    assert one.goals == ()
    [problem] = preparation.problems
    assert (problem.code, problem.severity) == ("dns-unreachable", Severity.WARNING)


def test_a_plan_with_dns_sees_as_much_as_ready(tmp_path: Path) -> None:
    """
    Loops, targets and wrong zones are found before the run.
    """
    one = case()
    preparation = prepared(
        world((f"{LEAF} CNAME v.y.test.",)), tmp_path, one, verb=Preparation.plan
    )
    assert [record.owner for record in one.records] == [from_text("v.y.test.")]
    assert preparation.problems == []
    two = case()
    prepared(
        world((f"{LEAF} CNAME v.y.test.",)),
        tmp_path,
        two,
        verb=Preparation.plan,
        accounts={"host": Account("x.test.")},
    )
    assert isinstance(two.failure, Failed)
    assert two.failure.problem.code == "no-zone"


def test_where_port_53_is_closed_goals_are_blind(tmp_path: Path) -> None:
    """
    The closest hosted zone, and public resolvers by HTTPS, which is said.
    """
    internet = Internet({f"https://{at}": knowing(root()) for at in ("1.1.1.1", "9.9.9.10")})
    one = case()
    preparation = prepared(internet, tmp_path, one, root_hints=())
    assert one.failure is None
    assert (one.chains, [record.zone.id for record in one.records]) == ({}, ["x.test."])
    [goal] = one.goals
    assert goal.is_blind
    assert [question.via.address for question in goal.recursive] == ["1.1.1.1", "9.9.9.10"]
    assert [problem.code for problem in preparation.problems] == ["port-53-filtered"]


def test_questions_that_need_no_answer_first_are_asked_at_once(tmp_path: Path) -> None:
    """
    Root, top level, the zone (TXT and CAA), its name servers, their addresses, its SOA: each is
    one wait, for one name as for fifty, and none of the questions is asked twice.
    """
    for count in (1, 50):
        internet = world()
        names = [from_text(f"_acme-challenge.h{number}.x.test.") for number in range(count)]
        one = case(*((name, "v") for name in names))
        prepared(internet, tmp_path, one)
        assert one.failure is None
        assert internet.rounds == 6
        asked = [(q.name, q.rdtype, q.address) for q in internet.asked if q.address == X_HOST]
        assert len(asked) == len(set(asked)) == 2 * count + 1 + 1 + 2 + 1
        internet.asked.clear()


def test_a_dead_name_server_is_waited_for_once(tmp_path: Path) -> None:
    """
    Which servers the zone has is asked of it; its silence then is what is said of it.
    """
    dead = "8.0.1.9"
    servers = delegated("x.test.", f"ns.x.test.={X_HOST}", f"ns2.x.test.={dead}")
    internet = Internet(
        {
            ROOT: serving(root()),
            TLD: serving(tld(*servers)),
            X_HOST: serving(zone("x.test.", *servers)),
        }
    )
    one = case()
    preparation = prepared(internet, tmp_path, one)
    assert one.failure is None
    assert [q.rdtype for q in internet.asked if q.address == dead] == [NS]
    [silent] = [each for each in preparation.problems if each.code == "server-silent"]
    assert dead in silent.message


def test_an_order_that_needs_nothing_asks_nobody(tmp_path: Path) -> None:
    """
    It has been validated already.
    """
    internet = world()
    one = case()
    one.order = Order("x.test", "document", "", "valid")
    prepared(internet, tmp_path, one)
    assert (one.failure, one.records, one.goals, internet.sent) == (None, (), (), 0)
