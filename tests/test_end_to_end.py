"""The proof: orders of a real CA, published by the real command, validated through a real cache.

Pebble's resolver keeps what it hears, BIND is the primary, Knot and NSD come
later, Unbound and BIND are the resolvers that dns01 asks. The challenge is
answered only after exit 0, and the certificate must be issued.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote

import pytest
from dns.name import from_text

from .acme_client import AcmeAccount, names
from .lab import Lab, topology
from .standins.cloudflare import CloudflareStandIn
from .standins.ministack import Ministack
from .standins.route53 import Route53Front

pytestmark = pytest.mark.servers

DNS01 = [sys.executable, "-m", "pipeline"]
RESOLVERS = [word for at in topology.PUBLIC_RECURSORS for word in ("--resolver", at)]


class Broker:
    """An order API that creates a real order at the CA for every request, as RCL does."""

    def __init__(self, account: AcmeAccount) -> None:
        self.orders: list[object] = []
        broker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = unquote(self.path.split("/certificate/")[1].removesuffix("/order"))
                order = account.order(name.split(","))
                broker.orders.append(order)
                body = json.dumps(account.document(order)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/public"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Bench:
    """Everything a certificate needs, but for the DNS host."""

    lab: Lab
    account: AcmeAccount
    broker: Broker
    folder: Path

    def dns01(self, *words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the command as a user would, with nothing of ours in its environment."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DNS01_STATE_DIR": str(self.folder / "state"),
            "DNS01_SHARED_DIR": str(self.folder / "shared"),
            "RCL_BASE_URL": self.broker.url,
            "RCL_API_KEY": "canary-rcl-key",
            "RCL_SUBSCRIPTION_ID": "sub",
            **env,
        }
        coverage = {k: v for k, v in os.environ.items() if k.startswith("COVERAGE")}
        result = subprocess.run(
            [*DNS01, *words],
            env=environment | coverage,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert "Traceback" not in result.stderr
        assert "canary" not in result.stdout + result.stderr
        return result

    def ready(self, certificate: str, env: Mapping[str, str], *more: str) -> dict[str, object]:
        """Publish and confirm; return the report of a success."""
        result = self.dns01("ready", certificate, "--json", *RESOLVERS, *more, env=env)
        assert result.returncode == 0, result.stderr + result.stdout
        report: dict[str, object] = json.loads(result.stdout)
        assert report["status"] == "ready"
        return report

    def issue(self, certificate: str) -> None:
        """Let the CA validate and issue the one order that was made."""
        [order] = self.broker.orders
        issued = self.account.finish(order)  # type: ignore[arg-type]
        assert names(issued) == set(certificate.split(","))

    def left(self, certificate: str) -> set[str]:
        """Return the challenge values that any server still holds."""
        hosts = {name.removeprefix("*.") for name in certificate.split(",")}
        self.lab.level()
        return {
            value
            for host in hosts
            for address in topology.AUTHORITATIVE
            for value in self.lab.txt(f"_acme-challenge.{host}.", address)
        }


@pytest.fixture
def bench(lab: Lab, tmp_path: Path) -> Iterator[Bench]:
    account = AcmeAccount(lab.pebble)
    broker = Broker(account)
    lab.flush()
    yield Bench(lab, account, broker, tmp_path)
    broker.close()


def rfc2136(lab: Lab) -> dict[str, str]:
    return {
        "RFC2136_NAMESERVER": topology.PRIMARY,
        "RFC2136_TSIG_KEY": lab.keys.all.name,
        "RFC2136_TSIG_SECRET": lab.keys.all.secret,
    }


@contextmanager
def route53(lab: Lab) -> Iterator[dict[str, str]]:
    with Ministack() as endpoint, Route53Front(endpoint, mirror=lab.mirror) as front:
        front.create_zone("r53.test.")
        yield {
            "AWS_ACCESS_KEY_ID": "canary-id",
            "AWS_SECRET_ACCESS_KEY": "canary-secret",
            "AWS_ENDPOINT_URL_ROUTE_53": front.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        assert not front.upserts


@contextmanager
def cloudflare(lab: Lab) -> Iterator[dict[str, str]]:
    with CloudflareStandIn(zones=["cf.test"], mirror=lab.mirror) as api:
        yield {"CLOUDFLARE_API_TOKEN": api.token, "CLOUDFLARE_BASE_URL": api.url}


@contextmanager
def hosted(provider: str, lab: Lab) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield a zone hosted by *provider*, and the settings to write to it."""
    match provider:
        case "rfc2136":
            yield "example.test", rfc2136(lab)
        case "route53":
            with route53(lab) as env:
                yield "r53.test", env
        case _:
            with cloudflare(lab) as env:
                yield "cf.test", env


@pytest.mark.parametrize("provider", ["rfc2136", "route53", "cloudflare"])
@pytest.mark.parametrize("delay", [0.0, 2.0])
def test_a_certificate_is_issued(bench: Bench, provider: str, delay: float) -> None:
    """
    Apex and wildcard, through each provider, secondaries level or late: one order request, ready,
    issued, cleaned, nothing left; and no resolver hears of the name before every server has it.
    """
    with hosted(provider, bench.lab) as (zone, env), bench.lab.delay(knot=delay / 2, nsd=delay):
        certificate = f"{zone},*.{zone}"
        started = time.monotonic()
        report = bench.ready(certificate, env)
        assert_asked_late(bench.lab, zone, started, delay)
        bench.issue(certificate)
        records = report["records"]
        assert isinstance(records, list)
        assert len(records) == 2
        done = bench.dns01("clean", certificate, "--json", env=env)
        assert done.returncode == 0, done.stderr
    assert bench.left(certificate) == set()


def assert_asked_late(lab: Lab, zone: str, started: float, delay: float) -> None:
    """Check that every resolver was asked about the challenge name, none within *delay*."""
    name = from_text(f"_acme-challenge.{zone}.")
    for address in topology.PUBLIC_RECURSORS:
        asked = [q.at - started for q in lab.questions(address) if q.name.is_subdomain(name)]
        after = [at for at in asked if at > 0]
        assert after, f"{address} was never asked"
        assert min(after) >= delay, f"{address} was asked {min(after):.2f} s after the start"


def test_twenty_names_wait_once(bench: Bench) -> None:
    """
    Twenty names of one certificate are published in one update and waited for together.
    """
    certificate = ",".join(host.removesuffix(".") for host in topology.HOSTS[:20])
    with bench.lab.delay(knot=1.0, nsd=1.0):
        report = bench.ready(certificate, rfc2136(bench.lab))
    bench.issue(certificate)
    assert report["api_calls"] == 1
    assert bench.dns01("clean", "--all", env=rfc2136(bench.lab)).returncode == 0
    assert bench.left(certificate) == set()


def test_a_hundred_names_cost_little_more_than_their_confirmation(bench: Bench) -> None:
    """
    Three servers twice and three resolvers are nine questions a name, as the rules want; one more
    is about CAA. That nothing stands at the names takes none.
    """
    hosts = [host.removesuffix(".") for host in topology.HOSTS]
    token = {"tokenName": "_acme-challenge", "tokenValue": "v" * 43, "challengeType": "DNS"}
    tokens = [token | {"domain": host} for host in hosts]
    document = bench.folder / "order.json"
    document.write_text(json.dumps({"status": "pending", "validationTokens": tokens}))
    env = rfc2136(bench.lab)
    named = ("--provider", "rfc2136", "--from", str(document))
    report = bench.ready(",".join(hosts), env, *named)
    assert report["dns_queries"] < 1100  # type: ignore[operator]
    assert report["api_calls"] == 1
    assert bench.dns01("clean", "--all", env=env).returncode == 0
    assert bench.left(",".join(hosts[::33])) == set()


def test_run_issues_and_leaves_nothing(bench: Bench) -> None:
    """
    `dns01 run` publishes, lets the command use the report, and cleans up after it.
    """
    code = "import json,os;print(json.load(open(os.environ['DNS01_REPORT']))['status'])"
    result = bench.dns01(
        "run", "example.test", *RESOLVERS, "--", sys.executable, "-c", code, env=rfc2136(bench.lab)
    )
    assert (result.returncode, result.stdout) == (0, "ready\n"), result.stderr
    assert bench.left("example.test") == set()


def test_delegated_challenges_across_hosts(bench: Bench) -> None:
    """
    One certificate of three names: one is written where it is, one at the end of two CNAMEs in
    another zone of the same host, one at the end of a CNAME at Cloudflare, by the configuration.
    """
    lab, zone = bench.lab, "example.test."
    certificate = "h060.example.test,hops.example.test,away.h061.example.test"
    leaf = "_acme-challenge.away.h061.example.test."
    lab.update(zone, leaf, "CNAME", ["proof.cf.test."])
    lab.level()
    lab.flush()
    configuration = bench.folder / "config.toml"
    configuration.write_text(
        'provider = "rfc2136"\n[zones."cf.test"]\nprovider = "cloudflare"\n', encoding="utf-8"
    )
    try:
        with cloudflare(lab) as token, lab.delay(nsd=1.0):
            env = rfc2136(lab) | token
            report = bench.ready(certificate, env, "--config", str(configuration))
            bench.issue(certificate)
            records = report["records"]
            assert isinstance(records, list)
            assert {each["target"]: (each["provider"], each["zone"]) for each in records} == {
                None: ("rfc2136", "example.test."),
                "hops.acme.test.": ("rfc2136", "acme.test."),
                "proof.cf.test.": ("cloudflare", "cf.test."),
            }
            cleaned = bench.dns01("clean", "--all", "--config", str(configuration), env=env)
            assert cleaned.returncode == 0, cleaned.stderr
        lab.level()
        ends = ("_acme-challenge.h060.example.test.", "hops.acme.test.", "proof.cf.test.")
        assert not any(lab.txt(end) for end in ends)
    finally:
        lab.update(zone, leaf, "CNAME", [])


def test_wait_needs_no_credentials(bench: Bench) -> None:
    """
    `dns01 wait` confirms what others publish, in a delegated zone, from the tree alone.
    """
    with bench.lab.delay(nsd=1.0):
        bench.lab.mirror("sub.example.test.", "_acme-challenge.x.sub.example.test.", {"v"})
        pair = "_acme-challenge.x.sub.example.test=v"
        result = bench.dns01("wait", pair, "--json", *RESOLVERS, "--timeout", "20s", env={})
        bench.lab.mirror("sub.example.test.", "_acme-challenge.x.sub.example.test.", set())
    report = json.loads(result.stdout)
    assert (result.returncode, report["status"]) == (0, "ready"), result.stderr
    assert {line["server"] for line in report["records"][0]["perspectives"]} >= {
        f"ns{number}.example.test." for number in (1, 2, 3)
    }
    assert (report["orders"], report["receipt"]) == ([], None)


def test_a_poisoned_resolver_is_named(bench: Bench) -> None:
    """
    Two of three resolvers asked too early by somebody else: not ready, at once, with the clock
    time at which they forget; and the CA would pass, which the hint says.
    """
    lab, name = bench.lab, "_acme-challenge.slow.test."
    for address in (topology.UNBOUND, topology.BIND_RECURSOR):
        lab.ask(address, name)
    result = bench.dns01(
        "ready", "slow.test", "--json", *RESOLVERS, "--timeout", "30s", env=rfc2136(lab)
    )
    report = json.loads(result.stdout)
    assert (result.returncode, report["status"]) == (75, "not-ready"), result.stderr
    [problem] = [each for each in report["problems"] if each["code"] == "not-ready"]
    assert topology.UNBOUND in problem["message"]
    assert topology.BIND_RECURSOR in problem["message"]
    assert "UTC" in problem["message"]
    assert "--require authoritative" in problem["hint"]
    again = bench.ready("slow.test", rfc2136(lab), "--require", "authoritative")
    assert again["orders"][0]["resumed"]  # type: ignore[index]
    bench.issue("slow.test")
    assert bench.dns01("clean", "--all", env=rfc2136(lab)).returncode == 0
    assert bench.left("slow.test") == set()


def run_many(bench: Bench, words: Sequence[Sequence[str]], env: Mapping[str, str]) -> list[int]:
    """Run several commands at once and return their exit codes."""
    threads, codes = [], [99] * len(words)
    for index, line in enumerate(words):

        def work(index: int = index, line: Sequence[str] = line) -> None:
            codes[index] = bench.dns01(*line, env=env).returncode

        threads.append(Thread(target=work))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return codes


def test_documents_in_parallel(bench: Bench) -> None:
    """
    Eight documents of one name at once: each value stands beside the others, each clean takes
    its own.
    """
    name = "h050.example.test"
    for index in range(8):
        token = {"tokenName": "_acme-challenge", "tokenValue": f"v{index}", "domain": name}
        document = {"status": "pending", "validationTokens": [token | {"challengeType": "DNS"}]}
        (bench.folder / f"{index}.json").write_text(json.dumps(document))
    words = [["ready", "--from", str(bench.folder / f"{i}.json"), *RESOLVERS] for i in range(8)]
    # Values that come later hide behind the first one's TTL in the caches: servers decide here.
    words = [[*line, "--require", "authoritative"] for line in words]
    assert run_many(bench, words, rfc2136(bench.lab)) == [0] * 8
    assert bench.lab.txt(f"_acme-challenge.{name}.") == {f"v{index}" for index in range(8)}
    assert bench.dns01("clean", name, env=rfc2136(bench.lab)).returncode == 0
    assert bench.left(name) == set()
