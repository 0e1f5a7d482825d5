"""How many sockets there may be."""

import errno
import resource

WIDTH = 256
"""Most sockets open at once, and no more than a quarter of the descriptors we may have."""

FULL = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS}
"""What says that there is no socket to be had just now."""


def width() -> int:
    """Return how many sockets may be open at once."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return WIDTH if limit == resource.RLIM_INFINITY else max(min(WIDTH, limit // 4), 1)
