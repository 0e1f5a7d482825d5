"""The way down from the root: which servers are asked, which are passed over, where it ends."""

from collections import Counter

import pytest
from dns import rcode
from dns.message import Message, make_response
from dns.name import Name, from_text
from dns.rdatatype import AAAA, CNAME, NS, TXT, A
from dns.rrset import from_text as from_rr
from dns.zone import Zone

from pipeline.asking.endpoints import Endpoint, authoritative, recursors
from pipeline.asking.exchange import Exchange
from pipeline.clock import SystemClock
from pipeline.model import Exit, Failed
from pipeline.questions import Silence
from pipeline.tree.cuts import ASKED
from pipeline.tree.delegation import Delegation
from pipeline.tree.places import Tree
from pipeline.tree.recursion import Recursion
from pipeline.tree.walk import HOPS, LEVELS
from providers.embedded import Embedded, Nameserver
from providers.listener import Asked

from .internet import (
    RESOLVER,
    ROOT,
    TLD,
    Internet,
    Respond,
    delegated,
    knowing,
    lame,
    referring,
    root,
    serving,
    tld,
    tree,
    zone,
    zone_around,
)

FIRST, SECOND, THIRD, FOURTH = "8.0.1.1", "8.0.1.2", "8.0.1.3", "8.0.1.4"
NAME = "_acme-challenge.x.test."


def world(*lines: str, **servers: Respond) -> Internet:
    """Return an Internet with a root, a TLD that holds *lines*, and *servers* by address."""
    return Internet({ROOT: serving(root()), TLD: serving(tld(*lines)), **servers})


def found(internet: Internet, name: str = NAME) -> Delegation:
    return zone_around(tree(internet, name), from_text(name))


def failure(internet: Internet, name: str = NAME) -> Failed:
    with pytest.raises(Failed) as caught:
        found(internet, name)
    return caught.value


def hosts(*names: str) -> frozenset[Name]:
    return frozenset(from_text(name) for name in names)


def at(zone_: Delegation) -> set[tuple[str, str]]:
    return {(via.server, via.address) for via in zone_.servers}


X = zone("x.test.", *delegated("x.test.", f"ns1.x.test.={FIRST}", f"ns2.x.test.={SECOND}"))
GLUE = delegated("x.test.", f"ns1.x.test.={FIRST}", f"ns2.x.test.={SECOND}")


# Servers


def test_every_address_of_parents_and_childs_hosts() -> None:
    """
    A CA's resolver may use any: v4 and v6, by glue and by the hosts' own records.
    """
    child = zone(
        "x.test.",
        *delegated("x.test.", f"ns1.x.test.={FIRST}", f"ns2.x.test.={SECOND}"),
        "ns1.x.test. AAAA 2620::1",
        f"ns3.x.test. A {THIRD}",
    )
    glue = delegated("x.test.", f"ns1.x.test.={FOURTH}", f"ns3.x.test.={THIRD}")
    x = found(world(*glue, **dict.fromkeys((FIRST, THIRD, FOURTH), serving(child))))
    assert x.parent == hosts("ns1.x.test.", "ns3.x.test.")
    assert x.child == hosts("ns1.x.test.", "ns2.x.test.")
    assert x.hosts == hosts("ns1.x.test.", "ns2.x.test.", "ns3.x.test.")
    assert at(x) == {
        ("ns1.x.test.", FIRST),
        ("ns1.x.test.", "2620::1"),
        ("ns1.x.test.", FOURTH),
        ("ns2.x.test.", SECOND),
        ("ns3.x.test.", THIRD),
    }
    assert [problem.code for problem in x.problems] == ["delegation-differs", "glue-differs"]


@pytest.mark.parametrize(
    "broken",
    [
        lame,
        lambda _query: Silence("timeout"),
        make_response,  # no AA
        referring("test."),
        referring("x.test."),
        referring("sideways.test."),
    ],
    ids=["refuses", "silent", "without AA", "upwards", "to itself", "sideways"],
)
def test_a_server_of_no_use_is_passed_over(broken: Respond) -> None:
    """
    It refuses, is silent, or refers elsewhere than down: the next one is asked, and this one last
    from then on.
    """
    internet = world(*GLUE, **{FIRST: broken, SECOND: serving(X)})
    assert found(internet).apex == from_text("x.test.")
    # Of a zone's name servers everybody is asked, whatever it is good for.
    asked = [q.address for q in internet.asked if q.address in {FIRST, SECOND} and q.rdtype != NS]
    assert asked[:2] == [FIRST, SECOND]
    assert FIRST not in asked[2:]


@pytest.mark.parametrize(
    ("broken", "code", "word"),
    [
        (lame, "dns-failing", "REFUSED"),
        (lambda _query: Silence("timeout"), "dns-unreachable", "timeout"),
        (referring("test."), "dns-failing", "lame"),
        (referring("sideways.test."), "dns-failing", "lame"),
    ],
)
def test_a_zone_without_a_server_of_use_names_each(broken: Respond, code: str, word: str) -> None:
    """
    What every server said is in the message; only silence everywhere is unreachable.
    """
    failed = failure(world(*GLUE, **{FIRST: broken, SECOND: broken}))
    assert (failed.exit, failed.problem.code) == (Exit.UNAVAILABLE, code)
    for server, address in (("ns1.x.test.", FIRST), ("ns2.x.test.", SECOND)):
        assert f"{address} ({server}): {word}" in str(failed)


def test_a_zone_of_many_dead_servers_ends() -> None:
    """
    One question goes to eight servers at most.
    """
    many = [f"8.0.2.{number}" for number in range(1, 14)]
    glue = delegated("x.test.", *(f"ns{n}.x.test.={ip}" for n, ip in enumerate(many)))
    internet = world(*glue)
    failure(internet)
    assert sum(query.address in many for query in internet.asked) == ASKED


def test_servers_beyond_the_first_eight_get_their_turn() -> None:
    """
    Those that failed are asked last: the next question finds the one that answers.
    """
    many = [f"8.0.2.{number}" for number in range(1, 14)]
    glue = delegated("x.test.", *(f"ns{n}.x.test.={ip}" for n, ip in enumerate(many)))
    internet = world(*glue, **{many[10]: serving(zone("x.test.", *glue))})
    walked = tree(internet, NAME)
    with pytest.raises(Failed):
        zone_around(walked, from_text(NAME))
    assert zone_around(walked, from_text(NAME)).apex == from_text("x.test.")


def test_a_tld_that_refers_sideways_is_lame() -> None:
    """
    To a zone below its own, but not around the name.
    """
    internet = world(**{TLD: referring("sideways.test.")})
    failed = failure(internet)
    assert "lame" in str(failed)
    assert [query.rdtype for query in internet.asked] == [TXT, TXT, CNAME]  # see `Tree.places`


def test_a_host_without_glue_serves_where_those_with_glue_fail() -> None:
    """
    Its address is looked up before the zone is given up, as a resolver does.
    """
    other = zone("other.test.", *delegated("other.test.", f"ns.other.test.={THIRD}"))
    internet = world(
        *delegated("x.test.", f"ns1.x.test.={FIRST}", "ns.other.test."),
        *delegated("other.test.", f"b.other.test.={THIRD}"),
        **{FIRST: lame, THIRD: serving(other, X)},
    )
    assert found(internet).apex == from_text("x.test.")


def test_hosts_elsewhere_are_found_by_walking_there() -> None:
    """
    A delegation to hosts outside of the parent comes without addresses.
    """
    other = zone("other.", *delegated("other.", f"a.other.={THIRD}"), f"ns.other. A {FOURTH}")
    honest = serving(tld("x.test. NS ns.other."))

    def generous(query: Message) -> Message:
        reply = honest(query)
        assert isinstance(reply, Message)
        reply.additional.append(from_rr("ns.other.", 60, "IN", "A", FIRST))
        return reply

    internet = Internet(
        {
            ROOT: serving(root(*delegated("other.", f"a.other.={THIRD}"))),
            TLD: generous,
            THIRD: serving(other),
            FOURTH: serving(zone("x.test.", "x.test. NS ns.other.")),
        }
    )
    assert at(found(internet)) == {("ns.other.", FOURTH)}
    assert not internet.names(FIRST), "glue from outside of the parent is not believed"


def test_zones_that_need_each_other_have_no_address() -> None:
    """
    The servers of each are in the other, without glue: nobody can begin anywhere.
    """
    internet = world("x.test. NS ns.y.test.", "y.test. NS ns.x.test.")
    failed = failure(internet)
    assert failed.problem.code == "no-address"
    assert len(internet.asked) < 20


def test_zones_that_all_need_each_other_cost_little() -> None:
    """
    Five, each with a lame server, and hosts in the four others: no zone is searched twice.
    """
    glue = [
        line
        for one in range(5)
        for line in delegated(
            f"z{one}.test.",
            f"ns.z{one}.test.=8.0.3.{one}",
            *(f"ns{one}.z{other}.test." for other in range(5) if other != one),
        )
    ]
    internet = world(*glue, **{f"8.0.3.{one}": lame for one in range(5)})
    assert failure(internet, "z0.test.").problem.code == "dns-failing"
    assert len(internet.asked) < 80


def test_hosts_inside_of_their_zone_need_glue() -> None:
    """
    Without it nobody can begin, and nobody tries.
    """
    internet = world("x.test. NS ns.x.test.")
    assert failure(internet).problem.code == "no-address"
    assert {query.name for query in internet.asked} == {from_text(NAME)}


def test_hosts_inside_of_their_zone_are_not_looked_for_in_vain() -> None:
    """
    Only the zone's own servers could tell, which just failed.
    """
    glue = delegated("x.test.", f"ns1.x.test.={FIRST}", "ns2.x.test.")
    internet = world(*glue, **{FIRST: lame})
    assert failure(internet).problem.code == "dns-failing"
    assert [query.address for query in internet.asked] == [ROOT, TLD, FIRST, FIRST]
    assert [query.rdtype for query in internet.asked[2:]] == [TXT, CNAME]


def test_a_search_that_leads_too_deep_is_given_up() -> None:
    """
    Zone after zone whose host is in the next one: a resolver gives up on that, too.
    """
    chain = [f"z{n}.test. NS ns.z{n + 1}.test." for n in range(30)]
    internet = world(*chain, *delegated("z30.test.", f"ns.z30.test.={FIRST}"))
    assert failure(internet, "z0.test.").problem.code == "no-address"
    assert len(internet.asked) < 60


# The way


def test_each_question_begins_at_the_deepest_zone_known() -> None:
    """
    Root and TLD are not asked again about what is below.
    """
    internet = world(*GLUE, **{FIRST: serving(X), SECOND: serving(X)})
    walked = tree(internet, NAME)
    zone_around(walked, from_text(NAME))
    before = len(internet.asked)
    zone_around(walked, from_text("_acme-challenge.www.x.test."))
    assert {query.address for query in internet.asked[before:]} <= {FIRST, SECOND}


def test_a_way_without_end_ends() -> None:
    """
    A server that delegates every label to itself, for ever.
    """

    apexes = [from_text("test.")]

    def deeper(query: Message) -> Message:
        name = query.question[0].name
        below = Name(name.labels[-len(apexes[-1]) - 1 :])
        apexes.append(below)
        reply = make_response(query)
        reply.authority.append(from_rr(below, 60, "IN", "NS", f"ns.{below}"))
        reply.additional.append(from_rr(f"ns.{below}", 60, "IN", "A", TLD))
        return reply

    internet = Internet({ROOT: serving(root()), TLD: deeper})
    failed = failure(internet, "x." * (LEVELS + 10) + "test.")
    assert "does not end" in str(failed)
    assert (failed.exit, failed.problem.code) == (Exit.UNAVAILABLE, "dns-failing")
    counts = Counter(query.rdtype for query in internet.asked)
    assert counts[TXT] == LEVELS
    assert counts.keys() == {TXT, CNAME}  # the latter from the deepest cut known
    assert counts[CNAME] < LEVELS


def test_a_name_that_does_not_exist_is_in_the_zone_that_says_so() -> None:
    """
    Records at it would be written there.
    """
    assert found(world(), "_acme-challenge.no.such.test.").apex == from_text("test.")


def test_a_child_on_the_same_servers_is_found_without_a_referral() -> None:
    """
    The SOA beside the denial tells the zone; its own NS set tells the servers.
    """
    child = zone("c.x.test.", *delegated("c.x.test.", f"ns9.c.x.test.={THIRD}"))
    internet = world(*GLUE, **dict.fromkeys((FIRST, SECOND), serving(X, child)))
    c = found(internet, "_acme-challenge.www.c.x.test.")
    assert (c.apex, c.parent, c.child) == (from_text("c.x.test."), hosts(), hosts("ns9.c.x.test."))
    assert {via.address for via in c.servers} == {FIRST, SECOND, THIRD}


def test_servers_of_the_parent_that_only_refer_to_the_child_are_not_its_own() -> None:
    """
    Of the parent's servers one serves the child as well, and is asked; the other refers to it, and
    tells the hosts that are delegated to.
    """
    parent = zone("x.test.", *GLUE, *delegated("c.x.test.", f"ns9.c.x.test.={THIRD}"))
    child = zone("c.x.test.", *delegated("c.x.test.", f"ns8.c.x.test.={FOURTH}"))
    internet = world(*GLUE, **{FIRST: serving(parent, child), SECOND: serving(parent)})
    c = found(internet, "_acme-challenge.c.x.test.")
    assert (c.parent, c.child) == (hosts("ns9.c.x.test."), hosts("ns8.c.x.test."))
    assert {via.address for via in c.servers} == {FIRST, THIRD, FOURTH}


def test_a_silent_server_of_the_parent_may_serve_the_child() -> None:
    """
    Only a referral says that it does not.
    """
    child = zone("c.x.test.", *delegated("c.x.test.", f"ns1.x.test.={FIRST}"))
    internet = world(*GLUE, **{FIRST: serving(X, child)})
    c = found(internet, "_acme-challenge.c.x.test.")
    assert {via.address for via in c.servers} == {FIRST, SECOND}


def test_an_answer_with_authority_is_no_referral() -> None:
    """
    Though it names, as BIND does, the servers of the zone that it is from.
    """
    child = zone("c.x.test.", *delegated("c.x.test.", f"ns9.c.x.test.={THIRD}"))
    proper = serving(X, child)

    def talkative(query: Message) -> Message:
        reply = proper(query)
        assert isinstance(reply, Message)
        reply.authority.append(from_rr("c.x.test.", 60, "IN", "NS", "ns9.c.x.test."))
        return reply

    internet = world(*GLUE, **dict.fromkeys((FIRST, SECOND), talkative))
    c = found(internet, "_acme-challenge.c.x.test.")
    assert (c.apex, c.parent) == (from_text("c.x.test."), hosts())
    assert {via.address for via in c.servers} == {FIRST, SECOND, THIRD}


def test_a_zone_above_the_cut_is_not_believed() -> None:
    """
    A server that names the zone above its own in the SOA is asked about its own all the same.
    """
    internet = world(*GLUE, **dict.fromkeys((FIRST, SECOND), serving(tld())))
    assert found(internet).apex == from_text("x.test.")


def test_a_zone_whose_servers_do_not_say_its_ns_set_has_the_parents() -> None:
    """
    What is delegated is asked even where the child says nothing of itself.
    """

    def reticent(query: Message) -> Message | Silence:
        if query.question[0].name == from_text("x.test."):
            return Silence("timeout")
        return serving(X)(query)

    x = found(world(*GLUE, **dict.fromkeys((FIRST, SECOND), reticent)))
    assert (x.parent, x.child) == (hosts("ns1.x.test.", "ns2.x.test."), hosts())
    assert {via.address for via in x.servers} == {FIRST, SECOND}


def test_a_zone_without_a_word_on_its_apex_is_that_of_the_cut() -> None:
    """
    Denials without SOA, for every name up to the apex.
    """

    def terse(query: Message) -> Message:
        reply = serving(X)(query)
        assert isinstance(reply, Message)
        reply.authority.clear()
        if query.question[0].rdtype.name == "SOA":
            reply.answer.clear()
        return reply

    internet = world(*GLUE, **dict.fromkeys((FIRST, SECOND), terse))
    assert found(internet, "_acme-challenge.a.b.x.test.").apex == from_text("x.test.")


# Answers


def test_aliases_are_followed_across_zones() -> None:
    """
    To the last answer, as a resolver gives it.
    """
    x = zone("x.test.", *GLUE, "a.x.test. CNAME b.y.test.")
    y = zone("y.test.", *delegated("y.test.", f"ns.y.test.={THIRD}"), 'b.y.test. TXT "end"')
    internet = world(
        *GLUE,
        *delegated("y.test.", f"ns.y.test.={THIRD}"),
        **{FIRST: serving(x), SECOND: serving(x), THIRD: serving(y)},
    )
    questions = [(from_text("a.x.test."), TXT), (from_text("a.x.test."), CNAME)]
    last, link = tree(internet).resolve(questions).values()
    assert isinstance(last, Message)
    assert isinstance(link, Message)
    assert [str(rrset[0]) for rrset in last.answer] == ['"end"']
    assert [str(rrset[0]) for rrset in link.answer] == ["b.y.test."], "asked for, not followed"


@pytest.mark.parametrize(("links", "ends"), [(HOPS, True), (HOPS + 1, False)])
def test_eleven_aliases_are_followed_not_twelve(links: int, ends: bool) -> None:  # noqa: FBT001
    """
    A resolver gives up; so does the walk, in words.
    """
    apart = [zone(f"z{n}.test.", f"a.z{n}.test. CNAME a.z{n + 1}.test.") for n in range(links)]
    last = zone(f"z{links}.test.", f'a.z{links}.test. TXT "end"')
    cuts = [f"z{n}.test. NS ns.nic.test." for n in range(links + 1)]
    respond = one_at_a_time(*apart, last)
    internet = world(*cuts, f"ns.nic.test. A {FIRST}", **{FIRST: respond})
    [answer] = tree(internet).resolve([(from_text("a.z0.test."), TXT)]).values()
    if ends:
        assert isinstance(answer, Message)
        assert answer.answer
    else:
        assert answer == Silence("more than 11 aliases in a row")


def one_at_a_time(*zones: Zone) -> Respond:
    """Return a server that does not follow aliases from zone to zone itself."""

    def respond(query: Message) -> Message | Silence:
        name = query.question[0].name
        [here] = [each for each in zones if each.origin and name.is_subdomain(each.origin)]
        return serving(here)(query)

    return respond


def test_what_cannot_be_resolved_is_silence_with_the_reason() -> None:
    """
    Whoever asked decides what that means.
    """
    [answer] = tree(world("x.test. NS ns.x.test.")).resolve([(from_text("x.test."), A)]).values()
    assert isinstance(answer, Silence)
    assert "no name server of x.test. has an address" in answer.reason


def test_a_name_that_is_not_there_is_an_answer() -> None:
    """
    NXDOMAIN is known; silence is not.
    """
    [answer] = tree(world()).resolve([(from_text("no.test."), AAAA)]).values()
    assert isinstance(answer, Message)
    assert answer.rcode() == rcode.NXDOMAIN


# Where no root server can be reached


def blocked(*knows: Zone) -> Internet:
    """Return an Internet whose root is silent; a resolver, and x.test's servers, are not."""
    return Internet({FIRST: serving(X), SECOND: serving(X), RESOLVER: knowing(*knows)})


def test_without_a_root_a_resolver_knows_the_topmost_zone() -> None:
    """
    It is asked from the top for the first zone it knows, and its servers; the rest is walked.
    """
    internet = blocked(root(), tld(*GLUE), X)
    internet.servers[TLD] = serving(tld(*GLUE))
    x = found(internet)
    assert (x.apex, {via.address for via in x.servers}) == (from_text("x.test."), {FIRST, SECOND})
    assert internet.names(RESOLVER) == {"test.", "a.nic.test."}
    assert [query.address for query in internet.asked].count(ROOT) == 1


def test_an_empty_set_of_root_servers_is_like_none() -> None:
    """
    A resolver that does not tell them may still know more.
    """
    internet = blocked(tld(*GLUE))
    internet.servers[TLD] = serving(tld(*GLUE))
    recursion = Recursion(internet, recursors([Endpoint(RESOLVER)]), [from_text(NAME)], lambda: 9.0)
    begun: list[int] = []

    def begin() -> tuple[()]:
        begun.append(1)
        return ()

    walked = Tree(internet, begin, recursion, lambda: 9.0)
    assert zone_around(walked, from_text(NAME)).apex == from_text("x.test.")
    assert begun == [1]


def test_a_resolver_for_inner_zones_need_not_know_those_above() -> None:
    """
    It refuses the TLD, but knows the zone: that is enough.
    """
    internet = blocked(X)
    assert found(internet).apex == from_text("x.test.")
    assert internet.names(RESOLVER) >= {"test.", "x.test."}


def test_a_resolver_is_not_asked_at_or_below_a_challenge_name() -> None:
    """
    Where it knows nothing above, that is the end.
    """
    internet = blocked(zone("other."))
    failed = failure(internet)
    assert failed.problem.code == "dns-failing"
    assert "REFUSED" in str(failed)
    assert internet.names(RESOLVER) == {"test.", "x.test."}


def test_nothing_is_asked_below_what_does_not_exist() -> None:
    """
    NXDOMAIN for the TLD: questions below would only spread that answer.
    """
    internet = blocked(zone("."))
    failed = failure(internet)
    assert (failed.exit, failed.problem.code) == (Exit.CONFIG, "not-delegated")
    assert "nameservers" in failed.problem.hint
    assert internet.names(RESOLVER) == {"test."}


def test_a_zone_that_a_resolver_finds_no_ns_for_is_passed() -> None:
    """
    A node without NS on the way (no zone cut) does not end the way down.
    """
    inner = zone("b.a.test.", *delegated("b.a.test.", f"ns.b.a.test.={FIRST}"))
    above = zone("test.", "x.b.a.test. A 192.0.2.1")
    internet = Internet({FIRST: serving(inner), RESOLVER: knowing(above, inner)})
    assert found(internet, "_acme-challenge.b.a.test.").apex == from_text("b.a.test.")


def test_a_word_on_a_name_counts_more_than_a_failure_above() -> None:
    """
    Refused for the TLD, answered for what is below: there is no zone.
    """
    internet = blocked(zone("x.test.", "www.x.test. A 192.0.2.1"))
    with pytest.raises(Failed) as caught:
        zone_around(tree(internet), from_text("www.x.test."))
    assert caught.value.problem.code == "not-delegated"


def test_a_resolver_that_knows_no_zone_above_a_name_ends_it() -> None:
    """
    Nodes without NS all the way down: delegated to nobody.
    """
    internet = blocked(zone("test.", "www.x.test. A 192.0.2.1"))
    with pytest.raises(Failed) as caught:
        zone_around(tree(internet), from_text("www.x.test."))
    assert caught.value.problem.code == "not-delegated"
    assert internet.names(RESOLVER) == {"test.", "x.test.", "www.x.test."}


def test_a_zone_whose_hosts_have_no_address_says_so() -> None:
    """
    Known to the resolver, but of no use.
    """
    internet = blocked(zone("test.", "test. NS a.nic.test.", "b.nic.test. A 192.0.2.1"))
    failed = failure(internet)
    assert failed.problem.code == "no-address"
    assert "a.nic.test." in str(failed)


def test_hosts_whose_address_no_resolver_tells_are_the_resolvers_failure() -> None:
    """
    Not the zone's: the words are the resolver's.
    """
    internet = blocked(zone("test.", "test. NS ns.elsewhere."))
    failed = failure(internet)
    assert failed.problem.code == "dns-failing"
    assert "ns.elsewhere." in str(failed)


def test_a_hostile_zone_cannot_have_its_challenge_asked_about() -> None:
    """
    A name server's name below the challenge name is not looked up by a resolver.
    """
    evil = f"ns.{NAME}"
    internet = blocked(
        zone("test.", f"test. NS {evil}", "test. NS a.nic.test.", f"a.nic.test. A {TLD}")
    )
    internet.servers[TLD] = serving(tld(*GLUE))
    assert found(internet).apex == from_text("x.test.")
    assert not any(name.endswith(NAME) for name in internet.names(RESOLVER))


def test_nobody_at_all_is_unreachable() -> None:
    """
    No root server, no resolver: 69, and the servers that were named are suspected.
    """
    failed = failure(Internet({}))
    assert (failed.exit, failed.problem.code) == (Exit.UNAVAILABLE, "dns-unreachable")
    assert "you named these servers" in failed.problem.hint


def test_resolvers_that_are_mute_are_not_waited_for_name_by_name() -> None:
    """
    Where nobody answers, many names wait as long as one.
    """
    counts = []
    for count in (1, 50):
        internet = Internet({})
        names = [from_text(f"_acme-challenge.h{number}.x.test.") for number in range(count)]
        outcomes = tree(internet, *(name.to_text() for name in names)).places(names)
        assert {each.problem.code for each in outcomes.values() if isinstance(each, Failed)} == {
            "dns-unreachable"
        }
        counts.append(sum(query.address == RESOLVER for query in internet.asked))
    assert counts[0] == counts[1]


def test_a_root_that_answers_nonsense_is_not_replaced() -> None:
    """
    Only silence makes way for resolvers; a root that fails is heard.
    """
    internet = blocked(root(), tld(*GLUE), X)
    internet.servers[ROOT] = lame
    assert failure(internet).problem.code == "dns-failing"
    assert not internet.names(RESOLVER)


# Configured zones


def test_configured_zones_never_look_at_the_delegation() -> None:
    """
    The servers the user named are the servers, whoever is delegated to.
    """
    internet = Internet({THIRD: serving(X)})
    configured = {from_text("x.test."): authoritative([Endpoint(THIRD)])}
    recursion = Recursion(internet, recursors([Endpoint(RESOLVER)]), [from_text(NAME)], lambda: 9.0)
    walked = Tree(internet, lambda: (), recursion, lambda: 9.0, configured)
    x = zone_around(walked, from_text(NAME))
    assert x.is_configured
    assert [via.address for via in x.servers] == [THIRD]
    assert (x.parent, x.child, x.problems) == (hosts(), hosts("ns1.x.test.", "ns2.x.test."), ())
    assert {query.address for query in internet.asked} == {THIRD}


def test_a_referral_does_not_replace_configured_servers() -> None:
    """
    A zone below one that is walked keeps the servers that the user named.
    """
    internet = world(*GLUE, **{FIRST: lame, THIRD: serving(X)})
    configured = {from_text("x.test."): authoritative([Endpoint(THIRD)])}
    recursion = Recursion(internet, recursors([Endpoint(RESOLVER)]), [], lambda: 9.0)
    walked = Tree(
        internet, lambda: authoritative([Endpoint(ROOT)]), recursion, lambda: 9.0, configured
    )
    assert zone_around(walked, from_text("other.test.")).apex == from_text("test.")
    assert zone_around(walked, from_text(NAME)).is_configured
    assert not internet.names(FIRST)


# Real sockets


def test_a_server_that_is_overtaken_is_asked_last_from_then_on() -> None:
    """
    Silence is not waited for again, though it never came to a timeout.
    """
    apex, challenge = from_text("example.com."), from_text("_acme-challenge.example.com.")
    with (
        Exchange(SystemClock()) as exchange,
        Embedded([apex], [Nameserver(), Nameserver()]) as server,
    ):
        server.behave(server.addresses[0], lambda _asked, _reply: None)
        endpoints = [Endpoint(*address) for address in server.addresses]
        recursion = Recursion(exchange, (), [challenge], lambda: 9.0)
        walked = Tree(
            exchange, lambda: (), recursion, lambda: 9.0, {apex: authoritative(endpoints)}
        )
        zone_around(walked, challenge)

        def silent() -> list[Asked]:
            heard = (a for a in server.asked if a.address == server.addresses[0])
            return [asked for asked in heard if asked.rdtype != NS]  # which everybody is asked for

        before = silent()
        assert len(before) == 1
        walked.places([challenge, from_text("_acme-challenge.www.example.com.")])
        assert silent() == before
