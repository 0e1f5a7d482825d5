"""What the values of the contract mean to those who keep them."""

from dns.name import from_text

from providers.contract import Zone


def test_a_zone_is_its_apex_and_id() -> None:
    """
    Receipts keep no more, so what the host says of a zone today makes no other zone of it.
    """
    apex, other = from_text("example.com."), from_text("example.net.")
    said = Zone(apex, "Z1", (from_text("ns.example.net."),), "pending: not delegated")
    assert said == Zone(apex, "Z1")
    assert len({said, Zone(apex, "Z1")}) == 1
    assert len({said, Zone(apex, "Z2"), Zone(other, "Z1")}) == 3
