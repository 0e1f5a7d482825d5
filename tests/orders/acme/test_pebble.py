"""Orders of a real CA: made, met, validated, finalized; accounts of real clients.

Each test has names of its own: what one has shown is in the resolver's cache for the next.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acme import messages
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pipeline.demo.resolver import Resolver
from providers.contract import TXT
from providers.embedded import Embedded, Nameserver
from tests.acme_client import names
from tests.bridge import APEX, at, leaf, opened

from .bench import QUIET, Bench, client, new_key, pebble

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[3]
SHORTLY = ("--timeout", "10")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    if shutil.which("pebble") is None:
        assert os.environ.get("CI") != "true", "no Pebble"
        pytest.skip("no Pebble")
    folder = tmp_path_factory.mktemp("acme")
    with (
        opened(folder) as site,
        pebble(folder / "pebble", at(site.resolver.address)) as ca,
    ):
        bench = Bench(site, ca, new_key(folder / "account.pem"))
        yield bench
        assert bench.report("clean", "--all")["exit"] == 0


def ready(bench: Bench, *words: str, **more: str) -> dict[str, Any]:
    """Return the report of `ready` with *words*, which must end well."""
    report = bench.report("ready", "--order", "acme", *words, **more)
    assert report["status"] == "ready", report
    return report


def order_at(bench: Bench, url: str) -> messages.Order:
    """Return what the CA says of its order at *url*."""
    acme = client(bench.ca, bench.key)
    answer = acme.net.post(url, None, new_nonce_url=acme.directory["newNonce"]).json()
    found: messages.Order = messages.Order.from_json(answer)
    return found


def made_elsewhere(bench: Bench, *domains: str) -> messages.OrderResource:
    """Return an order that another client of the same account has made."""
    return client(bench.ca, bench.key).new_order(request_for(*domains))


def request_for(*domains: str) -> bytes:
    """Return a certificate signing request in PEM."""
    listed = x509.SubjectAlternativeName([x509.DNSName(each) for each in domains])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([]))
        .add_extension(listed, critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    return request.public_bytes(serialization.Encoding.PEM)


def test_a_new_order_is_met_and_validated(bench: Bench) -> None:
    """
    Apex and wildcard: two values at one name, the CA validates, the order is ready to finalize.
    """
    name = "t1.example.com,*.t1.example.com"
    report = ready(bench, "--respond", name)
    [order] = report["orders"]
    assert (order["name"], order["status"]) == (name, "ready")
    assert {each["name"] for each in report["records"]} == {"_acme-challenge.t1.example.com."}
    assert len(report["records"]) == 2
    assert order_at(bench, order["order_uri"]).status == messages.STATUS_READY


def test_without_respond_the_ca_hears_nothing(bench: Bench) -> None:
    """
    The values are what the account's key makes of the tokens; nobody has answered a challenge.
    """
    [order] = ready(bench, "t2.example.com")["orders"]
    assert order["status"] == "pending"
    assert order_at(bench, order["order_uri"]).status == messages.STATUS_PENDING


def test_an_existing_order_goes_on(bench: Bench) -> None:
    """
    Named by its URL, it is fetched and met; what is shown is what its other client expects.
    """
    name = "t3.example.com,*.t3.example.com"
    order = made_elsewhere(bench, *name.split(","))
    report = ready(bench, "--respond", order.uri)
    assert [each["order_uri"] for each in report["orders"]] == [order.uri]
    key = client(bench.ca, bench.key).net.key
    wanted = {
        each.chall.validation(key)
        for authorization in order.authorizations
        for each in authorization.body.challenges
        if each.chall.typ == "dns-01"
    }
    assert {each["value"] for each in report["records"]} == wanted
    assert order_at(bench, order.uri).status == messages.STATUS_READY
    assert ready(bench, order.uri)["records"] == []  # it needs nothing more


def test_an_order_that_is_not_there(bench: Bench) -> None:
    """
    An order's URL that the CA does not know ends with 65 and its words.
    """
    url = bench.ca.directory.replace("/dir", "/my-order/none")
    report = bench.report("ready", "--order", "acme", url)
    assert report["exit"] == 65
    assert report["problems"][0]["code"] == "order-refused"


def test_what_is_pending_goes_on_within_the_hour(bench: Bench) -> None:
    """
    A run that was not ready leaves its order to the next one: none is made in between.
    """
    bench.site.hide()
    first = bench.report("ready", "--order", "acme", *SHORTLY, "www.t5.example.com")
    bench.site.show()
    assert first["exit"] == 75, first
    second = ready(bench, "--respond", "www.t5.example.com")
    assert second["orders"][0]["resumed"]
    assert second["orders"][0]["order_uri"] == first["orders"][0]["order_uri"]
    third = bench.report("plan", "--order", "acme", "www.t5.example.com")
    assert third["orders"][0]["order_uri"] != first["orders"][0]["order_uri"]


def test_an_order_that_has_died_is_made_anew(bench: Bench) -> None:
    """
    Between two runs the CA gave the order up: that is noticed, and costs no failed run.
    """
    bench.site.hide()
    first = bench.report("ready", "--order", "acme", *SHORTLY, "www.t6.example.com")
    [url] = [each["order_uri"] for each in first["orders"]]
    acme = client(bench.ca, bench.key)
    [authorization] = order_at(bench, url).authorizations
    update = messages.UpdateAuthorization(status="deactivated")
    acme.net.post(authorization, update, new_nonce_url=acme.directory["newNonce"])
    bench.site.show()
    second = ready(bench, "--respond", "www.t6.example.com")
    assert not second["orders"][0]["resumed"]
    assert second["orders"][0]["order_uri"] != url


def test_two_names_are_two_orders(bench: Bench) -> None:
    """
    Both are validated in one run.
    """
    report = ready(bench, "--respond", "a.t7.example.com", "b.t7.example.com")
    assert [each["status"] for each in report["orders"]] == ["ready", "ready"]


def test_a_key_without_an_account(bench: Bench, tmp_path: Path) -> None:
    """
    Nobody agrees to the CA's terms for the user: 77, and how to.
    """
    key = str(new_key(tmp_path / "new.pem"))
    more = {"ACME_ACCOUNT_KEY_FILE": key, "ACME_ACCEPT_TOS": ""}
    report = bench.report("plan", "--order", "acme", "t8.example.com", **more)
    assert report["exit"] == 77
    assert "ACME_ACCEPT_TOS=true" in report["problems"][0]["hint"]
    report = bench.report("plan", "--order", "acme", "t8.example.com", ACME_ACCOUNT_KEY_FILE=key)
    assert report["exit"] == 0


def test_a_ca_that_nobody_vouches_for(bench: Bench) -> None:
    """
    Without SSL_CERT_FILE Pebble's certificate is nobody's: 69, and nothing was sent.
    """
    report = bench.report("plan", "--order", "acme", "t9.example.com", SSL_CERT_FILE="")
    assert report["exit"] == 69
    assert "SSL_CERT_FILE" in report["problems"][0]["hint"]
    report = bench.report("plan", "--order", "acme", "t9.example.com", SSL_CERT_FILE="/nowhere")
    assert report["exit"] == 78


def test_what_the_ca_sees_otherwise_is_told(bench: Bench, tmp_path: Path) -> None:
    """
    The CA validates by servers that hold another value: 65 and its own words; never "ready".
    """
    other = Embedded([APEX], [Nameserver()])
    with other, Resolver({APEX: other.addresses}, lambda: 0.0) as resolver:
        [zone] = other.zones([APEX])
        other.append(zone, [TXT(leaf("t10.example.com"), "another", 60)], "")
        with pebble(tmp_path / "pebble", at(resolver.address)) as ca:
            elsewhere = Bench(bench.site, ca, bench.key)
            report = elsewhere.report("ready", "--order", "acme", "--respond", "t10.example.com")
    assert report["exit"] == 65
    [problem] = [each for each in report["problems"] if each["code"] == "validation"]
    assert "the CA has not validated t10.example.com: unauthorized" in problem["message"]
    assert report["status"] == "failed"
    assert json.loads(Path(report["receipt"]).read_text())["state"] == "waiting"


def test_what_is_valid_already_is_left_out(bench: Bench, tmp_path: Path) -> None:
    """
    A CA that remembers wants only the new name; of an order that is ready it wants nothing.
    """
    environment = QUIET | {"PEBBLE_AUTHZREUSE": "100"}
    with pebble(tmp_path / "pebble", at(bench.site.resolver.address), environment) as ca:
        remembers = Bench(bench.site, ca, bench.key)
        ready(remembers, "--respond", "t11.example.com")
        both = ready(remembers, "--respond", "t11.example.com,www.t11.example.com")
        assert [each["name"] for each in both["records"]] == [
            "_acme-challenge.www.t11.example.com."
        ]
        again = ready(remembers, "t11.example.com")
        assert again["records"] == []
        assert again["orders"][0]["status"] == "ready"


def test_an_external_account_is_bound(bench: Bench, tmp_path: Path) -> None:
    """
    A CA that wants it refuses the key without (77), and takes it with; its secret never shows.
    """
    secret = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
    more: dict[str, Any] = {
        "externalAccountBindingRequired": True,
        "externalAccountMACKeys": {"kid-1": secret},
    }
    with pebble(tmp_path / "pebble", at(bench.site.resolver.address), **more) as ca:
        bound = Bench(bench.site, ca, bench.key)
        plan = ("plan", "--order", "acme", "t12.example.com")
        refused = bound.report(*plan)
        assert refused["exit"] == 77
        assert "ACME_EAB_KID" in refused["problems"][0]["hint"]
        account = {"ACME_EAB_KID": "kid-1", "ACME_EAB_HMAC_KEY": secret[::-1]}
        assert bound.report(*plan, **account)["exit"] == 77
        account["ACME_EAB_HMAC_KEY"] = secret
        assert bound.report(*plan, **account)["exit"] == 0
        result = bound.site.dns01(*plan, "--verbose", **bound.variables() | account)
        assert secret[8:20] not in result.stdout + result.stderr


def test_a_ca_that_refuses_nonces(bench: Bench, tmp_path: Path) -> None:
    """
    One in four is refused, as Pebble does to train clients: the order is made and validated.
    """
    name = "t13.example.com,*.t13.example.com"
    environment = QUIET | {"PEBBLE_WFE_NONCEREJECT": "25"}
    with pebble(tmp_path / "pebble", at(bench.site.resolver.address), environment) as ca:
        ready(Bench(bench.site, ca, bench.key), "--respond", name)


def test_certbots_account(bench: Bench, tmp_path: Path) -> None:
    """
    What certbot has registered is found below its folder, and nothing else is needed.
    """
    certbot = Path(sys.executable).with_name("certbot")
    folders = [f"--{each}-dir={tmp_path / each}" for each in ("config", "work", "logs")]
    subprocess.run(
        [
            *(certbot, "register", "--server", bench.ca.directory, "--agree-tos", "-n"),
            *("--register-unsafely-without-email", *folders),
        ],
        env={"PATH": os.environ["PATH"], "REQUESTS_CA_BUNDLE": str(bench.ca.ca)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    [key] = (tmp_path / "config").rglob("private_key.json")
    ready(bench, "--respond", "t14.example.com", **account_in(tmp_path / "config" / "accounts"))
    plan = bench.report("plan", "--order", "acme", "a.t14.example.com", **account_in(key.parent))
    assert plan["exit"] == 0


def test_legos_account(bench: Bench, tmp_path: Path) -> None:
    """
    The same for lego's, which registers on its way to a certificate.
    """
    lego = shutil.which("lego")
    assert lego, "no lego"
    subprocess.run(
        [
            *(lego, "--server", bench.ca.directory, "--path", str(tmp_path), "--accept-tos"),
            *("--email", "a@example.com", "--domains", "a.t15.example.com", "--dns", "exec", "run"),
        ],
        env={"LEGO_CA_CERTIFICATES": str(bench.ca.ca), "EXEC_PATH": "/bin/false"},
        check=False,  # no value is published: it only registers
        capture_output=True,
        timeout=60,
    )
    ready(bench, "--respond", "t15.example.com", **account_in(tmp_path / "accounts"))


def account_in(folder: Path) -> dict[str, str]:
    """Return what names the account in *folder*, and no other."""
    return {"ACME_ACCOUNT_DIR": str(folder), "ACME_ACCOUNT_KEY_FILE": "", "ACME_ACCEPT_TOS": ""}


@pytest.mark.parametrize(("apex", "curve"), [("t16", ec.SECP256R1), ("t17", ec.SECP384R1)])
def test_the_documented_way_to_a_certificate(
    bench: Bench, tmp_path: Path, apex: str, curve: type[ec.EllipticCurve]
) -> None:
    """
    `run --respond` gets the order ready, the example finalizes it, and the values are gone; so with
    each kind of key that the CA takes.
    """
    bench = replace(bench, key=new_key(tmp_path / "account.pem", curve()))
    name = f"{apex}.example.com,*.{apex}.example.com"
    (tmp_path / "request.pem").write_bytes(request_for(*name.split(",")))
    example = ROOT / "docs/examples/finalize_acme.py"
    chain = tmp_path / "chain.pem"
    result = bench.site.dns01(
        "run", "--order", "acme", "--respond", name, "--",
        sys.executable, str(example), str(tmp_path / "request.pem"), str(chain),
        **bench.variables(),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    issued = x509.load_pem_x509_certificate(chain.read_bytes())
    assert names(issued) == set(name.split(","))
    bench.hides_key(result.stdout + result.stderr)
    assert bench.site.dns.values(leaf(f"{apex}.example.com")) == set()
    for path in bench.site.state.rglob("*.json"):
        bench.hides_key(json.dumps(path.read_text()))
