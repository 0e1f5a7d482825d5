"""An adapter for Toy DNS, which keeps every TXT value at a URL of its own."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from dns.name import Name, from_text

from providers.contract import TXT, Adapter, Change, Setting, Zone
from providers.errors import Misconfigured, Rejected, Unauthorized, Unavailable

TOKEN = Setting("TOYDNS_TOKEN", "API token", secret=True)
ERRORS = {401: Unauthorized, 403: Unauthorized, 409: Rejected, 422: Rejected}


class Toy:
    def __init__(self, given: Mapping[str, str], url: str = "https://api.toydns.example") -> None:
        import httpx  # only those who use Toy DNS pay for it

        if TOKEN.name not in given:
            raise Misconfigured("no Toy DNS token", hint=f"set {TOKEN.name}")
        headers = {"Authorization": f"Bearer {given[TOKEN.name]}"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=20)
        self._unreachable = httpx.HTTPError
        self.api_calls = 0

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        hosted = [Zone(from_text(row["name"]), row["id"]) for row in self._call("GET", "/zones")]
        return [zone for zone in hosted if any(name.is_subdomain(zone.apex) for name in names)]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        for record in records:
            self._call("PUT", path(zone, record), {"ttl": record.ttl, "comment": mark})
        return Change(zone)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        for record in records:
            self._call("DELETE", path(zone, record))
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        return True  # Toy DNS does not say

    def _call(self, method: str, path: str, body: object = None) -> list[dict[str, str]]:
        self.api_calls += 1
        try:
            response = self._client.request(method, path, json=body)
        except self._unreachable as error:
            raise Unavailable(f"no answer from Toy DNS to {method} {path}: {error}") from error
        if response.is_success or (method, response.status_code) == ("DELETE", 404):  # gone already
            return response.json() if method == "GET" else []
        kind, said = ERRORS.get(response.status_code, Unavailable), response.text[:200]
        raise kind(f"Toy DNS answered {response.status_code} to {method} {path}: {said}")


def path(zone: Zone, record: TXT) -> str:
    name = record.name.to_text(omit_final_dot=True).lower()  # names ignore case, values do not
    return f"/zones/{quote(zone.id, safe='')}/txt/{quote(name)}/{quote(record.value, safe='')}"


ADAPTER = Adapter((TOKEN,), ((TOKEN.name,),), open=Toy, nameservers=("*.ns.toydns.example",))
