"""What the user gives `hook`, and what the client adds, come apart."""

import pytest

from pipeline.command.arguments import parse

VALUE = "-" * 43


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["lego", "present", "f.", VALUE], ["present", "f.", VALUE]),
        (["lego", "--provider", "x", "present", "f.", "--help"], ["present", "f.", "--help"]),
        (["--ttl=5", "lego", "--quiet", "present", "--", "d", "-t"], ["present", "--", "d", "-t"]),
        (["--provider", "x", "dehydrated", "exit_hook", ""], ["exit_hook", ""]),
        (["dehydrated"], []),
        (["certbot"], []),
        (["certbot", "auth", "--provider", "x"], ["auth"]),
        (["certbot", "--provider", "x", "cleanup"], ["cleanup"]),
    ],
)
def test_apart(words: list[str], said: list[str]) -> None:
    """
    From the client's first word on all is passed on as it is, values that begin with a dash, too;
    around certbot's one word options may stand on either side.
    """
    options = parse(["hook", *words])
    assert options.said == said
    assert options.provider == ("x" if "x" in words else None)


@pytest.mark.parametrize(
    "words", [[], ["traefik", "present"], ["lego", "--colour", "present"], ["certbot", "auth", "x"]]
)
def test_mistakes(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """
    A client nobody knows, an option that is none, a second word for certbot: 64.
    """
    with pytest.raises(SystemExit) as ended:
        parse(["hook", *words])
    assert ended.value.code == 64
    assert "hint: dns01" in capsys.readouterr().err


def test_certbot_is_told_of_failures_only() -> None:
    """
    certbot shows every line on standard error as a warning: there is none unless asked for.
    """
    assert parse(["hook", "certbot", "auth"]).quiet
    assert not parse(["hook", "certbot", "auth", "--verbose"]).quiet
    assert not parse(["hook", "lego", "present"]).quiet
