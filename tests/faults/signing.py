"""Sign zones with BIND's tools."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.lab import premises


class Signer:
    """Makes keys, and signs zone files with them.

    Attributes:
        folder: The keys, where named finds them, too.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def make_keys(self, apex: str) -> None:
        """Make a KSK and a ZSK."""
        for kind in (("-f", "KSK"), ()):
            self._run("dnssec-keygen", "-q", "-K", ".", "-a", "ECDSAP256SHA256", *kind, apex)

    def sign(self, apex: str, text: str, options: Iterable[str] = ()) -> str:
        """Return the signed form of the zone file *text*."""
        (self.folder / "unsigned").write_text(text)
        words = ("-S", "-q", "-K", ".", "-o", apex, "-f", "signed", *options, "unsigned")
        self._run("dnssec-signzone", *words)
        return (self.folder / "signed").read_text()

    def trust_anchor(self, apex: str) -> str:
        """Return the KSK's DNSKEY record."""
        [path] = [path for path in self._keys(apex) if " DNSKEY 257 " in path.read_text()]
        return next(line for line in path.read_text().splitlines() if not line.startswith(";"))

    def ds(self, apex: str) -> str:
        """Return the DS record that the parent needs."""
        [path] = [path for path in self._keys(apex) if " DNSKEY 257 " in path.read_text()]
        return self._run("dnssec-dsfromkey", path.name).strip()

    def _keys(self, apex: str) -> Iterable[Path]:
        return self.folder.glob(f"K{apex}+*.key")

    def _run(self, program: str, *words: str) -> str:
        path = premises.program(program)
        assert path
        result = subprocess.run(
            [path, *words], cwd=self.folder, check=True, capture_output=True, text=True
        )
        return result.stdout
