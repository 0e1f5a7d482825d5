"""Where credentials may travel in clear: nowhere but to this machine."""

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Whether *host*, a name or an address with or without brackets, can only be this machine."""
    try:
        return ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
