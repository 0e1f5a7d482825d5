"""DNS over TLS and over HTTPS, for where port 53 is filtered.

All connections live on one event loop, in a daemon thread: whatever a server
does there keeps nobody from giving up on it.
"""

from dns.message import Message

from pipeline.questions import Silence

Outcome = Message | Silence | None
"""What came of a query; None if the connection ended before the answer: it may be asked again."""
