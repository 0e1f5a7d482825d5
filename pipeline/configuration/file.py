"""Find the configuration file and take it in, if nobody else can have written it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.text import printable

from .environment import Environment
from .places import home
from .reading import content, exposure
from .values import wrong


@dataclass(frozen=True, slots=True)
class Found:
    """Where the file is; None: nowhere. `named`: the user named it, so it has to be there."""

    path: Path | None
    named: bool

    @property
    def shown(self) -> str:
        """The path, for messages."""
        return printable(str(self.path))

    def document(self) -> Mapping[str, Any]:
        """Return what the file holds; empty if none is named and none is there.

        Raises:
            Failed: 78, if it cannot be read, is no TOML, or somebody else could have written it.
        """
        if self.path is None:
            return {}
        try:
            octets, status = content(self.path)
            import tomllib  # noqa: PLC0415 - for who has a file

            document = tomllib.loads(octets.decode())
        except OSError as error:
            if not self.named and isinstance(error, FileNotFoundError | NotADirectoryError):
                return {}
            why = (error.strerror or str(error)).lower()
            raise wrong(f"cannot read {self.shown}: {why}") from error
        except (ValueError, RecursionError) as error:
            is_bare = str(error).startswith("Invalid value")
            hint = 'a text stands in quotes: provider = "cloudflare"' if is_bare else ""
            raise wrong(f"{self.shown} is not TOML: {printable(str(error))}", hint) from error
        if why := exposure(status):
            raise wrong(
                f"{self.shown} could redirect your credentials: {why}",
                "see what is in it, then chown it to yourself and chmod go-w",
            )
        return document


def find(given: Path | None, environment: Environment) -> Found:
    """Return the file: *given* by flag, in ``DNS01_CONFIG``, or in the user's own folder."""
    if named := given or environment.get("DNS01_CONFIG"):
        return Found(Path(named), named=True)
    return Found(own(environment), named=False)


def own(environment: Environment) -> Path | None:
    """Return where the user's own file is or would be; None: this user has no home."""
    folder = home("XDG_CONFIG_HOME", ".config", environment)
    return folder / "config.toml" if folder else None
