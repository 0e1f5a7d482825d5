"""A zone's keys beside what its parent says of them."""

import pytest
from dns.dnssec import Policy, make_ds
from dns.rdata import from_text
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from pipeline.checks.keys import mismatched

from .scene import APEX


class Lenient(Policy):
    """Lets the tests make what nobody should any more."""

    def ok_to_create_ds(self, *_: object) -> bool:
        return True


def key(octet: str = "A", algorithm: int = 13) -> DNSKEY:
    made = from_text(IN, RdataType.DNSKEY, f"257 3 {algorithm} {octet * 86}==")
    assert isinstance(made, DNSKEY)
    return made


def ds(of: DNSKEY, digest: str = "SHA256") -> DS:
    return make_ds(APEX, of, digest, policy=Lenient())  # type: ignore[no-untyped-call]


ONE, TWO, OLD = key("A"), key("B"), key("A", 5)

PAIRS = [
    ([ds(ONE)], [ONE], False),
    ([ds(ONE), ds(TWO)], [TWO], False),
    ([ds(ONE)], [TWO, ONE], False),
    ([ds(ONE)], [TWO], True),
    ([ds(ONE), ds(ONE, "SHA384")], [TWO], True),
    ([ds(ONE)], [key("A", 14)], True),
    ([ds(ONE), ds(TWO, "SHA1")], [TWO], False),
    ([ds(ONE, "SHA1")], [TWO], False),
    ([ds(OLD)], [ONE], False),
    ([ds(ONE)], [], False),
    ([], [ONE], False),
]


@pytest.mark.parametrize(("records", "keys", "is_wrong"), PAIRS)
def test_ds_and_keys(records: list[DS], keys: list[DNSKEY], is_wrong: bool) -> None:  # noqa: FBT001
    """
    One DS record that stands for one key is enough. None is fatal, if a validator must know one
    of them; what validators may not know makes a zone unsigned, not bogus.
    """
    found = mismatched(APEX, records, keys, is_secure=False)
    assert [(each.code, each.severity) for each in found] == [("ds-mismatch", "error")] * is_wrong
    softer = mismatched(APEX, records, keys, is_secure=True)
    assert [each.severity for each in softer] == ["warning"] * is_wrong
