"""A stand-in for Cloudflare's API: stateful, on loopback, able to fail on request.

with CloudflareStandIn(zones=["example.com"], mirror=update_bind) as api:
    ADAPTER.open({"CLOUDFLARE_API_TOKEN": api.token, "CLOUDFLARE_BASE_URL": api.url})
    api.faults[3] = throttled(2)  # what the third call gets
    assert [call.path for call in api.log] == ...
"""

import json
import secrets
import threading
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .cloudflare_account import Edit, HostedZone, Mirror, Record, Rules
from .cloudflare_faults import Fault
from .cloudflare_http import Handler, Listener, Served
from .cloudflare_routes import PREFIX, Call, Routes, Scope, kind_of_auth


class CloudflareStandIn(Served):
    """One user's view of the API.

    Attributes:
        url: What to give as base URL.
        token: May do everything; see `grant` for others.
        log: Every request so far.
        faults: By the number of the call, counted from 1.
        rules: Switches of what the account stores and refuses.
        ratelimit: Requests left and seconds to reset, as header; None for none.
    """

    def __init__(
        self, zones: Iterable[str | HostedZone] = (), mirror: Mirror | None = None
    ) -> None:
        self.zones = [HostedZone(zone) if isinstance(zone, str) else zone for zone in zones]
        self.rules = Rules()
        self.log: list[Call] = []
        self.faults: dict[int, Fault] = {}
        self.ratelimit: tuple[int, int] | None = None
        self.tokens: dict[str, Scope] = {}
        self.token = self.grant()
        self._mirror = mirror
        self._lock = threading.RLock()
        self._blocked: tuple[float, Fault] = (0.0, Fault())
        self._routes = Routes(self.zones, self.tokens, self.rules, mirror)
        self._listener = Listener(self._answer)

    @property
    def url(self) -> str:
        return self._listener.url + PREFIX

    def grant(self, **scope: Any) -> str:
        """Make a token; see `Scope`."""
        token = f"cfut_{secrets.token_urlsafe(30)}"
        self.tokens[token] = Scope(**scope)
        return token

    def next(self, *faults: Fault | None) -> None:
        """Let the coming calls meet *faults*, None sparing one."""
        start = len(self.log) + 1
        self.faults |= {start + i: fault for i, fault in enumerate(faults) if fault}

    def end_block(self) -> None:
        """Let time pass until calls are taken again."""
        self._blocked = (0.0, Fault())

    def records(self, name: str) -> list[Record]:
        """Everything stored at *name*, in any zone."""
        wanted = name.rstrip(".").lower()
        return [r for zone in self.zones for r in zone.records.values() if r.name == wanted]

    def values(self, name: str) -> set[str]:
        """The unquoted TXT values stored at *name*."""
        return {record.value for record in self.records(name) if record.type == "TXT"}

    def put(self, kind: str, name: str, content: str, **more: Any) -> Record:
        """Store a record as another client would, by the same rules, unlogged."""
        name = name.rstrip(".").lower()
        inside = [zone for zone in self.zones if f".{name}".endswith(f".{zone.name}")]
        zone = max(inside, key=lambda zone: len(zone.name))
        with self._lock:
            edit = Edit(zone, self.rules)
            record = edit.create({"type": kind, "name": name, "content": content, **more})
            edit.commit(self._mirror)
        return record

    def _answer(self, handler: Handler) -> None:
        with self._lock:
            call = self._logged(handler)
            fault = self._fault(call)
            if fault.meanwhile:
                fault.meanwhile()
            effective = fault.stored or not (fault.status or fault.cut)
            status, body = self._routes.take(call) if effective else (0, {})
        time.sleep(fault.delay)
        headers = {"Content-Type": "application/json", **fault.headers}
        if self.ratelimit:
            headers["Ratelimit"] = '"default";r={};t={}'.format(*self.ratelimit)
            headers["Ratelimit-Policy"] = '"default";q=1200;w=300'
        if fault.cut:
            handler.cut()
        elif fault.status:
            handler.reply(fault.status, headers, fault.body)
        else:
            handler.reply(status, headers, json.dumps(body))

    def _logged(self, handler: Handler) -> Call:
        url = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        length = int(headers.get("content-length", 0))
        call = Call(
            number=len(self.log) + 1,
            at=time.monotonic(),
            method=handler.command,
            path=url.path.removeprefix(PREFIX),
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            auth=kind_of_auth(headers),
            headers=headers,
            body=json.loads(handler.rfile.read(length)) if length else None,
        )
        self.log.append(call)
        return call

    def _fault(self, call: Call) -> Fault:
        until, block = self._blocked
        if call.at < until:
            return block
        fault = self.faults.pop(call.number, Fault())
        if fault.block:
            self._blocked = (call.at + fault.block, fault)
        return fault
