"""Where every walk begins."""

from collections import Counter
from ipaddress import ip_address

import pytest

from pipeline.questions import Role
from pipeline.tree import hints
from pipeline.tree.hints import root_servers


def test_all_thirteen_have_an_address_of_each_family() -> None:
    """
    A to M, each once by IPv4 and once by IPv6, all public, none twice.
    """
    servers = root_servers()
    hosts = Counter((via.server, ip_address(via.address).version) for via in servers)
    letters = [f"{letter}.root-servers.net." for letter in "abcdefghijklm"]
    assert hosts == Counter((host, version) for host in letters for version in (4, 6))
    assert len({ip_address(via.address) for via in servers}) == 26
    assert all(ip_address(via.address).is_global for via in servers)
    assert all(via.role is Role.AUTHORITATIVE and via.port == 53 for via in servers)


@pytest.mark.parametrize("missing", [4, 6])
def test_a_family_without_a_route_comes_last(monkeypatch: pytest.MonkeyPatch, missing: int) -> None:
    """
    Where there is no IPv6, or no IPv4, nobody waits for it first.
    """
    monkeypatch.setattr(hints, "has_route", lambda address: ip_address(address).version != missing)
    versions = [ip_address(via.address).version for via in root_servers()]
    assert versions == [10 - missing] * 13 + [missing] * 13
