"""Names that keep their hash are names like any other."""

import copy
import pickle

from dns.name import Name, from_text

from pipeline.names import KeyName
from pipeline.orders.identifiers import leaf_of

PLAIN = from_text("_acme-challenge.Example.com.")
KEPT = leaf_of(from_text("example.COM."))


def test_it_stands_for_the_same_name() -> None:
    """
    Equal and found in either's place, whatever the case; its parent is what any name's is.
    """
    assert isinstance(KEPT, KeyName)
    assert (KEPT, hash(KEPT)) == (PLAIN, hash(PLAIN))
    assert {PLAIN: 1}.get(KEPT) == 1
    assert dict[Name, int]({KEPT: 1}).get(PLAIN) == 1
    assert KEPT.parent() == from_text("example.com.")
    assert from_text("example.com.") != KEPT


def test_it_survives_a_copy_and_a_journey() -> None:
    """
    With its hash.
    """
    for other in (copy.copy(KEPT), copy.deepcopy(KEPT), pickle.loads(pickle.dumps(KEPT))):
        assert isinstance(other, Name)
        assert (other, hash(other)) == (KEPT, hash(PLAIN))
