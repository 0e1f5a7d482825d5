"""An adapter that breaks, and has its token in whatever it raises: copied beside the others."""

from collections.abc import Mapping, Sequence

from dns.name import Name

from providers.contract import TXT, Adapter, Change, Setting, Zone


class Leaky:
    """Breaks at *where*."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._token = settings["BRIDGE_TOKEN"]
        self._where = settings["LEAKY_WHERE"]
        self._break("open")

    @property
    def api_calls(self) -> int:
        self._break("api_calls")
        return 0

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        self._break("zones")
        return [Zone(Name(names[0].labels[-3:]), "id")]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        raise SystemExit(self._token)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        raise KeyError(self._token)

    def in_sync(self, change: Change) -> bool:
        return True

    def _break(self, where: str) -> None:
        if where == self._where:
            token = self._token
            raise ValueError(f"{token[:20]}`{token[20:]}", token) from KeyError(token)


ADAPTER = Adapter(
    settings=(
        Setting("BRIDGE_TOKEN", "its token", secret=True),
        Setting("LEAKY_WHERE", "where it breaks"),
    ),
    credentials=(("LEAKY_WHERE",),),
    open=Leaky,
)
