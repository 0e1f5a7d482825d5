"""The real command against the laboratory of faults, judged by the validator."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dns.exception
from dns.name import Name, from_text

from tests.lab import wire

from . import Faults
from . import topology as at
from .validator import Validator

DNS01 = [sys.executable, "-m", "pipeline"]
RESOLVERS = [word for resolver in at.RECURSORS for word in ("--resolver", resolver)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one command.

    Attributes:
        exit: Its exit status.
        took: Seconds.
        report: Its report; empty where it printed none.
        objections: What the validator had to say right after a "ready".
    """

    exit: int
    took: float
    report: Mapping[str, Any]
    stderr: str
    objections: Sequence[str] = ()

    @property
    def problems(self) -> str:
        """What the report says is wrong, a line each."""
        return "\n".join(
            f"{each['severity']} {each['code']}: {each['message']} hint: {each['hint']}"
            for each in self.report.get("problems", ())
        )


class Bench:
    """Runs the command as a user would.

    Attributes:
        variables: What its environment has beside, or instead of, the usual.
    """

    def __init__(self, faults: Faults, folder: Path) -> None:
        self._faults = faults
        self._folder = folder
        self.variables: dict[str, str] = {}

    def ready(
        self,
        domain: str,
        value: str,
        *more: str,
        server: str = at.PRIMARY,
        provider: str = "rfc2136",
    ) -> Outcome:
        """Publish *value* for *domain* (no final dot), and confirm.

        By RFC 2136 at *server*, or by another *provider*; without one the configuration decides.
        """
        token = {"tokenName": "_acme-challenge", "tokenValue": value, "domain": domain}
        document = {"status": "pending", "validationTokens": [token | {"challengeType": "DNS"}]}
        path = self._folder / f"{value}.json"
        path.write_text(json.dumps(document))
        chosen = ["--provider", provider] if provider else []
        words = ["ready", "--from", str(path), *chosen, *more]
        return self._judged(words, from_text(f"_acme-challenge.{domain}"), value, server)

    def wait(self, name: str, value: str, *more: str) -> Outcome:
        """Confirm *value* at *name*."""
        return self._judged(["wait", f"{name}={value}", *more], from_text(name), value)

    def check(self, domain: str, *more: str) -> Outcome:
        """Check *domain*, writing nothing."""
        return self.run(["check", domain, *more])

    def _judged(
        self, words: Sequence[str], name: Name, value: str, server: str = at.PRIMARY
    ) -> Outcome:
        outcome = self.run(words, server)
        if outcome.exit:
            return outcome
        found = Validator([(at.ROOT, 53)]).objections(name, [value])
        return replace(outcome, objections=found + list(_seen_by_the_ca(name, value)))

    def run(self, words: Sequence[str], server: str = at.PRIMARY) -> Outcome:
        """Run the command with *words*, and the lab's resolvers unless it names its own."""
        asks_nobody = words[0] == "clean" or "--resolver" in words
        resolvers = [] if asks_nobody else RESOLVERS
        started = time.monotonic()
        result = subprocess.run(
            [*DNS01, *words, "--json", *resolvers],
            env=self._environment(server),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        took = time.monotonic() - started
        report = json.loads(result.stdout) if result.stdout.strip() else {}
        assert "Traceback" not in result.stderr, result.stderr
        return Outcome(result.returncode, took, report, result.stderr)

    def _environment(self, server: str) -> dict[str, str]:
        keep = {k: v for k, v in os.environ.items() if k.startswith("COVERAGE")}
        return keep | {
            "PATH": os.environ["PATH"],
            "HOME": str(self._folder),
            "DNS01_STATE_DIR": str(self._folder / "state"),
            "SSL_CERT_FILE": str(self._faults.ca),
            "RFC2136_NAMESERVER": server,
            "RFC2136_TSIG_KEY": self._faults.keys.all.name,
            "RFC2136_TSIG_SECRET": self._faults.keys.all.secret,
            **self.variables,
        }


def _seen_by_the_ca(name: Name, value: str) -> Iterator[str]:
    """Yield why the CA's resolver does not find *value* at *name*, aliases followed.

    It is asked thrice, as a CA does where it gets no answer.
    """
    for _ in range(3):
        with suppress(dns.exception.Timeout):
            reply = wire.ask(at.CA_RESOLVER, name, timeout=8.0)
            break
    else:
        yield f"the CA's resolver does not answer about {name}"
        return
    if not any(value in rrset.to_text() for rrset in reply.answer):
        yield f"the CA's resolver does not find {value}: {reply}"
