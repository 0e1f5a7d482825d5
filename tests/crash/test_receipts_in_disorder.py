"""Whatever lies in the folder of receipts: it is named, nothing it says is done, others are."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.files import LARGEST, unfit
from pipeline.model import Exit
from pipeline.receipts.store import BATCH
from providers.errors import Unavailable
from tests.test_clean import Folder, leaf

Spoil = Callable[[Path], object]


def changed(**members: object) -> Spoil:
    """Return what changes *members* of a receipt."""

    def spoil(path: Path) -> None:
        path.write_text(json.dumps(json.loads(path.read_text()) | members))

    return spoil


def of_record(**members: object) -> Spoil:
    """Return what changes *members* of a receipt's first record."""

    def spoil(path: Path) -> None:
        document = json.loads(path.read_text())
        document["records"][0] |= members
        path.write_text(json.dumps(document))

    return spoil


def replaced(put: Spoil) -> Spoil:
    """Return what removes a receipt, and calls *put* with its path."""

    def spoil(path: Path) -> None:
        path.unlink()
        put(path)

    return spoil


def linked(path: Path) -> None:
    """Move a receipt away, and leave a link to it."""
    elsewhere = path.rename(path.parent.parent / "elsewhere.json")
    path.symlink_to(elsewhere)


def grown(path: Path) -> None:
    """Make a receipt larger than anything we write."""
    os.truncate(path, LARGEST + 1)


SPOILT: dict[str, tuple[Spoil, str]] = {
    "an empty file": (lambda path: path.write_bytes(b""), "expecting value"),
    "no UTF-8": (lambda path: path.write_bytes(b"\xff\xfe\x00"), ""),
    "no object": (lambda path: path.write_text("[1, 2]"), "list indices"),
    "deep nesting": (lambda path: path.write_text("[" * 100_000), "recursion"),
    "an older version": (changed(dns01_receipt=0), "version 0, and this dns01 reads 1"),
    "a newer version": (changed(dns01_receipt=2), "version 2, and this dns01 reads 1"),
    "no state we know": (changed(state="gone"), "'gone' is not a valid state"),
    "a name outside the guard": (of_record(name="www.example.com."), "outside _acme-challenge"),
    "a value outside the guard": (of_record(value="v=spf1 -all"), "not base64url"),
    "a zone that does not enclose": (of_record(zone="example.org."), "is not in zone"),
    "a target in another zone": (of_record(target="example.org."), "is not in zone"),
    "a folder": (replaced(lambda path: path.mkdir()), "not a file"),
    "a pipe": (replaced(os.mkfifo), "not a file"),
    "a link": (linked, "symbolic links"),
    "a link to nothing": (replaced(lambda path: path.symlink_to("nothing")), "symbolic links"),
    "a huge file": (grown, "larger than 16 mib"),
    "writable by the group": (lambda path: path.chmod(0o620), "mode 0620"),
    "writable by everybody": (lambda path: path.chmod(0o602), "mode 0602"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_each_is_named_and_stops_nobody(tmp_path: Path, what: str) -> None:
    """
    A receipt that is not as we left it is 65, by its path and with the reason; nothing that it
    lists is touched, and the receipt beside it is cleaned. A new run begins beside it, too.
    """
    spoil, reason = SPOILT[what]
    folder = Folder(tmp_path / "state")
    with folder.left("spoilt.example.com") as held:
        pass
    with folder.left("other.example.com"):
        pass
    spoil(held.path)
    report = folder.clean()
    assert report.exit == Exit.DATA
    [problem] = report.problems
    assert problem.code == "receipt"
    assert str(held.path) in problem.message
    assert reason in problem.message.lower()
    assert "delete it" in problem.hint
    assert {name for name, _ in folder.shelf.held} == {leaf("spoilt.example.com")}
    with folder.left("third.example.com"):
        pass


def test_what_concerns_others_is_told_to_them(tmp_path: Path) -> None:
    """
    A record outside the guard is told to whoever has its name, and to `clean --all`: to others
    it is only a glance. What cannot even be glanced at is told to everybody.
    """
    folder = Folder(tmp_path / "state")
    with folder.left("spoilt.example.com") as held:
        pass
    with folder.left("other.example.com"):
        pass
    of_record(value="v=spf1 -all")(held.path)
    assert folder.clean("spoilt.example.com").exit == Exit.DATA
    assert folder.clean("other.example.com").exit == Exit.DONE
    assert folder.clean().exit == Exit.DATA
    held.path.write_bytes(held.path.read_bytes()[:-3])
    assert folder.clean("other.example.com").exit == Exit.DATA


def test_what_is_put_aside_stays_so(tmp_path: Path) -> None:
    """
    What is cleaned and put aside is done with: cleaning its name, or all, finds nothing to do.
    """
    folder = Folder(tmp_path / "state")
    with folder.left("a.example.com") as held:
        pass
    assert len(folder.clean().records) == 1
    with folder.left("b.example.com"):
        pass
    assert not held.path.exists()
    report = folder.clean("a.example.com")
    assert (report.exit, [each.code for each in report.problems]) == (0, ["no-receipt"])
    assert [each.name for each in folder.clean().records] == [leaf("b.example.com")]
    assert folder.shelf.deletes == [1, 1]


def test_cut_short_anywhere(tmp_path: Path) -> None:
    """
    A receipt that ends before its end, at whichever octet, is 65 and costs no value.
    """
    folder = Folder(tmp_path / "state")
    with folder.left("a.example.com") as held:
        pass
    body = held.path.read_bytes()
    for length in range(len(body) - 1):
        held.path.write_bytes(body[:length])
        assert folder.clean().exit == Exit.DATA, length
    assert folder.shelf.deletes == []


def test_another_provider(tmp_path: Path) -> None:
    """
    A provider that is not there leaves its records listed, and those of others are removed.
    """
    folder = Folder(tmp_path / "state")
    with folder.left("a.example.com") as held:
        pass
    with folder.left("b.example.com"):
        pass
    of_record(provider="elsewhere")(held.path)
    folder.missing.add("elsewhere")
    report = folder.clean()
    assert report.exit == Exit.CONFIG
    assert [problem.code for problem in report.problems] == ["no-such-provider", "records-left"]
    assert folder.listed(held) == [leaf("a.example.com")]
    assert {name for name, _ in folder.shelf.held} == {leaf("a.example.com")}


def test_two_of_one_id(tmp_path: Path) -> None:
    """
    A receipt and a copy of it are two that list the same: the value goes once, with the last.
    """
    folder = Folder(tmp_path / "state")
    with folder.left("a.example.com") as held:
        pass
    copy = held.path.with_name("copy.json")
    copy.write_bytes(held.path.read_bytes())
    copy.chmod(0o600)
    report = folder.clean()
    assert (report.exit, len(report.records), folder.shelf.deletes) == (0, 1, [1])
    assert folder.shelf.held == set()
    assert folder.listed(held) == []


@pytest.mark.parametrize(("mode", "owner", "is_fit"), [
    (0o600, 1000, True), (0o644, 0, True), (0o600, 1001, False), (0o622, 1000, False),
])  # fmt: skip
def test_whose_files_are_believed(mode: int, owner: int, *, is_fit: bool) -> None:
    """
    Ours, root's, and those of the folder's owner; of nobody else, and no file others may write.
    """
    status = os.stat_result((stat.S_IFREG | mode, 1, 1, 1, owner, 0, 10, 0, 0, 0))
    assert (unfit(status, {1000, 0}) == "") is is_fit


def test_thousands(tmp_path: Path) -> None:
    """
    More receipts than descriptors, in few calls to the host: all of them are emptied.
    """
    folder = Folder(tmp_path / "state")
    with folder.left("a.example.com") as held:
        body = held.path.read_text()
    for number in range(1500):
        value = f"value-{number}"
        path = held.path.with_name(f"{number:016x}.json")
        path.write_text(body.replace('"v"', f'"{value}"').replace(held.receipt.id, path.stem))
        path.chmod(0o600)
        folder.shelf.held.add((leaf("a.example.com"), value))
    report = folder.clean()
    assert (report.exit, len(report.records), report.problems) == (0, 1501, ())
    assert folder.shelf.held == set()
    assert len(folder.shelf.deletes) < 20


def test_hundreds_that_cannot_be_cleaned(tmp_path: Path) -> None:
    """
    A host that fails is asked once for each hundred receipts, and each goes on listing its values.
    """
    folder = Folder(tmp_path / "state")
    for number in range(2 * BATCH + 10):
        with folder.left(f"host-{number}.example.com"):
            pass
    folder.shelf.failing["Z1"] = Unavailable("down")
    report = folder.clean()
    assert report.exit == Exit.UNAVAILABLE
    assert [problem.code for problem in report.problems].count("records-left") == 2 * BATCH + 10
    assert len(folder.shelf.deletes) == 3
