"""Cloudflare's JSON: how names and records are spelled, what records and errors mean."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os.path import commonprefix
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import dns.rdata
import dns.rdtypes.ANY.TXT
from dns.exception import DNSException
from dns.name import Name

from providers.contract import TXT, Zone
from providers.errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable
from providers.names import domain_name

if TYPE_CHECKING:
    import httpx

MIN_TTL, MAX_TTL = 60, 86400  # seconds, on every plan
LEGIBLE = 20_000  # characters of an answer in which its words are looked for
MARKUP = re.compile(r"<style.*?</style>|<[^>]*>|\x1b\[[0-?]*[ -/]*[@-~]", re.DOTALL | re.IGNORECASE)
SHORTEST = 8  # characters of a token that can be told from a word
COMMENT = 100  # characters a comment may have on the Free plan


class Again(Exception):
    """Look again at what is stored, then repeat.

    Attributes:
        verdict: What to raise once repeating has not helped.
    """

    def __init__(self, verdict: ProviderError) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record.

    Attributes:
        text: The value of a TXT record, joined and unquoted.
        ttl: Seconds; 1 is Cloudflare's word for its own choice.
    """

    id: str
    name: Name
    type: str
    text: str = ""
    ttl: int = 0


def matching(names: Iterable[Name]) -> dict[str, str]:
    """Return the narrowest single filter that lets records of all *names* pass.

    Cloudflare's filters ignore case, as names do.
    """
    spellings = sorted({spelled(name) for name in names})
    if len(spellings) == 1:
        return {"name.exact": spellings[0]}
    prefix = commonprefix(spellings)  # noqa: RUF071 - of characters, not of folders
    return {"name.startswith": prefix} if prefix else {}


def spelled(name: Name) -> str:
    """Return *name* as Cloudflare spells it: Punycode, lower case, no final dot."""
    return name.to_text(omit_final_dot=True).lower()


def records_path(zone: Zone) -> str:
    """Return where the records of *zone* are; its id may come from a person."""
    return f"/zones/{quote(zone.id, safe='')}/dns_records"


def post(record: TXT, ttl: int | None, mark: str) -> dict[str, object]:
    """Return the order to create *record*, quoted as the API documents TXT content.

    Its RRset's *ttl*, where there is one, counts more than its own (RFC 2181 §5.2).
    """
    escaped = record.value.replace("\\", "\\\\").replace('"', '\\"')
    return {
        "type": "TXT",
        "name": spelled(record.name),
        "content": f'"{escaped}"',
        "ttl": ttl or min(max(record.ttl, MIN_TTL), MAX_TTL),
        "comment": " ".join(mark.split())[:COMMENT],
    }


def stored_record(row: object) -> Record:
    """Decode a row of ``dns_records``.

    Raises:
        Unavailable: It is none.
    """
    match row:
        case {"id": str(key), "name": str(name), "type": "TXT", "content": str(content), **rest}:
            ttl = rest.get("ttl")  # a number that may come as 60.0
            seconds = int(ttl) if isinstance(ttl, int | float) and 0 <= ttl < 2**31 else 0
            return Record(key, absolute(name), "TXT", unquoted(content), seconds)
        case {"id": str(key), "name": str(name), "type": str(other)}:
            return Record(key, absolute(name), other)
        case _:
            raise Unavailable("Cloudflare sent a DNS record without id, name, type or content")


def absolute(text: str) -> Name:
    """Return the name that Cloudflare spells *text*."""
    try:
        return domain_name(text)
    except ValueError as error:
        raise Unavailable("Cloudflare sent what is no domain name") from error


def unquoted(content: str) -> str:
    """Return the value of TXT *content*, which may be quoted, bare, or in pieces.

    Clients that write bare content, and the dashboard, leave both forms behind.
    """
    if not content.startswith('"'):
        return content
    try:
        rdata = dns.rdata.from_text("IN", "TXT", content)
    except DNSException:
        return content
    return b"".join(cast("dns.rdtypes.ANY.TXT.TXT", rdata).strings).decode("latin-1")


def judged(response: "httpx.Response", request: str, permission: str) -> Mapping[object, object]:
    """Return the envelope of a success; raise whatever else *response* means."""
    try:
        body: object = response.json()
    except (ValueError, RecursionError):
        body = None
    if response.is_success and isinstance(body, dict) and body.get("success") is True:
        return body
    errors = list(complaints(body))
    text = "; ".join(f"{code} {message}" for code, message in errors) or response.text
    token = response.request.headers["Authorization"].removeprefix("Bearer ")
    if len(token) >= SHORTEST:
        text = text.replace(token, "[token]")
    said = printable(text)
    raise refusal(
        response.status_code,
        errors[0][0] if errors else 0,
        f"Cloudflare answered {response.status_code} to {request}: {said or 'no reason given'}",
        permission,
    )


def refusal(status: int, code: int, text: str, permission: str) -> Exception:
    """Return what a failed call means: by Cloudflare's code first, then by status."""
    match code, status:
        case ((81057 | 81058 | 81044), _):  # exists already; exists no more
            return Again(Rejected(text))
        case ((81053 | 81054), _):
            error: Exception = Rejected(f"a CNAME (or A, AAAA) record is in the way: {text}")
        case ((6003 | 6111), _):
            hint = "check the token text: it must be the token alone, unquoted and complete"
            error = Unauthorized(text, hint=hint)
        case ((9103 | 9109 | 10000), (200 | 400)) | (_, (401 | 403)):
            hint = f"{permission}; or has it expired, or been revoked?"
            error = Unauthorized(text, hint=hint)
        case ((7000 | 7003), _) | (_, 404):
            error = Misconfigured(text, hint="check the zone_id and CLOUDFLARE_BASE_URL")
        case _, (408 | 409 | 429):
            error = Again(Unavailable(text))
        case _, (402 | 407 | 418 | 451):  # about the account, or the way there: no record's fault
            hint = "the message says what it wants; check HTTPS_PROXY and the account"
            error = Unavailable(text, hint=hint)
        case _ if 300 <= status < 400:
            hint = "redirects are not followed: check CLOUDFLARE_BASE_URL"
            error = Unavailable(text, hint=hint)
        case _ if status >= 500 or status < 300:  # a failure called 200 may be half a success
            hint = "it fails, or CLOUDFLARE_BASE_URL is something else's: try again later"
            error = Again(Unavailable(text, hint=hint))
        case _:
            error = Rejected(text)
    return error


def unanswered(request: str, cause: BaseException) -> Again:
    """Return what it means that *cause* came in place of an answer to *request*."""
    reason = printable(str(cause)) or type(cause).__name__
    hint = "check CLOUDFLARE_BASE_URL, HTTPS_PROXY and the network"
    if "CERTIFICATE" in reason:
        hint = "check CLOUDFLARE_BASE_URL, SSL_CERT_FILE and this host's clock"
    return Again(Unavailable(f"no answer from Cloudflare to {request}: {reason}", hint=hint))


def complaints(body: object) -> Iterator[tuple[int, str]]:
    """Yield code and message of each error in an envelope, and of each one's causes."""
    match body:
        case {"code": int(code), "message": str(message), **rest}:
            yield code, message
            yield from complaints({"errors": rest.get("error_chain")})
        case {"errors": list(errors)}:
            for error in errors:
                yield from complaints(error)
        case _:
            return


def printable(text: str) -> str:
    """Return *text*, which may be a page of HTML, as one short line."""
    text = text[:LEGIBLE]
    bare = re.sub(MARKUP, " ", text)
    line = " ".join("".join(char if char.isprintable() else " " for char in bare).split())
    return line if len(line) <= 200 else f"{line[:199]}…"
