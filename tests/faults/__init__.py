r"""The laboratory of faults: whatever makes a challenge fail, in a zone of its own.

A second world beside `tests.lab`, with a signed root of its own on 127.0.1.0/24. Most zones have
two servers: ns1 is the primary (BIND, 127.0.1.20, takes updates with `Faults.keys.all`) and is
right; ns2 is at fault. `tests.faults.test_laboratory` shows each fault by plain questions.

====================  ===================================================  ========================
zone                  fault                                                at fault
====================  ===================================================  ========================
well.test             none: NSD at .22 follows                             -
quick.test            none; negative TTL 3 s                               -
poisoned.test         none; negative TTL 300 s, for early questions        whoever was asked
stale.test            NSD that has not heard of changes since its start    .23 (ns2)
serials.test          the same, with the value that stands there since     .23 (ns2), serial only
anycast.test          dnsdist, primary and stale secondary take turns      .35 (ns2)
apart.test            parent: ns1, ns3 (right); zone: ns1, ns2 (stale)     .23 (ns2)
glue.test             parent's glue of ns1 is the stale secondary          .23 (ns1)
lame.test             NSD without the zone: REFUSED                        .24 (ns2)
recursor.test         Unbound as name server: no AA, no answer             .25 (ns2)
noaa.test             right answers without AA                             .40 (ns2)
servfail.test         dnsdist: SERVFAIL                                    .31 (ns2)
lossy.test            dnsdist: loses three in ten                          .30 (ns2)
slow.test             dnsdist: 0.8 s late (UDP)                            .32 (ns2)
tc.test               dnsdist: cut over UDP, whole over TCP                .33 (ns2), harmless
notcp.test            dnsdist: cut over UDP, TCP dropped by nftables       .34 (ns2)
flap.test             every other answer is NXDOMAIN                       .41 (ns2)
lower.test            repeats the question in lower case                   .42 (ns2)
mixed.test            NXDOMAIN for names in mixed case                     .43 (ns2)
noedns.test           drops questions with OPT                             .44 (ns2)
formerr.test          FORMERR on OPT                                       .45 (ns2), harmless
silent.test           no answer, no error                                  .48 (ns2)
dead.test             nothing there: connection refused                    .99 (ns2)
noroute.test          an address that nothing leads to                     192.0.2.53 (ns2)
v6dead.test           the same, IPv6                                       2001:db8:1::53 (ns2)
v6silent.test         no answer, IPv6                                      2001:db8::53 (ns2)
spare.test            two good servers, and one that is silent             .48 (ns3)
sparelame.test        two good servers, and one without the zone           .23 (ns3)
sparefail.test        two good servers, and one that says SERVFAIL         .31 (ns3)
sparev6.test          two good servers, and one that nothing leads to      2001:db8:1::53 (ns3)
mute.test             every server is silent                               .48, .49
unborn.test           delegated to servers that lack it                    .24, .22
ghost.test            delegated to a host that has no address              the delegation
nowhere.test          not delegated                                        -
half.test             two hosts, each with contents of its own             .21 (Knot, ns2)
shadow.test           the primary has it, the world goes elsewhere         .21 (Knot)
parent.test           child.parent.test is delegated to .21                names below it
cut.test              _acme-challenge.cut.test is delegated to .21         that name
chains.test           _acme-challenge.LABEL is an alias:                   see LABEL
- one, two            of LABEL.validation.test, in one or two hops         harmless
- far                 of far.far.test, at the other host .21               harmless
- late                of late.stale.test                                   .23
- loop, long          of itself, by way of hop.test; in 18 hops            the chain
- gone                of a name in nowhere.test                            the target
dname.test            old.dname.test is a DNAME to validation.test         harmless
wild.test             \*.wild.test is an alias of www.validation.test       the wildcard
text.test             \*.text.test is TXT "wildcard"                        harmless
doubled.test          the value is at _acme-challenge.doubled.test twice   the record's name
leftover.test         60 values at the challenge name: TCP needed          harmless
caa.test              allow, deny, else, wild, critical, unknown,          those sets
                      account, method, dns, alias (of deny)
caafail.test          SERVFAIL on CAA only                                 .46, its one server
secure.test           none; signed, NSEC, negative TTL 300 s               neighbours' denials
secure3.test          none; signed, NSEC3, negative TTL 300 s              -
bogus.test            signed with a key that the parent does not name      the parent's DS
expired.test          signatures of 2024; takes no updates                 the signatures
====================  ===================================================  ========================

Recursors, all logging: Unbound .101 (also DoT and DoH, `Faults.ca`) and BIND .105 do not validate;
Unbound .111 and BIND .115 do, and use NSEC for denials (RFC 8198). The CA's is .104: it validates,
mixes case and keeps nothing. `Faults.filtered` closes port 53 to this host, and to it alone.
"""

from .laboratory import Faults, running

__all__ = ["Faults", "running"]
