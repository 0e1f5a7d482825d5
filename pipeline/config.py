"""Turn flags, environment and the configuration file into checked values.

The only module that reads the environment. Flags beat environment beats file.
The file is never looked for in the working directory: a pull request could
bring one and redirect keys.
"""

import os
import re
import tomllib
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from dns.name import Name

from providers.contract import Adapter

from .propagation import Require
from .settings import Settings, ZoneSettings
from .text import quoted
from .values import (
    apex,
    checked,
    duration,
    endpoints,
    is_local,
    known,
    optional,
    require,
    text,
    wrong,
)

RCL_BASE_URL = "https://rclapi.azure-api.net/public"
TOP = ("provider", "resolvers", "require", "timeout", "state_dir", "zones")
ZONE = ("provider", "zone_id", "nameservers")
NO_SEGMENT = re.compile(r"[/?#%\\]|^\.{1,2}$")
"""What would leave the path segment it is put in."""

Value = TypeVar("Value")


class Environment:
    """The environment variables; empty ones count as unset."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    @classmethod
    def of_process(cls) -> "Environment":
        """Return this process's environment."""
        return cls(os.environ)

    def get(self, name: str) -> str | None:
        """Return the variable *name*, or None."""
        return self._variables.get(name) or None

    def secret(self, name: str) -> str | None:
        """Return the variable *name*, or the content of the file that ``NAME_FILE`` names.

        Raises:
            Failed: 78, if the file counts, and cannot be read or is empty.
        """
        path = self.get(f"{name}_FILE")
        if self.get(name) or not path:
            return self.get(name)
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise wrong(f"{name}_FILE names {quoted(path)}: {reason.lower()}") from error
        if not content:
            raise wrong(f"{name}_FILE names {quoted(path)}: it is empty")
        return content

    def plus(self, **more: str) -> dict[str, str]:
        """Return the environment for a child process, with *more* in it."""
        return dict(self._variables) | more


def settings(options: Namespace, environment: Environment) -> Settings:
    """Return what *options*, *environment* and the configuration file decide.

    Raises:
        Failed: 78, naming the place and the value that is wrong.
    """
    flags = vars(options)  # a verb without an option has no such entry
    file = read_file(options.config, environment)
    resolvers = environment.get("DNS01_RESOLVERS")
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
            flags.get("resolver")
            or optional("DNS01_RESOLVERS", endpoints, resolvers and resolvers.split(","))
            or optional("resolvers", endpoints, file.get("resolvers"))
            or ()
        ),
        provider=flags.get("provider"),
        fallback=environment.get("DNS01_PROVIDER")
        or optional("provider", text, file.get("provider")),
        zones=zones(file.get("zones", {})),
    )


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
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        if not named and isinstance(error, FileNotFoundError | NotADirectoryError):
            return {}
        raise wrong(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise wrong(f"{path} is not TOML: {error}") from error
    known(document, TOP, str(path))
    return document


def zones(tables: object) -> Mapping[Name, ZoneSettings]:
    """Return the ``[zones."NAME"]`` *tables* by apex."""
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise wrong('"zones" holds tables: [zones."example.com"]')
    return {
        checked("zones", apex, name): zone(table, f'zones."{name}"')
        for name, table in tables.items()
    }


def zone(table: Mapping[str, Any], place: str) -> ZoneSettings:
    """Return one zone's *table*, found at *place*."""
    known(table, ZONE, place)
    return ZoneSettings(
        optional(f"{place} provider", text, table.get("provider")),
        optional(f"{place} zone_id", text, table.get("zone_id")),
        optional(f"{place} nameservers", endpoints, table.get("nameservers")) or (),
    )


def state_dir(file: Mapping[str, Any], environment: Environment) -> Path:
    """Return the folder for receipts."""
    named = environment.get("DNS01_STATE_DIR") or file.get("state_dir")
    if named is not None:
        return checked("state_dir", folder, named)
    if of_unit := environment.get("STATE_DIRECTORY"):
        return Path(of_unit.split(":")[0])
    ours = home("XDG_STATE_HOME", ".local/state", environment)
    if ours is None:
        raise wrong("this user has no home folder", "set HOME, or name --state-dir")
    return ours


def folder(value: object) -> Path:
    """Return *value* as a path, ``~`` being the user's home."""
    try:
        return Path(text(value)).expanduser()
    except RuntimeError as error:
        raise ValueError("it begins with a home folder that nobody has") from error


def home(variable: str, below_home: str, environment: Environment) -> Path | None:
    """Return our folder in the XDG base directory *variable*; None: the user has no home."""
    base = environment.get(variable)
    if base and Path(base).is_absolute():
        return Path(base) / "dns01"
    try:
        return Path(environment.get("HOME") or Path.home()) / below_home / "dns01"
    except RuntimeError:
        return None


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
