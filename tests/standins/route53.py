r"""A front before ministack that behaves as Route 53 does where ministack does not.

It refuses what AWS refuses, in AWS's words; shows ``*`` as ``\052`` and matches names
without case; throttles, stays busy, pends, loses answers and denies on request;
and mirrors TXT sets to a real DNS server, should a test have one.
"""

import http.client
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from dns.name import Name, from_text

from .ministack import Ministack
from .route53_rules import BUSY, FAILED, THROTTLED, Batch, complaints, parsed, refused, served
from .route53_zones import by_name

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client

__all__ = ["Ministack", "Route53Front", "connect"]

SESSION = boto3.Session("AKIATEST", "not-a-secret")  # One for all: it caches the service model.
Mirror = Callable[[Name, Name, set[str]], None]
OPERATIONS = {
    r"POST /2013-04-01/hostedzone/[^/]+/rrset/?": "ChangeResourceRecordSets",
    r"GET /2013-04-01/hostedzone/[^/]+/rrset/?": "ListResourceRecordSets",
    r"POST /2013-04-01/hostedzone": "CreateHostedZone",
    r"GET /2013-04-01/hostedzone": "ListHostedZones",
    r"GET /2013-04-01/hostedzonesbyname": "ListHostedZonesByName",
    r"GET /2013-04-01/hostedzone/[^/]+": "GetHostedZone",
    r"GET /2013-04-01/change/[^/]+": "GetChange",
}
Refusal = tuple[int, str, str]
Reply = tuple[int, bytes]


def connect(endpoint: str) -> "Route53Client":
    """Return a boto3 client for a stand-in; it never retries by itself."""
    once = Config(retries={"total_max_attempts": 1}, proxies={}, max_pool_connections=50)
    return SESSION.client("route53", "us-east-1", endpoint_url=endpoint, config=once)


class Route53Front:
    """``with Route53Front(endpoint) as front``: an HTTP server at ``front.url``.

    Set the attributes at any time, also while requests are under way.

    Attributes:
        calls: The operations asked for, in order, refused ones included.
        batches: What each ChangeResourceRecordSets asked for.
        signers: The access key ids that signed them.
        upserts: UPSERTs seen; an adapter of ours sends none.
        throttled: So many next requests are refused with Throttling.
        rate: Requests a second, beyond which they are throttled; None for no limit.
        busy: So many next changes are refused with PriorRequestNotComplete.
        busy_seconds: How long after a change its zone refuses the next.
        failing: So many next requests end in HTTP 500.
        lost: So many next changes are made, and then the connection is cut.
        pending_seconds: How long GetChange says PENDING.
        denied: Operations refused with AccessDenied.
        served_from: Name servers, by zone id, that GetHostedZone names for it.
        protected: Names (lower case, final dot) whose TXT set nobody may change.
        before_change: Called when a change arrives, before it is judged.
    """

    def __init__(self, endpoint: str, *, mirror: Mirror | None = None) -> None:
        self.calls: list[str] = []
        self.batches: list[Batch] = []
        self.signers: list[str] = []
        self.throttled = self.busy = self.failing = self.lost = 0
        self.rate: int | None = None
        self.busy_seconds = self.pending_seconds = 0.0
        self.denied: set[str] = set()
        self.protected: set[str] = set()
        self.served_from: dict[str, list[str]] = {}
        self.before_change: Callable[[], object] = lambda: None
        self.admin = connect(endpoint)
        self._upstream = urlsplit(endpoint).netloc
        self._mirror = mirror
        self._recent: deque[float] = deque()
        self._changed: dict[str, float] = {}
        self._knobs = threading.Lock()
        self._changing = threading.RLock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.admin.close()

    @property
    def upserts(self) -> int:
        return sum(action == "UPSERT" for batch in self.batches for action, _ in batch)

    # What the account's owner does, behind the adapter's back and uncounted.

    def create_zone(self, apex: str, *, private: bool = False) -> str:
        """Host *apex*, once more if need be, and return the zone's id."""
        zone = self.admin.create_hosted_zone(
            Name=apex,
            CallerReference=str(uuid.uuid4()),
            HostedZoneConfig={"PrivateZone": private},
        )
        return zone["HostedZone"]["Id"].removeprefix("/hostedzone/")

    def put(self, zone_id: str, name: str, *values: str, kind: str = "TXT", **more: Any) -> None:
        """Write an RRset over whatever was there, as many other clients do.

        TXT values are given as they are stored, in quotation marks. *more* are
        further members: TTL, SetIdentifier, MultiValueAnswer, Weight; AliasTarget
        instead of values.
        """
        records = [{"Value": value} for value in values]
        stored = {"TTL": 300, "ResourceRecords": records} if values else {}
        rrset: Any = {"Name": name, "Type": kind, **stored, **more}
        with self._changing:
            self.admin.change_resource_record_sets(
                HostedZoneId=zone_id,
                ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": rrset}]},
            )
            self._show(zone_id, {name} if kind == "TXT" else set())

    def rrsets(self, zone_id: str, name: str | None = None) -> list[Any]:
        """Return the stored sets, of one name (lower case, final dot) or of all."""
        pages = self.admin.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
        everything: list[Any] = [rrset for page in pages for rrset in page["ResourceRecordSets"]]
        return [rrset for rrset in everything if name in (None, rrset["Name"])]

    def values(self, zone_id: str, name: str) -> set[str]:
        """Return the TXT values at *name* as DNS would serve them."""
        return served(self.rrsets(zone_id, name), name)

    # What the adapter meets.

    def reply(self, method: str, target: str, body: bytes) -> Reply | None:
        """Return status and body; None to cut the connection."""
        path = urlsplit(target).path
        operation = next(
            (name for form, name in OPERATIONS.items() if re.fullmatch(form, f"{method} {path}")),
            "Other",
        )
        self.calls.append(operation)
        if refusal := self._unwilling(operation):
            return refused(*refusal)
        if operation == "ChangeResourceRecordSets":
            return self._change(path.split("/")[3], target, body)
        if operation == "ListHostedZonesByName":
            pages = self.admin.get_paginator("list_hosted_zones").paginate()
            zones = [zone for page in pages for zone in page["HostedZones"]]
            return 200, by_name(zones, urlsplit(target).query)
        status, text = self._forward(method, target.replace("%5C052", "%2A"), body)
        if operation == "GetHostedZone" and (servers := self.served_from.get(path.split("/")[3])):
            listed = "".join(f"<NameServer>{server}</NameServer>" for server in servers).encode()
            text = re.sub(rb"<NameServer>.*</NameServer>", listed, text, flags=re.DOTALL)
        if operation == "GetChange":
            done = self._changed.get(path.split("/")[3], 0.0) + self.pending_seconds
            word = b"INSYNC" if time.monotonic() >= done else b"PENDING"
            text = re.sub(rb"(?<=<Status>)\w+", word, text)
        return status, re.sub(rb"(?<=Name>)\*", rb"\\052", text)

    def _unwilling(self, operation: str) -> Refusal | None:
        with self._knobs:
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if self.throttled or (self.rate is not None and len(self._recent) >= self.rate):
                self.throttled = max(0, self.throttled - 1)
                return THROTTLED
            self._recent.append(now)
            if self.failing:
                self.failing -= 1
                return FAILED
        if operation in self.denied:
            who = "User: arn:aws:iam::123456789012:user/test is not authorized to perform"
            return 403, "AccessDenied", f"{who}: route53:{operation}"
        return None

    def _change(self, zone_id: str, target: str, body: bytes) -> Reply | None:
        self.before_change()
        with self._changing:
            since = time.monotonic() - self._changed.get(zone_id, float("-inf"))
            if self.busy or since < self.busy_seconds:
                self.busy = max(0, self.busy - 1)
                return refused(*BUSY)
            body = re.sub(
                rb"(?<=<Name>)[^<]+", lambda m: m[0].lower().replace(rb"\052", b"*"), body
            )
            batch = parsed(body)
            self.batches.append(batch)
            try:
                apex, stored = self._apex(zone_id), self.rrsets(zone_id)
            except self.admin.exceptions.NoSuchHostedZone as error:
                return refused(404, "NoSuchHostedZone", error.response["Error"]["Message"])
            if faults := complaints(batch, apex, stored, self.protected):
                return refused(400, "InvalidChangeBatch", f"[{', '.join(faults)}]")
            status, text = self._forward("POST", target, body)
            if found := re.search(rb"<Id>/change/(\w+)", text):
                self._changed[zone_id] = self._changed[found[1].decode()] = time.monotonic()
                self._show(zone_id, {rrset.name for _, rrset in batch if rrset.kind == "TXT"})
            if self.lost:
                self.lost -= 1
                return None
        return status, text

    def _show(self, zone_id: str, names: set[str]) -> None:
        if self._mirror and names:
            apex, stored = from_text(self._apex(zone_id)), self.rrsets(zone_id)
            for name in names:
                self._mirror(apex, from_text(name), served(stored, name))

    def _apex(self, zone_id: str) -> str:
        return self.admin.get_hosted_zone(Id=zone_id)["HostedZone"]["Name"]

    def _forward(self, method: str, target: str, body: bytes) -> Reply:
        upstream = http.client.HTTPConnection(self._upstream, timeout=30)
        try:
            upstream.request(method, target, body, {"Content-Type": "text/xml"})
            answer = upstream.getresponse()
            return answer.status, answer.read()
        finally:
            upstream.close()


def _handler(front: Route53Front) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            front.signers += re.findall("Credential=([^/]+)", self.headers["Authorization"] or "")
            reply = front.reply(self.command, self.path, body)
            if reply is None:
                self.close_connection = True
                return
            status, text = reply
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = _serve  # noqa: N815  # the names http.server calls

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Handler
