"""The environment variables. The only module that reads them."""

import os
import re
from collections.abc import Mapping
from urllib.parse import unquote

from pipeline.model import Problem
from pipeline.secrecy import PIECE, Secrets

from .reading import SecretFiles, is_path
from .variables import unread

SECRET = re.compile("(TOKEN|SECRET|PASSWORD|API_KEY|ACCESS_KEY)$")
"""What the name of a variable ends in that most likely holds a secret, whoever reads it."""

LOGIN = re.compile("://([^/?#]*)@")
"""What a URL has before its host, be the rest of it as wrong as it may."""


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
        self.files: SecretFiles = (
            within.files if within else SecretFiles(variables.get("CREDENTIALS_DIRECTORY"))
        )
        self.secrets: Secrets = within.secrets if within else Secrets()
        for name, value in variables.items():
            user, password = login(value)
            self.secrets.add(user, whole=True)
            self.secrets.add(password)
            self.secrets.add(unquote(password))
            if SECRET.search(name) and len(value) >= PIECE and not value.startswith("/"):
                self.secrets.add(value, whole=True)

    @property
    def remarks(self) -> tuple[Problem, ...]:
        """What is to be said of variables, and of the files that secrets came from."""
        return (*unread(self._variables), *self.files.remarks)

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

    def secret(self, name: str, *, whole: bool = False) -> str | None:
        """Return the variable *name*, or the content of the file that ``NAME_FILE`` names.

        It is hidden from now on; its pieces too, unless it only counts as a *whole*.

        Raises:
            Failed: 78, if the file counts, and cannot be read or is empty.
        """
        found = self.get(name)
        if found is None and (path := self.get(f"{name}_FILE")):
            if not is_path(path):  # perhaps the secret itself
                self.secrets.add(path)
            found = self.files.read(path, f"{self._place}{name}_FILE")
        if found is not None:
            self.secrets.add(found, whole=whole)
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
