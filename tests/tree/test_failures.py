"""What is said where the way to a name ends, and what is to be done then."""

import dns.name
import pytest

from pipeline.questions import Perspective, Role, Silence
from pipeline.tree.failures import nobody_answers

NAME = dns.name.from_text("example.com")
LAME = Silence("lame: answers without authority (no AA)")


def at(server: str, number: int = 1) -> Perspective:
    return Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, server)


def test_who_answers_in_place_of_root_servers_is_blamed() -> None:
    """
    Root servers without authority are no fault of the zone: the network's, and said to be.
    """
    failed = nobody_answers(
        NAME, {at("a.root-servers.net.", 1): LAME, at("b.root-servers.net.", 2): LAME}
    )
    assert "no root server could be asked about example.com." in str(failed)
    assert "something on this network answers port 53 in their place" in failed.problem.hint
    failed = nobody_answers(NAME, {at("a.root-servers.net."): LAME, at("ns.example.com."): LAME})
    assert "in their place" not in failed.problem.hint
    failed = nobody_answers(NAME, {at("a.root-servers.net."): Silence("SERVFAIL")})
    assert "in their place" not in failed.problem.hint


@pytest.mark.parametrize(
    ("server", "silence", "hint"),
    [
        ("ns.example.com.", Silence("timeout"), "is port 53 (UDP and TCP) filtered here?"),
        ("ns.example.com.", Silence("no route", routeless=True), "no route to any of them"),
        ("configured", Silence("timeout"), "you named these servers: are they up"),
    ],
)
def test_port_53_is_suspected_only_where_it_can_be(
    server: str, silence: Silence, hint: str
) -> None:
    """
    Not without any route, and not where the user named servers, perhaps at other ports.
    """
    assert hint in nobody_answers(NAME, {at(server): silence}).problem.hint
