"""What the values of the contract mean to those who keep them."""

import pytest
from dns.name import from_text

from pipeline.configuration.registry import load
from providers.contract import Zone, lingers_s


def test_a_zone_is_its_apex_and_id() -> None:
    """
    Receipts keep no more, so what the host says of a zone today makes no other zone of it.
    """
    apex, other = from_text("example.com."), from_text("example.net.")
    said = Zone(apex, "Z1", (from_text("ns.example.net."),), "pending: not delegated")
    assert said == Zone(apex, "Z1")
    assert len({said, Zone(apex, "Z1")}) == 1
    assert len({said, Zone(apex, "Z2"), Zone(other, "Z1")}) == 3


@pytest.mark.parametrize(
    ("name", "settings", "seconds"),
    [
        (
            "rfc2136",
            {
                "RFC2136_NAMESERVER": "127.0.0.1",
                "RFC2136_TSIG_KEY": "k.",
                "RFC2136_TSIG_SECRET": "c2VjcmV0",
            },
            5.0,
        ),
        ("exec", {"EXEC_PATH": "/bin/true", "EXEC_ZONES": "e.com"}, 5.0),
        ("httpreq", {"HTTPREQ_ENDPOINT": "http://127.0.0.1:1", "HTTPREQ_ZONES": "e.com"}, 30.0),
        ("lexicon", {"LEXICON_PROVIDER": "powerdns", "LEXICON_ZONES": "e.com"}, 30.0),
    ],
)
def test_how_long_what_was_sent_may_take_effect(
    name: str, settings: dict[str, str], seconds: float
) -> None:
    """
    Where we, or a program that ends with us, speak to the host a few seconds; where a server does
    it for us, a call's time.
    """
    assert lingers_s(load(name).open(settings)) == seconds
