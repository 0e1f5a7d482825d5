"""A unit as systemd would start it, as far as ours need: specifiers, environment, confinement."""

import ctypes
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SPECIFIER = re.compile("%(.)")
WORD = re.compile(r"\$\{(\w+)\}|\$(\w+)")
NO_NEW_PRIVS, MDWE, REFUSE_EXEC_GAIN = 38, 65, 1
"""Of prctl(2): what NoNewPrivileges and MemoryDenyWriteExecute set."""


def settings(text: str) -> Mapping[str, list[str]]:
    """Return every value of each setting of a unit file's *text*."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit in *text*, of *instance*, on a machine whose root is *root*."""

    text: str
    instance: str
    root: Path

    def prepare(self) -> dict[str, str]:
        """Make the folders that systemd makes, load credentials; return the environment."""
        unit = settings(self.text)
        state, cache, credentials = (self._of(each) for each in ("%S", "%C", "%d"))
        for folder in (Path(state, "dns01"), Path(cache, "dns01")):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        Path(credentials).mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in unit["LoadCredential"]:
            name, _, source = each.partition(":")
            loaded = Path(credentials, name)
            shutil.copy(self.root / source.lstrip("/"), loaded)
            loaded.chmod(0o440)  # as an ACL for the service's user shows
        variables = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "STATE_DIRECTORY": f"{state}/dns01",
            "CACHE_DIRECTORY": f"{cache}/dns01",
            "CREDENTIALS_DIRECTORY": credentials,
        }
        pairs = [self._of(each) for each in unit["Environment"]]
        for path in unit["EnvironmentFile"]:
            pairs += (self.root / self._of(path).lstrip("/")).read_text().splitlines()
        return variables | dict(pair.split("=", 1) for pair in pairs)

    def command(self, environment: Mapping[str, str]) -> list[str]:
        """Return ExecStart's words: ``${X}`` stays one, ``$X`` is split at blanks."""
        [line] = settings(self.text)["ExecStart"]
        words = list[str]()
        for word in shlex.split(self._of(line)):
            match = WORD.fullmatch(word)
            if match is None:
                words.append(word)
            elif match[1]:
                words.append(environment[match[1]])
            else:
                words += shlex.split(environment[match[2]])
        return words

    def start(self, program: Path, more: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start it with *program* for dns01: without capabilities, privileges, or new code."""
        environment = {**self.prepare(), **more}
        _, *words = self.command(environment)
        caps = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        return subprocess.Popen(
            [*caps, str(program), *words],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=confined,  # noqa: PLW1509 - no thread of ours holds a lock it needs
        )

    def _of(self, text: str) -> str:
        """Return *text* with its specifiers replaced."""
        known = {
            "i": self.instance, "I": self.instance,
            "S": str(self.root / "var/lib"), "C": str(self.root / "var/cache"),
            "d": str(self.root / "run/credentials/dns01"),
        }  # fmt: skip
        return SPECIFIER.sub(lambda match: known[match[1]], text)


def confined() -> None:
    """Take from this process, and what it starts, what the unit's sandbox takes."""
    os.umask(0o077)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    libc = ctypes.CDLL(None)
    assert libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    libc.prctl(MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)  # Linux 6.3; elsewhere this says EINVAL


def analyzed(words: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Return what `systemd-analyze` says."""
    words = ["systemd-analyze", *words]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
