"""Each fault is really there: plain questions, none of them asked by dns01."""

import re
import secrets
from collections.abc import Callable, Iterator

import dns.exception
import dns.message
import dns.name
import dns.query
import pytest
from dns.flags import AA, AD, CD, RD, TC, Flag
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from . import Faults
from . import topology as at

pytestmark = pytest.mark.servers


def challenge(zone: str) -> str:
    """Return a challenge name in *zone* nobody asked about yet."""
    return f"_acme-challenge.t{secrets.token_hex(4)}.{zone}"


def has(reply: dns.message.Message, flag: Flag) -> bool:
    return bool(reply.flags & flag)


@pytest.fixture
def published(faults: Faults) -> Iterator[Callable[[str], str]]:
    """Publish the value "v" at a new name at, or below a label of, a zone at the primary.

    Return that name; take it away after the test.
    """
    done = []

    def published(domain: str) -> str:
        zone, name = ".".join(domain.split(".")[-3:]), challenge(domain)
        faults.publish(zone, name, ["v"])
        done.append((zone, name))
        faults.level()
        return name

    yield published
    for zone, name in done:
        faults.publish(zone, name, [])


Published = Callable[[str], str]


class TestServers:
    @pytest.mark.parametrize("zone", [zone.apex for zone in at.FOLLOWED])
    def test_the_follower_follows(self, faults: Faults, published: Published, zone: str) -> None:
        """
        Where no fault is meant, both servers have what is published, with authority.
        """
        name = published(zone)
        for address in (at.PRIMARY, at.FOLLOWER):
            assert faults.txt(address, name) == {"v"}
            assert has(faults.ask(address, name), AA)

    @pytest.mark.parametrize("zone", [zone.apex for zone in at.OUTDATED])
    def test_the_stale_secondary_never_hears(
        self, faults: Faults, published: Published, zone: str
    ) -> None:
        """
        It denies with authority, and its serial is an older one.
        """
        name = published(zone)
        reply = faults.ask(at.STALE, name)
        assert (reply.rcode(), has(reply, AA)) == (Rcode.NXDOMAIN, True)
        ours, theirs = (serial(faults, each, zone) for each in (at.PRIMARY, at.STALE))
        assert theirs < ours

    def test_a_value_before_and_after(self, faults: Faults) -> None:
        """
        Serials differ at serials.test, and the value that stands there does not.
        """
        for address in (at.PRIMARY, at.STALE):
            assert faults.txt(address, "_acme-challenge.serials.test.") == {at.STANDING}

    def test_lame(self, faults: Faults, published: Published) -> None:
        """
        A server without the zone refuses; a recursor in its place answers without AA.
        """
        assert faults.ask(at.LAME, published("lame.test.")).rcode() == Rcode.REFUSED
        reply = faults.ask(at.RECURSOR_AS_SERVER, published("recursor.test."))
        assert not has(reply, AA)
        assert not [rrset for rrset in reply.answer if rrset.rdtype == RdataType.TXT]

    def test_unborn(self, faults: Faults) -> None:
        """
        A zone that is delegated and nowhere served fails at every resolver.
        """
        assert faults.ask(at.TLD, "unborn.test.", "NS").authority
        for zone in ("unborn.test.", "ghost.test.", "mute.test."):
            assert served_by_none(zone)

    def test_another_value_at_each_host(self, faults: Faults, published: Published) -> None:
        """
        Of a zone at two hosts each has its own contents.
        """
        name = published("half.test.")
        assert faults.txt(at.OTHER, name) == set()
        faults.publish("half.test.", name, ["w"], at.OTHER)
        assert faults.txt(at.OTHER, name) == {"w"}

    def test_a_shadow(self, faults: Faults, published: Published) -> None:
        """
        The primary has shadow.test, the world is sent to the other host.
        """
        name = published("shadow.test.")
        assert faults.txt(at.PRIMARY, name) == {"v"}
        assert faults.txt(at.UNBOUND, name) == set()


class TestDelegations:
    def test_parent_and_child_differ(self, faults: Faults) -> None:
        """
        The parent knows one name server that the child does not, and the other way round.
        """
        above = faults.ask(at.TLD, "apart.test.", "NS").authority[0]
        below = faults.ask(at.PRIMARY, "apart.test.", "NS").answer[0]
        hosts = [{str(rdata) for rdata in rrset} for rrset in (above, below)]
        assert hosts == [
            {"ns1.apart.test.", "ns3.apart.test."},
            {"ns1.apart.test.", "ns2.apart.test."},
        ]

    def test_glue_differs(self, faults: Faults) -> None:
        """
        The parent's address of ns1.glue.test is not its own.
        """
        referral = faults.ask(at.TLD, "glue.test.", "NS").to_text()
        assert f"ns1.glue.test. 60 IN A {at.STALE}" in referral
        [rrset] = faults.ask(at.PRIMARY, "ns1.glue.test.", "A").answer
        assert [str(rdata) for rdata in rrset] == [at.PRIMARY]

    @pytest.mark.parametrize("cut", ["child.parent.test.", "_acme-challenge.cut.test."])
    def test_cuts(self, faults: Faults, cut: str) -> None:
        """
        What the primary is told below a cut it takes, and never serves; the other host does.
        """
        zone = cut.split(".", 1)[1]
        name = cut if cut.startswith("_") else f"_acme-challenge.{cut}"
        faults.publish(zone, name, ["lost"])
        reply = faults.ask(at.PRIMARY, name)
        assert (has(reply, AA), reply.answer) == (False, [])
        faults.publish(cut, name, ["found"], at.OTHER)
        assert faults.txt(at.UNBOUND, name) == {"found"}
        faults.publish(cut, name, [], at.OTHER)


class TestFronts:
    def test_lossy(self, faults: Faults, published: Published) -> None:
        """
        Some questions are lost, most are not.
        """
        name = published("lossy.test.")
        query = dns.message.make_query(name, "TXT", flags=0)
        lost = sum(is_lost(query, at.LOSSY) for _ in range(60))
        assert 5 < lost < 40

    def test_servfail(self, faults: Faults, published: Published) -> None:
        """
        SERVFAIL, always.
        """
        assert faults.ask(at.SERVFAIL, published("servfail.test.")).rcode() == Rcode.SERVFAIL

    def test_slow(self, faults: Faults, published: Published) -> None:
        """
        Right, after 0.8 s.
        """
        reply = faults.ask(at.SLOW, published("slow.test."))
        assert 0.75 < reply.time < 1.8
        assert reply.answer

    def test_truncating(self, faults: Faults, published: Published) -> None:
        """
        Everything is cut over UDP; over TCP it is there, or nobody answers.
        """
        name = published("tc.test.")
        assert has(faults.ask(at.TRUNCATING, name), TC)
        assert faults.txt(at.TRUNCATING, name) == {"v"}
        name = published("notcp.test.")
        assert has(faults.ask(at.WITHOUT_TCP, name), TC)
        with pytest.raises(dns.exception.Timeout):
            faults.ask(at.WITHOUT_TCP, name, tcp=True)

    def test_anycast(self, faults: Faults, published: Published) -> None:
        """
        Behind one address two servers take turns, and one of them is stale.
        """
        name = published("anycast.test.")
        seen = [faults.txt(at.ANYCAST, name) for _ in range(8)]
        assert sorted(map(len, seen)) == [0] * 4 + [1] * 4

    def test_without_authority(self, faults: Faults, published: Published) -> None:
        """
        The value, without AA.
        """
        reply = faults.ask(at.NOT_AUTHORITATIVE, published("noaa.test."))
        assert reply.answer
        assert not has(reply, AA)

    def test_flapping(self, faults: Faults, published: Published) -> None:
        """
        Every other answer is NXDOMAIN, and what is no challenge is left alone.
        """
        name = published("flap.test.")
        rcodes = [faults.ask(at.FLAPPING, name).rcode() for _ in range(6)]
        assert sorted(rcodes) == [Rcode.NOERROR] * 3 + [Rcode.NXDOMAIN] * 3
        assert {faults.ask(at.FLAPPING, "flap.test.", "NS").rcode() for _ in range(4)} == {0}

    def test_case(self, faults: Faults, published: Published) -> None:
        """
        One lowers the case of the question, one knows nothing in mixed case.
        """
        name = published("lower.test.").replace("_acme", "_aCmE")
        query = dns.message.make_query(name, "TXT", flags=0)
        reply = dns.query.udp(query, at.LOWER_CASE, 2.0)
        assert reply.question[0].name.labels == dns.name.from_text(name.lower()).labels
        assert reply.answer
        name = published("mixed.test.")
        assert faults.txt(at.CASE_DENIES, name) == {"v"}
        shouted = faults.ask(at.CASE_DENIES, name.replace("_acme", "_aCmE"))
        assert shouted.rcode() == Rcode.NXDOMAIN

    def test_edns(self, faults: Faults, published: Published) -> None:
        """
        One drops questions with an OPT record, one answers FORMERR; both know the value.
        """
        name = published("noedns.test.")
        with pytest.raises(dns.exception.Timeout):
            faults.ask(at.EDNS_DROPPED, name)
        assert faults.ask(at.EDNS_DROPPED, name, use_edns=-1).answer
        name = published("formerr.test.")
        assert faults.ask(at.EDNS_FORMERR, name).rcode() == Rcode.FORMERR
        assert faults.ask(at.EDNS_FORMERR, name, use_edns=-1).answer

    @pytest.mark.parametrize("address", [at.SILENT, at.SILENT_2, at.SILENT_V6])
    def test_silent(self, faults: Faults, address: str) -> None:
        """
        No answer, and no error either.
        """
        with pytest.raises(dns.exception.Timeout):
            faults.ask(address, "silent.test.")

    @pytest.mark.parametrize("address", [at.ROUTELESS, at.ROUTELESS_V6])
    def test_routeless(self, faults: Faults, address: str) -> None:
        """
        No way there, where only the loopback exists; else no answer from there.
        """
        with pytest.raises((OSError, dns.exception.Timeout)):
            faults.ask(address, "noroute.test.")


class TestSigned:
    @pytest.mark.parametrize("zone", ["secure.test.", "secure3.test."])
    def test_secure(self, faults: Faults, published: Published, zone: str) -> None:
        """
        What is published is signed at once, and validating resolvers say so.
        """
        name = published(zone)
        for resolver in (at.VALIDATING_UNBOUND, at.VALIDATING_BIND, at.CA_RESOLVER):
            reply = faults.ask(resolver, name, flags=RD | AD)
            assert (reply.rcode(), has(reply, AD)) == (Rcode.NOERROR, True)
            assert reply.answer

    @pytest.mark.parametrize("zone", ["bogus.test.", "expired.test."])
    def test_broken(self, faults: Faults, zone: str) -> None:
        """
        Validating resolvers fail but for CD=1; the others notice nothing.
        """
        for resolver in (at.VALIDATING_UNBOUND, at.VALIDATING_BIND):
            assert faults.ask(resolver, zone, "SOA").rcode() == Rcode.SERVFAIL
            assert faults.ask(resolver, zone, "SOA", flags=RD | CD).answer
        for resolver in (at.UNBOUND, at.BIND):
            assert faults.ask(resolver, zone, "SOA").answer

    def test_expired_for_long(self, faults: Faults) -> None:
        """
        The signatures of expired.test ended in 2024.
        """
        reply = faults.ask(at.PRIMARY, "expired.test.", "SOA", want_dnssec=True)
        assert re.search(r"RRSIG SOA 13 2 3600 20240201000000 ", reply.to_text())

    def test_a_denial_that_nobody_asked_for(self, faults: Faults, published: Published) -> None:
        """
        Where NSEC is, a question about one name blinds for its neighbours (RFC 8198): a name
        that no resolver ever heard of is denied from the cache.
        """
        faults.flush()
        validating = (at.VALIDATING_UNBOUND, at.VALIDATING_BIND)
        for resolver in validating:
            assert faults.ask(resolver, "aa.secure.test.").rcode() == Rcode.NXDOMAIN
        name = published("bb.secure.test.")
        assert [faults.txt(resolver, name) for resolver in validating] == [set(), set()]
        assert [faults.txt(resolver, name) for resolver in (at.UNBOUND, at.BIND)] == [{"v"}] * 2


class TestNames:
    def test_chains(self, faults: Faults) -> None:
        """
        One hop and two lead to validation.test, seventeen are too many, a loop leads nowhere.
        """
        for label in ("one", "two", "far"):
            reply = faults.ask(at.UNBOUND, f"_acme-challenge.{label}.chains.test.")
            assert reply.answer
            assert reply.rcode() in {Rcode.NOERROR, Rcode.NXDOMAIN}
        for label in ("loop", "long"):
            reply = faults.ask(at.UNBOUND, f"_acme-challenge.{label}.chains.test.")
            assert reply.rcode() == Rcode.SERVFAIL, label
        name, links = "_acme-challenge.long.chains.test.", 0
        while found := faults.ask(at.PRIMARY, name, "CNAME").answer:
            name, links = str(found[0][0]), links + 1
        assert (name, links) == ("long.validation.test.", 18)

    def test_rewritten(self, faults: Faults, published: Published) -> None:
        """
        A DNAME and two wildcards answer for names that nobody made.
        """
        name = published("validation.test.")
        alias = name.replace("validation.test.", "old.dname.test.")
        assert faults.ask(at.UNBOUND, alias).answer[-1].to_text().endswith('TXT "v"')
        wild = faults.ask(at.PRIMARY, challenge("wild.test."), "CNAME")
        assert str(wild.answer[0][0]) == "www.validation.test."
        assert faults.txt(at.PRIMARY, challenge("text.test.")) == {"wildcard"}

    def test_left_over(self, faults: Faults) -> None:
        """
        Sixty values do not fit a datagram, and a doubled name holds what its own should.
        """
        assert has(faults.ask(at.PRIMARY, "_acme-challenge.leftover.test."), TC)
        assert faults.txt(at.PRIMARY, "_acme-challenge.leftover.test.") == set(at.LEFT_OVER)
        assert faults.txt(at.PRIMARY, "_acme-challenge.doubled.test.") == set()
        doubled = "_acme-challenge.doubled.test.doubled.test."
        assert faults.txt(at.PRIMARY, doubled) == {at.STANDING}

    def test_caa(self, faults: Faults) -> None:
        """
        CAA sets of every kind, and a server that fails on this type alone.
        """
        [rrset] = faults.ask(at.UNBOUND, "deny.caa.test.", "CAA").answer
        assert [str(rdata) for rdata in rrset] == ['0 issue ";"']
        assert faults.ask(at.UNBOUND, "alias.caa.test.", "CAA").answer
        for name in ("caafail.test.", "www.caafail.test."):
            assert faults.ask(at.CA_RESOLVER, name, "CAA").rcode() == Rcode.SERVFAIL
            assert faults.ask(at.CA_RESOLVER, name, "TXT").rcode() == Rcode.NOERROR


class TestCaches:
    def test_poisoned(self, faults: Faults, published: Published) -> None:
        """
        A resolver that was asked too early denies, and says for how long.
        """
        faults.flush()
        name = challenge("poisoned.test.")
        for resolver in at.RECURSORS:
            assert faults.ask(resolver, name).rcode() == Rcode.NXDOMAIN
        faults.publish("poisoned.test.", name, ["v"])
        faults.level()
        for resolver in at.RECURSORS:
            reply = faults.ask(resolver, name)
            [soa] = [rrset for rrset in reply.authority if rrset.rdtype == RdataType.SOA]
            assert (reply.rcode(), 290 < soa.ttl <= 300) == (Rcode.NXDOMAIN, True)
        assert faults.txt(at.CA_RESOLVER, name) == {"v"}

    def test_on_record(self, faults: Faults) -> None:
        """
        What a resolver was asked is known, as is that it was asked nothing else.
        """
        name, silent = challenge("well.test."), challenge("well.test.")
        for resolver in at.RECURSORS:
            faults.ask(resolver, name)
            asked = {str(question.name) for question in faults.questions(resolver)}
            assert name in asked
            assert silent not in asked

    def test_filtered(self, faults: Faults) -> None:
        """
        Where port 53 is filtered nobody answers, over TCP neither; DoH's port stays open.
        """
        with faults.filtered():
            for address in (at.PRIMARY, at.FOLLOWER, at.UNBOUND, at.BIND):
                for tcp in (False, True):
                    with pytest.raises(dns.exception.Timeout):
                        faults.ask(address, "well.test.", "SOA", tcp=tcp, timeout=0.3)
            query = dns.message.make_query("well.test.", "SOA")
            assert dns.query.tls(query, at.UNBOUND, 2.0, verify=str(faults.ca)).answer
        assert faults.ask(at.PRIMARY, "well.test.", "SOA").answer


def serial(faults: Faults, address: str, zone: str) -> int:
    [rrset] = faults.ask(address, zone, "SOA").answer
    return int(rrset[0].serial)


def is_lost(query: dns.message.Message, address: str) -> bool:
    try:
        dns.query.udp(query, address, 0.1)
    except dns.exception.Timeout:
        return True
    return False


def served_by_none(zone: str) -> bool:
    """Whether a resolver finds no answer, or none in a second."""
    query = dns.message.make_query(zone, "SOA")
    try:
        return dns.query.udp(query, at.UNBOUND, 1.0).rcode() == Rcode.SERVFAIL
    except dns.exception.Timeout:
        return True
