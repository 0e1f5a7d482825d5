"""Turn flags, environment and the configuration file into checked values.

The only module that reads the environment. Flags beat environment beats file.
The file is never looked for in the working directory: a pull request could
bring one and redirect keys.
"""

import os
import re
import tempfile
import tomllib
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from pipeline.asking.endpoints import Endpoint
from pipeline.propagation.policy import Require
from pipeline.secrecy import PIECE, Secrets
from pipeline.text import printable

from .reading import SecretFiles, content, exposure, is_path
from .settings import Authority, Settings
from .tables import accounts, location, zones
from .values import (
    checked,
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

SECRET = re.compile("(TOKEN|SECRET|PASSWORD|API_KEY|ACCESS_KEY)$")
"""What the name of a variable ends in that most likely holds a secret, whoever reads it."""

LOGIN = re.compile("://([^/?#]*)@")
"""What a URL has before its host, be the rest of it as wrong as it may."""

Value = TypeVar("Value")


class Environment:
    """The environment variables; empty ones count as unset.

    Args:
        place: Where they stand, if not in the environment: put before their names.
        within: The environment that *variables* are a part of.

    Attributes:
        secrets: Those that somebody has asked for, passwords in URLs, and what a name calls one.
        files: Those that secrets came from.
    """

    def __init__(
        self, variables: Mapping[str, str], place: str = "", within: "Environment | None" = None
    ) -> None:
        self._variables = variables
        self._place = place
        self.files: SecretFiles = within.files if within else SecretFiles()
        self.secrets: Secrets = within.secrets if within else Secrets()
        for name, value in variables.items():
            user, password = login(value)
            self.secrets.add(user, whole=True)
            self.secrets.add(password)
            self.secrets.add(unquote(password))
            if SECRET.search(name) and len(value) >= PIECE and not value.startswith("/"):
                self.secrets.add(value, whole=True)

    @classmethod
    def of_process(cls) -> "Environment":
        """Return this process's environment; an empty HOME is taken out, for all to see."""
        if not os.environ.get("HOME"):  # some libraries would take it for the root folder
            os.environ.pop("HOME", None)
        return cls(os.environ)

    def get(self, name: str) -> str | None:
        """Return the variable *name*, or None."""
        return self._variables.get(name) or None

    def has(self, name: str) -> bool:
        """Whether the variable *name* is set, or ``NAME_FILE``, whatever that file holds."""
        return self.get(name) is not None or self.get(f"{name}_FILE") is not None

    def secret(self, name: str) -> str | None:
        """Return the variable *name*, or the content of the file that ``NAME_FILE`` names.

        Raises:
            Failed: 78, if the file counts, and cannot be read or is empty.
        """
        found = self.get(name)
        if found is None and (path := self.get(f"{name}_FILE")):
            if not is_path(path):  # perhaps the secret itself
                self.secrets.add(path)
            found = self.files.read(path, f"{self._place}{name}_FILE")
        if found is not None:
            self.secrets.add(found)
        return found

    def plus(self, **more: str) -> dict[str, str]:
        """Return the environment for a child process, with *more* in it."""
        return dict(self._variables) | more


def login(text: str) -> tuple[str, str]:
    """Return user name and password in *text*, if it is a URL with them, such as a proxy's."""
    found = LOGIN.search(text)
    if not found:
        return "", ""
    user, _, password = found[1].partition(":")
    return user, password


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


def state_dir(file: Mapping[str, Any], environment: Environment) -> Path:
    """Return the folder for receipts."""
    named = environment.get("DNS01_STATE_DIR") or file.get("state_dir")
    if named is not None:
        return checked("state_dir", location, named)
    if of_unit := environment.get("STATE_DIRECTORY"):
        return Path(of_unit.split(":")[0])
    ours = home("XDG_STATE_HOME", ".local/state", environment)
    if ours is None:
        raise wrong("this user has no home folder", "set HOME, or name --state-dir")
    return ours


def shared_dir(file: Mapping[str, Any], environment: Environment) -> Path:
    """Return the folder in which all runs of this user count their requests together."""
    named = environment.get("DNS01_SHARED_DIR") or file.get("shared_dir")
    if named is not None:
        return checked("shared_dir", location, named)
    return Path(tempfile.gettempdir()) / f"dns01-{os.getuid()}"


def home(variable: str, below_home: str, environment: Environment) -> Path | None:
    """Return our folder in the XDG base directory *variable*; None: the user has no home."""
    base = environment.get(variable)
    if base and Path(base).is_absolute():
        return Path(base) / "dns01"
    try:
        return Path(environment.get("HOME") or Path.home()) / below_home / "dns01"
    except RuntimeError:
        return None
