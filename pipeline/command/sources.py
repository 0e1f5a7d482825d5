"""Make the one source of orders that a command line asks for, and import no other."""

# ruff: noqa: PLC0415 - each costs as much as a small run, httpx alone 60 ms

import sys
from argparse import Namespace
from collections.abc import Callable

from pipeline.clock import Clock
from pipeline.configuration.environment import Environment, login
from pipeline.configuration.settings import Settings
from pipeline.model import Exit, Failed
from pipeline.orders import OrderSource

from .contradictions import of_source


def chosen(
    options: Namespace,
    settings: Settings,
    environment: Environment,
    clock: Clock,
    tell: Callable[[str], object],
) -> OrderSource:
    """Return the source that *options* or *settings* choose; *tell* where it asks.

    Raises:
        Failed: 64, if the options do not go with it; 78, if it lacks its account, or a package.
    """
    if options.document is not None:
        from pipeline.orders.document import DocumentSource

        return DocumentSource(options.document, sys.stdin.buffer)
    if complaint := of_source(settings.order, options):
        raise Failed(Exit.USAGE, "usage", complaint)
    if settings.order == "acme":
        return of_acme(options, settings, environment, clock, tell)
    return of_rcl(options, environment, clock, tell)


def of_rcl(
    options: Namespace, environment: Environment, clock: Clock, tell: Callable[[str], object]
) -> OrderSource:
    """Return the RCL SSL API; where only what is due is wanted, it is asked for that first."""
    from pipeline.configuration.rcl import rcl_account
    from pipeline.orders.rcl import RclSource
    from pipeline.orders.renewing import Renewing

    account = rcl_account(environment)
    tell(f"order API {account.base}")
    source = RclSource(
        account.base, account.generation, account.key, trust_env=not account.is_local
    )
    within = vars(options).get("renew_within")
    return Renewing(source, within, clock.today) if within else source


def of_acme(
    options: Namespace,
    settings: Settings,
    environment: Environment,
    clock: Clock,
    tell: Callable[[str], object],
) -> OrderSource:
    """Return the CA's ACME server."""
    from pipeline.configuration.acme import acme_account

    account = acme_account(settings.acme, environment)
    tell(f"ACME directory {account.directory}")
    try:
        from pipeline.orders.acme.source import AcmeSource
    except ImportError as error:
        message = f"--order acme needs a package that is not installed: {error.name}"
        hint = "install dns01[acme]; from a checkout: pipx install '.[acme]'"
        raise Failed(Exit.CONFIG, "configuration", message, hint) from error
    if any(map(any, map(login, options.names))):
        raise Failed(Exit.USAGE, "usage", "an order's URL has no user and password in it")
    return AcmeSource(account, clock, finalizes=options.verb == "run")
