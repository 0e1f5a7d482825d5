"""Zones that a setting lists, for hosts that cannot be asked which they have."""

import re
from collections.abc import Mapping

from .contract import Setting, Zone
from .errors import Misconfigured
from .names import domain_name


def hosted(given: Mapping[str, str], setting: Setting) -> tuple[Zone, ...]:
    """Return the zones that *setting* lists, with commas or spaces, in the settings *given*.

    Raises:
        Misconfigured: It lists none, or something else.
    """
    words = [word for word in re.split(r"[\s,]+", given.get(setting.name, "")) if word]
    if not words:
        raise Misconfigured(
            f"{setting.name} is not set: this host cannot be asked which zones it has",
            hint="list them, with commas",
        )
    try:
        apexes = [domain_name(word).canonicalize() for word in words]
    except ValueError as error:
        raise Misconfigured(f"{setting.name} lists what is no domain name: {error}") from error
    return tuple(Zone(apex, apex.to_text(omit_final_dot=True)) for apex in dict.fromkeys(apexes))
