"""A server that writes records for others, in the protocol of lego's httpreq provider.

POST ``/present`` and ``/cleanup`` with name and value; any 2xx is done. What the server must
do itself: spare other values of the name, and take a repetition for done. `dns01 serve` does.
"""

from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence

from dns.name import Name

from providers.contract import TXT, Adapter, Change, Description, Setting, Zone
from providers.errors import Misconfigured
from providers.hosted import hosted
from providers.pool import DEADLINE
from providers.posting import Posts
from providers.presenting import OneByOne

ENDPOINT = Setting("HTTPREQ_ENDPOINT", "address of the server; https, or loopback")
ZONES = Setting("HTTPREQ_ZONES", "zones that it writes to, with commas")
USERNAME = Setting("HTTPREQ_USERNAME", "user name at the server")
PASSWORD = Setting("HTTPREQ_PASSWORD", "password at the server", secret=True)
MODE = Setting("HTTPREQ_MODE", "must not be RAW: nobody here has a key authorization")


class Httpreq:
    """Every zone that one server writes to; it is sent one request at a time for each."""

    lingers_s = DEADLINE  # whom the server writes to, and how soon, is not known here

    def __init__(
        self, server: Posts, zones: Sequence[Zone], headers: Mapping[str, str] | None = None
    ) -> None:
        self._server, self._headers = server, headers or {}
        self._values = OneByOne(zones, self._post)

    @property
    def api_calls(self) -> int:
        return self._server.calls

    @property
    def address(self) -> str:
        return f"{self._server.address} ({ENDPOINT.name})"

    def entrusted(self) -> Collection[str]:
        return [header.partition(" ")[2] for header in self._headers.values()]

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return self._values.zones(names)

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self._values.append(zone, records)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return self._values.delete(zone, records)

    def in_sync(self, change: Change) -> bool:
        return True

    def _post(self, verb: str, fqdn: str, value: str) -> None:
        path = f"/{verb}"
        reply = self._server.post(path, {"fqdn": fqdn, "value": value}, self._headers)
        if not reply.is_done:
            login = f"{USERNAME.name} and {PASSWORD.name}"
            raise reply.failure(f"{path} of {fqdn}", ENDPOINT.name, login)


def opened(given: Mapping[str, str]) -> Httpreq:
    """Return the provider that the settings *given* describe; asks nobody.

    Raises:
        Misconfigured: They describe none.
    """
    endpoint = given.get(ENDPOINT.name, "")
    if not endpoint:
        raise Misconfigured(f"{ENDPOINT.name} is not set", hint="name the server")
    if given.get(MODE.name, "").upper() == "RAW":
        raise Misconfigured(
            f"{MODE.name} RAW cannot be served: it needs a key authorization, and dns01 has values",
            hint="let the server take fqdn and value, and unset it",
        )
    zones = hosted(given, ZONES)
    return Httpreq(Posts(ENDPOINT.name, endpoint), zones, login(given))


def login(given: Mapping[str, str]) -> Mapping[str, str]:
    """Return the header that says who we are; none where the server asks nobody.

    Raises:
        Misconfigured: Half of it is there, or cannot be sent.
    """
    username, password = given.get(USERNAME.name, ""), given.get(PASSWORD.name, "")
    if bool(username) != bool(password):
        present, missing = (USERNAME, PASSWORD) if username else (PASSWORD, USERNAME)
        raise Misconfigured(f"{missing.name} is missing beside {present.name}")
    if ":" in username:
        raise Misconfigured(f"{USERNAME.name} contains a colon (RFC 7617 §2)")
    packed = b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {packed}"} if username else {}


ADAPTER = Adapter(
    settings=(ENDPOINT, ZONES, USERNAME, PASSWORD, MODE),
    credentials=((ENDPOINT.name, ZONES.name),),
    open=opened,
    description=Description(
        "whatever host a server writes to that speaks the protocol of lego's httpreq, such as "
        "`dns01 serve`",
        "what the server grants: let it write for these zones only",
        "one request for each value, one at a time for each zone, tried three times; sparing other "
        "values and taking a repetition for done are the server's duty",
        "httpreq.md",
    ),
)
