"""Read the settings and credentials that adapters are opened with."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.text import quoted
from providers.contract import Adapter, Setting
from providers.errors import Misconfigured

from . import registry
from .environment import Environment
from .settings import Account
from .values import wrong

VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*", re.ASCII)


def adapter_settings(adapter: Adapter, environment: Environment) -> dict[str, str]:
    """Return the settings that *adapter* declares and the environment has.

    Raises:
        Failed: 78, if the file that should hold a secret does not.
    """
    found = read(adapter.settings, environment)
    return found | read(further(adapter, found), environment)


def read(settings: Iterable[Setting], environment: Environment) -> dict[str, str]:
    """Return those of *settings* that *environment* has."""
    found = {
        setting.name: environment.secret(setting.name)
        if setting.secret
        else environment.get(setting.name)
        for setting in settings
    }
    return {name: value for name, value in found.items() if value is not None}


def further(adapter: Adapter, present: Mapping[str, str]) -> Sequence[Setting]:
    """Return the settings that *adapter* has because of those *present*.

    Raises:
        Failed: 78, if it can have none because of them.
    """
    if adapter.further is None:
        return ()
    try:
        return adapter.further(present)
    except Misconfigured as error:
        raise wrong(str(error), error.hint) from error


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
    settings = (*adapter.settings, *further(adapter, plain(adapter, account.given)))
    for key in (setting.name for setting in settings if setting.secret):
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


def plain(adapter: Adapter, given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of *adapter* that are *given* and no secrets."""
    names = (each.name for each in adapter.settings if not each.secret)
    return {name: given[name] for name in names if name in given}
