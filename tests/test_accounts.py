"""As whom orders are fetched, and from where: nothing that would give the key away."""

from pathlib import Path

import pytest

from pipeline.configuration.environment import Environment
from pipeline.configuration.rcl import RclAccount, rcl_account
from pipeline.model import Exit, Failed
from pipeline.orders.rcl_generations import V7, V8

SECRET = "45ref546-67rf-65ytr"
ACCOUNT = {"RCL_API_KEY": SECRET, "RCL_SUBSCRIPTION_ID": "sub_df45"}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")
    return path


def account(**variables: str) -> RclAccount:
    return rcl_account(Environment(ACCOUNT | variables))


def test_the_order_apis_account(key_file: Path) -> None:
    """The documented base is the default, and the key may be in a file."""
    found = account()
    assert (found.base, found.generation.subscription, found.key, found.is_local) == (
        "https://rclapi.azure-api.net/public",
        "sub_df45",
        SECRET,
        False,
    )
    assert account(RCL_API_KEY="", RCL_API_KEY_FILE=str(key_file)).key == SECRET


def test_no_repr_holds_a_secret() -> None:
    """Tracebacks and debuggers show reprs."""
    environment = Environment(ACCOUNT)
    assert SECRET not in repr(rcl_account(environment))
    assert SECRET not in repr(environment) + str(environment)


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (["RCL_API_KEY"], "^RCL_API_KEY not set"),
        (["RCL_SUBSCRIPTION_ID"], "^RCL_SUBSCRIPTION_ID not set"),
        (["RCL_API_KEY", "RCL_SUBSCRIPTION_ID"], "^RCL_API_KEY and RCL_SUBSCRIPTION_ID not set"),
    ],
)
def test_missing_credentials_are_named(missing: list[str], words: str) -> None:
    """All of them at once, with the way around."""
    with pytest.raises(Failed, match=words) as caught:
        account(**dict.fromkeys(missing, ""))
    assert caught.value.exit is Exit.CONFIG
    assert "--from FILE" in caught.value.problem.hint


@pytest.mark.parametrize("key", [f"{SECRET}\n{SECRET}", f"{SECRET} x", f"{SECRET}\x00", "ké"])
def test_a_key_fits_a_header(key: str) -> None:
    """What would end the header, or is not ASCII, is refused without being repeated."""
    with pytest.raises(Failed, match="RCL_API_KEY holds") as caught:
        account(RCL_API_KEY=key)
    assert caught.value.exit is Exit.CONFIG
    assert key[:10] not in f"{caught.value} {caught.value.problem}"


@pytest.mark.parametrize("subscription", ["a/b", "a?b", "a#b", "a%2fb", "a\\b", ".", "..", "a\nb"])
def test_a_subscription_stays_in_its_segment(subscription: str) -> None:
    """It is opaque, but part of a path."""
    with pytest.raises(Failed, match="is not a subscription id") as caught:
        account(RCL_SUBSCRIPTION_ID=subscription)
    assert caught.value.exit is Exit.CONFIG


@pytest.mark.parametrize("subscription", ["849", "I-TKGDBEFH2BEN", "subscr-0000", "a.b", "a b"])
def test_a_subscription_is_opaque(subscription: str) -> None:
    """Every form the vendor's pages show is taken, and others."""
    assert account(RCL_SUBSCRIPTION_ID=subscription).generation.subscription == subscription


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/public",
        "http://192.168.0.1",
        "http://0.0.0.0",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[2001:db8::1]",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "example.com",
        "//example.com",
        "https://",
        "https:///public",
        "https://user@example.com",
        "https://:s3cret@example.com",
        "https://user:s3cret@127.0.0.1",
        "https://@example.com",
        "https://example.com/public?x=1",
        "https://example.com/public#x",
        "https://exa mple.com",
        "https://example.com/\n",
        "https://[::1",
        "https://example.com:port",
        "https://example.com:99999",
        "https://example.com:0",
        "not a url",
    ],
)
def test_any_other_base_is_refused(url: str) -> None:
    """Exit 78 before the key travels anywhere, and no password of a URL is repeated."""
    with pytest.raises(Failed, match=r"^RCL_BASE_URL is n") as caught:
        account(RCL_BASE_URL=url)
    assert caught.value.exit is Exit.CONFIG
    assert "s3cret" not in f"{caught.value} {caught.value.problem}"


V8_ACCOUNT = {
    "RCL_API": "v8",
    "RCL_EMAIL": "ops@shopeneur.com",
    "RCL_ROOT_DOMAIN": "shopeneur.com, example.org",
    "RCL_PFX_PASSWORD": "correct-horse",
}


def test_v8_has_a_base_of_its_own(key_file: Path) -> None:
    """It wants more than V7; the password may be in a file, and shows in no repr."""
    found = account(**V8_ACCOUNT)
    assert found.base == "https://rclapi.azure-api.net/prod"
    assert found.generation == V8(
        "sub_df45", "ops@shopeneur.com", ("shopeneur.com", "example.org"), "correct-horse"
    )
    assert "correct-horse" not in repr(found)
    in_file = {"RCL_PFX_PASSWORD": "", "RCL_PFX_PASSWORD_FILE": str(key_file)}
    assert account(**V8_ACCOUNT | in_file).generation.secret == SECRET


def test_v7_needs_nothing_of_that() -> None:
    """V7 is what is asked unless RCL_API says v8, whatever else is set."""
    assert account(**V8_ACCOUNT | {"RCL_API": ""}).generation == V7("sub_df45")
    assert account(RCL_API="V7").generation == V7("sub_df45")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("RCL_API", "v9", 'RCL_API "v9" is no edition'),
        ("RCL_EMAIL", "", "^RCL_EMAIL not set"),
        ("RCL_EMAIL", "nobody", 'RCL_EMAIL "nobody" is no address'),
        ("RCL_ROOT_DOMAIN", "", "^RCL_ROOT_DOMAIN not set"),
        ("RCL_ROOT_DOMAIN", "a.com,,b.com", "^RCL_ROOT_DOMAIN: "),
        ("RCL_PFX_PASSWORD", "", "^RCL_PFX_PASSWORD not set"),
        ("RCL_PFX_PASSWORD", "hunter2", "^RCL_PFX_PASSWORD has less than 8"),
    ],
)
def test_what_v8_lacks_is_named(variable: str, value: str, words: str) -> None:
    """Exit 78 before anything is asked, and no password in the words."""
    with pytest.raises(Failed, match=words) as caught:
        account(**V8_ACCOUNT | {variable: value})
    assert caught.value.exit is Exit.CONFIG
    assert "hunter2" not in f"{caught.value} {caught.value.problem}"
