"""One secret for each credential, and where to look for them afterwards."""

import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

CREDENTIALS = (
    "RCL_API_KEY", "CLOUDFLARE_API_TOKEN", "CF_DNS_API_TOKEN", "CF_ZONE_API_TOKEN",
    "CLOUDFLARE_API_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "RFC2136_TSIG_SECRET",
    "BRIDGE_TOKEN",
)  # fmt: skip


def planted() -> dict[str, str]:
    """Return a fresh secret for each credential, odd in what tokens may have that is odd."""
    found = {
        name: f"canary-7c1e-{secrets.token_hex(8)}+/{secrets.token_hex(4)}" for name in CREDENTIALS
    }
    found["RFC2136_TSIG_SECRET"] = b64encode(secrets.token_bytes(32)).decode()
    return found


def traces(secret: str) -> Iterator[str]:
    """Yield what would give *secret* away, the greater part of it included."""
    yield from (secret, secret[: len(secret) * 2 // 3], quote(secret, safe=""))
    for before in range(3):
        octets = b"\0" * before + secret.encode()
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(octets)[4 : len(octets) // 3 * 4].decode()


def sought(canaries: Mapping[str, str], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return which of *canaries* shows in which of *texts*."""
    return [
        (name, where)
        for name, secret in canaries.items()
        for where, text in texts.items()
        if any(trace in text for trace in traces(secret))
    ]


def files(folder: Path) -> dict[str, str]:
    """Return the text of every file below *folder* that the command may have written."""
    return {
        str(path.relative_to(folder)): path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file() and "packages" not in path.parts and "given" not in path.parts
    }
