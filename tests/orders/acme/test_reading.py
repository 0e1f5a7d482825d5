"""Orders and tokens that are not what they should be: no order is ready by mistake."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline.model import Exit, Failed
from pipeline.orders.acme.keys import read_key
from pipeline.orders.acme.source import AcmeSource

from .standin import TOKEN, Reply, StandIn, source, standing

APEX = "example.com"


@pytest.fixture
def ca() -> Iterator[StandIn]:
    with standing() as ca:
        yield ca


@pytest.fixture
def acme(ca: StandIn, tmp_path: Path) -> AcmeSource:
    return source(ca, tmp_path)


def failure(acme: AcmeSource, name: str = APEX) -> Failed:
    """Return how the order of *name* ends."""
    with pytest.raises(Failed) as caught:
        acme.fetch(name)
    return caught.value


def offering(ca: StandIn, kind: str, token: object, *others: dict[str, object]) -> None:
    """Let the order for APEX be about one challenge of *kind* with *token*."""
    ca.order(APEX)
    one = {"type": kind, "url": f"{ca.url}/chall/0", "status": "pending", "token": token}
    ca.replies["/authz/0"] = ca.authorization(APEX, "/chall/0", challenges=[*others, one])


@pytest.mark.parametrize("kind", ["dns-01", "dns-account-01"])
@pytest.mark.parametrize("token", [TOKEN, "x" * 43, "y" * 22, "A" * 41, "_-" * 20, "z" * 300])
def test_a_token_is_hashed_as_it_is_sent(
    ca: StandIn, acme: AcmeSource, tmp_path: Path, kind: str, token: str
) -> None:
    """
    Octet by octet (RFC 8555 §8.1), whatever base64 makes of its last bits; what other challenges
    have for tokens does not matter.
    """
    offering(ca, kind, token, {"type": "http-01", "url": "x", "token": "a" * 41})
    [challenge] = acme.fetch(APEX).challenges
    thumbprint = read_key((tmp_path / "key.pem").read_text(), "").thumbprint
    digest = sha256(f"{token}.{thumbprint}".encode()).digest()
    assert challenge.value == urlsafe_b64encode(digest).decode().rstrip("=")


@pytest.mark.parametrize("kind", ["dns-01", "dns-account-01"])
@pytest.mark.parametrize(
    "token",
    ["../../x" + "A" * 36, TOKEN + "\n", TOKEN + "=", "", "A" * 21, TOKEN + "é", 7, None, [TOKEN]],
)
def test_what_is_no_token_is_refused(
    ca: StandIn, acme: AcmeSource, kind: str, token: object
) -> None:
    """
    Base64url of 128 bits or more, without padding (RFC 8555 §8.3): nothing is dropped from it.
    """
    offering(ca, kind, token)
    failed = failure(acme)
    assert failed.exit == Exit.DATA
    assert f"{kind} challenge for {APEX} cannot be read" in str(failed)


def test_each_name_has_its_authorization(ca: StandIn, acme: AcmeSource) -> None:
    """
    Else the order is not validated, whatever is in DNS: none, too few, one of them twice.
    """
    name = f"{APEX},*.example.com"
    for numbers in ((), (0,), (1,), (0, 0)):
        listed = [f"{ca.url}/authz/{number}" for number in numbers]
        ca.order(APEX, "*.example.com", authorizations=listed)
        failed = failure(acme, name)
        assert failed.exit == Exit.DATA
        assert "has no authorization for" in str(failed)


def test_a_valid_authorization_is_of_a_name_ordered(ca: StandIn, acme: AcmeSource) -> None:
    """
    Of another it proves nothing.
    """
    ca.order(APEX)
    ca.replies["/authz/0"] = ca.authorization("other.test", "/chall/0", status="valid")
    failed = failure(acme)
    assert failed.exit == Exit.DATA
    assert "other.test" in str(failed)


@pytest.mark.parametrize("where", ["/order/1", "/authz/0"])
def test_an_end_has_a_zone(ca: StandIn, acme: AcmeSource, where: str) -> None:
    """
    Without it nobody knows when that is (RFC 3339 §5.6): 65.
    """
    naive = {"expires": "2031-01-02T03:04:05"}
    ca.order(APEX, **(naive if where == "/order/1" else {}))
    if where == "/authz/0":
        ca.replies[where] = ca.authorization(APEX, "/chall/0", **naive)
    assert failure(acme).exit == Exit.DATA


def test_a_name_may_be_too_long_for_its_challenge(ca: StandIn, acme: AcmeSource) -> None:
    """
    The account's label takes 18 octets more: 65, naming the kind.
    """
    name = ".".join(["a" * 60] * 3 + ["b" * 36, APEX])
    ca.order(name)
    ca.replies["/authz/0"] = ca.authorization(name, "/chall/0", "dns-account-01")
    failed = failure(acme, name)
    assert failed.exit == Exit.DATA
    assert "too long a name for a dns-account-01" in str(failed)


@pytest.mark.parametrize("path", ["/order/x::y", "/order/a b", "/order/" + "x" * 500, "/é", "/<b>"])
def test_an_orders_url_is_kept_as_it_is(ca: StandIn, acme: AcmeSource, path: str) -> None:
    """
    It is asked again, and is one word of DNS01_ORDER_URI: what could not be shown so is refused.
    """
    made = ca.order(APEX)
    location = (ca.url + path).encode().decode("latin-1")
    ca.replies["/new-order"] = Reply(made.body, 201, {"Location": location})
    failed = failure(acme)
    assert failed.exit == Exit.DATA
    assert "URL cannot be kept" in str(failed)
    long = f"{ca.url}/order/{'x' * 400}?a=1:2&b=%3A"
    ca.replies["/new-order"] = Reply(made.body, 201, {"Location": long})
    assert acme.fetch(APEX).uri == long
