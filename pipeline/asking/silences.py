"""Why nothing came: what goes wrong on the way, as the silence that it causes. Pure."""

import errno

from pipeline.questions import Silence

NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def silence(error: OSError) -> Silence:
    """Return *error* of a socket as the silence it causes."""
    if error.errno in NO_ROUTE:
        return Silence("no route from this host", routeless=True)
    return Silence((error.strerror or str(error)).lower())
