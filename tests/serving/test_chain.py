"""dns01 through dns01: the httpreq provider of one machine at the server of another."""

from collections.abc import Iterator

import pytest

from tests.bridge import CANARY, Site, leaf, opened

from .server import Server, serving

PASSWORD = f"{CANARY}-chain"
HOSTS = ["www.example.com", "a.example.com", "b.example.org"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("chain"), lags=[0.0, 0.3]) as site:
        yield site


@pytest.fixture(scope="module")
def server(site: Site) -> Iterator[Server]:
    login = {"DNS01_SERVE_USERNAME": "web1", "DNS01_SERVE_PASSWORD": PASSWORD}
    with serving(site, **login, DNS01_STATE_DIR=str(site.folder / "server")) as server:
        yield server


def client(server: Server, **more: str) -> dict[str, str]:
    """Return the settings of a machine that has no credentials of the DNS host."""
    return {
        "BRIDGE_TOKEN": "",
        "BRIDGE_URL": "",
        "HTTPREQ_ENDPOINT": server.url,
        "HTTPREQ_ZONES": "example.com,example.org",
        "HTTPREQ_USERNAME": "web1",
        "HTTPREQ_PASSWORD": PASSWORD,
        **more,
    }


def test_ready_and_clean_through_a_server(site: Site, server: Server) -> None:
    """
    Values of several names and zones are written by the server, confirmed by the client at the
    name servers, and removed through the server again; nobody else had to be chosen.
    """
    for host in HOSTS:
        document = site.document(host)
        report = site.report("ready", "--from", document, **client(server))
        assert (report["status"], report["records"][0]["provider"]) == ("ready", "httpreq")
        assert set(site.dns.values(leaf(host))) == {"v" * 43}
    assert site.dns01("clean", "--all", **client(server)).returncode == 0
    assert not [value for host in HOSTS for value in site.dns.values(leaf(host))]


@pytest.mark.parametrize(
    ("settings", "exit_code", "word"),
    [
        ({"HTTPREQ_PASSWORD": "guess"}, 77, "HTTPREQ_PASSWORD"),
        ({"HTTPREQ_ENDPOINT": "http://127.0.0.1:1"}, 69, "127.0.0.1:1"),
        ({"HTTPREQ_ZONES": "example.net"}, 78, "no hosted zone"),
    ],
)
def test_what_the_server_refuses_is_told(
    site: Site, server: Server, settings: dict[str, str], exit_code: int, word: str
) -> None:
    """
    With the exit status that belongs to it, and nothing is left.
    """
    document = site.document(HOSTS[0])
    words = ["ready", "--from", document, "--provider", "httpreq"]
    ended = site.dns01(*words, **client(server, **settings))
    assert (ended.returncode, word in ended.stderr) == (exit_code, True), ended.stderr
    assert not site.dns.values(leaf(HOSTS[0]))
