"""Any program in lego's exec protocol: the contract by the guide's script; how programs fail."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path

import pytest
from dns.name import Name, from_text

from pipeline.configuration import registry
from pipeline.configuration.accounts import provider_settings
from pipeline.configuration.environment import Environment
from providers.contract import TXT, Provider, Zone
from providers.errors import (
    Misconfigured,
    ProviderError,
    Rejected,
    Unauthorized,
    Unavailable,
)
from providers.exec import ADAPTER, Exec
from providers.exec.program import GUARD, KEPT, order, run
from providers.testing import MARK, ProviderContract
from tests.documents import DOCS, blocks

APEX = from_text("example.com.")
ZONE = Zone(APEX, "example.com")
LEAF = from_text("_acme-challenge.example.com.")

INHOUSE = """#!/bin/sh
# A host whose records are lines. Its exit status is the verdict.
set -eu
at=$STORE/$2
mkdir -p "$at"
touch "$at/TXT"
case "$1" in
    add) [ ! -e "$at/CNAME" ] || { echo "a CNAME is in the way"; exit 65; }
         grep -qxFe "$4" "$at/TXT" || echo "$4" >> "$at/TXT" ;;
    remove) grep -vxFe "$4" "$at/TXT" > "$at/new" || true
            mv "$at/new" "$at/TXT" ;;
esac
"""


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def opened(path: Path, **settings: str) -> Exec:
    provider = ADAPTER.open({"EXEC_PATH": str(path), "EXEC_ZONES": "example.com", **settings})
    assert isinstance(provider, Exec)
    return provider


class TestTheGuidesScript(ProviderContract):
    @pytest.fixture(autouse=True)
    def _host(self, tmp_path: Path) -> None:
        self.folder = tmp_path
        (tmp_path / "bin").mkdir()
        executable(tmp_path / "bin" / "inhouse-dns", INHOUSE)

    @pytest.fixture
    def provider(self, tmp_path: Path) -> Provider:
        [script] = [b for b in blocks(DOCS / "exec.md", "sh") if b.file == "inhouse.sh"]
        path = f"{tmp_path / 'bin'}:{os.defpath}"
        program = executable(tmp_path / script.file, script.text)
        return opened(program, EXEC_ENV="STORE", STORE=str(tmp_path / "store"), PATH=path)

    def at(self, name: Name) -> Path:
        return self.folder / "store" / name.to_text().lower()

    def values(self, name: Name) -> set[str]:
        stored = self.at(name) / "TXT"
        return set(stored.read_text().split()) if stored.exists() else set()

    def alias(self, name: Name) -> None:
        self.at(name).mkdir(parents=True)
        (self.at(name) / "CNAME").touch()


def script(folder: Path, text: str) -> Path:
    return executable(folder / "program", f"#!/bin/sh\n{text}\n")


def failure(provider: Exec, verb: str = "append") -> ProviderError:
    records = [TXT(LEAF, "v"), TXT(LEAF, "w")]
    call = partial(provider.append, mark=MARK) if verb == "append" else provider.delete
    with pytest.raises(ProviderError) as caught:
        call(ZONE, records)
    assert str(caught.value).isprintable()
    return caught.value


def test_the_protocol(tmp_path: Path) -> None:
    """
    The verb, the absolute name in small letters, the value, whatever it begins with; nothing else.
    """
    log = tmp_path / "log"
    provider = opened(script(tmp_path, f'printf "%s|" "$#" "$@" >> {log}'))
    provider.append(ZONE, [TXT(from_text("_ACME-challenge.Example.COM."), "-v A")] * 2, MARK)
    provider.delete(ZONE, [TXT(LEAF, "-v A")])
    name = "_acme-challenge.example.com."
    assert log.read_text() == f"3|present|{name}|-v A|3|cleanup|{name}|-v A|"
    assert provider.api_calls == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (1, Unavailable),
        (64, Unavailable),
        (65, Rejected),
        (75, Unavailable),
        (77, Unauthorized),
        (78, Misconfigured),
        (127, Unavailable),
    ],
)
def test_the_exit_status_says_what_may_help(
    tmp_path: Path, status: int, kind: type[ProviderError]
) -> None:
    """
    Any but 0 is a failure; the call and the last words are in it, as one line. A refusal is one
    of all that was asked.
    """
    words = r"printf 'one\n\033[31mtwo\n' >&2; printf 'three'"
    found = failure(opened(script(tmp_path, f"{words}; exit {status}")))
    assert type(found) is kind
    assert found.untouched is (kind is not Unavailable)
    assert f"program present _acme-challenge.example.com. ended with exit status {status}: " in str(
        found
    )
    assert str(found).endswith("one [31mtwo three")


def test_a_signal_is_a_failure(tmp_path: Path) -> None:
    """
    A program that was killed has done nothing that one could rely on.
    """
    found = failure(opened(script(tmp_path, "kill -9 $$")))
    assert isinstance(found, Unavailable)
    assert str(found).endswith("ended with signal 9, without a word")


def test_every_value_is_cleaned_up_whatever_fails(tmp_path: Path) -> None:
    """
    The first failure is told once all have had their turn.
    """
    log = tmp_path / "log"
    found = failure(opened(script(tmp_path, f'echo "$3" >> {log}; echo "no $3"; exit 1')), "delete")
    assert log.read_text().split() == ["v", "w"]
    assert str(found).endswith("no v")


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def await_end(pid: int) -> None:
    deadline = time.monotonic() + 60
    while is_alive(pid):
        assert time.monotonic() < deadline, "it still runs"
        time.sleep(0.01)


def test_the_deadline_ends_all_that_was_started(tmp_path: Path) -> None:
    """
    A program that hangs is killed, and so is what it has started; the error says why.
    """
    pids = tmp_path / "pids"
    path = script(tmp_path, f"sleep 600 & echo $! $$ > {pids}; trap '' TERM; wait; sleep 600")
    found = failure(Exec(str(path), [ZONE], {"PATH": os.defpath}, seconds=2.5))
    assert isinstance(found, Unavailable)
    assert str(found).endswith("was killed after 2.5 s")
    for pid in map(int, pids.read_text().split()):
        await_end(pid)


def await_words(path: Path) -> list[str]:
    """Return what is in the file once it is there, in a whole line."""
    deadline = time.monotonic() + 60
    while not path.exists() or not path.read_text().endswith("\n"):
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.01)
    return path.read_text().split()


CALLER = """
import sys
from dns.name import from_text
from providers.contract import TXT, Zone
from providers.exec import Exec
zone = Zone(from_text("example.com."), "")
record = TXT(from_text("_acme-challenge.example.com."), "v")
Exec(sys.argv[1], [zone], {"PATH": sys.argv[2]}).append(zone, [record], "")
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_program_does_not_outlive_us(tmp_path: Path, number: signal.Signals) -> None:
    """
    However we end, it and what it has started are killed; nothing of it takes effect later.
    """
    pids = tmp_path / "pids"
    path = script(tmp_path, f"sleep 600 & trap '' TERM HUP; echo $! $$ > {pids}; wait; sleep 600")
    caller = subprocess.Popen([sys.executable, "-c", CALLER, str(path), os.defpath])
    try:
        started = [int(word) for word in await_words(pids)]
    finally:
        caller.send_signal(number)
    assert caller.wait() == -number
    for pid in started:
        await_end(pid)


@contextmanager
def guard(order: bytes) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """Run a guard that is sent *order*, and nobody ends."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(GUARD, stdin=theirs.fileno(), start_new_session=True)
        ours.sendall(order)
        yield process, ours


def test_the_guard_keeps_time_itself(tmp_path: Path) -> None:
    """
    If whoever started it is stopped and never looks, the program still ends when its time is up.
    """
    pid = tmp_path / "pid"
    path = script(tmp_path, f"echo $$ > {pid}; exec sleep 600")
    with guard(order([str(path)], {"PATH": os.defpath}, 2.5)) as (process, _):
        assert process.wait(60) == -signal.SIGKILL
    await_end(int(pid.read_text()))


def test_half_an_order_starts_nothing(tmp_path: Path) -> None:
    """
    Who is killed while he says what to run has not said it.
    """
    begun = tmp_path / "begun"
    asked = order([str(script(tmp_path, f"touch {begun}"))], {"PATH": os.defpath}, 20)
    with guard(asked[:-1]) as (process, ours):
        ours.shutdown(socket.SHUT_WR)
        assert process.wait(60) == 0
    assert not begun.exists()


def test_octets_arrive_as_they_are(tmp_path: Path) -> None:
    """
    What is no text in any encoding is handed on all the same.
    """
    words = [str(script(tmp_path, 'printf %s "$1$VALUE" | od -An -tx1')), os.fsdecode(b"\xff\xc3")]
    ended = run(words, {"PATH": os.defpath, "VALUE": os.fsdecode(b"\xfe")}, 20)
    assert ended.said.split() == ["ff", "c3", "fe"]


def test_a_child_that_stays_keeps_nobody(tmp_path: Path) -> None:
    """
    Who has started something that goes on, and holds its output, is done when it has ended.
    """
    pids = tmp_path / "pid"
    provider = opened(script(tmp_path, f"sleep 600 & echo $! > {pids}"))
    began = time.monotonic()
    provider.append(ZONE, [TXT(LEAF, "v")], MARK)
    assert time.monotonic() - began < 20
    os.kill(int(pids.read_text()), signal.SIGKILL)


def test_endless_output_is_bounded(tmp_path: Path) -> None:
    """
    Only the last words are kept; a program that never stops talking ends as others do.
    """
    path = script(tmp_path, "head -c 3000000 /dev/zero | tr '\\0' x; printf END; exit 3")
    ended = run([str(path)], {"PATH": os.defpath}, 60)
    assert (ended.status, len(ended.said), ended.said[-4:]) == (3, KEPT, "xEND")
    assert len(str(failure(opened(path)))) < 600


@pytest.mark.parametrize(
    "text", ["no first line that names an interpreter\0", "#!/nonexistent/interpreter\n"]
)
def test_what_cannot_be_run_is_said(tmp_path: Path, text: str) -> None:
    """
    It is no program: that takes a person.
    """
    path = executable(tmp_path / "program", text)
    found = failure(opened(path))
    assert isinstance(found, Misconfigured)
    assert f"{path} cannot be run: " in str(found)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda _path: None, "no such file or directory"),
        (lambda path: path.mkdir(), "it cannot be executed"),
        (lambda path: executable(path, "#!/bin/sh\n").chmod(0o644), "it cannot be executed"),
    ],
    ids=["absent", "a folder", "not executable"],
)
def test_what_is_no_program_is_not_opened(
    tmp_path: Path, make: Callable[[Path], object], why: str
) -> None:
    """
    An order costs: what can be seen without running anything is seen before.
    """
    make(tmp_path / "program")
    with pytest.raises(Misconfigured, match=f"^EXEC_PATH names {tmp_path / 'program'}: {why}$"):
        opened(tmp_path / "program")


def test_a_program_that_anybody_could_write_is_refused(tmp_path: Path) -> None:
    """
    It would run as us, with our credentials: the error says what to do, and nothing has run.
    """
    path = script(tmp_path, "exit 0")
    path.chmod(0o777)
    with pytest.raises(Misconfigured, match=f"{path} is not run: everybody can write to it") as it:
        opened(path)
    assert it.value.hint == "chmod o-w, and find out who has written it"
    path.chmod(0o775)  # of one's own group, by the usual umask
    opened(path)


@pytest.mark.parametrize(
    ("owner", "us", "may"), [(0, 7, True), (7, 7, True), (8, 7, False), (8, 0, True)]
)
def test_whose_program_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: int, us: int, *, may: bool
) -> None:
    """
    Ours and root's; root runs others', as it reads their files: ids in a container mean little.
    """
    path = script(tmp_path, "exit 0")
    found = list(path.stat())
    found[4] = owner
    monkeypatch.setattr(Path, "stat", lambda _path: os.stat_result(found))
    monkeypatch.setattr(os, "geteuid", lambda: us)
    with nullcontext() if may else pytest.raises(Misconfigured, match=r"another user \(uid 8\)"):
        opened(path)


def test_the_program_sees_what_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Neither our secrets nor anything else that nobody named.
    """
    monkeypatch.setenv("RCL_API_KEY", "do-not-show-this")
    log = tmp_path / "log"
    program = script(tmp_path, f"/usr/bin/env > {log}")
    given = {
        "EXEC_PATH": str(program),
        "EXEC_ZONES": "example.com",
        "EXEC_ENV": "INHOUSE_TOKEN, https_proxy,UNSET",
        "INHOUSE_TOKEN": "t0ken-of-ours",
        "https_proxy": "http://127.0.0.1:1",
        "CLOUDFLARE_API_TOKEN": "do-not-show-this",
        "HOME": "/home/x",
        "PATH": os.defpath,
    }
    environment = Environment(given)
    adapter, settings = provider_settings("exec", {}, environment)
    adapter.open(settings).append(ZONE, [TXT(LEAF, "v")], MARK)
    seen = dict(line.split("=", 1) for line in log.read_text().splitlines())
    own = {"PWD", "SHLVL", "_", "OLDPWD"}  # the shell's
    assert {name: seen[name] for name in seen.keys() - own} == {
        name: given[name] for name in ("INHOUSE_TOKEN", "https_proxy", "HOME", "PATH")
    }
    assert environment.secrets.hide("said t0ken-of-ours") == "said ***"


def test_it_is_never_chosen_unnamed() -> None:
    """
    A variable that happens to be there must not decide which program runs.
    """
    found = registry.candidates(lambda _name: True)
    assert "exec" not in [each.name for each in found]
    assert "route53" in [each.name for each in found]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"EXEC_PATH": ""}, "EXEC_PATH is not set"),
        ({"EXEC_PATH": "bin/program"}, "EXEC_PATH is no absolute path: 'bin/program'"),
        ({"EXEC_MODE": "raw"}, "EXEC_MODE RAW cannot be served: it needs a key authorization"),
        ({"EXEC_ZONES": " , "}, "EXEC_ZONES is not set: this host cannot be asked"),
        ({"EXEC_ZONES": "example.com a..b"}, "EXEC_ZONES lists what is no domain name"),
        ({"EXEC_ENV": "TOKEN=x"}, "EXEC_ENV lists what is no variable's name"),
    ],
)
def test_settings_that_cannot_be(settings: Mapping[str, str], words: str) -> None:
    """
    Said before anything runs.
    """
    given = {"EXEC_PATH": "/bin/true", "EXEC_ZONES": "example.com", **settings}
    with pytest.raises(Misconfigured, match=words):
        ADAPTER.open(given)
