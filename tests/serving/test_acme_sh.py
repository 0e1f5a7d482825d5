"""acme.sh: its DNS API script in the shells it runs in, and what acmeproxy takes for done."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.errors import Unavailable
from tests.bridge import DNS01, Site, leaf, opened

from .server import serving

HERE = Path(__file__).parent
API = HERE.parent.parent / "contrib" / "acme.sh"
WHERE = "_acme-challenge.www.example.com"
VALUE = "-" + "v" * 42


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        (tmp_path / "account.conf").touch()
        yield site


def acme_sh(
    site: Site, shell: str, verb: str, value: str = VALUE, **variables: str | None
) -> subprocess.CompletedProcess[str]:
    """Do as acme.sh does for one record; a variable that is None is not set."""
    environment = site.environment | {
        "CONF": str(site.folder / "account.conf"),
        "API": str(API),
        "PATH": f"{DNS01.parent}:{os.environ['PATH']}",
    }
    return subprocess.run(
        [shell, str(HERE / "acme.sh.harness"), verb, WHERE, value],
        env={name: text for name, text in (environment | variables).items() if text is not None},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def saved(site: Site) -> str:
    return (site.folder / "account.conf").read_text()


@pytest.mark.parametrize("shell", ["dash", "bash", "bash --posix"])
def test_a_record_comes_and_goes(site: Site, shell: str) -> None:
    """
    Added, it is confirmed; removed, it is gone; and the renewal, which has none of the
    variables, finds the configuration and the provider where acme.sh keeps such things.
    """
    command, *options = shell.split()
    assert shutil.which(command), f"{command} is not installed"
    wrapper = site.folder / "shell"
    wrapper.write_text(f'#!/bin/sh\nexec {command} {" ".join(options)} "$@"\n')
    wrapper.chmod(0o755)
    chosen = {"DNS01_PROVIDER": "bridge", "DNS01_OPTIONS": "--ttl 1 --timeout 20s"}
    added = acme_sh(site, str(wrapper), "add", **chosen)
    assert added.returncode == 0, added.stderr
    assert set(site.dns.values(leaf("www.example.com"))) == {VALUE}
    assert "confirmed" in added.stdout
    assert f"SAVED_DNS01_CONFIG='{site.folder / 'dns01.toml'}'" in saved(site)
    for name, text in chosen.items():
        assert f"SAVED_{name}='{text}'" in saved(site)
    assert not [line for line in saved(site).splitlines() if "TOKEN" in line or "KEY" in line]
    second = acme_sh(site, str(wrapper), "add", "w" * 43, DNS01_CONFIG=None)
    assert second.returncode == 0, second.stderr
    for value in (VALUE, "w" * 43, VALUE):
        removed = acme_sh(site, str(wrapper), "rm", value, DNS01_CONFIG=None)
        assert removed.returncode == 0, removed.stderr
    assert site.dns.values(leaf("www.example.com")) == set()


def test_what_is_saved_can_be_emptied(site: Site) -> None:
    """
    A variable that is set to nothing beats what was saved, at once and for every renewal; one that
    is not set leaves it.
    """
    assert (
        acme_sh(site, "dash", "add", DNS01_OPTIONS="--ttl 1", DNS01_PROVIDER="bridge").returncode
        == 0
    )
    assert acme_sh(site, "dash", "add", DNS01_OPTIONS="--nonsense").returncode == 1
    emptied = acme_sh(site, "dash", "add", DNS01_OPTIONS="", DNS01_PROVIDER=None)
    assert emptied.returncode == 0, emptied.stderr
    assert "DNS01_OPTIONS" not in saved(site)
    assert "SAVED_DNS01_PROVIDER='bridge'" in saved(site)
    assert acme_sh(site, "dash", "rm").returncode == 0


def test_a_record_that_cannot_be_written_stops_acme_sh(site: Site) -> None:
    """
    Non-zero, with dns01's own words above acme.sh's; nothing is saved that did not work.
    """

    def fail(verb: str, _content: object) -> None:
        if verb == "append":
            raise Unavailable("the host is down")

    site.bridge.before = fail
    ended = acme_sh(site, "dash", "add", DNS01_PROVIDER="bridge")
    assert ended.returncode == 1
    assert "the host is down" in ended.stdout + ended.stderr
    assert f"ERR Error add for domain: {WHERE}" in ended.stderr
    assert not saved(site)


def test_a_command_that_is_not_there_is_named(site: Site) -> None:
    """
    The first thing that goes wrong for somebody who only copied the script.
    """
    ended = acme_sh(site, "dash", "add", DNS01_COMMAND="/nowhere/dns01")
    assert ended.returncode == 1
    assert "DNS01_COMMAND" in ended.stderr


def test_the_script_is_clean() -> None:
    """
    shellcheck has nothing to say, for POSIX shells and for bash.
    """
    for shell in ("sh", "dash", "bash"):
        words = ["shellcheck", "--shell", shell, str(API / "dns_dns01.sh")]
        found = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (found.returncode, found.stdout) == (0, "")


def test_acmeproxy_takes_what_is_done_for_done(site: Site) -> None:
    """
    It goes by the value in the answer alone: there where it was written, and not where it was not.
    """
    login = {"DNS01_SERVE_USERNAME": "acme", "DNS01_SERVE_PASSWORD": "geheim"}
    with serving(site, **login) as server:

        def asks(action: str, domain: str, login: str = "acme:geheim") -> bool:
            words = ["sh", str(HERE / "acmeproxy.sh"), server.url, action, domain, VALUE, login]
            ended = subprocess.run(words, capture_output=True, text=True, check=False)
            assert '"error"' in ended.stdout or not ended.returncode, ended
            return not ended.returncode

        assert asks("present", WHERE)
        assert set(site.dns.values(leaf("www.example.com"))) == {VALUE}
        assert asks("cleanup", WHERE)
        assert site.dns.values(leaf("www.example.com")) == set()
        assert not asks("present", WHERE, "acme:guess")
        assert not asks("present", "_acme-challenge.elsewhere.net")
        assert not asks("present", "www.example.com")
        server.stop()
