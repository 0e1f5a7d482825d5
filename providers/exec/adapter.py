"""Any program that writes DNS records, in the protocol of lego's exec provider.

``PROGRAM present|cleanup NAME. VALUE``: exit status 0 is done. What it must do
itself: spare other values of the name, and take a repetition for done. Whether
the record can be seen is found out by asking the name servers, as always.
"""

import os
import re
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock

from dns.name import Name

from providers.contract import TXT, Adapter, Change, Description, Setting, Zone
from providers.errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable
from providers.hosted import hosted
from providers.presenting import OneByOne

from .program import Ended, run

SECONDS = 30.0
"""For one call of the program: it is to write, not to wait."""

PATH = Setting("EXEC_PATH", "program to run for each record: an absolute path")
ZONES = Setting("EXEC_ZONES", "zones that it writes to, with commas")
ENV = Setting("EXEC_ENV", "variables that it may see, with commas, beside PATH, HOME and the like")
MODE = Setting("EXEC_MODE", "must not be RAW: nobody here has a key authorization")
ALWAYS = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)

KINDS: Mapping[int, type[ProviderError]] = {
    os.EX_DATAERR: Rejected,
    os.EX_NOPERM: Unauthorized,
    os.EX_CONFIG: Misconfigured,
}
"""What an exit status means that is a refusal; any other but 0 is that later may work."""


class Exec:
    """Every zone that one program writes to; it runs once at a time, as in lego."""

    def __init__(
        self,
        path: str,
        zones: Sequence[Zone],
        environment: Mapping[str, str],
        seconds: float = SECONDS,
    ) -> None:
        self._path = path
        self._environment = environment
        self._seconds = seconds
        self._one = Lock()
        self._values = OneByOne(zones, self._call)
        self.api_calls = 0

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return self._values.zones(names)

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self._values.append(zone, records)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return self._values.delete(zone, records)

    def in_sync(self, change: Change) -> bool:
        return True

    def _call(self, verb: str, name: str, value: str) -> None:
        what = f"{self._path} {verb} {name}"
        with self._one:
            self.api_calls += 1
            try:
                words = (self._path, verb, name, value)
                ended = run(words, self._environment, self._seconds)
            except TimeoutError as error:
                raise Unavailable(
                    f"{what} was {error}", hint="it is to write the record, not to wait for it"
                ) from error
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                hint = "is it executable, and is its first line right?"
                raise Misconfigured(
                    f"{self._path} cannot be run: {why}", hint=hint, untouched=True
                ) from error
        if ended.status:
            raise failure(what, ended)


def failure(what: str, ended: Ended) -> ProviderError:
    """Return the error that a program means by how it has *ended*."""
    said = " ".join("".join(c if c.isprintable() else " " for c in ended.said).split())
    how = f"exit status {ended.status}" if ended.status > 0 else f"signal {-ended.status}"
    words = f": {said[-300:]}" if said else ", without a word"
    kind = KINDS.get(ended.status, Unavailable)
    return kind(f"{what} ended with {how}{words}", untouched=ended.status in KINDS)


def further(given: Mapping[str, str]) -> Sequence[Setting]:
    """Return the variables that the program may see, as settings.

    Raises:
        Misconfigured: Something else is listed.
    """
    if not given.get(PATH.name):
        return ()
    names = [name for name in re.split(r"[\s,]+", given.get(ENV.name, "")) if name]
    if not all(map(VARIABLE.fullmatch, names)):
        raise Misconfigured(
            f"{ENV.name} lists what is no variable's name", hint="it takes names, not values"
        )
    passed = "passed on to the program"
    return [
        *(Setting(name, passed) for name in ALWAYS),
        *(
            Setting(name, passed, secret=True)
            for name in dict.fromkeys(names)
            if name not in ALWAYS
        ),
    ]


def opened(given: Mapping[str, str]) -> Exec:
    """Return the provider that the settings *given* describe; runs nothing."""
    path = given.get(PATH.name, "")
    if not path:
        raise Misconfigured(f"{PATH.name} is not set", hint="name the program")
    if not Path(path).is_absolute():  # the working directory may be a stranger's
        raise Misconfigured(f"{PATH.name} is no absolute path: {path!r}")
    check(Path(path))
    if given.get(MODE.name, "").upper() == "RAW":
        raise Misconfigured(
            f"{MODE.name} RAW cannot be served: it needs a key authorization, and dns01 has values",
            hint="let the program take NAME and VALUE, and unset it",
        )
    names = [each.name for each in further(given)]
    environment = {name: given[name] for name in names if name in given}
    return Exec(path, hosted(given, ZONES), {"PATH": os.defpath, **environment})


def check(path: Path) -> None:
    """Take only a program that can be run, and that nobody else has written.

    Root runs what belongs to others, as it reads their files.

    Raises:
        Misconfigured: It cannot be, or others could have written it.
    """
    try:
        status = path.stat()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Misconfigured(f"{PATH.name} names {path}: {why}", hint="name the program") from error
    if not (stat.S_ISREG(status.st_mode) and os.access(path, os.X_OK)):
        raise Misconfigured(f"{PATH.name} names {path}: it cannot be executed", hint="chmod +x")
    if status.st_mode & stat.S_IWOTH:
        hint = "chmod o-w, and find out who has written it"
        raise Misconfigured(f"{path} is not run: everybody can write to it", hint=hint)
    user = os.geteuid()
    if user and status.st_uid not in {0, user}:
        raise Misconfigured(f"{path} is not run: it belongs to another user (uid {status.st_uid})")


ADAPTER = Adapter(
    settings=(PATH, ZONES, ENV, MODE),
    credentials=((PATH.name, ZONES.name),),
    open=opened,
    named_only=True,
    further=further,
    description=Description(
        "whatever host a program of yours writes to, in lego's exec protocol",
        "what the program needs; of the environment it sees PATH, HOME, LANG, LC_ALL, TZ and "
        "TMPDIR, and what EXEC_ENV names",
        "one call for each record, one at a time, of 30 s at most; sparing other values and "
        "taking a repetition for done are the program's duty",
        "exec.md",
    ),
)
