"""Turn flags, environment and the configuration file into checked values.

Flags beat environment beats file. The file is never looked for in the working
directory: a pull request could bring one and redirect keys.
"""

import tomllib
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pipeline.asking.endpoints import Endpoint
from pipeline.propagation.policy import Require
from pipeline.text import printable

from .environment import Environment
from .places import home, shared_dir, state_dir
from .reading import content, exposure
from .settings import Authority, Settings
from .tables import accounts, zones
from .values import (
    duration,
    endpoints,
    issuers,
    known,
    optional,
    require,
    text,
    words,
    wrong,
)

TOP = (
    *("provider", "resolvers", "root_hints", "require", "timeout", "state_dir", "shared_dir"),
    *("issuer", "account_uri", "zones", "providers"),
)

Value = TypeVar("Value")


def settings(options: Namespace, environment: Environment) -> Settings:
    """Return what *options*, *environment* and the configuration file decide.

    Raises:
        Failed: 78, naming the place and the value that is wrong.
    """
    flags = vars(options)  # a verb without an option has no such entry
    file = read_file(options.config, environment)
    return Settings(
        state_dir=flags["state_dir"] or state_dir(file, environment),
        timeout=first(
            flags.get("timeout"),
            optional("DNS01_TIMEOUT", duration, environment.get("DNS01_TIMEOUT")),
            optional("timeout", duration, file.get("timeout")),
            300.0,
        ),
        ttl=flags.get("ttl") or 60,
        require=first(
            optional("--require", require, flags.get("require")),
            optional("require", require, file.get("require")),
            Require.QUORUM,
        ),
        resolvers=tuple(
            flags.get("resolver") or servers("DNS01_RESOLVERS", "resolvers", file, environment)
        ),
        root_hints=servers("DNS01_ROOT_HINTS", "root_hints", file, environment),
        authority=Authority(
            flags.get("issuer")
            or optional("DNS01_ISSUER", issuers, environment.get("DNS01_ISSUER"))
            or optional("issuer", issuers, file.get("issuer"))
            or (),
            environment.get("DNS01_ACCOUNT_URI")
            or optional("account_uri", text, file.get("account_uri"))
            or "",
        ),
        providers=optional("--provider", words, flags.get("provider")) or (),
        fallback=optional("DNS01_PROVIDER", words, environment.get("DNS01_PROVIDER"))
        or optional("provider", words, file.get("provider"))
        or (),
        force=flags.get("force", False),
        zones=zones(file.get("zones", {})),
        accounts=accounts(file.get("providers", {})),
        shared_dir=shared_dir(file, environment),
    )


def servers(
    variable: str, key: str, file: Mapping[str, Any], environment: Environment
) -> tuple[Endpoint, ...]:
    """Return the addresses that *variable* lists with commas, or else *file* at *key*."""
    listed = environment.get(variable)
    found = optional(variable, endpoints, listed and listed.split(","))
    return found or optional(key, endpoints, file.get(key)) or ()


def first(*values: Value | None) -> Value:
    """Return the first of *values* that is not None."""
    return next(value for value in values if value is not None)


def read_file(given: Path | None, environment: Environment) -> Mapping[str, Any]:
    """Return the configuration file's content; empty if none is named and none is there."""
    named = given or environment.get("DNS01_CONFIG")
    if named:
        path = Path(named)
    elif ours := home("XDG_CONFIG_HOME", ".config", environment):
        path = ours / "config.toml"
    else:
        return {}
    try:
        octets, status = content(path)
        document = tomllib.loads(octets.decode())
    except OSError as error:
        if not named and isinstance(error, FileNotFoundError | NotADirectoryError):
            return {}
        why = (error.strerror or str(error)).lower()
        raise wrong(f"cannot read {printable(str(path))}: {why}") from error
    except (ValueError, RecursionError) as error:
        raise wrong(f"{printable(str(path))} is not TOML: {printable(str(error))}") from error
    if why := exposure(status):
        raise wrong(
            f"{printable(str(path))} could redirect your credentials: {why}",
            "see what is in it, then chown it to yourself and chmod go-w",
        )
    known(document, TOP, printable(str(path)))
    return document
