"""What becomes of calls to adapters: a result, or a failure in our words."""

from collections.abc import Mapping
from concurrent.futures import Future
from typing import TypeVar

from dns.name import Name

from providers import errors
from providers.contract import Addressed, Zone

from .model import Exit, Failed
from .text import printable

EXITS: Mapping[type[errors.ProviderError], Exit] = {
    errors.Unauthorized: Exit.REFUSED,
    errors.Unavailable: Exit.UNAVAILABLE,
    errors.Rejected: Exit.DATA,
    errors.Misconfigured: Exit.CONFIG,
}

Result = TypeVar("Result")


def result(future: Future[Result], provider: str, called: object = None) -> Result:
    """Return what *future* holds by now, a failure in our words; *called* may tell who hangs."""
    if not future.done():
        where = f": {printable(called.address)}" if isinstance(called, Addressed) else ""
        raise Failed(
            Exit.UNAVAILABLE,
            "provider",
            f"{provider}{where} did not answer in the time there was",
            "it hangs, or is far too slow: is it up? a longer --timeout gives it more time, "
            "but not when serving, or removing after a signal",
        )
    try:
        return future.result()
    except errors.ProviderError as error:
        raise translated(error, provider) from error
    except (Exception, SystemExit) as error:  # whatever a third party's adapter raises
        raise broken(error, provider) from error


def translated(error: errors.ProviderError, provider: str) -> Failed:
    """Return a provider's *error* as the failure it means for us."""
    kind = next((known for known in EXITS if isinstance(error, known)), None)
    if kind is None:
        return broken(error, provider)
    message = f"{provider}: {printable(str(error), 500)}"
    return Failed(
        EXITS[kind], f"provider-{kind.__name__.lower()}", message, printable(error.hint, 500)
    )


def is_untouched(failed: Failed | None) -> bool:
    """Whether the provider whose failure it is says that it has done nothing."""
    cause = failed.__cause__ if failed else None
    return isinstance(cause, errors.ProviderError) and cause.untouched


def refused_at(name: Name, failed: Failed, provider: str) -> Failed | None:
    """Return what *failed* says of *name*, if it is a refusal that tells one name from another."""
    cause = failed.__cause__
    if not isinstance(cause, errors.Rejected) or name not in cause.each:
        return None
    return translated(cause.each[name], provider)


def broken(error: BaseException, provider: str) -> Failed:
    """Return the failure of an adapter that does not keep to the contract."""
    return Failed(
        Exit.BUG,
        "adapter",
        f"the {provider} adapter broke: {type(error).__name__}: {printable(str(error))}",
        "please report this to the adapter's maintainers",
    )


def no_end(group: tuple[str, Zone]) -> Failed:
    """Return the failure to know what is in DNS after a write that does not end."""
    provider, zone = group
    return Failed(
        Exit.UNAVAILABLE,
        "provider",
        f"{provider} has not ended an earlier write to {zone.apex}; it may yet take effect",
    )
