"""Read what is set as a run would read it, for the sake of what it would refuse; asks nobody."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from pipeline.model import Failed, Problem, Severity
from pipeline.outcomes import broken, translated
from providers.contract import Adapter
from providers.errors import ProviderError

from . import registry
from .accounts import provider_settings
from .acme import acme_account
from .config import Choice, acme
from .environment import Environment
from .rcl import base, rcl_account, version
from .settings import Account

Reading = Callable[[], object]
"""Raises Failed where a run would."""

SECRETS = ("RCL_API_KEY", "RCL_PFX_PASSWORD", "ACME_ACCOUNT_KEY", "ACME_EAB_HMAC_KEY")


def orders(choice: Choice, environment: Environment) -> Iterator[Reading]:
    """Yield what reads the accounts that orders are made with: whole ones, or what there is."""
    yield from (partial(environment.secret, name) for name in SECRETS)
    yield from (partial(version, environment), partial(base, environment))
    if environment.has("RCL_API_KEY") and environment.get("RCL_SUBSCRIPTION_ID"):
        yield partial(rcl_account, environment)
    places = ("ACME_ACCOUNT_KEY", "ACME_ACCOUNT_DIR")
    has_key = any(map(environment.has, places)) or any(
        f"acme.{key}" in choice.file for key in ("account_key_file", "account_dir")
    )
    if has_key and (environment.get("ACME_DIRECTORY_URL") or "acme.directory_url" in choice.file):
        yield lambda: acme_account(acme(choice), environment)


def opened(name: str, accounts: Mapping[str, Account], environment: Environment) -> None:
    """Open the provider *name*, if it has credentials.

    Raises:
        Failed: 78, if it cannot be with its settings.
    """
    adapter, given = provider_settings(name, accounts, environment)
    try:
        if registry.has_credentials(adapter, given.__contains__):
            adapter.open(given)
    except ProviderError as error:
        raise translated(error, name) from error
    except Exception as error:  # whatever a third party's adapter raises
        raise broken(error, name) from error


def touched(environment: Environment) -> Iterator[tuple[str, Adapter, Sequence[str]]]:
    """Yield each installed provider that something is set for, and what."""
    for name, point in registry.installed().items():
        try:
            adapter = registry.imported(point)
        except Failed:  # a broken adapter nobody chose is no mistake of the configuration
            continue
        if found := [each.name for each in adapter.settings if environment.has(each.name)]:
            yield name, adapter, found


def unarmed(chosen: Iterable[str], environment: Environment) -> Iterator[Problem]:
    """Yield a warning for each provider that is *chosen*, or set up in part, without credentials.

    They may be somewhere else: where the run will be, or where a host's SDK looks.
    """
    known = {name: (adapter, found) for name, adapter, found in touched(environment)}
    installed = registry.installed()
    for name in dict.fromkeys((*chosen, *known)):
        if name not in installed:
            continue
        adapter, found = known[name] if name in known else (registry.load(name), ())
        if not registry.has_credentials(adapter, environment.has):
            why = f"{' and '.join(found)} set" if found else f"{name} chosen"
            groups = ", or ".join(" with ".join(group) for group in adapter.credentials)
            yield Problem(
                "provider-unarmed",
                f"{why}, and no credentials for {name} in this environment",
                f"set {groups}",
                Severity.WARNING,
            )
