"""What can go wrong at a DNS host, by what the caller can do about it."""

from collections.abc import Mapping

from dns.name import Name


class ProviderError(Exception):
    """A DNS host did not do what was asked.

    Attributes:
        hint: The next step for a person, or empty.
        untouched: Whether nothing of what was asked can have been done, nor will be.
            False says nothing.
    """

    def __init__(self, message: str, *, hint: str = "", untouched: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.untouched = untouched


class Unauthorized(ProviderError):
    """The credentials were refused, or do not allow this."""


class Unavailable(ProviderError):
    """The host failed, throttled or could not be reached; later may work."""


class Rejected(ProviderError):
    """The host refuses this change and will go on refusing it.

    Attributes:
        each: What it refuses at single names, where it tells: without them it may take the rest.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        untouched: bool = False,
        each: "Mapping[Name, Rejected] | None" = None,
    ) -> None:
        super().__init__(message, hint=hint, untouched=untouched)
        self.each = each or {}


def refused(each: Mapping[Name, Rejected]) -> Rejected:
    """Return one refusal for those of *each* name, in the words of the first."""
    first = next(iter(each.values()))
    return Rejected(str(first), hint=first.hint, untouched=first.untouched, each=each)


class Misconfigured(ProviderError):
    """Settings are missing or contradict what the account holds."""
