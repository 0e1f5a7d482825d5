"""What clients call their hooks for: each in its own words, none past the guard."""

from base64 import urlsafe_b64encode
from hashlib import sha256

import pytest
from dns.name import from_text

from pipeline.hooks.calls import Call, End, Present, Remove, called, read_call
from pipeline.model import Challenge, Exit, Failed

V1, V2 = "-" * 43, "B" * 43


def certbot(**more: str) -> dict[str, str]:
    """Return what certbot 5.8 has in the environment of a hook: the first call of two."""
    return {
        "CERTBOT_DOMAIN": "example.com",
        "CERTBOT_VALIDATION": V1,
        "CERTBOT_ALL_DOMAINS": "example.com,example.com",
        "CERTBOT_REMAINING_CHALLENGES": "1",
    } | more


def mine(*values: str, host: str = "example.com") -> tuple[Challenge, ...]:
    name = from_text(f"_acme-challenge.{host}.")
    return tuple(Challenge(name, value, host) for value in values)


@pytest.mark.parametrize(
    ("words", "variables", "call"),
    [
        (["auth"], certbot(), Present(mine(V1), is_last=False, of=2)),
        (["auth"], certbot(CERTBOT_REMAINING_CHALLENGES="0"), Present(mine(V1), of=2)),
        (["auth"], certbot(CERTBOT_REMAINING_CHALLENGES="00"), Present(mine(V1), of=2)),
        (["auth"], certbot(CERTBOT_REMAINING_CHALLENGES=""), Present(mine(V1), of=2)),
        (["cleanup"], certbot(), Remove(mine(V1))),
        ([], certbot(), Present(mine(V1), is_last=False, of=2)),
        ([], certbot(CERTBOT_AUTH_OUTPUT=f'{{"value": "{V1}"}}'), Remove(mine(V1))),
        (
            [],
            certbot(CERTBOT_AUTH_OUTPUT=f'{{"value": "{V2}"}}'),
            Present(mine(V1), is_last=False, of=2),
        ),
        (
            ["auth"],
            certbot(CERTBOT_AUTH_OUTPUT=f'{{"value": "{V1}"}}'),
            Present(mine(V1), is_last=False, of=2),
        ),
    ],
)
def test_certbot(words: list[str], variables: dict[str, str], call: Call) -> None:
    """
    certbot's word says which hook it is; without one the auth hook's output does if it is of this
    value, for what certbot still has of the certificate before is of another.
    """
    assert read_call("certbot", words, variables) == call


@pytest.mark.parametrize(
    ("client", "words", "call"),
    [
        ("lego", ["present", "_acme-challenge.example.com.", V1], Present(mine(V1))),
        ("lego", ["cleanup", "_ACME-challenge.example.com", V1], Remove(mine(V1))),
        ("acme.sh", ["add", "_acme-challenge.example.com", V1], Present(mine(V1))),
        ("acme.sh", ["rm", "_acme-challenge.example.com", V1], Remove(mine(V1))),
        (
            "dehydrated",
            ["deploy_challenge", "example.com", "t", V1, "example.com", "-u", V2],
            Present(mine(V1, V2)),
        ),
        ("dehydrated", ["clean_challenge", "example.com", "t", V1], Remove(mine(V1))),
        ("dehydrated", ["exit_hook"], End()),
        ("dehydrated", ["exit_hook", "ERROR: no"], End()),
        ("dehydrated", ["generate_csr", "example.com", "/certs", "example.com"], None),
        ("dehydrated", ["this_hookscript_is_broken__dehydrated_is_working_fine"], None),
        ("dehydrated", [], None),
    ],
)
def test_arguments(client: str, words: list[str], call: Call | None) -> None:
    """
    Verb, name and value come as each client gives them; what concerns no record is nothing.
    """
    assert read_call(client, words, {}) == call


@pytest.mark.parametrize("domain", ["example.com", "*.example.com"])
def test_raw_mode(domain: str) -> None:
    """
    In RAW mode the value is the digest of the key authorization (RFC 8555 §8.4).
    """
    digest = urlsafe_b64encode(sha256(b"token.thumb").digest()).decode().rstrip("=")
    call = read_call("lego", ["present", "--", domain, "token", "token.thumb"], {})
    assert call == Present(mine(digest))


@pytest.mark.parametrize(
    ("client", "words", "variables", "code", "says"),
    [
        ("lego", ["present", "alias.example.net.", V1], {}, Exit.DATA, "LEGO_DISABLE_CNAME"),
        ("acme.sh", ["add", "alias.example.net", V1], {}, Exit.DATA, "--domain-alias"),
        ("lego", ["present", "_acme-challenge.example.com.", "a b"], {}, Exit.DATA, "base64url"),
        ("lego", ["present", "_acme-challenge.192.0.2.1", V1], {}, Exit.DATA, "no"),
        ("lego", ["present", "_acme-challenge.example.com..", V1], {}, Exit.DATA, "no"),
        ("dehydrated", ["deploy_challenge", "a_b", "t", V1], {}, Exit.DATA, "is not a domain name"),
        ("dehydrated", ["deploy_challenge", "example.com", V1], {}, Exit.USAGE, "FILE VALUE"),
        ("dehydrated", ["clean_challenge"], {}, Exit.USAGE, "FILE VALUE"),
        ("lego", ["present"], {}, Exit.USAGE, "FQDN VALUE"),
        ("lego", ["timeout"], {}, Exit.USAGE, "FQDN VALUE"),
        ("lego", ["remove", "_acme-challenge.example.com.", V1], {}, Exit.USAGE, "FQDN VALUE"),
        ("acme.sh", ["present", "_acme-challenge.example.com", V1], {}, Exit.USAGE, "add or rm"),
        ("certbot", ["auth"], {}, Exit.USAGE, "CERTBOT_VALIDATION"),
        ("certbot", ["renew"], certbot(), Exit.USAGE, "auth or cleanup"),
        ("certbot", ["auth"], certbot(CERTBOT_REMAINING_CHALLENGES="-1"), Exit.USAGE, "REMAINING"),
        ("certbot", ["auth"], certbot(CERTBOT_REMAINING_CHALLENGES="0 "), Exit.USAGE, "REMAINING"),
        ("certbot", [], certbot(CERTBOT_REMAINING_CHALLENGES="abc"), Exit.USAGE, "REMAINING"),
        ("certbot", ["auth"], certbot(CERTBOT_REMAINING_CHALLENGES="²"), Exit.USAGE, "REMAINING"),
        ("certbot", ["auth"], certbot(CERTBOT_TOKEN="t"), Exit.DATA, "--preferred-challenges dns"),
        ("certbot", ["auth"], certbot(CERTBOT_DOMAIN="192.0.2.1"), Exit.DATA, "domain name"),
    ],
)
def test_refusals(
    client: str, words: list[str], variables: dict[str, str], code: Exit, says: str
) -> None:
    """
    A call that is none is 64; a name or value outside the guard 65, with what else to do.
    """
    with pytest.raises(Failed) as refused:
        read_call(client, words, variables)
    assert refused.value.exit == code
    assert says in f"{refused.value.problem.message} {refused.value.problem.hint}"


def test_each_value_is_an_order() -> None:
    """
    Two values at one name are two orders: each is written, confirmed and removed by itself.
    """
    assert {called(each) for each in mine(V1, V2)} == {
        f"_acme-challenge.example.com={V1}",
        f"_acme-challenge.example.com={V2}",
    }
