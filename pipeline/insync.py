"""The word of hosts on their own changes, as lines of a report. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from .report import PerspectiveLine, RecordLine


def host_lines(
    records: Iterable[RecordLine], synced: Mapping[tuple[str, str], bool]
) -> tuple[RecordLine, ...]:
    """Return *records* with the word of their hosts, by provider and zone, where there is one."""
    lines = []
    for record in records:
        words = [(name, synced.get((name, record.zone))) for name in record.provider.split(",")]
        said = tuple(host_line(name, in_sync=word) for name, word in words if word is not None)
        lines.append(replace(record, perspectives=(*record.perspectives, *said)))
    return tuple(lines)


def host_line(provider: str, *, in_sync: bool) -> PerspectiveLine:
    """Return the word of *provider* on its own change."""
    state, detail = ("confirmed", "in sync") if in_sync else ("absent", "change still pending")
    return PerspectiveLine("", "provider", provider, state, None, 1, detail)
