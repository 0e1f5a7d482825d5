"""Tell what `hook` is given by the user from what another ACME client adds. Pure."""

from argparse import Action
from collections.abc import Mapping, Sequence


def apart(words: Sequence[str], options: Mapping[str, Action]) -> tuple[list[str], list[str]]:
    """Return those of *words*, of `hook` on, that are ours, and what the client says.

    Ours are the client's name and *options* before the client's first word. What follows is
    passed on as it is, for values begin with any character, a dash included. certbot says
    nothing by arguments: after its one word there are options again.
    """
    at, places = 1, list[int]()
    while at < len(words) and len(places) < 2:
        if words[at].startswith("-"):
            at += 2 if takes_value(words[at], options) else 1
        else:
            places.append(at)
            at += 1
    if len(places) < 2:
        return [*words], []
    client, first = places
    if words[client] == "certbot":
        return [*words[:first], *words[first + 1 :]], [words[first]]
    return [*words[:first]], [*words[first:]]


def takes_value(word: str, options: Mapping[str, Action]) -> bool:
    """Whether the word after option *word* belongs to it."""
    return word in options and options[word].nargs != 0
