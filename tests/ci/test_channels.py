"""What goes out to CI systems and watchers holds no secret, and no stranger's command."""

import json
from pathlib import Path

import pytest

from providers.errors import Unavailable
from tests.bridge import CANARY, leaf, opened
from tests.systemd.watcher import Watching

NAME = "www.example.com"


def test_a_host_that_repeats_the_credential(tmp_path: Path) -> None:
    """
    A DNS host answers with the token that it was sent, and with workflow commands: neither is in a
    file, an annotation or a ping, although the host's words are in all of them.
    """

    def fail(verb: str, _content: object) -> None:
        if verb == "append":
            raise Unavailable(f"overloaded\n::error::x {CANARY}-bridge ##[error]y <b>")

    files = {
        option: tmp_path / f"told.{option}" for option in ("report", "junit", "dotenv", "metrics")
    }
    told = {"GITHUB_STEP_SUMMARY": tmp_path / "summary", "GITHUB_OUTPUT": tmp_path / "output"}
    with opened(tmp_path / "site", lags=[0.0]) as site, Watching() as watching:
        site.bridge.before = fail
        words = [word for option, path in files.items() for word in (f"--{option}", str(path))]
        variables = {name: str(path) for name, path in told.items()}
        result = site.dns01(
            "ready", NAME, *words, GITHUB_ACTIONS="true", DNS01_PING_URL=watching.url, **variables
        )
        assert result.returncode == 69
        assert not site.dns.values(leaf(NAME))
        [_, (path, _, body)] = watching.heard
        [kept] = site.state.glob("*.report.json")
    assert path == "/69"
    texts = {each.name: each.read_text() for each in (*files.values(), *told.values(), kept)}
    texts |= {"ping": body, "annotations": result.stderr}
    for name, text in texts.items():
        assert CANARY not in text, name
        assert "::error::" not in text, name
        assert "##[" not in text, name
    for name in ("told.report", "told.junit", "summary", "ping", "annotations", kept.name):
        assert "overloaded" in texts[name], name
    assert json.loads(texts[kept.name])["exit"] == 69


@pytest.mark.parametrize("verb", ["plan", "ready", "run", "wait", "check", "clean"])
def test_every_verb_that_works_tells(tmp_path: Path, verb: str) -> None:
    """
    The options are of all of them; a mistake in the configuration is told by each file.
    """
    subject = {
        "wait": (f"_acme-challenge.{NAME}=x",), "clean": ("--all",), "check": (NAME,),
    }.get(verb, (NAME,))  # fmt: skip
    with opened(tmp_path / "site", lags=[0.0]) as site:
        files = [tmp_path / each for each in ("xml", "env", "prom")]
        options = ("--junit", "--dotenv", "--metrics")
        words = [f"{option}={path}" for option, path in zip(options, files, strict=True)]
        command = ("--", "true") if verb == "run" else ()
        result = site.dns01(verb, *subject, *words, *command, DNS01_CONFIG="/no/such/file")
    assert result.returncode == 78
    junit, dotenv, metrics = (each.read_text() for each in files)
    assert f'<testsuite name="dns01 {verb}"' in junit
    assert "DNS01_EXIT=78\n" in dotenv
    assert f'verb="{verb}"}} 78.0' in metrics
