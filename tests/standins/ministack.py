"""ministack, an emulator of AWS, as a process of its own on loopback.

Its Route 53 keeps batches atomic and refuses stale DELETEs and double CREATEs. It
accepts much that AWS refuses, never throttles and serves no DNS: that is what
`tests.standins.route53` adds.
"""

import os
import socket
import subprocess
import sys
import time
from types import TracebackType
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

START_SECONDS = 60.0
SETTINGS = {
    "BIND_HOST": "127.0.0.1",  # Its default is every interface.
    "SERVICES": "route53,sts",
    "DOCKER_HOST": "unix:///nonexistent",  # Else it looks for a Docker daemon.
    "PERSIST_STATE": "0",
}


class Ministack:
    """``with Ministack() as endpoint``: a running emulator, gone afterwards."""

    def __enter__(self) -> str:
        for _ in range(3):  # Another process may take the port between our look and its start.
            port = _free_port()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ministack"],
                env={**os.environ, **SETTINGS, "GATEWAY_PORT": str(port)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers(f"http://127.0.0.1:{port}/_ministack/health"):
                return f"http://127.0.0.1:{port}"
            self._stop()
        raise RuntimeError("ministack does not start")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _answers(self, health: str) -> bool:
        direct = build_opener(ProxyHandler({}))
        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            try:
                with direct.open(health, timeout=2):
                    return True
            except (URLError, OSError):
                time.sleep(0.05)
        return False

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
