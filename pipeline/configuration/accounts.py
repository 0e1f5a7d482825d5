"""Read the credentials for others' services: the order API's account, an adapter's settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pipeline.text import quoted
from providers.contract import Adapter

from . import registry
from .environment import Environment
from .settings import Account
from .values import is_local, wrong

RCL_BASE_URL = "https://rclapi.azure-api.net/public"
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*", re.ASCII)
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


def provider_settings(
    name: str, accounts: Mapping[str, Account], environment: Environment
) -> tuple[Adapter, dict[str, str]]:
    """Return the adapter that opens the provider *name*, and the settings to open it with.

    *name* is one of *accounts*, which get what their tables say and nothing else of
    *environment*; or an installed adapter, which gets what it declares.

    Raises:
        Failed: 78, if there is no such provider, or a secret is not where it should be,
            or an account has no credentials.
    """
    if name not in accounts:
        adapter = registry.load(name, accounts=accounts)
        return adapter, adapter_settings(adapter, environment)
    account = accounts[name]
    adapter = registry.load(account.adapter)
    found = adapter_settings(adapter, own(name, account, adapter, environment))
    if not registry.has_credentials(adapter, found.__contains__):
        needed = ", or ".join(" with ".join(group) for group in adapter.credentials)
        raise wrong(f"providers.{name} has no credentials", f"its table needs {needed}")
    return replace(adapter, open=adapter.open_apart or adapter.open), found


def own(name: str, account: Account, adapter: Adapter, environment: Environment) -> Environment:
    """Return the environment that *account*, called *name*, has to itself.

    Raises:
        Failed: 78, if a variable that should hold a secret is not set.
    """
    variables = dict(account.given)
    for key in (setting.name for setting in adapter.settings if setting.secret):
        variable = account.given.get(f"{key}_ENV")
        secret = environment.secret(variable) if variable else None
        if variable and secret is None:
            # What cannot be a variable's name may be the secret itself.
            shown = quoted(variable) if VARIABLE.fullmatch(variable) else "what cannot be one"
            hint = "it takes the name of a variable, in capitals, not the secret itself"
            message = f"providers.{name} {key}_ENV names {shown}: that variable is not set"
            raise wrong(message, hint)
        if secret is not None:
            variables[key] = secret
    return Environment(variables, f"providers.{name} ", environment)


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
