"""An order that the caller holds, as a source."""

import json
from collections.abc import Mapping

from pipeline.model import Order
from pipeline.orders.intake import read_order


class Held:
    """One order document, as bytes, text or a mapping, in the shape that ``--from`` takes."""

    name = "document"
    account = ""
    resumes = False

    def __init__(self, document: Mapping[str, object] | str | bytes) -> None:
        if not isinstance(document, Mapping | str | bytes):
            raise TypeError("order: a mapping, text or bytes is wanted")
        if isinstance(document, Mapping):
            document = json.dumps(dict(document))
        self._body = document.encode() if isinstance(document, str) else document

    def fetch(self, name: str) -> Order:
        return read_order(self._body, name, self.name)
