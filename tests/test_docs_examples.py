"""The examples of the documentation work: server configurations, a policy, a whole provider."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dns.name import from_text

from providers.contract import TXT, Provider
from providers.errors import Unauthorized, Unavailable
from providers.rfc2136 import ADAPTER

from .documents import DOCS, ROOT, blocks, rows
from .lab import premises
from .lab.program import Program

GRANTED = (
    from_text("_acme-challenge.example.com."),
    from_text("_acme-challenge.www.example.com."),
)
ZONE_FILE = """$TTL 60
@ 3600 IN SOA ns1.example.com. hostmaster.example.com. 1 3600 600 86400 60
@ NS ns1.example.com.
ns1 A 127.0.0.1
"""


# RFC 2136: what the guide tells BIND and Knot


@pytest.fixture
def port() -> int:
    """Return a port of 127.0.0.1 that is free for UDP and TCP."""
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(tcp.getsockname())
        return int(tcp.getsockname()[1])


def bind(configuration: str, folder: Path, port: int) -> Sequence[str]:
    """Return the command that runs named with the guide's *configuration* in *folder*."""
    path = folder / "named.conf"
    path.write_text(
        configuration.replace("/var/lib/bind", str(folder))
        + f'options {{ directory "{folder}"; pid-file none; session-keyfile none; recursion no;'
        f" listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; }};\n"
    )
    return ["named", "-g", "-n", "1", "-c", str(path)]


def knot(configuration: str, folder: Path, port: int) -> Sequence[str]:
    """Return the command that runs knotd with the guide's *configuration* in *folder*."""
    path = folder / "knot.conf"
    path.write_text(
        f'server:\n  rundir: "{folder}"\n  listen: 127.0.0.1@{port}\n'
        f'database:\n  storage: "{folder}"\n' + configuration.replace("/var/lib/knot", str(folder))
    )
    return ["knotd", "-c", str(path)]


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[Program]:
    """Run *command*; from a copy, as AppArmor keeps the packaged program out of *folder*."""
    path = premises.program(command[0])
    if path is None:
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out(f"{command[0]} is not installed")
    program = Program([shutil.copy2(path, str(folder / command[0])), *command[1:]])
    try:
        yield program
    finally:
        program.close()


def serves(provider: Provider, port: int) -> bool:
    """Whether the server listens, and knows the zone, by now."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
        return bool(provider.zones(GRANTED))
    except (ConnectionRefusedError, Unavailable):
        return False


@pytest.mark.servers
@pytest.mark.parametrize(
    ("language", "server"), [("bind", bind), ("knot", knot)], ids=["BIND", "Knot"]
)
def test_the_servers_take_the_configuration_shown(
    language: str,
    server: Callable[[str, Path, int], Sequence[str]],
    port: int,
    tmp_path: Path,
) -> None:
    """
    With the guide's snippet a server lets the key write the names granted, and no other.
    """
    [block] = blocks(DOCS / "rfc2136.md", language)
    [secret] = re.findall(r'secret:? "?([\w+/=]+)', block.text)
    (tmp_path / "example.com.zone").write_text(ZONE_FILE)
    provider = ADAPTER.open(
        {
            "RFC2136_NAMESERVER": f"127.0.0.1:{port}",
            "RFC2136_TSIG_KEY": "dns01.",
            "RFC2136_TSIG_SECRET": secret,
        }
    )
    with running(server(block.text, tmp_path, port), tmp_path) as program:
        program.await_that(lambda: serves(provider, port))
        [zone] = provider.zones(GRANTED)
        granted = [TXT(name, "v") for name in GRANTED]
        provider.append(zone, granted, "")
        provider.delete(zone, granted)
        with pytest.raises(Unauthorized):
            provider.append(zone, [TXT(from_text("www.example.com."), "v")], "")


# Route 53: the policy


def test_the_policy_allows_what_the_adapter_calls() -> None:
    """
    The policy has the actions that the adapter uses, and no other, but for one that only saves
    requests, which the table tells; changes are limited.
    """
    [block] = blocks(DOCS / "route53.md", "json")
    statements = json.loads(block.text)["Statement"]
    actions = [each["Action"] for each in statements]
    allowed = {a for each in actions for a in ([each] if isinstance(each, str) else each)}
    source = (ROOT / "providers" / "route53" / "requests.py").read_text()
    called = {
        "route53:" + "".join(word.capitalize() for word in operation.split("_"))
        for operation in re.findall(r"_client\.(\w+)\(", source)
    }
    spared = "ListHostedZonesByName"
    assert [cells[2] for cells in rows(DOCS / "route53.md", "action") if cells[0] == spared]
    assert allowed == called - {f"route53:{spared}"}
    [change] = [s for s in statements if s["Action"] == "route53:ChangeResourceRecordSets"]
    limits: dict[str, dict[str, Any]] = change["Condition"]
    required = {key for key, absent in limits.pop("Null").items() if absent == "false"}
    assert required == {key for test in limits.values() for key in test}
    assert sorted(value for test in limits.values() for value in test.values()) == [
        ["CREATE", "DELETE"],
        ["TXT"],
        ["_acme-challenge.*"],
    ]


# Writing a provider

EXAMPLE = DOCS / "examples" / "dns01-example-provider"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that pip has installed the guide's provider into; its test stands beside."""
    folder = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(EXAMPLE, folder / "source")  # what is built leaves its marks there
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--no-build-isolation", "--target", folder, source),
        ],
        check=True,
        timeout=300,
    )
    shutil.copy(EXAMPLE / "test_toydns.py", folder)
    return folder


def python(package: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in *package*, which is on its path, with nothing else in its environment."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=package,
        env={"PATH": os.environ["PATH"], "HOME": str(package), "PYTHONPATH": f"{package}:{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_provider_shown_is_found(package: Path) -> None:
    """
    Installed beside dns01, the guide's provider shows in `dns01 providers`, without an SDK.
    """
    done = python(package, "-m", "pipeline", "providers", "--json")
    found = {each["name"]: each for each in json.loads(done.stdout)["providers"]}
    assert found["toydns"]["problem"] is None
    assert [each["name"] for each in found["toydns"]["settings"]] == ["TOYDNS_TOKEN"]
    light = python(package, "-c", "import sys, toydns; assert 'httpx' not in sys.modules")
    assert light.returncode == 0, light.stderr


def test_the_provider_shown_is_short() -> None:
    """
    An adapter is an hour's work, and does not look like more.
    """
    assert len((EXAMPLE / "toydns.py").read_text().splitlines()) <= 60


def test_the_provider_shown_keeps_the_contract(package: Path) -> None:
    """
    The guide's test suite passes against the guide's provider, warnings being errors.
    """
    done = python(package, "-m", "pytest", "-q", "-W", "error", "test_toydns.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
