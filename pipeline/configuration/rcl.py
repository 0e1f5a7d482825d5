"""Read the credentials for the RCL SSL API, and which edition of it is asked."""

import re
from dataclasses import dataclass, field

from pipeline.orders.rcl_generations import V7, V8, Generation
from pipeline.secrecy import SHORTEST
from pipeline.text import quoted

from .environment import Environment
from .values import checked, is_local, words, wrong

HOST = "https://rclapi.azure-api.net"
NO_SEGMENT = re.compile(r"[/?#%\\]|^\.{1,2}$")
"""What would leave the path segment it is put in."""

ELSEWHERE = (
    "the RCL SSL Portal shows them; for another source of orders: "
    "--order acme (a CA that speaks ACME), --from FILE (a document)"
)
OF_V8 = (
    "RCL_API=v8 asks with all of them: the password is one that you choose for the certificate's "
    "PFX file, the other two are the account's mail address and the certificate's root domains"
)


@dataclass(frozen=True, slots=True)
class RclAccount:
    """Where orders are fetched and as whom. `is_local`: the base is on this host."""

    base: str
    generation: Generation
    key: str = field(repr=False)
    is_local: bool


def rcl_account(environment: Environment) -> RclAccount:
    """Return the RCL SSL API account in *environment*.

    Raises:
        Failed: 78, if something is missing, or the base would expose the key.
    """
    version(environment)  # what is said can be wrong whatever else is missing
    base(environment)
    key, subscription = present(
        RCL_API_KEY=environment.secret("RCL_API_KEY"),
        RCL_SUBSCRIPTION_ID=environment.get("RCL_SUBSCRIPTION_ID"),
    )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise wrong(
            "RCL_API_KEY holds a character that no key has", "is it one line, without quotes?"
        )
    if NO_SEGMENT.search(subscription) or not subscription.isprintable():
        raise wrong(f"RCL_SUBSCRIPTION_ID {quoted(subscription)} is not a subscription id")
    generation = edition(subscription, environment)
    url = base(environment) or f"{HOST}{generation.ending}"
    return RclAccount(url, generation, key, is_local=is_local("RCL_BASE_URL", url))


def base(environment: Environment) -> str | None:
    """Return the URL that *environment* names for the API, if it does.

    Raises:
        Failed: 78, if it would expose the key.
    """
    url = environment.get("RCL_BASE_URL")
    if url:
        is_local("RCL_BASE_URL", url)
    return url


def version(environment: Environment) -> str:
    """Return which edition of the API *environment* asks for, ``v7`` where it does not say.

    Raises:
        Failed: 78, if there is no such edition.
    """
    said = environment.get("RCL_API") or "v7"
    if said.lower() not in {"v7", "v8"}:
        raise wrong(f"RCL_API {quoted(said)} is no edition of the API", "known are v7 and v8")
    return said.lower()


def edition(subscription: str, environment: Environment) -> Generation:
    """Return the edition of the API that *environment* asks for, V7 where it does not say."""
    if version(environment) == "v7":
        return V7(subscription)
    password, email, roots = present(
        RCL_PFX_PASSWORD=environment.secret("RCL_PFX_PASSWORD"),
        RCL_EMAIL=environment.get("RCL_EMAIL"),
        RCL_ROOT_DOMAIN=environment.get("RCL_ROOT_DOMAIN"),
        hint=OF_V8,
    )
    if len(password) < SHORTEST:
        message = f"RCL_PFX_PASSWORD has less than {SHORTEST} characters"
        raise wrong(message, "a password so short can be guessed, and not be hidden")
    if "@" not in email or not email.isprintable() or " " in email:
        raise wrong(f"RCL_EMAIL {quoted(email)} is no address")
    return V8(subscription, email, checked("RCL_ROOT_DOMAIN", words, roots), password)


def present(*, hint: str = ELSEWHERE, **variables: str | None) -> list[str]:
    """Return the values of *variables*.

    Raises:
        Failed: 78, naming those that are not set, with the *hint*.
    """
    missing = [name for name, value in variables.items() if not value]
    if missing:
        raise wrong(
            f"{' and '.join(missing)} not set: the order API cannot be asked",
            hint,
        )
    return [value for value in variables.values() if value]
