"""Read the credentials for others' services: the order API's account, an adapter's settings."""

import re
from dataclasses import dataclass, field

from providers.contract import Adapter

from .config import Environment
from .text import quoted
from .values import is_local, wrong

RCL_BASE_URL = "https://rclapi.azure-api.net/public"
NO_SEGMENT = re.compile(r"[/?#%\\]|^\.{1,2}$")
"""What would leave the path segment it is put in."""


def adapter_settings(adapter: Adapter, environment: Environment) -> dict[str, str]:
    """Return the settings that *adapter* declares and the environment has.

    Raises:
        Failed: 78, if the file that should hold a secret does not.
    """
    found = {
        setting.name: environment.secret(setting.name)
        if setting.secret
        else environment.get(setting.name)
        for setting in adapter.settings
    }
    return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RclAccount:
    """Where orders are fetched and as whom. `is_local`: the base is on this host."""

    base: str
    subscription: str
    key: str = field(repr=False)
    is_local: bool


def rcl_account(environment: Environment) -> RclAccount:
    """Return the RCL SSL Core API account in *environment*.

    Raises:
        Failed: 78, if something is missing, or the base would expose the key.
    """
    key, subscription = environment.secret("RCL_API_KEY"), environment.get("RCL_SUBSCRIPTION_ID")
    missing = [n for n, v in (("RCL_API_KEY", key), ("RCL_SUBSCRIPTION_ID", subscription)) if not v]
    if not key or not subscription:
        raise wrong(
            f"{' and '.join(missing)} not set: the order API cannot be asked",
            "the RCL SSL Portal shows them; or give the order as a document: --from FILE",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise wrong(
            "RCL_API_KEY holds a character that no key has", "is it one line, without quotes?"
        )
    if NO_SEGMENT.search(subscription) or not subscription.isprintable():
        raise wrong(f"RCL_SUBSCRIPTION_ID {quoted(subscription)} is not a subscription id")
    base = environment.get("RCL_BASE_URL") or RCL_BASE_URL
    return RclAccount(base, subscription, key, is_local=is_local("RCL_BASE_URL", base))
