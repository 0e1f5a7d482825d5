"""A unit as systemd would start it, as far as ours need: specifiers, environment, confinement."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SPECIFIER = re.compile("%(.)")
WORD = re.compile(r"\$\{(\w+)\}|\$(\w+)")
CONFINE = Path(__file__).with_name("confine.py")


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
        for each in unit.get("LoadCredential", []):
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
        pairs = [self._of(each.strip('"')) for each in unit["Environment"]]
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
        """Start it with *program* for dns01, confined."""
        environment = {**self.prepare(), **more}
        _, *words = self.command(environment)
        return self.confined([str(program), *words], environment)

    def confined(
        self, command: Sequence[str], environment: Mapping[str, str]
    ) -> subprocess.Popen[str]:
        """Start *command* without capabilities, and with the system calls that the unit allows."""
        unit = self.root / "unit"
        unit.write_text(self.text)
        caps = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        return subprocess.Popen(
            [*caps, sys.executable, str(CONFINE), str(unit), *command],
            cwd="/",
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def _of(self, text: str) -> str:
        """Return *text* with its specifiers replaced."""
        known = {
            "i": self.instance, "I": self.instance,
            "S": str(self.root / "var/lib"), "C": str(self.root / "var/cache"),
            "d": str(self.root / "run/credentials/dns01"),
        }  # fmt: skip
        return SPECIFIER.sub(lambda match: known[match[1]], text)


def analyzed(words: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Return what `systemd-analyze` says."""
    words = ["systemd-analyze", *words]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
