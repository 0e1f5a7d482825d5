"""A headless Chromium, spoken to through a pair of pipes (its DevTools protocol)."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fcntl import F_DUPFD_CLOEXEC, fcntl
from pathlib import Path
from select import select
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any

PATIENCE_S = 60.0
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-pipe", "--disable-dev-shm-usage"),
)


def obstacle() -> str:
    """Return why there is no browser here and what would help, or nothing."""
    return "" if which("chromium") else "missing: chromium. Install: apt-get install chromium"


class Tab:
    """One page in the browser.

    Attributes:
        requests: Addresses that the page has asked for, its own first.
        complaints: What the browser has said of the page: errors, violations of its policy.
    """

    def __init__(self, browser: "Browser", session: str) -> None:
        self._browser = browser
        self._session = session
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        """Return the result of *method*."""
        return self._browser.call(method, parameters, self._session, self._note)

    def shape(self, width: int, height: int = 900, scheme: str = "light", media: str = "") -> None:
        """Make the window so large, and the reader one who likes *scheme*."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def open(self, page: Path) -> None:
        """Load *page*, and wait until it has loaded."""
        self._browser.events.clear()
        self.call("Page.navigate", url=page.as_uri())
        self._browser.await_event("Page.loadEventFired", self._note)

    def value(self, expression: str) -> Any:
        """Return what *expression* is in the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise ValueError(result["exceptionDetails"])
        return result["result"].get("value")

    def shoot(self, picture: Path, *, whole: bool = True) -> None:
        """Keep how the page looks in *picture*, a PNG file."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        picture.write_bytes(base64.b64decode(shot["data"]))

    def print(self, picture: Path) -> None:
        """Keep how the page prints in *picture*, a PDF file."""
        picture.write_bytes(base64.b64decode(self.call("Page.printToPDF")["data"]))

    def _note(self, event: dict[str, Any]) -> None:
        match event["method"], event["params"]:
            case "Network.requestWillBeSent", {"request": {"url": url}}:
                self.requests.append(url)
            case "Log.entryAdded", {"entry": {"text": text}}:
                self.complaints.append(text)
            case "Runtime.exceptionThrown", details:
                self.complaints.append(str(details))
            case _:
                pass


class Browser:
    """The other end of the pipes."""

    def __init__(self, write_to: int, read_from: int) -> None:
        self._write_to = write_to
        self._read_from = read_from
        self._buffer = b""
        self._count = 0
        self.events: list[str] = []

    def tab(self) -> Tab:
        """Return a new page."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        attach = {"targetId": target, "flatten": True}
        return Tab(self, self.call("Target.attachToTarget", attach)["sessionId"])

    def call(
        self, method: str, parameters: dict[str, Any], session: str = "", note: Any = None
    ) -> Any:
        """Return the result of *method*; events on the way go to *note*."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write_to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next(note)
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise ValueError(f"{method}: {answer['error']}")
                return answer["result"]

    def await_event(self, name: str, note: Any) -> None:
        """Return once *name* has happened since `events` was last cleared."""
        while name not in self.events:
            self._next(note)

    def _next(self, note: Any) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select([self._read_from], [], [], PATIENCE_S)[0]:
                raise TimeoutError("the browser does not answer")
            read = os.read(self._read_from, 1 << 16)
            if not read:
                raise EOFError("the browser has ended")
            self._buffer += read
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append(message["method"])
            if note:
                note(message)
        return message


def pipe() -> tuple[int, int]:
    """Return a pipe whose ends are clear of the low numbers that the browser wants."""
    ends = os.pipe()
    low, high = (fcntl(end, F_DUPFD_CLOEXEC, 20) for end in ends)
    for end in ends:
        os.close(end)
    return low, high


@contextmanager
def browsing(more_flags: Sequence[str] = ()) -> Iterator[Browser]:
    """Run a browser of our own, with a profile of its own, and end it."""
    theirs_in, ours_out = pipe()
    ours_in, theirs_out = pipe()
    with TemporaryDirectory(prefix="dns01-browser-", ignore_cleanup_errors=True) as profile:
        argv = ["chromium", *FLAGS, f"--user-data-dir={profile}", *more_flags]
        # The browser reads descriptor 3 and writes 4.
        script = f'exec 3<&{theirs_in} 4>&{theirs_out}; exec "$@"'
        process = subprocess.Popen(
            ["bash", "-c", script, "bash", *argv],
            pass_fds=(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            browser = Browser(ours_out, ours_in)
            yield browser
            with suppress(EOFError, BrokenPipeError):
                browser.call("Browser.close", {})
        finally:
            os.close(ours_out)
            os.close(ours_in)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
