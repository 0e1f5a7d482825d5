"""Domain names in the texts of strangers."""

from functools import lru_cache

from dns.exception import DNSException
from dns.name import Name, from_text


def domain_name(text: object) -> Name:
    """Return the absolute name that *text*, taken from somebody's JSON or XML, spells.

    Raises:
        ValueError: It spells none, or is no text. dnspython would take a null for the root,
            and fail in other ways on a list.
    """
    if not isinstance(text, str):
        raise ValueError("not a domain name: no text")  # noqa: TRY004 - one error for all
    try:
        return spelt(text)
    except (DNSException, UnicodeError) as error:
        raise ValueError(f"not a domain name: {error}") from error


@lru_cache(maxsize=4096)
def spelt(text: str) -> Name:
    """Return the name that *text* spells: a zone's comes with each of its records."""
    return from_text(text)
