"""Which of dns-lexicon's providers is meant, and what it is to be told."""

import logging
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from providers.contract import Setting
from providers.errors import Misconfigured
from providers.origin import is_loopback

if TYPE_CHECKING:
    from lexicon.interfaces import Provider

PROVIDER = Setting("LEXICON_PROVIDER", "provider of dns-lexicon, such as gandi")
ZONES = Setting("LEXICON_ZONES", "zones of the account, with commas")
TTL = Setting("LEXICON_TTL", "TTL of new records in seconds, for hosts that refuse 60")

OWN = "dns01 has an adapter of its own for this host, which loses nobody's updates"
REFUSED = {
    "auto": ("it guesses the host, by asking resolvers", "name the provider"),
    "cloudflare": (OWN, "--provider cloudflare"),
    "ddns": (OWN, "--provider rfc2136"),
    "duckdns": (
        "it asks resolvers about names that are not there yet, which they then go on denying",
        "let --provider exec call the host's API",
    ),
    "route53": (OWN, "--provider route53"),
}
"""Those of dns-lexicon that do harm, or lose to an adapter of ours: why, and what to do."""

CONFIDENTIAL = ("auth", "key", "pass", "psw", "secret", "token")
"""What is in the names of options that hold secrets; the rest are addresses and the like."""


def chosen(given: Mapping[str, str]) -> "type[Provider]":
    """Return the provider of dns-lexicon that *given* names.

    Raises:
        Misconfigured: There is none; or it is better left to an adapter of ours.
    """
    name = given.get(PROVIDER.name, "")
    if not name:
        raise Misconfigured(f"{PROVIDER.name} is not set", hint="name a provider of dns-lexicon")
    if name in REFUSED:
        why, hint = REFUSED[name]
        raise Misconfigured(f"{PROVIDER.name} {name} is refused: {why}", hint=hint)
    try:
        # The public `Client` would guess the zone, by a list that it fetches. Costs 200 ms.
        from lexicon._private import discovery  # noqa: PLC0415
    except ImportError as error:
        raise Misconfigured(
            "dns-lexicon is not installed", hint="install dns01[lexicon], the extra"
        ) from error
    found = discovery.find_providers()
    if name not in found:
        near = get_close_matches(name, found, n=1)
        raise Misconfigured(
            f"{PROVIDER.name} names no provider of dns-lexicon",
            hint=f"did you mean {near[0]}?" if near else f"it has {', '.join(found)}",
        )
    if not found[name]:
        hint = f"install dns-lexicon[{name}]"
        raise Misconfigured(f"dns-lexicon's {name} lacks a package", hint=hint)
    return muted(discovery.load_provider_module(name))


def muted(module: ModuleType) -> "type[Provider]":
    """Return the provider in *module*, which from now on prints nothing, wherever it would.

    Some print what they do, into reports and commands' output; and what they log as
    a warning would be on standard error if nobody took it.
    """
    vars(module)["print"] = lambda *_given, **_named: None
    logging.getLogger("lexicon").addHandler(logging.NullHandler())
    provider: type[Provider] = module.Provider
    return provider


def options(provider: "type[Provider]") -> list[str]:
    """Return what *provider* can be told, in its own words."""
    parser = ArgumentParser(add_help=False)
    provider.configure_parser(parser)
    return sorted(vars(parser.parse_args([])))


def variable(name: str, option: str) -> str:
    """Return what the environment calls the *option* of the provider called *name*."""
    return f"LEXICON_{name}_{option}".upper()


def further(given: Mapping[str, str]) -> Sequence[Setting]:
    """Return the options of the provider that *given* names, as settings."""
    name = given.get(PROVIDER.name, "")
    return [
        Setting(variable(name, each), f"{each} of {name}", any(w in each for w in CONFIDENTIAL))
        for each in (options(chosen(given)) if name else ())
    ]


def told(provider: "type[Provider]", given: Mapping[str, str]) -> dict[str, Any]:
    """Return those of *given* that are for *provider*, as it calls them.

    Raises:
        Misconfigured: A secret would travel in clear.
    """
    name = given[PROVIDER.name]
    found = {each: variable(name, each) for each in options(provider)}
    for each in found.values():
        url = urlsplit(given.get(each, ""))
        if url.scheme.lower() == "http" and not is_loopback(url.hostname):
            raise Misconfigured(
                f"{each} is http, and would show the credentials to everybody on the way",
                hint="write https",
            )
    return {option: given[each] for option, each in found.items() if each in given}


def seconds(given: Mapping[str, str]) -> int | None:
    """Return the TTL in *given*, None if there is none."""
    text = given.get(TTL.name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 1 << 31):
        raise Misconfigured(f"{TTL.name} is no number of seconds: {text[:40]!r}")
    return int(text)
