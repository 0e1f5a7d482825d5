"""The units that are shipped: understood by systemd, confined, and good for a whole run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path

import pytest

from tests.bridge import CANARY, DNS01, Site, finish, leaf, opened, until
from tests.documents import DOCS, ROOT, blocks

from .unit import Unit, analyzed, settings

pytestmark = pytest.mark.servers

UNITS = ROOT / "contrib" / "systemd"
SERVICE, TIMER = "dns01@.service", "dns01@.timer"
NAME = "www.example.com"
MAKES_CODE_IMPOSSIBLE = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (6, 3)
EXPOSURE = 15
"""Tenths that systemd may find at most, of 100: network and host folders, which it needs."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder with the units, whose program is this one."""
    for name in (SERVICE, TIMER):
        text = (UNITS / name).read_text().replace("/opt/dns01/bin/dns01", str(DNS01))
        (tmp_path / name).write_text(text)
        (tmp_path / name.replace("@", "@example.com")).write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", ["dns01@example.com.service", "dns01@example.com.timer"])
def test_systemd_understands_the_units(installed: Path, name: str) -> None:
    """
    Every setting is one, every value of its kind, and the two go together: not a word is said.
    """
    done = analyzed(["verify", f"./{name}"], installed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_service_is_confined(installed: Path) -> None:
    """
    By systemd's own measure; what it finds is the network, and that the host's folders are there.
    """
    words = ["security", "--offline=yes", "--no-pager", f"--threshold={EXPOSURE}"]
    done = analyzed([*words, "./dns01@example.com.service"], installed)
    assert done.returncode == 0, done.stdout
    found = set(re.findall(r"(?m)^✗ (\w+)", done.stdout))
    assert found <= {
        "RootDirectory", "PrivateMounts", "RestrictAddressFamilies", "PrivateNetwork",
        "DeviceAllow", "IPAddressDeny",
    }  # fmt: skip


def test_the_calendar_is_one() -> None:
    """
    It elapses every day, give or take a random while, and what was missed is made up for.
    """
    timer = settings((UNITS / TIMER).read_text())
    done = analyzed(["calendar", "--iterations=2", *timer["OnCalendar"]], ROOT)
    assert done.returncode == 0, done.stderr
    assert "Normalized form: *-*-* 04:17:00" in done.stdout
    assert timer["Persistent"] == ["yes"]
    assert timer["RandomizedDelaySec"]


def test_again_only_after_75() -> None:
    """
    75 goes on with the same order within the hour; nothing else is better the second time, and an
    order costs one of a hundred a week. Three starts are within that hour.
    """
    unit = settings((UNITS / SERVICE).read_text())
    assert unit["RestartForceExitStatus"] == ["75"]
    assert "Restart" not in unit
    assert unit["RestartSec"] == ["20min"]
    assert unit["StartLimitBurst"] == ["3"]


def test_there_is_time_to_clean_up() -> None:
    """
    After SIGTERM the command has 3 s, the records 5, the watcher 2; the signal goes to dns01 alone,
    which passes it on.
    """
    unit = settings((UNITS / SERVICE).read_text())
    assert unit["KillMode"] == ["mixed"]
    assert int(unit["TimeoutStopSec"][0].removesuffix("s")) >= 3 + 5 + 2


# The run itself


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("site"), lags=[0.0]) as site:
        yield site


@pytest.fixture
def unit(site: Site, tmp_path: Path) -> Unit:
    """Return the service of a machine that is set up as the page says."""
    etc = tmp_path / "etc" / "dns01"
    etc.mkdir(parents=True)
    (etc / "rcl.key").write_text(site.environment["RCL_API_KEY"])
    (etc / "cloudflare.token").write_text("unused")
    finalize = tmp_path / "finalize"
    finalize.write_text('#!/bin/sh\necho "$1 $DNS01_ORDER_URI" > "$STATE_DIRECTORY/done"\n')
    finalize.chmod(0o755)
    (etc / "www.env").write_text(
        f"CERTIFICATE={NAME}\nFINALIZE={finalize} now\nRCL_SUBSCRIPTION_ID=subscription\n"
    )
    own, *_ = blocks(DOCS / "cron.md", "ini")
    return Unit((UNITS / SERVICE).read_text() + own.text, "www", tmp_path)


def surroundings(site: Site) -> dict[str, str]:
    """Return what is this laboratory's, and no setting of a user's."""
    own = ("PYTHONPATH", "DNS01_CONFIG", "DNS01_RESOLVERS", "BRIDGE_URL", "BRIDGE_TOKEN")
    there = {name: site.environment[name] for name in (*own, "RCL_BASE_URL")}
    return there | {"DNS01_PROVIDER": "bridge"}


@pytest.fixture(autouse=True, scope="module")
def tools() -> None:
    """Leave the module out where systemd, setpriv or libseccomp are not."""
    there = [shutil.which("systemd-analyze"), shutil.which("setpriv"), find_library("seccomp")]
    if not all(there) or os.geteuid():
        leave_out = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        leave_out("needs root, systemd-analyze, setpriv and libseccomp")


def start(unit: Unit, site: Site) -> subprocess.Popen[str]:
    return unit.start(DNS01, surroundings(site))


SDKS = ("boto3", "cloudflare", "httpx", "lexicon.client", "acme.client")
FORBIDDEN = """
import mmap, os, socket
for what in (
    lambda: os.chown("unit", 0, 0),
    lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    lambda: os.nice(-1),
    lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    lambda: socket.socket(socket.AF_INET6).close(),
):
    try:
        what()
        print("allowed")
    except OSError:
        print("refused")
"""


def test_the_confinement_is_in_force(site: Site, unit: Unit) -> None:
    """
    What the laws below run in refuses what the unit refuses: to own, to sniff, to hurry, to make
    code; and lets the network be.
    """
    command = [sys.executable, "-c", FORBIDDEN]
    result = finish(unit.confined(command, surroundings(site)))
    refused = 4 if MAKES_CODE_IMPOSSIBLE else 3
    assert result.stdout.split() == ["refused"] * refused + ["allowed"] * (5 - refused)


@pytest.mark.parametrize("module", SDKS)
def test_what_adapters_need_can_be_had(site: Site, unit: Unit, module: str) -> None:
    """
    Every SDK loads there: none makes code at run time.
    """
    result = finish(unit.confined([sys.executable, "-c", f"import {module}"], surroundings(site)))
    assert (result.returncode, result.stderr) == (0, "")


def test_a_run_as_the_unit_makes_it(site: Site, unit: Unit) -> None:
    """
    With the unit's environment and confinement: the secret comes from its credential, receipts go
    to the state folder, the command has its words, and cron's rule holds: not a word is said, of
    the credential's mode neither.
    """
    result = finish(start(unit, site))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    state = unit.root / "var/lib/dns01"
    assert (state / "done").read_text().startswith("now https://")
    [report] = state.glob("*.report.json")
    assert '"problems": []' in report.read_text()
    assert CANARY not in report.read_text()
    assert not site.dns.values(leaf(NAME))


def test_stopping_the_unit(site: Site, unit: Unit) -> None:
    """
    SIGTERM, to the main process alone: the records go, and the status says why. The unit knows that
    status for an end that was asked for: nobody is called for a stop, or a machine that goes down.
    """
    site.hide()
    try:
        process = start(unit, site)
        until(lambda: site.dns.values(leaf(NAME)))
        process.terminate()
        result = finish(process)
    finally:
        site.show()
    assert result.returncode == 143
    assert settings(unit.text)["SuccessExitStatus"] == ["143"]
    assert not site.dns.values(leaf(NAME))


def test_the_page_shows_units_that_systemd_understands(installed: Path) -> None:
    """
    Each drop-in on the page, put to its unit, is understood as well.
    """
    shown = blocks(DOCS / "cron.md", "ini")
    assert shown
    for block in shown:
        unit = f"dns01@example.com.{'timer' if '[Timer]' in block.text else 'service'}"
        folder = installed / f"{unit}.d"
        folder.mkdir(exist_ok=True)
        (folder / "own.conf").write_text(block.text)
        done = analyzed(["verify", f"./{unit}"], installed)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_name_is_one_word(unit: Unit) -> None:
    """
    Whatever blanks it has; the command is as many words as it has.
    """
    environment = unit.prepare() | {"CERTIFICATE": "a.example, b.example", "FINALIZE": "a 'b c'"}
    words = unit.command(environment)
    assert "a.example, b.example" in words
    assert words[words.index("--") + 1 :] == ["a", "b c"]


def test_the_environment_file_shown(unit: Unit) -> None:
    """
    The page's example sets what the unit asks for.
    """
    [block] = blocks(DOCS / "cron.md", "env")
    (unit.root / "etc/dns01/www.env").write_text(block.text)
    words = unit.command(unit.prepare())
    assert words[1:] == [
        "run", "--quiet", "--renew-within", "14d", "example.com,*.example.com",
        "--", "/usr/local/bin/finalize", "--reload", "nginx",
    ]  # fmt: skip


def test_the_source_of_orders_is_a_setting(unit: Unit) -> None:
    """
    `OPTIONS` of the environment file replaces the unit's, so that the unit serves ACME as well.
    """
    with (unit.root / "etc/dns01/www.env").open("a") as file:
        file.write("OPTIONS=--order acme\n")
    words = unit.command(unit.prepare())
    assert words[1:6] == ["run", "--quiet", "--order", "acme", NAME]
    assert "RCL_API_KEY_FILE" not in settings((UNITS / SERVICE).read_text())["Environment"]


def test_cleaning_is_the_services_too(installed: Path) -> None:
    """
    The instance `clean` is the service, its user, folders and secrets, with another command.
    """
    shutil.copytree(UNITS / "dns01@clean.service.d", installed / "dns01@clean.service.d")
    conf = installed / "dns01@clean.service.d" / "clean.conf"
    conf.write_text(conf.read_text().replace("/opt/dns01/bin/dns01", str(DNS01)))
    done = analyzed(["verify", "./dns01@clean.service"], installed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert settings(conf.read_text())["EnvironmentFile"] == [""]
    assert settings(conf.read_text())["ExecStart"] == ["", f"{DNS01} clean --all"]
