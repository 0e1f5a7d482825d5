"""The command."""

import pytest

from bench.__main__ import main, told

from .examples import results


def test_a_missed_target_is_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The run says so and fails; met targets are told too, and every table.
    """
    assert told(results(), whole=True) == 0
    said = capsys.readouterr().out
    assert "**missed**" not in said
    for heading in ("No delay", "Secondaries 5 s late", "Start and memory", "Targets (0 missed)"):
        assert f"\n{heading}\n" in said
    assert told(results(missed=True), whole=True) == 1
    assert "Targets (1 missed)" in capsys.readouterr().out


def test_a_shortened_run_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    """
    Part of the figures would be a page of half the truth: it is not written.
    """
    told(results(), whole=False)
    assert "docs/ stay as they are" in capsys.readouterr().out


def test_names_that_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    """
    A number of names that no client runs with is refused, with those that there are.
    """
    with pytest.raises(SystemExit, match="2"):
        main(["--names", "1,7"])
    assert "no such number of names: 7" in capsys.readouterr().err


def test_no_rounds_are_no_comparison(capsys: pytest.CaptureFixture[str]) -> None:
    """
    At least one round, or the command is refused.
    """
    with pytest.raises(SystemExit, match="2"):
        main(["--rounds", "0"])
    assert "none at all" in capsys.readouterr().err
