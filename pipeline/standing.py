"""Judge lasting records: does one let our account have the certificate? Pure.

The text is an issue-value (RFC 8659 §4.2) with parameters of
draft-ietf-acme-dns-persist §4: ``accounturi`` must be there and is compared
octet by octet; ``policy=wildcard`` must be there for a wildcard; after
``persistUntil`` (seconds since the epoch) it is void. The names of parameters,
and of policies, have no case; one of them given twice makes the whole
malformed; what nobody knows is passed over. Of several records one must do.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .checks.grants import Grant, grant
from .model import Exit, Failed, Order, Standing
from .report import RecordLine
from .text import counted, quoted
from .tree.delegation import Chain

SECONDS = re.compile(r"\d{1,15}", re.ASCII)
SHOWN = 5
"""Records in one sentence."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A lasting record, and the text of it that does; its chain is None where none can be seen."""

    standing: Standing
    text: str
    chain: Chain | None = None

    def line(self) -> RecordLine:
        """Return it as a line of the report: nobody here writes it."""
        name = self.standing.name
        end = self.chain.end if self.chain else None
        zone = end.zone.apex.to_text() if end else ""
        target = end.name.to_text() if end and end.name != name else ""
        return RecordLine(name.to_text(), self.text, zone, "", target=target)


def required(order: Order) -> tuple[Standing, ...]:
    """Return the lasting records that *order* still relies on: one for a name and its wildcard."""
    found: dict[object, Standing] = {}
    for each in order.standing:
        key = (each.base, each.issuers, each.account)
        if not each.valid:
            is_wildcard = each.is_wildcard or (key in found and found[key].is_wildcard)
            found[key] = replace(found.get(key, each), is_wildcard=is_wildcard)
    return tuple(found.values())


def text_for(standing: Standing) -> str:
    """Return the text that would do, for a person to publish."""
    policy = "; policy=wildcard" if standing.is_wildcard else ""
    return f"{standing.issuers[0]}; accounturi={standing.account}{policy}"


def objection(text: str, standing: Standing, until: datetime) -> str:
    """Return why *text* does not do for *standing*, to hold *until* then; empty: it does."""
    said = grant(text.encode("latin-1", "replace"))
    if said is None:
        return "is malformed"
    parameters = known(said)
    twice = [tag for tag, values in parameters.items() if len(values) > 1]
    account, policy, end = (values[0] if values else "" for values in parameters.values())
    found = {
        f"names the CA {quoted(said.issuer)}": plain(said.issuer)
        not in map(plain, standing.issuers),
        f"has {' and '.join(twice)} twice": bool(twice),
        f"names the account {quoted(account)}": account != standing.account,
        "lacks policy=wildcard": standing.is_wildcard and policy.lower() != "wildcard",
        f"ends at persistUntil={quoted(end)}, too early": ends(parameters["persistuntil"], until),
    }
    return next((why for why, holds in found.items() if holds), "")


def ends(seconds: Sequence[str], until: datetime) -> bool:
    """Whether a record with ``persistUntil`` at *seconds*, if any, is void before *until*."""
    return any(not SECONDS.fullmatch(s) or int(s) < until.timestamp() for s in seconds)


def known(said: Grant) -> Mapping[str, tuple[str, ...]]:
    """Return the values of each parameter that counts, whatever the case of its name."""
    return {
        tag: tuple(value for name, value in said.parameters if name.lower() == tag)
        for tag in ("accounturi", "policy", "persistuntil")
    }


def plain(issuer: str) -> str:
    """Return a CA's domain name as it is compared."""
    return issuer.lower().removesuffix(".")


def choose(texts: Mapping[str, int], standing: Standing, until: datetime) -> str | None:
    """Return the one of *texts* that does, that which most servers have; None: none does."""
    fitting = [text for text in texts if not objection(text, standing, until)]
    return max(fitting, key=lambda text: (texts[text], text), default=None)


def missing(standing: Standing, texts: Iterable[str], until: datetime) -> Failed:
    """Return the failure of a name at which only *texts* stand, with what is to be published."""
    there = [f"{quoted(text, 300)} {objection(text, standing, until)}" for text in sorted(texts)]
    more = f"; and {counted(len(there) - SHOWN, 'more')}" if len(there) > SHOWN else ""
    others = f": {'; '.join(there[:SHOWN])}{more}" if there else ""
    return Failed(
        Exit.DATA,
        "standing-record",
        f"no record at {standing.name} lets {standing.account} have a certificate for "
        f"{standing.domain or standing.base}{others}",
        f'publish there, to stay: {standing.name} TXT "{text_for(standing)}"',
    )
