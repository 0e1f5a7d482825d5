"""The example that finalizes an RCL order, run as its page says."""

import base64
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dns.name import from_text

from .bridge import CANARY as SECRET
from .bridge import Site, leaf, opened
from .documents import DOCS, blocks
from .standins.cloudflare_http import Handler, Recorder
from .standins.rcl import (
    CANARY,
    PASSWORD,
    PFX,
    SUBSCRIPTION,
    URI,
    Answer,
    RclApi,
    body,
    certificate,
    cut,
    order,
    page,
    redirect,
    text,
    token,
)
from .walkthrough.script import steps

PROGRAM = DOCS / "examples" / "finalize-rcl"
NAME = "shopeneur.com"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("finalizing")
    with opened(folder, lags=[0.0], apexes=[from_text(f"{NAME}.")]) as site:
        shutil.copy(PROGRAM, folder)
        yield site


@pytest.fixture
def api() -> Iterator[RclApi]:
    with RclApi(body(order((token(NAME),))), f"{SECRET}-rcl") as api:
        yield api


def documented() -> list[str]:
    """Return the words of the commands that the page has its reader type for this."""
    typed = [step.command for step in steps(DOCS / "rcl.md") if "finalize-rcl" in step.command]
    return [command for command in typed if "--renew-within" not in command]


def finalized(site: Site, api: RclApi) -> subprocess.CompletedProcess[str]:
    [command] = documented()
    words = command.split()
    assert words[0] == "dns01"
    base = {"RCL_BASE_URL": api.base, "RCL_SUBSCRIPTION_ID": SUBSCRIPTION}
    done = site.dns01(*words[1:], **base)
    assert CANARY not in done.stdout + done.stderr
    kept = [path for path in site.state.rglob("*") if path.is_file()]
    assert not [path for path in kept if CANARY in path.read_text()]
    return done


def test_it_does_as_the_page_says(site: Site, api: RclApi) -> None:
    """
    The order that dns01 got ready is finalized once, its URI raw in the query, while the records
    are in place; PFX and password are in files of their owner's; neither is on the screen.
    """
    there: list[set[str]] = []

    def answer(handler: Handler) -> None:
        there.append(site.dns.values(leaf(NAME)))
        body(certificate())(handler)

    api.outcome = answer
    done = finalized(site, api)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (api.created, api.finalized) == ([NAME], [URI])
    assert there == [{"pder_53er44PhE-keudgge45630"}]
    assert not site.dns.values(leaf(NAME))
    pfx, password = site.folder / f"{NAME}.pfx", site.folder / f"{NAME}.pfx.password"
    assert (pfx.read_bytes(), password.read_text()) == (PFX, PASSWORD)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (pfx, password)} == {0o600}
    assert len(list(site.folder.glob("*.pfx*"))) == 2


@pytest.mark.parametrize(
    "answer",
    [
        text(400, f"Could not validate {NAME}. {CANARY}"),
        page(200, CANARY),
        body(certificate()[:-20]),
        body(certificate(pfxString=None)),
        body(certificate(pfxString=f"{CANARY}!")),
        body(certificate(password=None)),
        body(b"[]"),
        cut(certificate()),
        cut(),
    ],
)
def test_a_failure_writes_nothing_and_shows_nothing(
    site: Site, api: RclApi, answer: Answer
) -> None:
    """Status 1, one request, the files as they were, and no word of what came."""
    pfx = site.folder / f"{NAME}.pfx"
    pfx.write_bytes(b"the one before")
    password = site.folder / f"{NAME}.pfx.password"
    password.write_text("its password")
    api.outcome = answer
    done = finalized(site, api)
    assert done.returncode == 1
    assert "finalize-rcl: " in done.stderr
    assert "Traceback" not in done.stderr
    assert api.finalized == [URI]
    assert (pfx.read_bytes(), password.read_text()) == (b"the one before", "its password")
    assert len(list(site.folder.glob("*.pfx*"))) == 2


def alone(
    folder: Path, *, most: int = resource.RLIM_INFINITY, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the example by itself, where a file may have no more than *most* octets."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    return subprocess.run(
        [sys.executable, PROGRAM, NAME, folder / "out.pfx"],
        preexec_fn=limit,
        env={
            "PATH": os.environ["PATH"],
            "RCL_API_KEY": f"{SECRET}-rcl",
            "RCL_SUBSCRIPTION_ID": SUBSCRIPTION,
            "DNS01_ORDER_URI": URI,
        }
        | variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("what", ["no folder", "a folder", "no room"])
def test_an_order_is_not_spent_on_what_cannot_be_written(
    api: RclApi, tmp_path: Path, what: str
) -> None:
    """Both files are opened, with room for a certificate, before the one request there may be."""
    where = tmp_path / "no" if what == "no folder" else tmp_path
    if what == "a folder":
        (tmp_path / "out.pfx").mkdir()
    most = 1000 if what == "no room" else resource.RLIM_INFINITY
    done = alone(where, most=most, RCL_BASE_URL=api.base)
    assert (done.returncode, api.requests) == (1, [])
    assert "nothing was asked" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out.pfx"] * (what == "a folder")


def test_both_files_are_new_or_neither(api: RclApi, tmp_path: Path) -> None:
    """A PFX that cannot be written whole leaves the old one, and the password that opens it."""
    pfx, password = tmp_path / "out.pfx", tmp_path / "out.pfx.password"
    pfx.write_bytes(b"the one before")
    password.write_text("its password")
    api.outcome = body(certificate(pfxString=base64.b64encode(bytes(200_000)).decode()))
    done = alone(tmp_path, most=100_000, RCL_BASE_URL=api.base)
    assert (done.returncode, api.finalized) == (1, [URI])
    assert (pfx.read_bytes(), password.read_text()) == (b"the one before", "its password")
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("variable", ["RCL_SUBSCRIPTION_ID", "RCL_API_KEY"])
def test_an_empty_variable_is_none(api: RclApi, tmp_path: Path, variable: str) -> None:
    """Nothing is asked with it, and it is named."""
    given: dict[str, str] = {"RCL_BASE_URL": api.base, variable: ""}
    done = alone(tmp_path, most=resource.RLIM_INFINITY, **given)
    assert (done.returncode, api.requests) == (1, [])
    assert variable in done.stderr


def test_the_key_goes_nowhere_else(api: RclApi, tmp_path: Path) -> None:
    """No redirect is followed, and no base is asked in clear."""
    with Recorder() as other:
        api.outcome = redirect(302, f"{other.url}/x")
        assert alone(tmp_path, RCL_BASE_URL=api.base).returncode == 1
        done = alone(tmp_path, RCL_BASE_URL="http://rcl.invalid", HTTP_PROXY=other.url)
        assert "neither https nor on the loopback" in done.stderr
        assert other.seen == []


def test_no_proxy_gets_the_key_for_this_host(api: RclApi, tmp_path: Path) -> None:
    """The loopback is asked directly, as by dns01 itself."""
    with Recorder() as other:
        assert alone(tmp_path, RCL_BASE_URL=api.base, http_proxy=other.url).returncode == 0
        assert other.seen == []


def test_the_key_may_be_in_a_file(api: RclApi, tmp_path: Path) -> None:
    """As with dns01 itself."""
    key = tmp_path / "key"
    key.write_text(f"{SECRET}-rcl\n")
    done = alone(tmp_path, RCL_API_KEY="", RCL_API_KEY_FILE=str(key), RCL_BASE_URL=api.base)
    assert done.returncode == 0


@pytest.mark.parametrize("uris", ["", f"{URI} {URI}"])
def test_one_order_is_finalized_at_a_time(api: RclApi, tmp_path: Path, uris: str) -> None:
    """With none, or several, nothing is asked."""
    done = alone(tmp_path, RCL_BASE_URL=api.base, DNS01_ORDER_URI=uris)
    assert (done.returncode, api.requests) == (1, [])


def test_the_page_shows_a_way_to_type_it() -> None:
    """Exactly one command of the page finalizes without looking at the certificate first."""
    assert len(documented()) == 1
    assert blocks(DOCS / "rcl.md", "console")
