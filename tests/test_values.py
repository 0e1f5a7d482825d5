"""The values that flags, variables and files share."""

import pytest

from pipeline.configuration.values import duration, is_local, switch, yes_or_no


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300), ("300s", 300), ("300", 300), ("1.5h", 5400), ("0.5", 0.5), (5, 5), (0.5, 0.5)],
)
def test_durations(text: object, seconds: float) -> None:
    """Bare numbers are seconds."""
    assert duration(text) == seconds


NO_DURATIONS = ",0,0s,-5,5d,5M,m,5 m,.5,5.,1e3,inf,nan,9999h"


@pytest.mark.parametrize(
    "text",
    [*NO_DURATIONS.split(","), "\u0665", None],
)
def test_what_is_no_duration(text: object) -> None:
    """More than nothing, at most a year, ASCII digits only."""
    with pytest.raises(ValueError, match="such as 5m"):
        duration(text)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("https://rclapi.azure-api.net/public", False),
        ("https://example.com:8443", False),
        ("HTTPS://192.0.2.1/x/", False),
        ("http://localhost:8080/public", True),
        ("http://127.0.0.1", True),
        ("http://127.8.9.10:1", True),
        ("http://[::1]:8080/public", True),
        ("https://localhost", True),
    ],
)
def test_a_base_is_https_or_here(url: str, local: bool) -> None:  # noqa: FBT001 - a column
    """Loopback may be plain; nothing else may."""
    assert is_local("RCL_BASE_URL", url) is local


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("YES", True), ("1", True), ("false", False), ("No", False), ("0", False)],
)
def test_a_variable_says_yes_or_no(word: str, value: bool) -> None:  # noqa: FBT001 - a column
    """In the words that people use; the file has true and false."""
    assert switch(yes_or_no(word)) is value


@pytest.mark.parametrize("said", ["", "on", "maybe", "2", 1, None, "true"])
def test_what_is_neither_yes_nor_no(said: object) -> None:
    """It is not guessed at; nor is a word in the file taken for what it says."""
    with pytest.raises(TypeError, match="true or false is wanted"):
        switch(yes_or_no(said) if said in {"", "on", "maybe", "2"} else said)
