"""Turn flags, environment and the configuration file into checked values.

The only module that reads the environment. Flags beat environment beats file.
The file is never looked for in the working directory: a pull request could
bring one and redirect keys.
"""

import ipaddress
import os
import re
import tomllib
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dns.exception
import dns.name
from dns.name import Name

from providers.contract import Adapter

from .endpoints import Endpoint
from .model import Exit, Failed
from .propagation import Require
from .settings import Settings, ZoneSettings
from .text import quoted

DURATION = re.compile(r"(\d+(?:\.\d+)?)([smh]?)", re.ASCII)
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
RCL_BASE_URL = "https://rclapi.azure-api.net/public"
TOP = ("provider", "resolvers", "require", "timeout", "state_dir", "zones")
ZONE = ("provider", "zone_id", "nameservers")

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
            Failed: 78, if there is such a variable and the file cannot be read.
        """
        path = self.get(f"{name}_FILE")
        if self.get(name) or not path:
            return self.get(name)
        try:
            return Path(path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not text"
            raise wrong(f"{name}_FILE names {quoted(path)}: {reason.lower()}") from error

    def plus(self, **more: str) -> dict[str, str]:
        """Return the environment for a child process, with *more* in it."""
        return dict(self._variables) | more


def settings(options: Namespace, environment: Environment) -> Settings:
    """Return what *options*, *environment* and the configuration file decide.

    Raises:
        Failed: 78, naming the place and the value that is wrong.
    """
    file = read_file(options.config, environment)
    resolvers = environment.get("DNS01_RESOLVERS")
    return Settings(
        state_dir=options.state_dir or state_dir(file, environment),
        timeout=first(
            getattr(options, "timeout", None),
            checked("DNS01_TIMEOUT", duration, environment.get("DNS01_TIMEOUT")),
            checked("timeout", duration, file.get("timeout")),
            300.0,
        ),
        ttl=getattr(options, "ttl", None) or 60,
        require=first(
            getattr(options, "require", None),
            checked("require", Require, file.get("require")),
            Require.QUORUM,
        ),
        resolvers=tuple(
            getattr(options, "resolver", None)
            or checked("DNS01_RESOLVERS", endpoints, resolvers and resolvers.split(","))
            or checked("resolvers", endpoints, file.get("resolvers"))
            or ()
        ),
        provider=getattr(options, "provider", None),
        fallback=environment.get("DNS01_PROVIDER")
        or checked("provider", text, file.get("provider")),
        zones=zones(file.get("zones", {})),
    )


def first(*values: Value | None) -> Value:
    """Return the first of *values* that is not None."""
    return next(value for value in values if value is not None)


def checked(place: str, parse: Callable[[Any], Value], value: Any) -> Value | None:  # noqa: ANN401 - TOML holds anything
    """Return *value* parsed, None if there is none."""
    if value is None:
        return None
    try:
        return parse(value)
    except (ValueError, TypeError, AttributeError, dns.exception.DNSException) as error:
        raise wrong(f"{place}: {quoted(value)} is not valid: {error}") from error


def read_file(given: Path | None, environment: Environment) -> Mapping[str, Any]:
    """Return the configuration file's content; empty if none is named and none is there."""
    named = given or (
        environment.get("DNS01_CONFIG") and Path(str(environment.get("DNS01_CONFIG")))
    )
    path = named or home("XDG_CONFIG_HOME", ".config", environment) / "config.toml"
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if named:
            raise wrong(f"no configuration file {path}") from error
        return {}
    except OSError as error:
        raise wrong(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise wrong(f"{path} is not TOML: {error}") from error
    known(document, TOP, str(path))
    return document


def zones(tables: object) -> Mapping[Name, ZoneSettings]:
    """Return the ``[zones."NAME"]`` *tables* by apex."""
    if not isinstance(tables, dict) or not all(isinstance(each, dict) for each in tables.values()):
        raise wrong('"zones" holds tables: [zones."example.com"]')
    return {apex(name): zone(table, f'zones."{name}"') for name, table in tables.items()}


def apex(name: str) -> Name:
    """Return the zone *name* of the configuration as a domain name."""
    try:
        return dns.name.from_text(name.lower(), idna_codec=dns.name.IDNA_2008_Practical)
    except dns.exception.DNSException as error:
        raise wrong(f"zones: {quoted(name)} is not a domain name") from error


def zone(table: Mapping[str, Any], place: str) -> ZoneSettings:
    """Return one zone's *table*, found at *place*."""
    known(table, ZONE, place)
    return ZoneSettings(
        checked(f"{place} provider", text, table.get("provider")),
        checked(f"{place} zone_id", text, table.get("zone_id")),
        tuple(checked(f"{place} nameservers", endpoints, table.get("nameservers")) or ()),
    )


def known(table: Iterable[str], keys: Iterable[str], place: str) -> None:
    """Refuse a key of *table* that is not among *keys*, naming the nearest."""
    for key in table:
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]}?" if near else f"keys: {', '.join(keys)}"
            raise wrong(f"{place}: unknown key {quoted(key)}", hint)


def duration(value: object) -> float:
    """Return ``5m``, ``300s``, ``1.5h`` or a bare number of seconds, in seconds; more than 0."""
    match = DURATION.fullmatch(str(value))
    seconds = float(match[1]) * SECONDS[match[2]] if match else 0.0
    if not 0 < seconds < 31_536_000:
        raise ValueError("a duration is a number with s, m or h, such as 5m")
    return seconds


def endpoints(values: list[str]) -> tuple[Endpoint, ...]:
    """Return each ``ADDR[:PORT]`` of *values*."""
    if not isinstance(values, list):
        raise TypeError("a list of addresses is wanted")
    return tuple(Endpoint.parse(value.strip()) for value in values)


def text(value: object) -> str:
    """Return *value*, which must be text and not empty."""
    if not isinstance(value, str) or not value:
        raise TypeError("text is wanted")
    return value


def state_dir(file: Mapping[str, Any], environment: Environment) -> Path:
    """Return the folder for receipts."""
    configured = checked("state_dir", text, file.get("state_dir"))
    if named := environment.get("DNS01_STATE_DIR") or configured:
        return Path(named).expanduser()
    if of_unit := environment.get("STATE_DIRECTORY"):
        return Path(of_unit.split(":")[0])
    return home("XDG_STATE_HOME", ".local/state", environment)


def home(variable: str, below_home: str, environment: Environment) -> Path:
    """Return our folder in the place of the XDG base directory *variable*."""
    base = environment.get(variable)
    if base and Path(base).is_absolute():
        return Path(base) / "dns01"
    try:
        return Path.home() / below_home / "dns01"
    except RuntimeError as error:
        raise wrong("this user has no home folder", "set HOME, or name --state-dir") from error


def adapter_settings(adapter: Adapter, environment: Environment) -> dict[str, str]:
    """Return the settings that *adapter* declares and the environment has."""
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
            "both are shown in the RCL SSL Portal; or give the order as a document: --from FILE",
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise wrong(
            "RCL_API_KEY holds a character that no key has", "is it one line, without quotes?"
        )
    if re.search(r"[/?#%\\]", subscription) or not subscription.isprintable():
        raise wrong(f"RCL_SUBSCRIPTION_ID {quoted(subscription)} is not a subscription id")
    base = environment.get("RCL_BASE_URL") or RCL_BASE_URL
    return RclAccount(base, subscription, key, is_local=is_local("RCL_BASE_URL", base))


def is_local(variable: str, url: str) -> bool:
    """Whether *url* is on the loopback; otherwise it must be https.

    Raises:
        Failed: 78, if it is neither, or carries a user name.
    """
    try:
        parts = urlsplit(url)
        host, local = parts.hostname or "", parts.hostname == "localhost"
        parts.port  # noqa: B018 - raises ValueError where it is none
    except ValueError as error:
        raise wrong(f"{variable} is not a URL") from error
    with suppress(ValueError):  # a name, not an address
        local = local or ipaddress.ip_address(host).is_loopback
    if not host or parts.username or parts.scheme not in {"http", "https"}:
        raise wrong(f"{variable} is not an http(s) URL without user name")
    if parts.scheme != "https" and not local:
        raise wrong(
            f"{variable} is neither https nor on the loopback: the key would travel in clear"
        )
    return local


def wrong(message: str, hint: str = "") -> Failed:
    """Return the failure for a configuration that cannot be used."""
    return Failed(Exit.CONFIG, "configuration", message, hint)
