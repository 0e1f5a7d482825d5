"""`dns01 policy` prints the least that credentials must allow, and asks nobody."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.configuration.settings import Account, Settings, ZoneSettings
from pipeline.model import Exit, Failed
from pipeline.policy import owner, policy

KEY = "route53:ChangeResourceRecordSetsNormalizedRecordNames"


def settings(
    accounts: Mapping[str, Account] | None = None,
    fallback: tuple[str, ...] = (),
    **zones: tuple[str | None, tuple[str, ...]],
) -> Settings:
    """Return a configuration of *zones*: an id and the providers of each, dots as underscores."""
    tables = {
        from_text(apex.replace("_", ".")): ZoneSettings(providers, key)
        for apex, (key, providers) in zones.items()
    }
    return Settings(Path(), zones=tables, accounts=accounts or {}, fallback=fallback)


# Which names


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("example.com", "_acme-challenge.example.com."),
        ("*.example.com", "_acme-challenge.example.com."),
        ("EXAMPLE.com.", "_acme-challenge.example.com."),
        ("bücher.example", "_acme-challenge.xn--bcher-kva.example."),
        ("_acme-challenge.example.com", "_acme-challenge.example.com."),
        ("_ACME-challenge.Example.com.", "_acme-challenge.example.com."),
        ("_x.acme.test", "_x.acme.test."),
        ("example.com=b.acme.test", "b.acme.test."),
        ("*.example.com=B.acme.test.", "b.acme.test."),
        ("_acme-challenge.example.com=b.acme.test", "b.acme.test."),
    ],
)
def test_where_the_values_of_a_domain_are(text: str, name: str) -> None:
    """
    At its challenge name, at the NAME which that is an alias for, or at what is a name already.
    """
    assert owner(text).to_text() == name


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "a..b", "-a.test", "a b.test", "*", "*.", "a.*.test", "https://a.test"),
        *("192.0.2.1", "=b.test", "a.test=", "a.test=.", "a.test=test", "a..b=b.test"),
        *("_x", "_x..y", f"{'a' * 64}.test", f"a.test={'a' * 64}.test", "*.=b.test"),
        *(r"a.test=\300.test", r"_\300.test", "_" + "a." * 200 + "test", "_\ud800.test"),
    ],
)  # fmt: skip
def test_what_is_no_domain_is_64(text: str) -> None:
    """
    With the text, and what is wanted; the root and a top-level domain are none.
    """
    with pytest.raises(Failed) as caught:
        policy("route53", [text], settings())
    assert (caught.value.exit, caught.value.problem.code) == (Exit.USAGE, "name")


def names(host: str, *domains: str, among: Settings) -> list[list[str]]:
    """Return the names of each writing statement for Route 53."""
    document = json.loads(policy(host, domains, among).text)
    conditions = [each["Condition"] for each in document["Statement"] if "Condition" in each]
    return [each["ForAllValues:StringEquals"][KEY] for each in conditions]


def test_domains_may_be_written_as_certificates_have_them() -> None:
    """
    With commas or one by one, each name once.
    """
    [[*found]] = names("route53", "a.test, *.a.test", "b.test", "a.test", among=settings())
    assert found == ["_acme-challenge.a.test", "_acme-challenge.b.test"]


# Which zones


def test_ids_come_from_the_configuration() -> None:
    """
    Those of zones that this host, or no host in particular, is configured for.
    """
    configured = settings(
        a_test=("ZA", ()), b_test=("ZB", ("route53",)), c_test=("ZC", ("cloudflare",)),
        d_test=(None, ("route53",)),
    )  # fmt: skip
    text = policy("route53", ["a.test,b.test,c.test,d.test"], configured).text
    assert "hostedzone/ZA" in text
    assert "hostedzone/ZB" in text
    assert "ZC" not in text
    assert "hostedzone/*" in text


@pytest.mark.parametrize(("top", "is_ours"), [("route53", True), ("cloudflare", False)])
def test_the_provider_on_top_has_the_zones_that_name_none(top: str, *, is_ours: bool) -> None:
    """
    Its ids are none of another host's.
    """
    configured = settings(fallback=(top,), a_test=("ZA", ()), b_test=("ZB", ("route53",)))
    text = policy("route53", ["a.test,b.test"], configured).text
    assert ("hostedzone/ZA" in text) is is_ours
    assert "hostedzone/ZB" in text


@pytest.mark.parametrize(("host", "key"), [("route53", "a" * 32), ("cloudflare", "ZA")])
def test_an_id_of_another_host_is_78(host: str, key: str) -> None:
    """
    Named with its zone, and not printed into a policy.
    """
    with pytest.raises(Failed) as caught:
        policy(host, ["a.test"], settings(a_test=(key, ())))
    assert (caught.value.exit, caught.value.problem.code) == (
        Exit.CONFIG,
        "provider-misconfigured",
    )
    assert "zone_id of a.test." in caught.value.problem.message


def test_an_account_stands_for_its_host() -> None:
    """
    By the name that the configuration gives it, with the zones that are its own.
    """
    accounts = {"shop": Account("route53"), "team": Account("cloudflare")}
    configured = settings(accounts, a_test=("ZA", ("shop",)), b_test=("ZB", ("route53",)))
    text = policy("shop", ["a.test", "b.test"], configured).text
    assert "hostedzone/ZA" in text
    assert "ZB" not in text
    assert "DNS Write" in policy("team", ["a.test"], configured).text


@pytest.mark.parametrize(
    ("host", "hint"), [("rfc2136", "cloudflare, route53"), ("rout53", "route53?")]
)
def test_a_host_without_policies_is_78(host: str, hint: str) -> None:
    """
    As one that is not installed; those that have some are named.
    """
    with pytest.raises(Failed) as caught:
        policy(host, ["a.test"], settings())
    assert (caught.value.exit, caught.value.problem.code) == (Exit.CONFIG, "provider")
    assert hint in caught.value.problem.hint


# The command


def run(*words: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the command without any credentials, and with a proxy that would refuse all."""
    command = [sys.executable, "-m", "pipeline", "policy", *words]
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HOME": str(home)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=nowhere)


@pytest.mark.parametrize("host", ["route53", "cloudflare"])
def test_the_policy_alone_is_on_stdout(tmp_path: Path, host: str) -> None:
    """
    JSON for the host's own tools, the same each time; remarks on standard error, none in quiet.
    """
    done, quiet = (run(host, "a.test,*.a.test", *more, home=tmp_path) for more in ([], ["--quiet"]))
    assert (done.returncode, quiet.returncode) == (0, 0)
    assert json.loads(done.stdout)
    assert done.stdout == quiet.stdout
    assert quiet.stderr == ""
    assert done.stderr
    assert all(line.startswith("dns01: ") for line in done.stderr.splitlines())


@pytest.mark.parametrize("more", [[], ["--quiet"]])
def test_a_mistake_leaves_stdout_empty(tmp_path: Path, more: list[str]) -> None:
    """
    It may be a file that somebody is about to give to the host's tools.
    """
    done = run("route53", "a..b", *more, home=tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
    assert "dns01: failed: exit 64" in done.stderr
    assert "dns01: name: " in done.stderr


def test_a_mistake_with_json_is_a_report(tmp_path: Path) -> None:
    """
    One document whatever the exit.
    """
    done = run("route53", "a..b", "--json", home=tmp_path)
    assert done.returncode == 64
    assert json.loads(done.stdout)["problems"][0]["code"] == "name"
