"""A disk that is really full, in a mount namespace of its own: nothing is lost, and it is said."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.receipts.receipt import from_json
from tests.bridge import DNS01, Site, finish, leaf, opened, until

NAME = "www.example.com"

MOUNT = 'mount -t tmpfs -o size=96k,mode=0700 none "$1" && touch "$2" && exec sleep 600'


@dataclass
class Disk:
    """A disk of 24 blocks, at the site's state folder, that only its own processes see."""

    site: Site
    holder: subprocess.Popen[bytes]

    @property
    def folder(self) -> Path:
        """The state folder, seen from outside of the namespace."""
        return Path(f"/proc/{self.holder.pid}/root{self.site.state}")

    def dns01(self, *words: str) -> subprocess.CompletedProcess[str]:
        return finish(self.start(*words))

    def start(self, *words: str) -> subprocess.Popen[str]:
        enter = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt"]
        return subprocess.Popen(
            [*enter, DNS01, *words],
            cwd=self.site.folder,
            env=self.site.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fill(self) -> None:
        """Leave no room for one octet."""
        with (self.folder / "filler").open("ab", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC  # noqa: PT017 - the loop's one way out

    def fill_at(self, verb: str) -> None:
        """Let the disk be full when the host is asked for *verb*."""

        def before(asked: str, _content: object) -> None:
            if asked == verb:
                self.fill()

        self.site.bridge.before = before

    def empty(self) -> None:
        """Give the room back."""
        (self.folder / "filler").unlink()

    def listed(self) -> int:
        """Return how many records the receipts list, all of which are whole."""
        names = [p.name for p in self.folder.iterdir() if p.name not in {".lock", "filler"}]
        assert not [name for name in names if name.startswith(".")], "half-written"
        paths = [self.folder / name for name in names if not name.endswith(".report.json")]
        return sum(len(from_json(path.read_bytes(), str(path)).records) for path in paths)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("nsenter"):
        pytest.skip("needs root, for a mount namespace")
    with opened(tmp_path, lags=[0.0]) as site:
        site.state.mkdir()
        mark = tmp_path / "mounted"
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNT, "sh"]
        with subprocess.Popen([*words, site.state, mark]) as holder:
            try:
                until(lambda: mark.exists() or holder.poll() is not None)
                assert mark.exists(), "no tmpfs can be mounted here"
                yield Disk(site, holder)
            finally:
                holder.kill()


def in_dns(disk: Disk) -> bool:
    return bool(disk.site.dns.values(leaf(NAME)))


def test_full_before_the_start(disk: Disk) -> None:
    """
    Where no receipt can be kept the run does not begin: 78, no order asked for, no call to the
    host, nothing half-written.
    """
    disk.fill()
    result = disk.dns01("ready", NAME)
    assert result.returncode == 78
    assert "cannot keep receipts" in result.stderr
    assert "no space left on device" in result.stderr
    assert "--state-dir" in result.stderr
    assert (disk.site.orders.requests, disk.site.bridge.calls) == (0, [])
    assert disk.listed() == 0


def test_full_before_the_first_write(disk: Disk) -> None:
    """
    The disk fills up when the run has begun: what cannot be listed is not written to DNS.
    """
    disk.fill_at("zones")
    result = disk.dns01("ready", NAME)
    assert result.returncode == 78
    assert "no space left on device" in result.stderr
    assert "append" not in [verb for verb, _ in disk.site.bridge.calls]
    assert disk.listed() == 0


@pytest.mark.parametrize("verb", ["ready", "run"])
def test_full_while_records_are_in_dns(disk: Disk, verb: str) -> None:
    """
    The disk fills up in the middle: the run goes on, says so, and its receipt goes on listing what
    it has written; with room again `clean --all` removes it.
    """
    disk.fill_at("append")
    words = ("run", NAME, "--", "true") if verb == "run" else ("ready", NAME)
    result = disk.dns01(*words)
    assert "no space left on device" in result.stderr
    assert disk.listed() == 1
    assert in_dns(disk) is (verb == "ready")
    disk.empty()
    again = disk.dns01("clean", "--all")
    assert again.returncode == 0, again
    assert not in_dns(disk)
    assert disk.listed() == 0


def test_full_while_cleaning(disk: Disk) -> None:
    """
    What is gone from DNS and cannot be struck stays listed: 78; removing it again is no error.
    """
    assert disk.dns01("ready", NAME).returncode == 0
    disk.fill_at("delete")
    result = disk.dns01("clean", "--all")
    assert result.returncode == 78
    assert "no space left on device" in result.stderr
    assert disk.listed() == 1
    disk.site.bridge.before = lambda _verb, _content: None
    disk.empty()
    assert disk.dns01("clean", "--all").returncode == 0
    assert not in_dns(disk)
    assert disk.listed() == 0


def test_read_only(disk: Disk) -> None:
    """
    A folder that became read-only is 78 for a run and for `clean`, before anything else is done.
    """
    assert disk.dns01("ready", NAME).returncode == 0
    calls = list(disk.site.bridge.calls)
    enter = ["nsenter", f"--mount=/proc/{disk.holder.pid}/ns/mnt"]
    subprocess.run([*enter, "mount", "-o", "remount,ro", disk.site.state], check=True)
    for words in (("ready", "b.example.com"), ("clean", "--all")):
        result = disk.dns01(*words)
        assert result.returncode == 78, result
        assert "read-only file system" in result.stderr
    assert disk.site.bridge.calls == calls
    assert disk.listed() == 1
