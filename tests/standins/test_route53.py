"""The Route 53 stand-in itself: it refuses what Route 53 refuses, and shows what it stores."""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from dns.name import Name, from_text

from .route53 import Ministack, Route53Front, connect

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with Ministack() as endpoint:
        yield endpoint


class Account:
    """A client of a front, a zone of its own, and what the mirror saw."""

    def __init__(self, endpoint: str) -> None:
        self.mirrored: list[tuple[Name, Name, set[str]]] = []
        self.front = Route53Front(endpoint, mirror=lambda *seen: self.mirrored.append(seen))
        self.client: Route53Client = connect(self.front.url)
        self.apex = f"s{secrets.token_hex(4)}.test."
        self.zone = self.front.create_zone(self.apex)

    def change(self, *changes: tuple[str, dict[str, Any]]) -> str:
        batch: Any = {
            "Changes": [{"Action": action, "ResourceRecordSet": rrset} for action, rrset in changes]
        }
        answer = self.client.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=batch)
        return answer["ChangeInfo"]["Id"]

    def txt(self, label: str, *values: str, **more: Any) -> dict[str, Any]:
        return {
            "Name": f"{label}.{self.apex}",
            "Type": "TXT",
            "TTL": 60,
            "ResourceRecords": [{"Value": value} for value in values],
            **more,
        }

    def refusal(self, *changes: tuple[str, dict[str, Any]]) -> str:
        before = self.front.rrsets(self.zone)
        with pytest.raises(ClientError) as caught:
            self.change(*changes)
        assert self.front.rrsets(self.zone) == before, "a refused batch changes nothing"
        assert caught.value.response["Error"]["Code"] == "InvalidChangeBatch"
        return caught.value.response["Error"]["Message"]


@pytest.fixture
def account(endpoint: str) -> Iterator[Account]:
    account = Account(endpoint)
    with account.front:
        yield account
    account.client.close()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("bare", "InvalidCharacterString (Value should be enclosed in quotation marks)"),
        ('"a" b', "InvalidCharacterString"),
        (f'"{"v" * 256}"', "CharacterStringTooLong"),
    ],
)
def test_values_must_be_well_formed(account: Account, value: str, said: str) -> None:
    """Unquoted and overlong strings are refused."""
    assert said in account.refusal(("CREATE", account.txt("n", value)))


def test_values_of_a_set_differ(account: Account) -> None:
    """The same value twice is refused."""
    assert "Duplicate" in account.refusal(("CREATE", account.txt("n", '"v"', '"v"')))


def test_well_formed_values_are_taken(account: Account) -> None:
    """Several strings, escapes, and 255 octets however they are written."""
    longest = '"' + r"\141" * 255 + '"'
    account.change(("CREATE", account.txt("n", '"a" "b"', r'"\"\\\141"', longest)))
    assert len(account.front.rrsets(account.zone, f"n.{account.apex}")) == 1


def test_names_outside_the_zone(account: Account) -> None:
    """A look-alike of the apex is outside."""
    name = f"x{account.apex}"
    said = account.refusal(("CREATE", account.txt("n", '"v"', Name=name)))
    assert said == f"[RRSet with DNS name {name} is not permitted in zone {account.apex}]"


def test_all_conflicts_are_told_at_once(account: Account) -> None:
    """Each with its name, so that a client knows what to read anew."""
    account.change(("CREATE", account.txt("a", '"v"')), ("CREATE", account.txt("b", '"v"')))
    said = account.refusal(
        ("CREATE", account.txt("a", '"w"')),
        ("DELETE", account.txt("b", '"w"')),
        ("DELETE", account.txt("c", '"w"')),
        ("CREATE", account.txt("d", '"w"')),
    )
    assert f"[name='a.{account.apex}', type='TXT'] but it already exists" in said
    assert f"[name='b.{account.apex}', type='TXT'] but the values provided do not match" in said
    assert f"[name='c.{account.apex}', type='TXT'] but it was not found" in said
    assert f"d.{account.apex}" not in said


def test_deletes_must_match_in_all_but_order_and_case(account: Account) -> None:
    """TTL and values are compared; the order of values and the case of the name are not."""
    account.change(("CREATE", account.txt("n", '"a"', '"b"')))
    assert "do not match" in account.refusal(("DELETE", account.txt("n", '"a"', '"b"', TTL=61)))
    account.change(("DELETE", account.txt("N", '"b"', '"a"')))
    assert account.front.rrsets(account.zone, f"n.{account.apex}") == []


def test_one_set_deleted_twice(account: Account) -> None:
    """A batch names each set once."""
    account.change(("CREATE", account.txt("n", '"a"')))
    delete = ("DELETE", account.txt("n", '"a"'))
    assert "not found" in account.refusal(delete, delete)


def test_cname_and_txt_exclude_each_other(account: Account) -> None:
    """In both directions; a CNAME that the same batch deletes is out of the way."""
    cname = account.txt("c", "x.test.", Type="CNAME")
    account.change(("CREATE", cname), ("CREATE", account.txt("t", '"v"')))
    assert "CNAME" in account.refusal(("CREATE", account.txt("c", '"v"')))
    assert "CNAME" in account.refusal(("CREATE", account.txt("t", "x.test.", Type="CNAME")))
    account.change(("DELETE", cname), ("CREATE", account.txt("c", '"v"')))


def test_simple_and_multivalue_sets_exclude_each_other(account: Account) -> None:
    """In both directions."""
    multi = {"SetIdentifier": "i", "MultiValueAnswer": True}
    account.change(("CREATE", account.txt("m", '"v"', **multi)))
    account.change(("CREATE", account.txt("s", '"v"')))
    assert "multivalue" in account.refusal(("CREATE", account.txt("m", '"w"')))
    assert "non multivalue" in account.refusal(("CREATE", account.txt("s", '"w"', **multi)))
    account.change(("CREATE", account.txt("m", '"w"', SetIdentifier="j", MultiValueAnswer=True)))


@pytest.mark.parametrize(
    ("count", "size", "said"), [(1001, 1, "limit of 1000"), (201, 158, "limit of 32000")]
)
def test_batches_are_limited(account: Account, count: int, size: int, said: str) -> None:
    """By records and by characters, quotation marks included; UPSERT counts twice."""
    changes = [("CREATE", account.txt(f"n{i}", f'"{"v" * size}"')) for i in range(count)]
    assert said in account.refusal(*changes)
    account.change(*changes[:-1])
    assert said in account.refusal(*(("UPSERT", rrset) for _, rrset in changes[: count // 2 + 1]))


def test_wildcards_are_spelled_in_octal(account: Account) -> None:
    r"""``*`` is listed as ``\052``, found and deleted by either."""
    account.change(("CREATE", account.txt("*", '"v"')))
    for start in (rf"\052.{account.apex}", f"*.{account.apex}"):
        [rrset] = account.client.list_resource_record_sets(
            HostedZoneId=account.zone, StartRecordName=start, StartRecordType="TXT"
        )["ResourceRecordSets"]
        assert rrset["Name"] == rf"\052.{account.apex}"
    account.change(("DELETE", account.txt(r"\052", '"v"')))


def test_the_mirror_shows_what_is_stored(account: Account) -> None:
    """After each change, foreign ones too: all values of the name, or none."""
    apex, name = from_text(account.apex), from_text(f"n.{account.apex}")
    old, new = account.txt("n", '"a"'), account.txt("n", '"a"', '"b" "c"')
    account.change(("CREATE", old))
    account.change(("DELETE", old), ("CREATE", new))
    account.refusal(("CREATE", new))
    account.front.put(account.zone, name.to_text(), '"d"')
    account.change(("DELETE", account.txt("n", '"d"', TTL=300)))
    values: list[set[str]] = [{"a"}, {"a", "bc"}, {"d"}, set()]
    assert account.mirrored == [(apex, name, each) for each in values]


def test_a_lost_answer_is_of_a_change_that_was_made(account: Account) -> None:
    """The connection ends without a word, the record stands."""
    account.front.lost = 1
    with pytest.raises(ConnectionClosedError):
        account.change(("CREATE", account.txt("n", '"v"')))
    assert account.front.values(account.zone, f"n.{account.apex}") == {"v"}


def test_a_zone_is_busy_for_a_while(account: Account) -> None:
    """PriorRequestNotComplete until the last change has had its time."""
    account.front.busy_seconds = 3600
    account.change(("CREATE", account.txt("a", '"v"')))
    with pytest.raises(ClientError, match="PriorRequestNotComplete"):
        account.change(("CREATE", account.txt("b", '"v"')))
    account.front.busy_seconds = 0
    account.change(("CREATE", account.txt("b", '"v"')))


def test_the_rate_is_limited(account: Account) -> None:
    """So many requests in a second, then Throttling."""
    account.front.rate = 2
    answers = []
    for _ in range(4):
        try:
            account.client.list_hosted_zones()
        except ClientError as error:
            answers.append(error.response["Error"]["Code"])
    assert "Throttling" in answers


def test_upserts_are_noticed(account: Account) -> None:
    """They work, as at Route 53, and are counted."""
    account.change(("UPSERT", account.txt("n", '"v"')))
    assert account.front.upserts == 1
    assert account.front.calls == ["ChangeResourceRecordSets"]
