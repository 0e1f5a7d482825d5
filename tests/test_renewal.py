"""--renew-within: nothing is ordered, written or run before there is something to renew."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .bridge import CANARY as SECRET
from .bridge import Site, leaf, opened
from .standins.cloudflare_http import Handler
from .standins.rcl import CANARY, SUBSCRIPTION, RclApi, body, certificate, page, text, token
from .standins.rcl import order as order_of

NAME, OTHER = "www.example.com", "www.example.org"
LATER = datetime.now(UTC) + timedelta(days=60)


def order(handler: Handler) -> None:
    """An order of whatever name is asked for."""
    name = handler.path.split("/")[-2]
    body(order_of((token(name, value=name.replace(".", "-") + "-" * 30),)))(handler)


def ending(*late: str) -> Any:
    """Certificates that end in 60 days if they are *late*, else in 3."""

    def answer(handler: Handler) -> None:
        name = handler.path.split("/")[-1]
        ends = LATER if name in late else datetime.now(UTC) + timedelta(days=3)
        body(certificate(f"{ends:%Y-%m-%dT%H:%M:%S.%f}7"))(handler)

    return answer


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("renewal"), lags=[0.0]) as site:
        yield site


@pytest.fixture
def api() -> Iterator[RclApi]:
    with RclApi(order, f"{SECRET}-rcl") as api:
        api.certificate = ending()
        yield api


def renew(site: Site, api: RclApi, *words: str) -> dict[str, Any]:
    verb, *rest = words
    done = site.dns01(verb, "--renew-within", "14d", "--json", *rest, **variables(api))
    assert CANARY not in done.stdout + done.stderr + kept(site)
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["exit"] == done.returncode
    return document


def forget(api: RclApi) -> None:
    """Begin another run: it may ask again."""
    api.seen.clear()
    api.created.clear()
    api.requests.clear()


def variables(api: RclApi) -> dict[str, str]:
    return {"RCL_BASE_URL": api.base, "RCL_SUBSCRIPTION_ID": SUBSCRIPTION}


def kept(site: Site) -> str:
    """Everything in the state folder."""
    return "".join(p.read_text() for p in site.state.rglob("*") if p.is_file())


@pytest.mark.parametrize("verb", ["plan", "ready"])
def test_what_is_good_for_long_costs_no_order(place: Site, api: RclApi, verb: str) -> None:
    """Exit 0 and not-due: one look at the certificate, no order, no provider, nobody asked."""
    api.certificate = ending(NAME)
    before = list(place.bridge.calls)
    report = renew(place, api, verb, NAME)
    assert (report["status"], report["exit"], report["records"]) == ("not-due", 0, [])
    [line] = report["orders"]
    assert (line["status"], line["order_uri"]) == ("not-due", None)
    assert line["expires_at"] == f"{LATER:%Y-%m-%dT%H:%M:%S}+00:00"
    assert (api.seen, api.created) == ([NAME], [])
    assert place.bridge.calls == before
    assert report["dns_queries"] == 0


def test_what_ends_soon_is_ordered(place: Site, api: RclApi) -> None:
    """One look, one order; then as ever."""
    report = renew(place, api, "ready", NAME)
    assert (report["status"], api.seen, api.created) == ("ready", [NAME], [NAME])
    assert report["orders"][0]["expires_at"]
    assert place.dns.values(leaf(NAME))
    assert place.dns01("clean", NAME, **variables(api)).returncode == 0


def test_each_name_is_judged_by_itself(place: Site, api: RclApi) -> None:
    """One of two is due: ready, with one order; what stands for the other is left alone."""
    api.certificate = ending(OTHER)
    report = renew(place, api, "ready", NAME, OTHER)
    assert report["status"] == "ready"
    assert [line["status"] for line in report["orders"]] == ["pending", "not-due"]
    assert (api.seen, api.created) == ([NAME, OTHER], [NAME])
    assert [record["name"] for record in report["records"]] == [f"_acme-challenge.{NAME}."]
    assert place.dns01("clean", NAME, **variables(api)).returncode == 0


def test_records_of_an_order_that_was_ready_stay(place: Site, api: RclApi) -> None:
    """Somebody may be finalizing it: a run with nothing due touches nothing in DNS."""
    assert renew(place, api, "ready", NAME)["status"] == "ready"
    values = place.dns.values(leaf(NAME))
    forget(api)
    api.certificate = ending(NAME)
    assert renew(place, api, "ready", NAME)["status"] == "not-due"
    assert place.dns.values(leaf(NAME)) == values
    assert place.dns01("clean", NAME, **variables(api)).returncode == 0
    assert not place.dns.values(leaf(NAME))


def test_an_earlier_runs_order_is_taken_up_unasked(place: Site, api: RclApi) -> None:
    """It was due then, and whether looks count against the quota nobody knows."""
    assert renew(place, api, "plan", NAME)["status"] == "planned"
    report = renew(place, api, "plan", NAME)
    assert report["orders"][0]["resumed"]
    assert (api.seen, api.created) == ([NAME], [NAME])
    assert renew(place, api, "ready", NAME)["status"] == "ready"
    assert place.dns01("clean", NAME, **variables(api)).returncode == 0


def test_the_command_is_not_run_for_nothing(place: Site, api: RclApi) -> None:
    """Exit 0, and a line that says until when; with --quiet not even that."""
    api.certificate = ending(NAME)
    words = ("run", NAME, "--renew-within", "14d", "--", "touch", "ran")
    done = place.dns01(*words, **variables(api))
    assert (done.returncode, done.stdout) == (0, "")
    said = f"not due: the certificate of {NAME} is good until {LATER:%Y-%m-%d %H:%M} UTC"
    assert said in done.stderr
    forget(api)
    done = place.dns01(*words[:2], "--quiet", *words[2:], **variables(api))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert not (place.folder / "ran").exists()
    assert api.created == []


def test_the_command_gets_the_orders_that_there_are(place: Site, api: RclApi) -> None:
    """Of two names with one due it runs, and is told of that one's order alone."""
    api.certificate = ending(OTHER)
    script = 'printf %s "$DNS01_ORDER_URI" > told'
    words = ("run", OTHER, NAME, "--renew-within", "14d", "--", "sh", "-c", script)
    assert place.dns01(*words, **variables(api)).returncode == 0
    told = (place.folder / "told").read_text()
    assert told.startswith("https://")
    assert " " not in told


def test_what_cannot_be_told_is_due_with_a_warning(place: Site, api: RclApi) -> None:
    """The answer is shown nowhere, at any verbosity."""
    api.certificate = page(200, CANARY)
    done = place.dns01("plan", NAME, "--renew-within", "14d", "--verbose", **variables(api))
    assert done.returncode == 0
    assert "expiry-unknown: the source does not tell when" in done.stderr
    assert CANARY not in done.stdout + done.stderr + kept(place)
    assert api.created == [NAME]
    assert renew(place, api, "ready", NAME)["status"] == "ready"
    assert place.dns01("clean", NAME, **variables(api)).returncode == 0


@pytest.mark.parametrize(
    ("answer", "status"),
    [(body(certificate("2027"), 500), 69), (text(401, CANARY), 77)],
)
def test_a_look_that_fails_orders_nothing(
    place: Site, api: RclApi, answer: Any, status: int
) -> None:
    """The exit says why; the next run looks again."""
    api.certificate = answer
    report = renew(place, api, "ready", NAME, "--verbose")
    assert (report["exit"], api.created) == (status, [])


def test_other_sources_know_of_no_certificate(place: Site) -> None:
    """64: a document, and an ACME order, renew what nobody can look up."""
    document = place.document()
    done = place.dns01("ready", "--from", document, "--renew-within", "14d")
    assert done.returncode == 64
    assert "--renew-within asks the rcl source" in done.stderr
    bare = place.dns01("ready", NAME, "--renew-within", "14")
    assert (bare.returncode, "14d" in bare.stderr) == (64, True)
