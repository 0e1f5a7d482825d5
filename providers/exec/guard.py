"""Stands between us and a program, so that it ends with us: a script, importing nothing of ours.

Standard input is a socket. One line of JSON comes down it: seconds, the program's words and its
environment (octets, as Latin-1). One goes back: how the program has ended, or why it did not
begin. If the other end closes, because whoever holds it is dead, or time is up, the guard kills
its process group, which is the program, whom that has started, and itself.
"""

import _thread
import json
import os
import select
import signal

CHANNEL = 0


def watch(seconds: float) -> None:
    """Kill the group when the other end of the channel is closed, or after *seconds*."""
    select.select([CHANNEL], [], [], seconds)
    os.killpg(0, signal.SIGKILL)


def order() -> bytes:
    """Return the line that came; part of one if whoever sent it is dead."""
    line = b""
    while not line.endswith(b"\n") and (octets := os.read(CHANNEL, 1 << 16)):
        line += octets
    return line


def main() -> None:
    """Run the program that is asked for; nothing if the order is not whole."""
    line = order()
    if not line.endswith(b"\n"):
        return
    asked = json.loads(line)
    words = [word.encode("latin-1") for word in asked["words"]]
    environment = {
        name.encode("latin-1"): value.encode("latin-1")
        for name, value in asked["environment"].items()
    }
    _thread.start_new_thread(watch, (asked["seconds"],))
    silence = [(os.POSIX_SPAWN_OPEN, CHANNEL, os.devnull, os.O_RDONLY, 0)]
    try:
        pid = os.posix_spawn(words[0], words, environment, file_actions=silence)
    except OSError as error:
        answer = {"errno": error.errno}
    else:
        answer = {"status": os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}
    os.write(CHANNEL, json.dumps(answer).encode())


if __name__ == "__main__":
    main()
