"""Records by their mark, where a host's filters let more pass than they should."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.cloudflare.api import Api
from providers.cloudflare.marks import marked
from providers.contract import Marked, Marking, Scoped, Zone
from providers.errors import Unavailable
from tests.standins.cloudflare import CloudflareStandIn

from .scene import HOST, NAME, FakeTime, opened

PREFIX = "dns01 run="
ROW: Mapping[str, Any] = {
    "id": "1",
    "type": "TXT",
    "name": HOST,
    "content": '"v"',
    "ttl": 60,
    "comment": f"{PREFIX}1",
    "created_on": "2026-01-01T00:00:00.000000Z",
}


class Lax(Api):
    """A host that passes over filters it does not know: every row comes back."""

    def __init__(self, *rows: Mapping[str, Any]) -> None:
        self._rows = rows

    def rows(self, *_: object, **__: object) -> list[object]:
        return list(self._rows)


def found(zone: Zone, *rows: Mapping[str, Any]) -> Sequence[Marked]:
    return marked(Lax(*rows), zone, PREFIX)


def test_a_row_is_read(zone: Zone) -> None:
    """
    Name, value without quotes, mark, aware date and id; a row that comes twice is one record.
    """
    [one] = found(zone, ROW, ROW)
    assert (one.record.name, one.record.value, one.record.ttl) == (NAME, "v", 60)
    assert (one.mark, one.id) == (f"{PREFIX}1", "1")
    assert one.created == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "strange",
    [
        {"comment": None},
        {"comment": "theirs"},
        {"comment": PREFIX.upper()},
        {"comment": f" {PREFIX}1"},
        {"type": "CNAME"},
        {"created_on": None},
        {"created_on": "2026-01-01T00:00:00"},
        {"created_on": "long ago"},
    ],
)
def test_what_is_not_asked_for_is_left_out(zone: Zone, strange: Mapping[str, Any]) -> None:
    """
    Another comment, in whatever case; another type; no date that could be compared.
    """
    assert [each.id for each in found(zone, {**ROW, **strange}, {**ROW, "id": "2"})] == ["2"]


@pytest.mark.parametrize("missing", ["comment", "created_on"])
def test_a_row_without_a_field_is_left_out(zone: Zone, missing: str) -> None:
    """
    As an undated one: no proof of anything.
    """
    assert not found(zone, {key: value for key, value in ROW.items() if key != missing})


def test_what_is_no_record_is_no_answer(zone: Zone) -> None:
    """
    Better none than half.
    """
    with pytest.raises(Unavailable):
        found(zone, ROW, {"id": "2"})


def test_the_adapter_has_what_the_contract_offers(api: CloudflareStandIn) -> None:
    """
    So that those who need it find it.
    """
    provider = opened(api, FakeTime())
    assert isinstance(provider, Marking)
    assert isinstance(provider, Scoped)


def test_nothing_to_discard_asks_nobody(api: CloudflareStandIn, zone: Zone) -> None:
    """
    No request for nothing.
    """
    assert list(opened(api, FakeTime()).discard(zone, [])) == []
    assert api.log == []
