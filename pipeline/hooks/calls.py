"""What ACME clients call their DNS hooks for, each in its own words. Pure.

certbot      auth|cleanup; the rest is in the environment: CERTBOT_DOMAIN, CERTBOT_VALIDATION, ...
lego         present|cleanup FQDN VALUE, or in RAW mode present|cleanup -- DOMAIN TOKEN KEYAUTH
acme.sh      add|rm FQDN VALUE
dehydrated   deploy_challenge|clean_challenge, then DOMAIN FILE VALUE once or more; exit_hook; more
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.model import LEAF, VALUE, Challenge, Exit, Failed
from pipeline.orders.identifiers import digest, hostname, leaf_of
from pipeline.text import quoted

LEGO = "present or cleanup, then FQDN VALUE, or -- DOMAIN TOKEN KEYAUTH"

TRIPLET = 3
"""Arguments that dehydrated gives for each challenge."""


@dataclass(frozen=True, slots=True)
class Present:
    """Values are to be published.

    Attributes:
        is_last: Whether to confirm them now, with all that came before in the client's run.
        of: How many values that run has, if the client tells; else 0.
    """

    challenges: tuple[Challenge, ...]
    is_last: bool = True
    of: int = 0


@dataclass(frozen=True, slots=True)
class Remove:
    """Values are of no use any more."""

    challenges: tuple[Challenge, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The client's run is over: whatever it still has in DNS is of no use any more."""


Call = Present | Remove | End


def read_call(client: str, words: Sequence[str], variables: Mapping[str, str]) -> Call | None:
    """Return what *client* calls for with the arguments *words*; None: nothing that concerns DNS.

    Raises:
        Failed: 64, if this is no such call; 65, if a name or value is outside the guard.
    """
    match client:
        case "certbot":
            return certbot(words, variables)
        case "lego":
            return lego(words)
        case "acme.sh":
            return acme_sh(words)
        case _:
            return dehydrated(words)


def certbot(words: Sequence[str], variables: Mapping[str, str]) -> Call:
    """Return what certbot's manual plugin calls for.

    Without a word it cleans up if the auth hook's output, which certbot hands on, is of this
    very value. That there is some does not tell: certbot still has it when it renews the next.
    """
    domain, value = variables.get("CERTBOT_DOMAIN", ""), variables.get("CERTBOT_VALIDATION", "")
    if words not in (["auth"], ["cleanup"], []) or not domain or not value:
        raise misused("certbot", "auth or cleanup, with CERTBOT_DOMAIN and CERTBOT_VALIDATION set")
    if variables.get("CERTBOT_TOKEN"):
        message = f"certbot asks for an http-01 challenge of {quoted(domain)}"
        raise Failed(Exit.DATA, "hook", message, "call it with --preferred-challenges dns")
    mine = (challenge_of(domain, value),)
    is_over = value in variables.get("CERTBOT_AUTH_OUTPUT", "") if not words else "cleanup" in words
    if is_over:
        return Remove(mine)
    follow = variables.get("CERTBOT_REMAINING_CHALLENGES") or "0"
    if not (follow.isascii() and follow.isdigit()):
        raise misused("certbot", "a number of challenges in CERTBOT_REMAINING_CHALLENGES")
    every = variables.get("CERTBOT_ALL_DOMAINS", domain).split(",")
    return Present(mine, is_last=not follow.strip("0"), of=len(every))


def lego(words: Sequence[str]) -> Call:
    """Return what lego's exec provider calls for."""
    match words:
        case [verb, "--", domain, _, proof]:
            try:
                value = digest(proof)
            except ValueError as error:
                raise refused(f"the key authorization of {quoted(domain)} is {error}") from error
            mine = (challenge_of(domain, value),)
        case [verb, fqdn, value]:
            mine = (challenge_at(fqdn, value, "set LEGO_DISABLE_CNAME_SUPPORT=true"),)
        case _:
            raise misused("lego", LEGO)
    match verb:
        case "present":
            return Present(mine)
        case "cleanup":
            return Remove(mine)
        case _:
            raise misused("lego", LEGO)


def acme_sh(words: Sequence[str]) -> Call:
    """Return what the script for acme.sh calls for."""
    match words:
        case ["add" | "rm" as verb, fqdn, value]:
            mine = (challenge_at(fqdn, value, "leave --domain-alias out"),)
            return Present(mine) if verb == "add" else Remove(mine)
        case _:
            raise misused("acme.sh", "add or rm, then FQDN VALUE")


def dehydrated(words: Sequence[str]) -> Call | None:
    """Return what dehydrated calls for; what it tells other hooks, and will one day, is nothing."""
    match words:
        case ["deploy_challenge" | "clean_challenge" as verb, *rest]:
            if not rest or len(rest) % TRIPLET:
                raise misused("dehydrated", f"{verb}, then DOMAIN FILE VALUE for each challenge")
            pairs = zip(rest[::TRIPLET], rest[2::TRIPLET], strict=True)
            mine = tuple(challenge_of(domain, value) for domain, value in pairs)
            return Present(mine) if verb == "deploy_challenge" else Remove(mine)
        case ["exit_hook", *_]:
            return End()
        case _:
            return None


def challenge_of(domain: str, value: str) -> Challenge:
    """Return the challenge of *domain*, which may begin with ``*.``."""
    base = hostname(domain.removeprefix("*."))
    if base is None:
        raise refused(f"{quoted(domain)} is not a domain name")
    if not VALUE.fullmatch(value):
        raise refused(f"the value for {quoted(domain)} is not 1 to 255 characters of base64url")
    return Challenge(leaf_of(base), value, base.to_text(omit_final_dot=True))


def challenge_at(fqdn: str, value: str, instead: str) -> Challenge:
    """Return the challenge whose record is *fqdn*; *instead*: what else to tell the client."""
    leaf, _, domain = fqdn.partition(".")
    if leaf.lower() != LEAF.decode():
        raise refused(
            f"{quoted(fqdn)} does not begin with {LEAF.decode()}: nothing else is written",
            f"if it is what the challenge is an alias for, {instead}: dns01 follows by itself",
        )
    return challenge_of(domain, value)


def called(challenge: Challenge) -> str:
    """Return the name that *challenge* has as an order: for a client each is one of its own."""
    return f"{challenge.name.to_text(omit_final_dot=True)}={challenge.value}"


def misused(client: str, wants: str) -> Failed:
    """Return the failure of a call that is none of *client*'s."""
    message = f"{client} calls its hook with {wants}; this call is another"
    page = f"docs/{client.replace('.', '-')}.md"
    return Failed(Exit.USAGE, "hook", message, f"{page} tells how to set it up")


def refused(message: str, hint: str = "") -> Failed:
    """Return the failure of a name or value that is not written."""
    return Failed(Exit.DATA, "hook", message, hint)
