"""Requests to the stand-in: who may ask what, and which rows an answer holds."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .cloudflare_account import JSON, Edit, HostedZone, Mirror, Record, Refusal, Rules

PREFIX = "/client/v4"
TESTS: dict[str, Callable[[str, str], bool]] = {
    "exact": lambda text, wanted: text == wanted,
    "contains": lambda text, wanted: wanted in text,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a token may do; `zones` are names, None means all."""

    zone_read: bool = True
    dns_edit: bool = True
    zones: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it came; `auth` is bearer, key, malformed or none."""

    number: int
    at: float
    method: str
    path: str
    query: dict[str, str]
    auth: str
    headers: dict[str, str]
    body: Any


def kind_of_auth(headers: Mapping[str, str]) -> str:
    if "x-auth-key" in headers or "x-auth-email" in headers:
        return "key"
    if "authorization" not in headers:
        return "none"
    return "bearer" if re.fullmatch(r"Bearer [\w-]{20,}", headers["authorization"]) else "malformed"


@dataclass
class Routes:
    """The API behind its authentication."""

    zones: list[HostedZone]
    tokens: dict[str, Scope]
    rules: Rules
    mirror: Mirror | None

    def take(self, call: Call) -> tuple[int, JSON]:
        """Return status and envelope."""
        try:
            result = self._routed(call, self._scope(call))
            return 200, paged(result, call) if isinstance(result, list) else envelope(result)
        except Refusal as refusal:
            return refusal.status, envelope(None, errors=[refusal.error])

    def _scope(self, call: Call) -> Scope:
        match call.auth:
            case "none":
                raise Refusal(403, 10000, "Authentication error")
            case "key":
                raise Refusal(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
            case "bearer":
                token = call.headers["authorization"].removeprefix("Bearer ")
                if token in self.tokens:
                    return self.tokens[token]
                raise Refusal(403, 9109, "Invalid access token")
            case _:
                refusal = Refusal(400, 6003, "Invalid request headers")
                cause = {"code": 6111, "message": "Invalid format for Authorization header"}
                refusal.error["error_chain"] = [cause]
                raise refusal

    def _routed(self, call: Call, scope: Scope) -> Any:
        match call.method, call.path.removeprefix("/").split("/"):
            case "GET", ["zones"]:
                if not scope.zone_read:
                    raise Refusal(403, 9109, "Unauthorized to access requested resource")
                return [zone.as_json() for zone in self._listed(call.query, scope)]
            case method, ["zones", key, "dns_records", *rest]:
                return self._records(method, rest, call, self._zone(key, scope))
            case _:
                raise Refusal(404, 7000, "No route for that URI")

    def _listed(self, query: Mapping[str, str], scope: Scope) -> Iterable[HostedZone]:
        for zone in self.zones:
            fields = {"status": zone.status, "type": zone.type, "account.id": zone.account}
            if (
                (scope.zones is None or zone.name in scope.zones)
                and query.get("name", zone.name).lower() == zone.name
                and all(query.get(name, value) == value for name, value in fields.items())
            ):
                yield zone

    def _zone(self, key: str, scope: Scope) -> HostedZone:
        for zone in self.zones:
            if zone.id == key:
                if scope.dns_edit and (scope.zones is None or zone.name in scope.zones):
                    return zone
                raise Refusal(403, 10000, "Authentication error")
        raise Refusal(404, 7003, f"Could not route to /zones/{key}/dns_records")

    def _records(self, method: str, rest: list[str], call: Call, zone: HostedZone) -> Any:
        edit = Edit(zone, self.rules)
        match method, rest:
            case "GET", []:
                shadows = call.query.get("include_shadow_metadata") == "true"
                return [edit.as_json(r, shadows=shadows) for r in selected(zone, call.query)]
            case "GET", [key]:
                return edit.as_json(edit.find(key))
            case "POST", []:
                result: JSON = edit.as_json(edit.create(call.body))
            case "POST", ["batch"]:
                result = edit.batch(call.body)
            case (("PUT" | "PATCH"), [key]):
                result = edit.as_json(edit.change(key, call.body, whole=method == "PUT"))
            case "DELETE", [key]:
                result = {"id": edit.delete(key).id}
            case _:
                raise Refusal(405, 10405, "Method not allowed for this authentication scheme")
        edit.commit(self.mirror)
        return result


def selected(zone: HostedZone, query: Mapping[str, str]) -> list[Record]:
    """Return the records that pass the filters; all of these ignore case."""
    if "shadowing_name" in query:
        return zone.cut_above(query["shadowing_name"].lower())
    tests: list[Callable[[Record], bool]] = []
    for key, wanted in query.items():
        attribute, _, operator = key.partition(".")
        if attribute in {"type", "name", "content", "comment"}:
            tests.append(test(attribute, operator or "exact", wanted.lower()))
    hold = any if query.get("match") == "any" and tests else all
    return [record for record in zone.records.values() if hold(t(record) for t in tests)]


def test(attribute: str, operator: str, wanted: str) -> Callable[[Record], bool]:
    if operator not in TESTS:
        raise Refusal(400, 1004, f"unknown filter {attribute}.{operator}")
    return lambda record: TESTS[operator](str(getattr(record, attribute) or "").lower(), wanted)


def paged(rows: list[JSON], call: Call) -> JSON:
    default, most = (20, 50) if call.path == "/zones" else (100, 5_000_000)
    page, size = int(call.query.get("page", 1)), int(call.query.get("per_page", default))
    if page < 1 or not 1 <= size <= most:
        raise Refusal(400, 1004, "page or per_page is out of range")
    shown = rows[(page - 1) * size : page * size]
    return envelope(shown) | {
        "result_info": {
            "page": page,
            "per_page": size,
            "count": len(shown),
            "total_count": len(rows),
            "total_pages": -(-len(rows) // size),
        }
    }


def envelope(result: Any, errors: list[JSON] | None = None) -> JSON:
    return {"success": not errors, "errors": errors or [], "messages": [], "result": result}
