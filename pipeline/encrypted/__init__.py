"""DNS over TLS and over HTTPS, for where port 53 is filtered.

Connections live in threads of their own, daemons all: a server that hangs
keeps nobody from giving up on it. What comes is delivered to one place.
"""

from collections.abc import Callable

from dns.message import Message

from pipeline.flight import Query
from pipeline.questions import Silence

Outcome = Message | Silence | None
"""What came of a query; None if the connection ended before the answer: it may be asked again."""

Deliver = Callable[[Query, Outcome], None]
"""Takes what came of a query; called from any thread."""
