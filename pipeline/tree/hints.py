"""The root servers of the Internet, where every walk begins."""

from pipeline.asking.endpoints import has_route
from pipeline.questions import Perspective, Role

ROOT_SERVERS = (
    ("a", "198.41.0.4", "2001:503:ba3e::2:30"),
    ("b", "170.247.170.2", "2801:1b8:10::b"),
    ("c", "192.33.4.12", "2001:500:2::c"),
    ("d", "199.7.91.13", "2001:500:2d::d"),
    ("e", "192.203.230.10", "2001:500:a8::e"),
    ("f", "192.5.5.241", "2001:500:2f::f"),
    ("g", "192.112.36.4", "2001:500:12::d0d"),
    ("h", "198.97.190.53", "2001:500:1::53"),
    ("i", "192.36.148.17", "2001:7fe::53"),
    ("j", "192.58.128.30", "2001:503:c27::2:30"),
    ("k", "193.0.14.129", "2001:7fd::1"),
    ("l", "199.7.83.42", "2001:500:9f::42"),
    ("m", "202.12.27.33", "2001:dc3::35"),
)
"""Letter and addresses, as IANA's named.root has them since 2023-11-27, when b moved."""


def root_servers() -> tuple[Perspective, ...]:
    """Return both addresses of every root server, those of a family without a route last."""
    servers = [
        Perspective(address, 53, Role.AUTHORITATIVE, f"{letter}.root-servers.net.")
        for letter, *addresses in ROOT_SERVERS
        for address in addresses
    ]
    _, v4, v6 = ROOT_SERVERS[0]
    routed = {True: has_route(v6), False: has_route(v4)}
    return tuple(sorted(servers, key=lambda via: not routed[":" in via.address]))
