"""Answers of DNS hosts' APIs, mutated: a right result or a ProviderError, never another."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import dns.message
import dns.query
import httpx
from dns.message import Message

from providers.cloudflare.adapter import NEEDS_DNS, NEEDS_ZONE, Cloudflare
from providers.cloudflare.api import Api, Line
from providers.contract import TXT, Change, Provider, Zone
from providers.errors import ProviderError
from providers.rfc2136.adapter import Rfc2136
from providers.rfc2136.server import UpdateServer
from providers.route53 import Route53

from .chance import TEXTS, Chance, json_text, scribbled
from .messages import APEX, NAME, answer

A = "A" * 43
RECORDS = [TXT(NAME, A)]
TOKEN = "t" * 40
STATUSES = (200, 200, 200, 200, 400, 403, 404, 409, 429, 500, 302, 204)
MOST = 200
"""Calls that one step of an adapter may take, whatever it is told."""

LISTING: dict[str, Any] = {
    "success": True,
    "errors": [],
    "messages": [],
    "result": [
        {
            "id": "1", "name": "example.com", "status": "active", "type": "full", "ttl": 60,
            "name_servers": ["a.ns.example", "b.ns.example"], "vanity_name_servers": [],
        },
        {
            "id": "2", "name": "_acme-challenge.www.example.com", "type": "TXT",
            "content": f'"{A}"', "ttl": 60.0,
        },
        {"id": "3", "name": "sub.example.com", "type": "NS", "content": "ns.example"},
    ],
    "result_info": {"page": 1, "per_page": 50, "total_pages": 1, "count": 3, "total_count": 3},
}  # fmt: skip
REFUSAL: dict[str, Any] = {
    "success": False,
    "errors": [{"code": 9109, "message": "no", "error_chain": [{"code": 1, "message": "x"}]}],
    "messages": [],
    "result": None,
}


def xml(name: str, *inner: str) -> str:
    """Return the element *name* with *inner* elements or text."""
    return f"<{name}>{''.join(inner)}</{name}>"


def document(name: str, *inner: str) -> str:
    """Return the document *name*, of Route 53's namespace."""
    namespace = "https://route53.amazonaws.com/doc/2013-04-01/"
    return f'<{name} xmlns="{namespace}">{"".join(inner)}</{name}>'


ZONE = xml(
    "HostedZone",
    xml("Id", "/hostedzone/Z1"),
    xml("Name", "example.com."),
    xml("CallerReference", "x"),
    xml("Config", xml("PrivateZone", "false")),
    xml("ResourceRecordSetCount", "2"),
)
RRSET = xml(
    "ResourceRecordSet",
    xml("Name", "_acme-challenge.www.example.com."),
    xml("Type", "TXT"),
    xml("TTL", "60"),
    xml("ResourceRecords", xml("ResourceRecord", xml("Value", f"&quot;{A}&quot;"))),
)
END = xml("IsTruncated", "false") + xml("MaxItems", "100")
CHANGE = xml(
    "ChangeInfo",
    xml("Id", "/change/C1"),
    xml("Status", "PENDING"),
    xml("SubmittedAt", "2026-01-01T00:00:00Z"),
)
SERVERS = xml("DelegationSet", xml("NameServers", xml("NameServer", "ns-1.awsdns.example")))
ANSWERS = {
    "ListHostedZones": document("ListHostedZonesResponse", xml("HostedZones", ZONE), END),
    "GetHostedZone": document("GetHostedZoneResponse", ZONE, SERVERS),
    "ListResourceRecordSets": document(
        "ListResourceRecordSetsResponse", xml("ResourceRecordSets", RRSET), END
    ),
    "ChangeResourceRecordSets": document("ChangeResourceRecordSetsResponse", CHANGE),
    "GetChange": document("GetChangeResponse", CHANGE),
}
ERROR = document(
    "ErrorResponse",
    xml("Error", xml("Type", "Sender"), xml("Code", "Throttling"), xml("Message", "too many")),
    xml("RequestId", "x"),
)
ELEMENT = re.compile(r"<(\w+)[^<>]*>[^<>]*</\1>|<[^<>]+>")


class Endless(AssertionError):
    """An adapter would have gone on calling for ever."""


class Calls:
    """Counts what an adapter sends, and ends it."""

    def __init__(self) -> None:
        self.made = 0
        self.now = 0.0

    def count(self) -> None:
        self.made += 1
        if self.made > MOST:
            raise Endless

    def pause(self, seconds: float) -> None:
        assert 0 <= seconds < 1_000
        self.now += seconds


def steps(provider: Provider, calls: Calls) -> None:
    """Have *provider* do all it can."""
    zone = Zone(APEX, "Z1")
    every: tuple[Callable[[], object], ...] = (
        lambda: zoned(provider),
        lambda: changed(provider.append(zone, RECORDS, "dns01 run=1")),
        lambda: changed(provider.delete(zone, RECORDS)),
        lambda: provider.in_sync(Change(zone, "C1")),
    )
    for step in every:
        calls.made = 0
        try:
            step()
        except ProviderError as error:
            said = str(error) + error.hint
        else:
            continue
        assert TOKEN not in said


def zoned(provider: Provider) -> None:
    """See that zones enclose the name that was asked about."""
    for zone in provider.zones([NAME]):
        assert NAME.is_subdomain(zone.apex)
        assert isinstance(zone.id, str)


def changed(change: Change) -> None:
    """See that a change can be kept."""
    assert isinstance(change.id, str)


class CloudflareClient:
    """The SDK as the adapter uses it, with answers made of chance."""

    def __init__(self, chance: Chance, calls: Calls) -> None:
        self._chance, self._calls = chance, calls

    def get(self, path: str, **_: object) -> httpx.Response:
        return self._answer("GET", path)

    def post(self, path: str, **_: object) -> httpx.Response:
        return self._answer("POST", path)

    def _answer(self, method: str, path: str) -> httpx.Response:
        self._calls.count()
        chance = self._chance
        status = chance.pick(STATUSES)
        body = json.loads(json.dumps(LISTING if status == 200 else REFUSAL))
        content = json.dumps(body).encode() if chance.is_spent else json_text(body, chance)
        request = httpx.Request(
            method, f"https://h{path}", headers={"Authorization": f"Bearer {TOKEN}"}
        )
        text = chance.pick(("0", "5", "99999999", "-1", '"default";r=0;t=30', "r=0;t=999999", ""))
        headers = {chance.pick(("Retry-After", "Ratelimit", "X")): text}
        return httpx.Response(status, content=content, headers=headers, request=request)


def cloudflare(octets: bytes) -> None:
    """Whatever Cloudflare answers."""
    chance, calls = Chance(octets), Calls()
    client: Any = CloudflareClient(chance, calls)
    line = Line(calls.pause, lambda: 1.0, lambda: calls.now)
    provider = Cloudflare(line, Api(client, line, NEEDS_DNS), Api(client, line, NEEDS_ZONE))
    steps(provider, calls)


@cache
def aws() -> Any:
    """Return one client for all runs: making one takes long."""
    import boto3
    from botocore.config import Config

    once = Config(retries={"total_max_attempts": 1}, proxies={})
    session = boto3.Session("AKIATEST", TOKEN)
    return session.client("route53", "us-east-1", endpoint_url="http://127.0.0.1:9", config=once)


@contextmanager
def answered(client: Any, chance: Chance, calls: Calls) -> Iterator[None]:
    """Let *client* get answers made of *chance*, and nothing leave this process."""
    from botocore.awsrequest import AWSResponse

    def send(request: Any, event_name: str, **_: object) -> Any:
        calls.count()
        operation = event_name.rpartition(".")[2]
        status = chance.pick(STATUSES)
        text = ANSWERS[operation] if status == 200 else ERROR
        content = text.encode() if chance.is_spent else xml_text(text, chance)
        headers: Any = {"Content-Type": "text/xml"}
        response: Any = AWSResponse(request.url, status, headers, None)
        response._content = content  # noqa: SLF001 - there is no other way to make one
        return response

    client.meta.events.register("before-send.route53.*", send, "hostile")
    client.meta.events.register("before-send.route-53.*", send, "hostile-too")
    try:
        yield
    finally:
        client.meta.events.unregister("before-send.route53.*", send, "hostile")
        client.meta.events.unregister("before-send.route-53.*", send, "hostile-too")


def xml_text(text: str, chance: Chance) -> bytes:
    """Return XML *text* with elements gone, doubled, or with something else in them."""
    match chance.below(8):
        case 0:
            return scribbled(text.encode(), chance)
        case 1:
            return chance.rest()
        case 2:
            return ("<a>" * chance.below(60_000) + text).encode()
        case _:
            pass
    for _ in range(1 + chance.below(3)):
        found = list(ELEMENT.finditer(text))
        if not found:
            break
        element = chance.pick(found)
        inner = re.sub(r"[<>&\0]", "", chance.pick(TEXTS)).encode("ascii", "ignore").decode()
        new = chance.pick(("", element[0] * 2, re.sub(r">[^<>]*<", f">{inner}<", element[0])))
        text = text[: element.start()] + new + text[element.end() :]
    return text.encode()


def route53(octets: bytes) -> None:
    """Whatever Route 53 answers."""
    chance, calls = Chance(octets), Calls()
    client = aws()
    with answered(client, chance, calls):
        provider = Route53(
            client, pause=calls.pause, random=lambda: 1.0, now=lambda: calls.now + calls.made
        )
        try:
            steps(provider, calls)
        finally:
            client.meta.events.unregister("before-send.route-53", provider._count)  # noqa: SLF001


class ChanceServer(UpdateServer):
    """A server whose answers are made of chance, read as dnspython reads them from a socket."""

    def __init__(self, chance: Chance, calls: Calls) -> None:
        super().__init__("192.0.2.1")
        self._chance, self._calls = chance, calls

    def _by_udp(self, message: Message) -> Message:
        return self._by_tcp(message)

    def _by_tcp(self, message: Message) -> Message:
        self._calls.count()
        wired = answer(self._chance, message)
        reply = dns.message.from_wire(wired, keyring=message.keyring, request_mac=message.mac)
        if not message.is_response(reply):
            raise dns.query.BadResponse
        return reply


def rfc2136(octets: bytes) -> None:
    """Whatever a primary server answers."""
    chance, calls = Chance(octets), Calls()
    steps(Rfc2136(ChanceServer(chance, calls), calls.pause), calls)
