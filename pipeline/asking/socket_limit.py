"""How many sockets there may be."""

import errno
import resource

MOST_SOCKETS = 256
"""Sockets open at once, unless that is more than a quarter of the descriptors we may have."""

NO_SOCKET_LEFT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS}
"""What says that there is no socket to be had just now."""


def socket_limit() -> int:
    """Return how many sockets may be open at once."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        MOST_SOCKETS if limit == resource.RLIM_INFINITY else max(min(MOST_SOCKETS, limit // 4), 1)
    )
