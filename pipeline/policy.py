"""Say what credentials must allow, and no more: `dns01 policy`. Asks nobody."""

from collections.abc import Sequence

from dns.name import Name

from providers.contract import Adapter, Privilege
from providers.errors import ProviderError
from providers.names import domain_name

from .configuration import registry
from .configuration.settings import Settings
from .model import Exit, Failed
from .orders.identifiers import hostname, leaf_of
from .outcomes import translated
from .text import quoted


def policy(host: str, domains: Sequence[str], settings: Settings) -> Privilege:
    """Return the least privilege that publishing for *domains* takes at *host*.

    Args:
        host: An installed provider, or a configured account.
        domains: As certificates have them, one by one or with commas; see `owner`.
        settings: Accounts, and the ids of zones.

    Raises:
        Failed: 64 for what is no domain; 78 for a host that is none, or has no policies, and
            for an id that is none of the host's.
    """
    account = settings.accounts.get(host)
    adapter = registry.load(account.adapter if account else host, accounts=settings.accounts)
    if adapter.policy is None:
        raise unknown(host)
    words = [word.strip() for each in domains for word in each.split(",")]
    owners = dict.fromkeys(map(owner, words))
    zones = {
        apex: zone.zone_id
        for apex, zone in settings.zones.items()
        if zone.zone_id and host in (zone.providers or settings.fallback or (host,))
    }
    try:
        return adapter.policy(tuple(owners), zones)
    except ProviderError as error:
        raise translated(error, host) from error


def owner(text: str) -> Name:
    """Return the name that the values for the domain *text* are written at.

    That is its challenge name, or, of ``DOMAIN=NAME``, the NAME which that is an
    alias for. What begins with an underscore is the name itself.

    Raises:
        Failed: 64, if it is no domain name.
    """
    domain, is_alias, target = text.partition("=")
    base = hostname(domain.removeprefix("*."))
    if is_alias and (base is not None or domain.startswith("_")):
        return absolute(target, text)
    if domain.startswith("_") and not is_alias:
        return absolute(domain, text)
    if base is None:
        raise strange(text)
    return leaf_of(base)


def absolute(name: str, text: str) -> Name:
    """Return *name*, which is part of *text*, as a domain name of two labels or more."""
    try:
        found = domain_name(name).canonicalize()
    except ValueError as error:
        raise strange(text) from error
    if len(found) < 3:
        raise strange(text)
    return found


def strange(text: str) -> Failed:
    """Return the failure of what is no domain name."""
    hint = "a certificate's name, such as example.com or *.example.com; or DOMAIN=NAME"
    return Failed(Exit.USAGE, "name", f"{quoted(text)} is not a domain name", hint)


def unknown(host: str) -> Failed:
    """Return the failure of a *host* whose adapter knows nothing of the kind."""
    known = [name for name in registry.installed() if knows(name)]
    message = f"{quoted(host)} has no policies that could be printed"
    return Failed(Exit.CONFIG, "provider", message, f"those that have: {', '.join(known)}")


def knows(name: str) -> bool:
    """Whether the adapter called *name* can be loaded and has policies."""
    try:
        adapter: Adapter = registry.load(name)
    except Failed:
        return False
    return adapter.policy is not None
