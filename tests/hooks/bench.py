"""Real ACME clients on a bench: a CA, a zone, and dns01 as they would call it."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from dns.name import Name, from_text

from tests.acme_client import names
from tests.lab import Lab, topology
from tests.lab.pebble import Pebble

COMMANDS = Path(sys.executable).parent
"""Where dns01 and certbot are installed."""

ADDED = re.compile(r"adding an RR at '(?P<name>[^']+)' TXT")
"""What named says of each value that an update brings."""


@dataclass
class Bench:
    """One client's working place.

    Attributes:
        extra: Variables of this test.
    """

    lab: Lab
    pebble: Pebble
    folder: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        """What a user would have set, and nothing of ours."""
        return {
            "PATH": f"{COMMANDS}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "DNS01_STATE_DIR": str(self.state),
            "DNS01_SHARED_DIR": str(self.folder / "shared"),
            "DNS01_RESOLVERS": ",".join(topology.PUBLIC_RECURSORS),
            "RFC2136_NAMESERVER": topology.PRIMARY,
            "RFC2136_TSIG_KEY": self.lab.keys.all.name,
            "RFC2136_TSIG_SECRET": self.lab.keys.all.secret,
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE")},
            **self.extra,
        }

    def start(self, words: Sequence[str], **more: str) -> subprocess.Popen[str]:
        """Start a client, in a process group of its own, as from cron."""
        return subprocess.Popen(
            words,
            cwd=self.folder,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def hook(self, client: str, *options: str) -> str:
        """Write the wrapper of the guides, and return its path."""
        path = self.folder / f"dns01-{client}"
        path.write_text(f'#!/bin/sh\nexec dns01 hook {client} {shlex.join(options)} "$@"\n')
        path.chmod(0o755)
        return str(path)

    def certbot(self, hosts: Sequence[str], *more: str, folder: str = "certbot") -> list[str]:
        """Return certbot's command for a certificate of *hosts*."""
        places = [f"--{each}-dir={self.folder / folder / each}" for each in WITH_FOLDERS]
        return [
            *("certbot", "certonly", "--non-interactive", "--agree-tos"),
            *("--register-unsafely-without-email", "--server", self.pebble.directory),
            *("--manual", "--preferred-challenges", "dns", "--cert-name", "it", *places, *more),
            *("--manual-auth-hook", "dns01 hook certbot auth"),
            *("--manual-cleanup-hook", "dns01 hook certbot cleanup"),
            *(word for host in hosts for word in ("-d", host)),
        ]

    def lego(self, hosts: Sequence[str], *more: str, folder: str = "lego") -> list[str]:
        """Return lego's command for a certificate of *hosts*."""
        return [
            *("lego", "--server", self.pebble.directory, "--accept-tos", "--email", "a@b.test"),
            *("--path", str(self.folder / folder), "--dns", "exec", *more),
            *(word for host in hosts for word in ("--domains", host)),
            "run",
        ]

    def dehydrated(
        self, hosts: Sequence[str], *lines: str, folder: str = "dehydrated"
    ) -> list[str]:
        """Return dehydrated's command for a certificate of *hosts*; *lines*: more settings."""
        base = self.folder / folder
        base.mkdir()
        (base / "domains.txt").write_text(f"{' '.join(hosts)} > it\n")
        settings = [
            *(f'CA="{self.pebble.directory}"', f'CURL_OPTS="--cacert {self.pebble.ca}"'),
            *("CHALLENGETYPE=dns-01", "KEY_ALGO=prime256v1", "KEYSIZE=2048"),
            *(f"BASEDIR={base}", *lines),
        ]
        (base / "config").write_text("\n".join([*settings, ""]))
        here = ["--config", str(base / "config")]
        return [
            *("sh", "-c", 'dehydrated --register --accept-terms "$@" && dehydrated --cron "$@"'),
            *("dehydrated", *here),
        ]

    def issued(self, path: str) -> set[str]:
        """Return the names in the certificate at *path*."""
        return names(x509.load_pem_x509_certificate((self.folder / path).read_bytes()))

    def left(self, hosts: Sequence[str]) -> set[str]:
        """Return what any server still holds for *hosts*, and what any receipt lists."""
        self.lab.level()
        listed = {record["value"] for receipt in self.receipts() for record in receipt["records"]}
        return listed | {
            value
            for name in leaves(hosts)
            for address in topology.AUTHORITATIVE
            for value in self.lab.txt(name, address)
        }

    def receipts(self) -> list[dict[str, Any]]:
        """Return every receipt."""
        paths = sorted(self.state.rglob("*.json"))
        return [json.loads(p.read_text()) for p in paths if not p.name.endswith(".report.json")]

    def reports(self) -> list[dict[str, Any]]:
        """Return the report of every call that published something."""
        return [json.loads(path.read_text()) for path in self.state.rglob("*.report.json")]

    def written(self, name: Name) -> list[float]:
        """Return when values came to *name* at the primary."""
        lines = self.lab._fleet.programs[topology.PRIMARY].lines.copy()  # noqa: SLF001 - its log
        found = [(at, ADDED.search(text)) for at, text in lines]
        return [at for at, match in found if match and from_text(match["name"]) == name]

    def asked(self, name: Name) -> list[float]:
        """Return when a resolver was asked about *name*, or anything below."""
        return [
            question.at
            for address in topology.RECURSORS
            for question in self.lab.questions(address)
            if question.name.is_subdomain(name)
        ]

    def early(self, hosts: Sequence[str], since: float, *, at: int = -1) -> dict[Name, float]:
        """Return which names of *hosts* a resolver was asked about too early, by how many seconds.

        Too early is before the value was written there that was the *at*-th.
        """
        found = {}
        for name in leaves(hosts):
            writes = [moment for moment in self.written(name) if moment > since]
            asked = [moment for moment in self.asked(name) if moment > since]
            assert writes, f"{name} was never written"
            assert asked, f"{name} was never asked about"
            if (ahead := writes[at] - min(asked)) > 0:
                found[name] = ahead
        return found


WITH_FOLDERS = ("config", "work", "logs")


def leaves(hosts: Sequence[str]) -> set[Name]:
    """Return the challenge names of *hosts*."""
    return {from_text(f"_acme-challenge.{host.removeprefix('*.')}.") for host in hosts}


def ended(process: subprocess.Popen[str], timeout: float = 300) -> tuple[int, str]:
    """Wait for *process*; return its exit status and what it said."""
    with process:
        try:
            said, _ = process.communicate(timeout=timeout)
        finally:
            process.kill()
    assert "Traceback" not in said, said
    return process.returncode, said


def trusting(pebble: Pebble) -> Mapping[str, str]:
    """Return what makes every client trust *pebble*'s own certificate."""
    return {
        "REQUESTS_CA_BUNDLE": str(pebble.ca),
        "LEGO_CA_CERTIFICATES": str(pebble.ca),
        "LEGO_DISABLE_CNAME_SUPPORT": "true",
        "EXEC_SEQUENCE_INTERVAL": "0",
    }
