"""The API of PowerDNS's authoritative server, as far as its documentation has it for TXT records.

Zones, RRsets that are replaced whole, content in presentation format, and what it refuses.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Self

from dns.name import from_text

KEY = "pdns-key-7c1e-canary"
ROOT = "/api/v1/servers/localhost/zones/"


class PowerDns:
    """Serves *zones* on loopback until closed.

    Attributes:
        sets: Contents by name and type, names absolute and in small letters.
        fail: A status to answer every request with, and no more; 0: none.
        hangs: Whether requests get no answer, until `close`.
        requests: Methods so far.
    """

    def __init__(self, *zones: str) -> None:
        self.zones = zones
        self.sets: dict[tuple[str, str], list[str]] = {}
        self.ttls: dict[tuple[str, str], int] = {}
        self.fail = 0
        self.hangs = False
        self.requests: list[str] = []
        self.lock = Lock()
        self._over = Event()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.serve()

            def do_PATCH(self) -> None:
                self.serve()

            def do_PUT(self) -> None:
                self.serve()

            def serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                stand_in.requests.append(self.command)
                if stand_in.hangs:
                    stand_in._over.wait()
                    return
                key = self.headers.get("X-API-Key") or ""
                status, answer = stand_in.answer(self.command, self.path, key, body)
                octets = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, path: str, key: str, body: bytes) -> tuple[int, Any]:
        if self.fail:
            return self.fail, {"error": "as told"}
        if key != KEY:
            return 401, {"error": "Unauthorized"}
        zone = path.removeprefix(ROOT).partition("/")[0]
        if zone not in self.zones:
            return 404, {"error": "Not Found"}
        with self.lock:
            if method == "GET":
                return 200, {"name": zone, "kind": "Native", "rrsets": self.rrsets(zone)}
            if method == "PATCH":
                return self.patched(zone, json.loads(body)["rrsets"])
        return 405, {"error": "Method Not Allowed"}

    def rrsets(self, zone: str) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "type": rdtype,
                "ttl": self.ttls[name, rdtype],
                "records": [{"content": each, "disabled": False} for each in contents],
                "comments": [],
            }
            for (name, rdtype), contents in self.sets.items()
            if from_text(name).is_subdomain(from_text(zone))
        ]

    def patched(self, zone: str, changes: list[dict[str, Any]]) -> tuple[int, Any]:
        for change in changes:
            name, rdtype = change["name"], change["type"]
            contents = [each["content"] for each in change["records"]]
            if name != name.lower() or not from_text(name).is_subdomain(from_text(zone)):
                return 422, {"error": f"RRset {name} IN {rdtype}: Name is out of zone"}
            if len(set(contents)) < len(contents):
                return 422, {"error": f"RRset {name} IN {rdtype} has duplicate records"}
            if not all(each[:1] == each[-1:] == '"' for each in contents):
                return 422, {"error": f"Record {name}/{rdtype}: Parsing record content"}
            if rdtype == "TXT" and (name, "CNAME") in self.sets and contents:
                return 422, {"error": f"RRset {name} IN TXT: Conflicts with another RRset"}
        for change in changes:
            at = change["name"], change["type"]
            self.sets.pop(at, None)
            if contents := [each["content"] for each in change["records"]]:
                self.sets[at] = contents
                self.ttls[at] = int(change["ttl"])
        return 204, None
