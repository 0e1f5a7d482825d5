"""How much wider keys for Route 53 are than the zones they are needed for, as far as reading shows.

Listing zones cannot be held to some of them, so that others show is no sign. That
the records of another can be read is one: who may read what is not needed may
often write it, too, and that could not be tried without doing it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from providers.contract import Zone
from providers.errors import ProviderError

from .rrsets import named

if TYPE_CHECKING:
    from .requests import Requests

BEYOND = "read the records of zones that none of these names needs"


def excess(requests: "Requests", zones: Sequence[Zone]) -> Sequence[str]:
    """Say in what the keys reach beyond *zones*: a listing, and one look at one other zone."""
    needed = {zone.id for zone in zones}
    try:
        for hosted in requests.zones():
            key = hosted["Id"].removeprefix("/hostedzone/")
            if key not in needed:
                apex = named(hosted["Name"])
                requests.glance(key, {apex})
                return [f"{BEYOND}, such as {apex} ({key})"]
    except ProviderError:  # what is not allowed is not there
        return []
    return []
