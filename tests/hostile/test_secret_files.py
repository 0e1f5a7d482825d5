"""Files that secrets and settings come from: whose they are, and what else a path may be."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.command.arguments import parse
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.configuration.reading import LIMIT
from pipeline.model import Exit, Failed
from tests.bridge import DNS01, Site, opened

SECRET = "canary-7c1e-of-a-file"
STRANGER = 12345


@pytest.fixture
def key(open_folder: Path) -> Path:
    path = open_folder / "key"
    path.write_text(SECRET)
    path.chmod(0o600)
    return path


def secret(path: Path | str) -> tuple[str | None, list[str]]:
    """Return the secret at *path*, and what is said of the file."""
    environment = Environment({"K_FILE": str(path)})
    found = [environment.secret("K") for _ in range(3)]
    assert len(set(found)) == 1
    return found[0], [f"{each.code} {each.severity}" for each in environment.files.remarks]


def refusal(path: Path | str) -> str:
    with pytest.raises(Failed) as caught:
        secret(path)
    assert caught.value.exit is Exit.CONFIG
    assert SECRET not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_a_file_of_ones_own(key: Path, mode: int) -> None:
    """
    Who alone can read it hears nothing of it.
    """
    key.chmod(mode)
    assert secret(key) == (SECRET, [])


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o444, 0o640, 0o644, 0o660])
def test_a_file_that_others_can_read(key: Path, mode: int) -> None:
    """
    It counts, for so do Docker and Kubernetes hand out secrets; and is warned of, once.
    """
    key.chmod(mode)
    assert secret(key) == (SECRET, ["secret-readable warning"])


@pytest.mark.parametrize(
    ("mode", "can"),
    [
        (0o640, "group [0-9]+ can read the"),
        (0o620, "group [0-9]+ can write the"),
        (0o660, "group [0-9]+ can read and write the"),
        (0o644, "everybody on this machine can read the"),
        (0o664, "everybody on this machine can read the"),
    ],
)
def test_what_others_can_do_is_said_as_it_is(key: Path, mode: int, can: str) -> None:
    """
    A group that may only write is not said to read; a mode without either bit is no warning.
    """
    key.chmod(mode)
    environment = Environment({"K_FILE": str(key)})
    environment.secret("K")
    [remark] = environment.files.remarks
    assert re.match(f"{can} secret in ", remark.message)
    key.chmod(0o711)
    assert secret(key) == (SECRET, [])


@pytest.mark.parametrize(
    ("folder", "mode", "who"),
    [
        (0o700, 0o644, ""),
        (0o700, 0o660, ""),
        (0o744, 0o644, ""),
        (0o750, 0o644, "group 4321"),
        (0o750, 0o640, "group 1234"),
        (0o711, 0o644, "everybody"),
    ],
)
def test_only_who_can_reach_a_file_can_read_it(key: Path, folder: int, mode: int, who: str) -> None:
    """
    Below a folder that lets nobody through there is nothing to warn of; where it lets its group
    through, that group is meant. A link from elsewhere changes nothing.
    """
    inner = key.parent / "private" / "below"
    inner.mkdir(parents=True)
    key = key.rename(inner / "key")
    key.chmod(mode)
    inner.parent.chmod(folder)
    if os.geteuid() == 0:
        os.chown(inner.parent, -1, 4321)
        os.chown(key, -1, 1234)
    link = inner.parent.with_name("link")
    link.symlink_to(key)
    for path in (key, link):
        environment = Environment({"K_FILE": str(path)})
        assert environment.secret("K") == SECRET
        found = [each.message for each in environment.files.remarks]
        assert len(found) == bool(who)
        if os.geteuid() == 0 or who == "everybody":
            assert all(each.startswith(f"{who} ") for each in found)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder away")
def test_a_folder_of_somebody_else_is_no_shelter(key: Path) -> None:
    """
    Whose it is can enter it, however closed it is to all others.
    """
    inner = key.parent / "private"
    inner.mkdir(mode=0o700)
    key = key.rename(inner / "key")
    key.chmod(0o644)
    os.chown(inner, STRANGER, -1)
    assert secret(key) == (SECRET, ["secret-readable warning"])


@pytest.mark.parametrize(
    "pasted", [SECRET, "A9/" + SECRET, "/A9" + SECRET, f"{SECRET}.", "e" * 300, f"{SECRET}\0"]
)
def test_a_secret_in_place_of_its_path(pasted: str) -> None:
    """
    ``NAME_FILE`` that holds the secret itself is refused, told what it takes, and not shown;
    a path that only ends in nothing is shown, for it is what is wrong.
    """
    environment = Environment({"K_FILE": pasted})
    with pytest.raises(Failed, match=r"^K_FILE names") as caught:
        environment.secret("K")
    shown = environment.secrets.hide_in(caught.value.problem)
    assert shown.hint == "it takes the path of a file, not the secret itself"
    assert SECRET not in shown.message
    assert "e" * 12 not in shown.message


@pytest.mark.parametrize("below", ["absent", "no/such/file-at-all"])
def test_a_path_that_leads_nowhere_is_shown(tmp_path: Path, below: str) -> None:
    """
    What is wrong with it shows only in it.
    """
    environment = Environment({"K_FILE": f"{tmp_path}/{below}"})
    with pytest.raises(Failed) as caught:
        environment.secret("K")
    assert str(tmp_path) in environment.secrets.hide_in(caught.value.problem).message


@pytest.mark.parametrize("mode", [0o602, 0o606, 0o666, 0o777])
def test_a_file_that_everybody_can_write(key: Path, mode: int) -> None:
    """
    What is in it may be somebody else's: refused.
    """
    key.chmod(mode)
    assert "everybody can write to it" in refusal(key)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user(key: Path) -> None:
    """
    Refused, unless it is root's; root itself may read what belongs to others.
    """
    os.chown(key, STRANGER, STRANGER)
    assert secret(key)[0] == SECRET
    key.parent.chmod(0o755)
    key.chmod(0o644)
    os.chown(key, 0, 0)
    assert as_user(STRANGER, key) == SECRET
    os.chown(key, STRANGER + 1, 0)
    assert f"it belongs to another user (uid {STRANGER + 1})" in as_user(STRANGER, key)


def as_user(user: int, path: Path) -> str:
    """Return the secret that *user* reads at *path*, or why it does not."""
    for folder in path.parents[:3]:
        folder.chmod(0o755)
    os.seteuid(user)
    try:
        return Environment({"K_FILE": str(path)}).secret("K") or ""
    except Failed as failed:
        return str(failed)
    finally:
        os.seteuid(0)


def test_links_are_followed(key: Path) -> None:
    """
    Kubernetes mounts each file of a secret as a link to a link; the file at the end counts.
    """
    folder = key.with_name("..data")
    folder.symlink_to(key.parent)
    link = key.with_name("token")
    link.symlink_to(folder / "key")
    assert secret(link) == (SECRET, [])
    key.chmod(0o666)
    assert "write" in refusal(link)


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """
    What a shell's ``<(command)`` gives can be read once, and is a secret of one's own.
    """
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o666)
    thread = threading.Thread(target=path.write_text, args=(f"{SECRET}\n",))
    thread.start()
    assert secret(path) == (SECRET, [])
    thread.join()


def test_what_is_no_file_of_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A folder, a device without end, a large file, a pipe that nobody writes to, a loop: each is
    refused, soon, in its own words.
    """
    monkeypatch.setattr("pipeline.configuration.reading.PATIENCE", 0.1)
    large, pipe, loop = tmp_path / "large", tmp_path / "pipe", tmp_path / "loop"
    large.write_bytes(b"x" * (LIMIT + 1))
    large.chmod(0o600)
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    expected = {
        str(tmp_path): "is a directory",
        "/dev/zero": "larger than",
        "/dev/null": "it is empty",
        str(large): "larger than",
        str(pipe): "nothing came from it",
        str(loop): "too many levels",
        "/nonexistent": "no such file",
        "a\0b": "not text",
    }
    for path, words in expected.items():
        assert words in refusal(path)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    path = tmp_path / "dns01.toml"
    path.write_text("timeout = 7\n")
    return path


def test_a_secret_in_place_of_another_setting() -> None:
    """
    What a variable calls a secret is not shown where it was pasted by mistake, read or not.
    """
    token = "canary-7c1e-pasted+one"
    environment = Environment({"X_TOKEN": token, "DNS01_RESOLVERS": token, "HOME": "/x"})
    with pytest.raises(Failed, match="DNS01_RESOLVERS") as caught:
        settings(parse(["ready", "a.example"]), environment)
    assert token in caught.value.problem.message
    assert token not in environment.secrets.hide_in(caught.value.problem).message


def timeout_by(path: Path | str) -> float:
    return settings(
        parse(["ready", "a.example", "--config", str(path)]), Environment({"HOME": "/x"})
    ).timeout


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_a_configuration_may_be_read(configuration: Path, mode: int) -> None:
    """
    There is no secret in it, and groups of one's own may write to it, as some umasks have it.
    """
    configuration.chmod(mode)
    assert timeout_by(configuration) == 7


def test_a_configuration_that_everybody_can_write(configuration: Path) -> None:
    """
    It says where credentials go: refused.
    """
    configuration.chmod(0o646)
    with pytest.raises(Failed, match="could redirect your credentials") as caught:
        timeout_by(configuration)
    assert caught.value.exit is Exit.CONFIG


def test_a_configuration_from_a_pipe_and_without_end() -> None:
    """
    ``--config <(command)`` works; ``/dev/zero`` ends.
    """
    program = (
        "import sys; from tests.hostile.test_secret_files import timeout_by;"
        " print(timeout_by(sys.argv[1]))"
    )
    script = f"{sys.executable} -c '{program}' <(sleep 0.2; echo timeout = 7)"
    ended = subprocess.run(
        ["bash", "-c", script],
        check=False,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert ended.stdout == "7.0\n", ended.stderr
    with pytest.raises(Failed, match="larger than"):
        timeout_by("/dev/zero")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def test_the_command_warns_once(site: Site, open_folder: Path) -> None:
    """
    The file is named once, in the report and to a person, though it is asked for again and again.
    """
    path = open_folder / "token"
    path.write_text("canary-7c1e-bridge")
    path.chmod(0o644)
    given = {"BRIDGE_TOKEN": "", "BRIDGE_TOKEN_FILE": str(path)}
    document = site.document()
    report = site.report("ready", "--from", document, **given)
    codes = [problem["code"] for problem in report["problems"]]
    assert (report["exit"], codes.count("secret-readable")) == (0, 1)
    ended = site.dns01("run", "--from", document, "--", "true", **given)
    assert (ended.returncode, ended.stderr.count("secret-readable")) == (0, 1)
    assert site.dns01("providers", **given).stderr.count("secret-readable") == 1
    path.chmod(0o666)
    assert site.report("ready", "--from", document, **given)["exit"] == 78


def test_nothing_is_read_from_the_working_directory(site: Site) -> None:
    """
    A pull request can bring a file, and must not be able to redirect keys.
    """
    for name in ("config.toml", "dns01.toml", ".dns01.toml", ".env", "dns01/config.toml"):
        path = site.folder / "work" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('provider = "nowhere"\nDNS01_PROVIDER=nowhere\n')
    ended = subprocess.run(
        [DNS01, "ready", "--from", site.document()],
        check=False,
        cwd=site.folder / "work",
        env=site.environment,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "nowhere" not in ended.stdout + ended.stderr
