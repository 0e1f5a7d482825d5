"""What must hold of any input: only documented outcomes come of it, and nothing outside the guard.

Each target takes octets from anywhere and raises AssertionError, or whatever else escaped, where
a promise is broken. `test_targets` draws the octets by Hypothesis, `fuzz` by their coverage.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

from pipeline.command.arguments import parse
from pipeline.configuration.accounts import adapter_settings
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.configuration.rcl import rcl_account
from pipeline.model import LEAF, VALUE, Exit, Failed, Order
from pipeline.orders.intake import read_order
from pipeline.receipts.outline import outlined
from pipeline.receipts.receipt import State, from_json, to_json
from providers.cloudflare import ADAPTER as CLOUDFLARE
from providers.rfc2136 import ADAPTER as RFC2136
from providers.route53 import ADAPTER as ROUTE53

from .chance import TEXTS, Chance, json_text, scribbled

Target = Callable[[bytes], None]

A = "A" * 43
URI = "https://acme.example/order/1"
TOKEN = {
    "tokenName": "_acme-challenge.www",
    "tokenValue": A,
    "challengeType": "DNS",
    "domain": "www.example.com",
    "status": "pending",
}
ORDER = {
    "status": "pending",
    "validationTokens": [TOKEN, TOKEN | {"domain": "*.example.com", "challengeType": "HTTP"}],
    "orderUri": URI,
    "certificateUri": None,
}
CHALLENGE = {
    "name": "_acme-challenge.www.example.com.", "value": A, "domain": "www.example.com",
    "valid": False,
}  # fmt: skip
RECORD = CHALLENGE | {
    "zone": "example.com.", "zone_id": "Z1", "provider": "route53", "ttl": 60, "target": None,
}  # fmt: skip
RECEIPT = {
    "dns01_receipt": 1,
    "id": "0123456789abcdef",
    "created": "2026-01-01T00:00:00+00:00",
    "state": "waiting",
    "orders": [
        {
            "name": "www.example.com", "source": "rcl", "account": "x", "order_uri": URI,
            "fetched": "2026-01-01T00:00:00+00:00", "status": "pending", "challenges": [CHALLENGE],
        }
    ],
    "records": [RECORD],
}  # fmt: skip
CONFIGURATION = b"""
provider = ["cloudflare", "route53"]
resolvers = ["192.0.2.1", "[2001:db8::1]:5353", "tls://192.0.2.2", "https://192.0.2.3"]
root_hints = ["192.0.2.4"]
require = "all"
timeout = "7m"
state_dir = "~/state"
issuer = "letsencrypt.org"
account_uri = "https://acme.example/1"
[zones."example.com"]
provider = "rfc2136"
zone_id = "Z1"
nameservers = ["192.0.2.5:53"]
[providers.one]
adapter = "cloudflare"
CLOUDFLARE_API_TOKEN_FILE = "~/token"
CLOUDFLARE_BASE_URL = "https://example.com"
"""
COMMANDS = (
    "plan www.example.com --from - --ttl 60 --provider x --resolver 192.0.2.1:53 --json",
    "ready a.example --order rcl --require all --timeout 5m --issuer x.example --report x.html",
    "run a.example -- true", "clean --all --state-dir /nonexistent", "clean a.example --verbose",
    "wait _acme-challenge.a.example=v --quiet", "check *.example.com --config /nonexistent",
    "providers", "demo", "--version", "help ready", "",
)  # fmt: skip
VARIABLES = {
    "DNS01_PROVIDER": "route53", "DNS01_RESOLVERS": "192.0.2.1,tls://192.0.2.2",
    "DNS01_TIMEOUT": "5m", "DNS01_STATE_DIR": "~/x", "DNS01_ISSUER": "letsencrypt.org",
    "DNS01_ROOT_HINTS": "192.0.2.1", "DNS01_ACCOUNT_URI": "https://acme.example/1",
    "RCL_API_KEY": "k" * 20, "RCL_SUBSCRIPTION_ID": "s", "RCL_BASE_URL": "https://example.com/public",
    "CLOUDFLARE_API_TOKEN": "t" * 40, "CLOUDFLARE_BASE_URL": "https://example.com/client/v4",
    "RFC2136_NAMESERVER": "192.0.2.1:53", "RFC2136_TSIG_KEY": "key.example",
    "RFC2136_TSIG_SECRET": "c2VjcmV0", "RFC2136_TSIG_ALGORITHM": "hmac-sha256",
    "AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x" * 40, "AWS_SESSION_TOKEN": "y",
    "AWS_ENDPOINT_URL_ROUTE_53": "https://example.com", "XDG_STATE_HOME": "/x", "HOME": "/x",
}  # fmt: skip


def ends(failed: Failed, *exits: Exit) -> None:
    """See that *failed* is one of the outcomes in the manual, and fit to be shown."""
    assert failed.exit in exits, failed
    assert str(failed).isprintable(), ascii(str(failed))
    assert len(str(failed)) < 4_000


def order(octets: bytes) -> None:
    """Any document is an Order inside the guard, or exit 65."""
    chance = Chance(octets)
    name = chance.pick(("", "", "www.example.com,*.example.com", "example.com", *TEXTS))
    source = chance.pick(("document", "rcl"))
    body = json_text(json.loads(json.dumps(ORDER)), chance)
    try:
        found = read_order(body, name, source)
    except Failed as failed:
        ends(failed, Exit.DATA)
        return
    assert guarded(found)
    assert found.uri.isprintable()


def guarded(found: Order) -> bool:
    """Whether all that *found* would publish is inside the guard."""
    for challenge in found.challenges:
        assert challenge.name.is_absolute()
        assert challenge.name.labels[0] == LEAF
        assert VALUE.fullmatch(challenge.value)
    return True


def receipt(octets: bytes) -> None:
    """Any file is a receipt inside the guard that is written as it was read, or exit 65.

    At a glance it is 65 as well, or tells nothing else than what it is.
    """
    chance = Chance(octets)
    body = json_text(json.loads(json.dumps(RECEIPT)), chance)
    try:
        glance = outlined(body, "/state/x.json")
        found = from_json(body, "/state/x.json")
    except Failed as failed:
        ends(failed, Exit.DATA)
        return
    for claim in found.claims:
        assert claim.order is None or guarded(claim.order)
    for record in found.records:
        assert record.challenge.name.labels[0] == LEAF
        assert VALUE.fullmatch(record.challenge.value)
        record.txt()
        hash(record.place)
    again = from_json(to_json(found), "/state/x.json")
    assert again == found
    assert glance.is_done is (found.state is State.CLEANED)
    assert [claim.key for claim in glance.claims] == [claim.key for claim in found.claims]
    assert {value for _, value in glance.records} == {r.challenge.value for r in found.records}


@cache
def folder() -> Path:
    """Return a folder for files that targets write."""
    return Path(tempfile.mkdtemp(prefix="hostile-"))


def configuration(octets: bytes) -> None:
    """Any file is settings, or exit 78."""
    chance = Chance(octets)
    body = chance.rest() if chance.below(4) == 0 else scribbled(CONFIGURATION, chance)
    path = folder() / "dns01.toml"
    path.write_bytes(body)
    options = parse(["ready", "a.example", "--config", str(path)])
    try:
        found = settings(options, Environment({"HOME": "/x"}))
    except Failed as failed:
        ends(failed, Exit.CONFIG)
        return
    assert b"\0" not in bytes(found.state_dir)


def environment(octets: bytes) -> None:
    """Any variables are settings and credentials, or exit 78."""
    chance = Chance(octets)
    variables = dict(VARIABLES)
    for _ in range(1 + chance.below(4)):
        name = chance.pick(sorted(variables))
        text = chance.pick(TEXTS) + chance.take(chance.below(9)).decode("utf-8", "surrogateescape")
        variables[name] = text.replace("\0", "")  # as no process can be given
    given = Environment(variables)
    steps: tuple[Callable[[], object], ...] = (
        lambda: settings(parse(["ready", "a.example"]), given),
        lambda: rcl_account(given),
        lambda: opened(RFC2136, given),
        lambda: opened(CLOUDFLARE, given) if chance.below(8) == 1 else None,  # it takes long
        lambda: adapter_settings(ROUTE53, given),
    )
    for step in steps:
        try:
            step()
        except Failed as failed:
            ends(failed, Exit.CONFIG)


def opened(adapter: Any, given: Environment) -> None:
    """Open *adapter*, which may say that it cannot be."""
    from providers.errors import Misconfigured

    said = ""
    try:
        adapter.open(adapter_settings(adapter, given))
    except Misconfigured as error:
        said = str(error) + error.hint
    for name in ("CLOUDFLARE_API_TOKEN", "RFC2136_TSIG_SECRET"):
        secret = given.get(name) or ""
        assert len(secret) < 8 or secret not in said


def arguments(octets: bytes) -> None:
    """Any words are options, or the end with lines that can be shown; nothing else is raised."""
    chance = Chance(octets)
    words = chance.pick(COMMANDS).split()
    for _ in range(1 + chance.below(4)):
        text = chance.pick(TEXTS) + chance.take(chance.below(9)).decode("utf-8", "surrogateescape")
        at = chance.below(len(words) + 1)
        word = chance.pick(("", "-", "--", "--ttl=", "--timeout=", "--resolver=", "a.b="))
        words[at : at + chance.below(2)] = [(word + text).replace("\0", "")]
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), suppress(SystemExit):
        parse(words)
    for line in err.getvalue().splitlines():
        assert line.isprintable(), ascii(line)
        assert line.startswith("dns01: ")
        assert "##" not in line


def targets() -> Mapping[str, Target]:
    """Return every target by name."""
    from .hosts import cloudflare, rfc2136, route53
    from .messages import dns

    every = (
        order, receipt, configuration, environment, arguments, dns, cloudflare, route53, rfc2136,
    )  # fmt: skip
    return {each.__name__: each for each in every}
