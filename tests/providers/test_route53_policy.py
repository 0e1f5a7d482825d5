"""The policy for Route 53: the adapter passes with it, and with nothing less; nothing else does."""

import copy
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from dns.name import Name, from_text

from providers.contract import TXT, Zone
from providers.errors import Misconfigured, ProviderError, Unauthorized
from providers.route53 import ADAPTER, Route53
from providers.route53.policy import policy
from providers.route53.width import excess
from tests.standins.iam import ALL, CHANGE, Guarded, allows
from tests.standins.route53 import Ministack, connect

TTL = 60


class Account:
    """A key with a policy, in an account that has three zones."""

    def __init__(self, front: Guarded) -> None:
        self.front = front
        self.apexes = [from_text(f"z{secrets.token_hex(5)}.test.") for _ in range(3)]
        self.ids = {apex: front.create_zone(apex.to_text()) for apex in self.apexes}
        self.names = [from_text(f"_acme-challenge.h{i}", self.apexes[0]) for i in range(2)]
        self.names.append(from_text("_acme-challenge", self.apexes[1]))
        self.client = connect(front.url)
        self.provider = Route53(self.client, pause=lambda _: None)

    def allow(self, *, placed: bool) -> None:
        """Give the key what is printed for its names, in zones whose ids are known or not."""
        configured = dict(list(self.ids.items())[:2]) if placed else {}
        self.front.policy = json.loads(policy(self.names, configured).text)

    def run(self, *, placed: bool) -> list[object]:
        """Do all that a run does at the host; return what came of it."""
        if placed:
            zones = [Zone(apex, self.ids[apex]) for apex in self.apexes[:2]]
        else:
            zones = sorted(self.provider.zones(self.names), key=lambda zone: zone.apex)
        outcome: list[object] = [sorted(zone.nameservers) != [] for zone in zones]
        for zone in zones:
            records = [TXT(name, "v", TTL) for name in self.names if name.is_subdomain(zone.apex)]
            more = [TXT(record.name, "w", TTL) for record in records]
            changes = [self.provider.append(zone, each, "mark") for each in (records, more)]
            outcome += [self.provider.in_sync(change) for change in changes]
            outcome.append([self.front.values(zone.id, str(r.name)) for r in records])
            self.provider.delete(zone, records)
            self.provider.delete(zone, more)
            outcome.append([self.front.values(zone.id, str(r.name)) for r in records])
        return outcome

    def change(self, zone_id: str, *changes: tuple[str, str, str]) -> None:
        """Change records as anybody with the key could: action, name and type of each."""
        value = {"TXT": '"v"', "A": "192.0.2.1", "CNAME": "x.test.", "CAA": '0 issue ";"'}
        batch: Any = [
            {
                "Action": action,
                "ResourceRecordSet": {
                    "Name": name,
                    "Type": kind,
                    "TTL": TTL,
                    "ResourceRecords": [{"Value": value[kind]}],
                },
            }
            for action, name, kind in changes
        ]
        self.client.change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Changes": batch}
        )


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with Ministack() as endpoint:
        yield endpoint


@pytest.fixture
def account(endpoint: str) -> Iterator[Account]:
    with Guarded(endpoint, {"Version": "2012-10-17", "Statement": []}) as front:
        account = Account(front)
        yield account
        account.client.close()


def actions(document: Mapping[str, Any]) -> set[str]:
    return {each["Action"].removeprefix("route53:") for each in document["Statement"]}


# It suffices


@pytest.mark.parametrize("placed", [True, False])
def test_a_run_passes_and_uses_all_of_it(account: Account, *, placed: bool) -> None:
    """
    Every request of a run is allowed, and every action that is allowed is requested.
    """
    account.allow(placed=placed)
    outcome = account.run(placed=placed)
    assert outcome.count([{"v", "w"}, {"v", "w"}]) == 1
    assert [set(), set()] in outcome
    assert set(account.front.calls) == actions(account.front.policy)
    assert ("ListHostedZones" in account.front.calls) is not placed


def test_all_names_of_a_zone_go_in_one_batch(account: Account) -> None:
    """
    So they stand in one statement: a hundred names are written by one change.
    """
    [apex, *_] = account.apexes
    account.names = [from_text(f"_acme-challenge.h{i}", apex) for i in range(100)]
    account.allow(placed=True)
    zone = Zone(apex, account.ids[apex])
    account.provider.append(zone, [TXT(name, "v", TTL) for name in account.names], "mark")
    assert account.front.calls.count("ChangeResourceRecordSets") == 1


# It is the smallest


def narrower(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield *document* with one thing less: each statement, resource, and value of a condition."""
    for index, statement in enumerate(document["Statement"]):
        less: Any = copy.deepcopy(document)
        del less["Statement"][index]
        yield statement["Sid"], less
        if isinstance(statement["Resource"], list):
            for resource in statement["Resource"]:
                less = copy.deepcopy(document)
                less["Statement"][index]["Resource"].remove(resource)
                yield f"{statement['Sid']} {resource}", less
        for key, values in statement.get("Condition", {}).get(ALL, {}).items():
            for value in values:
                less = copy.deepcopy(document)
                less["Statement"][index]["Condition"][ALL][key].remove(value)
                yield f"{statement['Sid']} {value}", less


@pytest.mark.parametrize("placed", [True, False])
def test_with_anything_less_a_run_fails_or_knows_less(account: Account, *, placed: bool) -> None:
    """
    Without any one statement, zone, action, type or name a run does not do all that it does.
    """
    account.allow(placed=placed)
    whole = account.run(placed=placed)
    tried = list(narrower(account.front.policy))
    if not placed:  # what is written is held to the same in both
        tried = [(what, less) for what, less in tried if not what.startswith("Write")]
    assert len(tried) >= (11 if placed else 4)
    for what, less in tried:
        account.front.policy = less
        account.provider = Route53(account.client, pause=lambda _: None)
        with suppress(Unauthorized):
            assert account.run(placed=placed) != whole, what
        account.allow(placed=placed)  # and sweep up what was left
        for apex in account.apexes[:2]:
            mine = [name for name in account.names if name.is_subdomain(apex)]
            records = [TXT(name, value, TTL) for name in mine for value in "vw"]
            account.provider.delete(Zone(apex, account.ids[apex]), records)


# It allows nothing else

NAME = "_acme-challenge.h0"


@pytest.mark.parametrize("placed", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        [("UPSERT", NAME, "TXT")],
        [("CREATE", NAME, "A")],
        [("CREATE", NAME, "CNAME")],
        [("CREATE", NAME, "CAA")],
        [("CREATE", "", "TXT")],
        [("CREATE", "", "CAA")],
        [("CREATE", "www", "A")],
        [("CREATE", "_acme-challenge", "TXT")],
        [("CREATE", "_acme-challenge.h", "TXT")],
        [("CREATE", "_acme-challenge.h00", "TXT")],
        [("CREATE", f"x.{NAME}", "TXT")],
        [("CREATE", f"*.{NAME}", "TXT")],
        [("CREATE", "*", "TXT")],
        [("CREATE", NAME, "TXT"), ("CREATE", "www", "TXT")],
        [("CREATE", NAME, "TXT"), ("CREATE", NAME, "A")],
        [("CREATE", NAME, "TXT"), ("UPSERT", "_acme-challenge.h1", "TXT")],
        [("DELETE", "www", "A")],
    ],
)
def test_nothing_else_is_allowed(
    account: Account, changes: list[tuple[str, str, str]], *, placed: bool
) -> None:
    """
    No other name, type or action, alone or in a batch with what is allowed.
    """
    account.allow(placed=placed)
    apex = account.apexes[0]
    absolute = [(act, f"{name}.{apex}".lstrip("."), kind) for act, name, kind in changes]
    with pytest.raises(ClientError, match="AccessDenied"):
        account.change(account.ids[apex], *absolute)


def test_what_is_allowed_is(account: Account) -> None:
    """
    The test before this one refuses nothing by accident; case and the final dot do not count.
    """
    account.allow(placed=True)
    apex = account.apexes[0]
    for name in (f"{NAME}.{apex}", f"_ACME-challenge.h1.{apex}".rstrip(".")):
        account.change(account.ids[apex], ("CREATE", name, "TXT"))


def test_a_name_is_allowed_in_its_own_zone_only(account: Account) -> None:
    """
    Where ids are known: not in another zone that the key may write to, nor in one it may not.
    """
    account.allow(placed=True)
    name = account.names[0].to_text()
    for apex in account.apexes[1:]:
        assert not allows(
            account.front.policy,
            CHANGE,
            f"arn:aws:route53:::hostedzone/{account.ids[apex]}",
            {
                f"{CHANGE}NormalizedRecordNames": [name.rstrip(".")],
                f"{CHANGE}RecordTypes": ["TXT"],
                f"{CHANGE}Actions": ["CREATE"],
            },
        )


@pytest.mark.parametrize("missing", ["NormalizedRecordNames", "RecordTypes", "Actions"])
def test_a_request_without_a_key_is_not_allowed(account: Account, missing: str) -> None:
    """
    ForAllValues alone would be true of it.
    """
    account.allow(placed=True)
    keys = {
        f"{CHANGE}NormalizedRecordNames": [str(account.names[0]).rstrip(".")],
        f"{CHANGE}RecordTypes": ["TXT"],
        f"{CHANGE}Actions": ["CREATE"],
    }
    resource = f"arn:aws:route53:::hostedzone/{account.ids[account.apexes[0]]}"
    assert allows(account.front.policy, CHANGE, resource, keys)
    assert not allows(account.front.policy, CHANGE, resource, keys | {f"{CHANGE}{missing}": []})


@pytest.mark.parametrize("placed", [True, False])
def test_other_requests(account: Account, *, placed: bool) -> None:
    """
    With known ids no listing of zones, no other zone's records. Never a zone created or deleted.
    """
    account.allow(placed=placed)
    other = account.ids[account.apexes[2]]
    asked: list[Callable[[], object]] = [
        lambda: account.client.create_hosted_zone(Name="n.test", CallerReference="n"),
    ]
    if placed:
        asked += [
            account.client.list_hosted_zones,
            lambda: account.client.get_hosted_zone(Id=other),
            lambda: account.client.list_resource_record_sets(HostedZoneId=other),
        ]
    for request in asked:
        with pytest.raises(ClientError, match="AccessDenied"):
            request()


# What is printed


def printed(*names: str, **zones: str) -> dict[str, Any]:
    apexes = {from_text(apex.replace("_", ".")): key for apex, key in zones.items()}
    document = json.loads(policy([from_text(name) for name in names], apexes).text)
    assert isinstance(document, dict)
    return document


def values(document: dict[str, Any]) -> list[list[str]]:
    """Return the names of each writing statement."""
    key = f"{CHANGE}NormalizedRecordNames"
    return [s["Condition"][ALL][key] for s in document["Statement"] if "Condition" in s]


def test_names_are_spelled_as_the_key_has_them() -> None:
    r"""
    Lower case, without final dot, odd characters as ``\ooo``, each once and in order.
    """
    document = printed("_acme-challenge.B.test.", "*.a.test.", r"x\.y.a.test.")
    assert values(document) == [["\\052.a.test", "x\\056y.a.test", "_acme-challenge.b.test"]]


def test_the_closest_zone_counts() -> None:
    """
    A child zone that is configured has its own statement.
    """
    document = printed("_acme-challenge.www.a.test.", "_acme-challenge.a.test.",
                       a_test="ZA", www_a_test="ZW")  # fmt: skip
    resources = {s["Resource"]: s for s in document["Statement"] if "Condition" in s}
    assert set(resources) == {f"arn:aws:route53:::hostedzone/{key}" for key in ("ZA", "ZW")}


@pytest.mark.parametrize("key", ["Z111", "/hostedzone/Z111", "hostedzone/Z111"])
def test_an_id_may_be_spelled_as_the_api_spells_it(key: str) -> None:
    """
    As the adapter takes it, too; the ARN has it bare.
    """
    document = printed("_a.a.test.", a_test=key)
    written = [s["Resource"] for s in document["Statement"] if "Condition" in s]
    assert written == ["arn:aws:route53:::hostedzone/Z111"]


@pytest.mark.parametrize(
    "key",
    [
        *("*", "Z*", "Z1${aws:username}", "Z?", "z111", "Z1 ", "Z1\n", "/hostedzone/", "0a" * 16),
        "Z" * 33,
    ],
)
def test_what_is_no_id_is_in_no_policy(key: str) -> None:
    """
    A pattern or a variable would widen it; another host's id allows nothing. Of a zone that is
    not needed it does not count.
    """
    with pytest.raises(Misconfigured, match=r"zone_id of a\.test\. is not"):
        printed("_a.a.test.", a_test=key)
    assert printed("_a.b.test.", a_test=key, b_test="ZB")


def test_sids_are_plain_and_unique() -> None:
    """
    IAM takes letters and digits only, each id once.
    """
    document = printed("_a.a.test.", "_a.b.test.", "_a.c.test.", a_test="ZA", b_test="ZB")
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert all(sid.isascii() and sid.isalnum() for sid in sids)
    assert len(set(sids)) == len(sids)


def test_the_order_of_names_does_not_matter() -> None:
    """
    Deterministic: the same for the same set of names.
    """
    assert printed("_a.a.test.", "_a.b.test.") == printed("_a.b.test.", "_a.a.test.")


@pytest.mark.parametrize(("number", "said"), [(100, 0), (200, 1)])
def test_what_no_managed_policy_holds_is_said(number: int, said: int) -> None:
    """
    6,144 characters without white space.
    """
    names = [from_text(f"_acme-challenge.host{i}.example.test.") for i in range(number)]
    privilege = policy(names, {from_text("example.test."): "Z"})
    assert (len("".join(privilege.text.split())) > 6144) is bool(said)
    assert sum("6,144" in remark for remark in privilege.remarks) == said


@pytest.mark.parametrize(
    ("number", "apexes", "said"),
    [
        (200, 1, ["inline into a role", "ForAllValues:StringLike"]),
        (200, 0, ["inline into a role", "one for each zone", "ForAllValues:StringLike"]),
        (200, 2, ["inline into a role", "one for each zone", "ForAllValues:StringLike"]),
        (300, 1, ["ForAllValues:StringLike"]),
        (300, 2, ["one for each zone", "ForAllValues:StringLike"]),
    ],
)
def test_what_helps_is_advised_and_nothing_else(number: int, apexes: int, said: list[str]) -> None:
    """
    A role takes 10,240 characters, no more; one policy for each zone helps with several zones.
    """
    names = [from_text(f"_acme-challenge.host{i}.e{i % 2}.test.") for i in range(number)]
    ids = {from_text("test."): "Z"} if apexes == 1 else {}
    ids |= {from_text(f"e{i}.test."): f"Z{i}" for i in range(2)} if apexes == 2 else {}
    text = " ".join(policy(names, ids).remarks)
    ways = ("inline into a role", "one for each zone", "ForAllValues:StringLike")
    assert [way for way in ways if way in text] == said


def test_the_number_of_names_that_is_documented() -> None:
    """
    As many names fit into a managed policy with the zone's id, and without, and not one more.
    """
    guide = Path("docs/least-privilege.md").read_text()
    stated = re.search(r"(\d+) names like `_acme-challenge\.host123\.example\.com`.*?(\d+) without",
                       guide, re.DOTALL)  # fmt: skip
    assert stated
    apex = from_text("example.com.")
    for number, ids in zip(map(int, stated.groups()), ({apex: f"Z{'0' * 20}"}, {}), strict=True):
        for more, fits in ((0, True), (1, False)):
            names = [
                from_text(f"_acme-challenge.host{100 + i}", apex) for i in range(number + more)
            ]
            text = policy(names, ids).text
            assert (len("".join(text.split())) <= 6144) is fits


# The one in the guide


def test_the_policy_of_the_guide(account: Account) -> None:
    """
    It suffices for all challenge names of its zone, and allows nothing else, as the printed one.
    """
    guide = Path("docs/route53.md").read_text()
    [text] = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    apex = account.apexes[0]
    account.front.policy = json.loads(text.replace("Z0123456789ABCDEFGHIJ", account.ids[apex]))
    account.names = account.names[:2]
    account.apexes = account.apexes[:1] * 2
    assert [{"v", "w"}, {"v", "w"}] in account.run(placed=True)
    zone = account.ids[apex]
    for change in (("UPSERT", NAME, "TXT"), ("CREATE", NAME, "CAA"), ("CREATE", "www", "TXT")):
        action, name, kind = change
        with pytest.raises(ClientError, match="AccessDenied"):
            account.change(zone, (action, f"{name}.{apex}", kind))


@pytest.mark.parametrize("missing", ["NormalizedRecordNames", "RecordTypes", "Actions"])
def test_a_request_without_a_key_is_not_allowed_by_the_guide(missing: str) -> None:
    """
    Nor by the policy that is there to be copied.
    """
    guide = Path("docs/route53.md").read_text()
    [text] = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    keys = {
        f"{CHANGE}NormalizedRecordNames": ["_acme-challenge.example.com"],
        f"{CHANGE}RecordTypes": ["TXT"],
        f"{CHANGE}Actions": ["CREATE"],
    }
    resource = "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ"
    assert allows(json.loads(text), CHANGE, resource, keys)
    assert not allows(json.loads(text), CHANGE, resource, keys | {f"{CHANGE}{missing}": []})


# What is remarked


def test_a_missing_id_is_said() -> None:
    """
    With the name that lacks it.
    """
    names = [from_text("_acme-challenge.a.test."), from_text("_acme-challenge.b.test.")]
    [remark] = policy(names, {from_text("a.test."): "Z"}).remarks
    assert "_acme-challenge.b.test." in remark
    assert "a.test" not in remark.replace("b.test", "")
    assert not policy(names[:1], {from_text("a.test."): "Z"}).remarks


# How wide the key is


def test_records_of_another_zone_that_can_be_read_are_told(account: Account) -> None:
    """
    A key that reads what it does not need; one held to its zones shows nothing.
    """
    zones = [Zone(apex, account.ids[apex]) for apex in account.apexes[:2]]
    account.allow(placed=False)
    [said] = account.provider.excess(zones)
    assert "read the records of zones that none of these names needs" in said
    account.allow(placed=True)
    assert account.provider.excess(zones) == []
    finding = {"Effect": "Allow", "Action": "route53:ListHostedZones", "Resource": "*"}
    account.front.policy["Statement"].append(finding)
    assert account.provider.excess(zones) == []


class Listing:
    """Zones in a known order, all of them readable."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys
        self.read: list[str] = []

    def zones(self) -> list[dict[str, str]]:
        return [{"Id": f"/hostedzone/{key}", "Name": f"{key.lower()}.test."} for key in self.keys]

    def glance(self, zone_id: str, _names: object) -> None:
        self.read.append(zone_id)


@pytest.mark.parametrize(
    ("keys", "read"), [(["ZA"], []), (["ZA", "ZB", "ZC"], ["ZB"]), (["ZC", "ZA"], ["ZC"])]
)
def test_one_zone_that_is_not_needed_is_looked_at(keys: list[str], read: list[str]) -> None:
    """
    The first that no name here needs, and no other.
    """
    listing = Listing(*keys)
    said = excess(listing, [Zone(from_text("za.test."), "ZA")])  # type: ignore[arg-type]
    assert listing.read == read
    assert len(said) == len(read)
    assert all(f"({key})" in text for key, text in zip(read, said, strict=True))


def test_looking_writes_nothing(account: Account) -> None:
    """
    Reads only, and few; a host that fails says nothing.
    """
    account.allow(placed=False)
    account.provider.excess([Zone(Name(()), "none")])
    assert set(account.front.calls) <= {"ListHostedZones", "ListResourceRecordSets"}
    account.front.denied = {"ListHostedZones"}
    assert account.provider.excess([]) == []


def test_the_adapter_names_its_policy() -> None:
    """
    So the command finds it.
    """
    assert ADAPTER.policy is policy
    assert issubclass(Unauthorized, ProviderError)
