"""Outputs that are no files: nobody who does not read, and no character set, changes a verdict."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import files
from tests.bridge import Site, opened


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def test_a_pipe_that_nobody_reads(site: Site) -> None:
    """
    As a job's output, summary or page it is told, by its name, and holds up nothing.
    """
    names = ("output", "summary", "page")
    pipes = [str(site.folder / name) for name in names]
    for pipe in pipes:
        os.mkfifo(pipe)
    ended = site.dns01(
        "ready", "--from", site.document(), "--report", pipes[2],
        GITHUB_OUTPUT=pipes[0], GITHUB_STEP_SUMMARY=pipes[1],
    )  # fmt: skip
    assert ended.returncode == 0
    for pipe in pipes:
        assert f"cannot write {pipe}: nobody reads it" in ended.stderr


def test_a_pipe_that_is_read_gets_all(tmp_path: Path) -> None:
    """
    Also what is more than it can hold at once.
    """
    pipe, found, body = tmp_path / "pipe", list[bytes](), os.urandom(1 << 20)
    os.mkfifo(pipe)
    kept_open = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    files.pour(pipe, body)
    reader.join(30)
    os.close(kept_open)
    assert found == [body]


def test_a_reader_that_stops_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    It is waited for, but not for ever.
    """
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(TimeoutError) as caught:
            files.pour(pipe, bytes(1 << 20))
    finally:
        os.close(reader)
    assert caught.value.filename == pipe


def test_what_cannot_be_written_has_its_name(site: Site) -> None:
    """
    A full disk says which file it was.
    """
    ended = site.dns01("ready", "--from", site.document(), GITHUB_OUTPUT="/dev/full")
    assert ended.returncode == 0
    assert "cannot write /dev/full: no space left on device" in ended.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("words", [["check", "b\u00fccher.example"], ["check", "\u4f8b.example"]])
def test_output_of_few_characters(encoding: str, words: list[str]) -> None:
    """
    What standard output cannot spell is spelt by escapes; it is no fault, and changes no status.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline", *words, "--resolver", "127.0.0.1:1", "--timeout", "2"],
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert ended.returncode not in {0, 1, 70}, ended
    assert b"Error" not in ended.stderr
