"""A NOTIFY delay line: what makes one secondary late, and another one later."""

import socket
from collections.abc import Mapping
from threading import Lock, Thread, Timer

from . import topology

_RESPONSE = 0x80  # QR in the third octet of a message (RFC 1035 §4.1.1)


class DelayLine:
    """Acknowledges each NOTIFY of the primary at once and passes it on later.

    It does not freeze the zone: a secondary fetches whatever is current when a delayed NOTIFY
    arrives. Knot works on whole seconds, so now and then it is 0.7 s later than asked for.
    """

    def __init__(self) -> None:
        self._delays = dict.fromkeys((topology.KNOT, topology.NSD), 0.0)
        self._pending: set[Timer] = set()
        self._lock = Lock()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((topology.DELAY_LINE, 53))
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def set(self, delays: Mapping[str, float]) -> None:
        """Hold each NOTIFY from now on back by *delays*, secondary to seconds."""
        with self._lock:
            self._delays |= delays

    def release(self) -> None:
        """Set every delay to zero and deliver what is held back."""
        with self._lock:
            self._delays = dict.fromkeys(self._delays, 0.0)
            pending, self._pending = self._pending, set()
        for timer in pending:
            timer.cancel()
            timer.function(*timer.args)

    def close(self) -> None:
        """Stop; what is held back is never delivered."""
        with self._lock:
            for timer in self._pending:
                timer.cancel()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", (topology.DELAY_LINE, 53))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            notify, source = self._socket.recvfrom(65535)
            if not notify:
                return
            if notify[2] & _RESPONSE:  # a secondary's answer to what was passed on
                continue
            self._socket.sendto(_acknowledged(notify), source)
            self._pass_on(notify)

    def _pass_on(self, notify: bytes) -> None:
        with self._lock:
            for secondary, delay in self._delays.items():
                destination = (secondary, 53)
                if not delay:
                    self._socket.sendto(notify, destination)
                    continue
                timer = Timer(delay, self._socket.sendto, (notify, destination))
                timer.daemon = True
                self._pending.add(timer)
                timer.start()


def _acknowledged(notify: bytes) -> bytes:
    """Return the response to *notify*: the header with QR set, and the question alone."""
    end = notify.index(b"\0", 12) + 5
    counts = b"\0\1" + b"\0\0" * 3
    return notify[:2] + bytes([notify[2] | _RESPONSE, 0]) + counts + notify[12:end]
