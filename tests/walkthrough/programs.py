"""Programs that a page calls and a test must not: each checks its arguments, and does nothing."""

import shlex
import sys
from pathlib import Path

from . import clients

ACCEPTED = {
    "apt": r"(update|install( -y)?( [a-z0-9.+-]+)+)",
    "apt-get": r"(update|install( -y)?( [a-z0-9.+-]+)+)",
    "aws": r"iam (create|attach)-(policy|user|user-policy|access-key)( --[a-z-]+ \S+)+",
    "chown": r"(-R )?[a-z0-9:-]+( \S+)+",
    "crontab": r"-[el]|\S+",
    "curl": r"(-\S+ )*https://\S+( -o \S+)?",
    "gh": r"(secret|variable) set [A-Z0-9_]+( --body \S+)?( < \S+)?",
    "git": r"(clone https://\S+( \S+)?|tag -s? ?\S+|push origin \S+)",
    "journalctl": r"(-fu|-u) \S+",
    "kubectl": r"(create (secret generic|\w+)|apply|logs|get|delete)( (-f |--from\S*=)?[\w./=-]+)*",
    "make": r"(test|lint|check|bench|crash|fuzz)( \S+=\S+)*",
    "pipx": r"(install|inject dns01|upgrade) '?[\w./\[\],-]+'?",
    "sudoedit": r"\S+",
    "systemctl": r"(daemon-reload|enable|start|status|list-timers|edit|cat)( --now)?( \S+)*",
    "useradd": r"(--system |--no-create-home |--home-dir \S+ |--shell \S+ )*\S+",
    "uv": r"tool install '?[\w./\[\],-]+'?",
}
"""By program: what its arguments, quoted for a shell, look like as a whole."""

PROGRAM = """#!{python}
import os, re, shlex, sys
given = shlex.join(sys.argv[1:])
if {name!r} == "make" and given == "demo":
    os.execvp("dns01", ["dns01", "demo"])
sys.exit(0 if re.fullmatch({pattern!r}, given) else f"{name} takes no: {{given}}")
"""
SUDO = (
    '#!/bin/sh\nwhile [ "$1" != "${1#-}" ]; do [ "$1" = -u ] && shift; shift; done\nexec env "$@"\n'
)


def install(folder: Path) -> None:
    """Put them into *folder*."""
    folder.mkdir()
    for name, pattern in ACCEPTED.items():
        text = PROGRAM.format(python=sys.executable, pattern=pattern, name=name)
        write(folder / name, text)
    for name in clients.CLIENTS:
        write(folder / name, passing_on(sys.executable, clients.__file__, name))
    write(folder / "sudo", SUDO)
    write(folder / "dns01", passing_on(dns01()))
    write(folder / "python", passing_on(sys.executable))
    write(folder / "celery", passing_on(sys.executable, "-m", "celery"))


def passing_on(*words: str) -> str:
    """Return a program that runs *words* with its own arguments behind them."""
    return f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'


def dns01() -> str:
    """Return the path of the real command."""
    return str(Path(sys.executable).with_name("dns01"))


def write(path: Path, text: str) -> None:
    """Write *text* as a program at *path*."""
    path.write_text(text)
    path.chmod(0o755)
