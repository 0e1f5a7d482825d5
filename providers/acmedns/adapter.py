"""acme-dns: a small DNS server that holds nothing but challenge values, each account one name.

The pipeline follows the CNAME from ``_acme-challenge`` to the account's name, and asks here
for that. The server keeps the two latest values of an account, and has no request to remove
one. So a third at once is refused, and a delete does nothing: a value goes when it is the
third latest.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from dns.name import Name

from providers.coalescing import OneWriter
from providers.contract import TXT, Adapter, Change, Description, Setting, Zone
from providers.enclosing import enclosing
from providers.errors import Misconfigured, ProviderError, Rejected
from providers.posting import Posts

from .accounts import Account, read

BASE = Setting("ACME_DNS_API_BASE", "address of the server's API; https, or loopback")
STORAGE = Setting("ACME_DNS_STORAGE_PATH", "file of accounts, as lego keeps it (JSON)")

ROOM = 2
"""Values that an account keeps."""

VALUE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""What the server takes: a digest as dns-01 has it."""


class AcmeDns:
    """The names of all accounts in one file, at one server.

    Raises:
        Misconfigured: The file holds none.
    """

    lingers_s = 0.0  # what comes late cannot be removed either

    def __init__(self, server: Posts, storage: Path) -> None:
        self._server, self._storage = server, storage
        self._accounts = read(storage, STORAGE.name)
        self._writer = OneWriter()

    @property
    def api_calls(self) -> int:
        return self._server.calls

    def entrusted(self) -> Collection[str]:
        return {account.password for account in self._accounts.values()}

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        zones = dict.fromkeys(account.zone for account in self._accounts.values())
        return enclosing(names, zones)

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self._writer.write(zone, "append", records, partial(self._append, zone))

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        return True

    def _append(self, zone: Zone, records: Sequence[TXT]) -> Change:
        wanted: dict[Name, dict[str, None]] = {}
        for record in records:
            wanted.setdefault(record.name, {})[record.value] = None
        for name, values in wanted.items():
            check(name, values, self._accounts)
        pairs = [(name, value) for name, values in wanted.items() for value in values]
        for index, (name, value) in enumerate(pairs):
            try:
                self._update(self._accounts[name], value)
            except ProviderError as error:
                error.untouched &= not index
                raise
        return Change(zone)

    def _update(self, account: Account, value: str) -> None:
        headers = {"X-Api-User": account.username, "X-Api-Key": account.password}
        content = {"subdomain": account.subdomain, "txt": value}
        reply = self._server.post("/update", content, headers)
        if not reply.is_done:
            what = f"/update of {account.fulldomain}"
            raise reply.failure(what, BASE.name, f"the credentials in {self._storage}")


def check(name: Name, values: Collection[str], accounts: Mapping[Name, Account]) -> None:
    """See that all *values* of *name* can be written, before any is.

    Raises:
        Rejected: They cannot.
    """
    if name not in accounts:
        raise Rejected(
            f"no account of acme-dns is for {name}",
            hint=f"the CNAME of the challenge name must lead to a fulldomain in {STORAGE.name}",
        )
    if len(values) > ROOM:
        raise Rejected(
            f"acme-dns keeps {ROOM} values of {name}, and {len(values)} are wanted at once",
            hint="an account for each certificate: not more names than one and its wildcard share "
            "a CNAME target",
        )
    for value in values:
        if not VALUE.fullmatch(value):
            raise Rejected(
                f"acme-dns takes values of 43 base64url characters; {name} is to have one of "
                f"{len(value)} characters"
            )


def opened(given: Mapping[str, str]) -> AcmeDns:
    """Return the provider that the settings *given* describe; reads its file, and asks nobody.

    Raises:
        Misconfigured: They describe none, or the file holds no accounts.
    """
    for setting in (BASE, STORAGE):
        if not given.get(setting.name):
            raise Misconfigured(f"{setting.name} is not set: {setting.meaning}")
    return AcmeDns(Posts(BASE.name, given[BASE.name]), Path(given[STORAGE.name]))


ADAPTER = Adapter(
    settings=(BASE, STORAGE),
    credentials=((BASE.name, STORAGE.name),),
    open=opened,
    description=Description(
        "acme-dns servers: the names of accounts, which challenge names lead to by CNAMEs",
        "an account can write the values of its own name, and nothing else",
        "one request for each value; two values of 43 characters at each name, of which a further "
        "one pushes out the older; nothing can be removed",
        "acme-dns.md",
    ),
)
