"""Be a server for other ACME clients, until a signal comes: `dns01 serve`."""

import json
from argparse import Namespace
from ipaddress import ip_address
from threading import Lock

from dns.name import Name

from pipeline.case import Interrupted
from pipeline.clock import Clock
from pipeline.configuration.environment import Environment
from pipeline.configuration.values import wrong
from pipeline.model import Exit
from pipeline.serving.access import Access
from pipeline.serving.application import Application
from pipeline.serving.desk import ANSWERED, Values
from pipeline.serving.listener import Listener
from pipeline.text import counted
from pipeline.withdrawing import GRACE

from .assembly import Assembly
from .output import Output
from .signals import listen

USERNAME, PASSWORD = "DNS01_SERVE_USERNAME", "DNS01_SERVE_PASSWORD"


class Service:
    """A server over what *parts* has."""

    def __init__(
        self,
        options: Namespace,
        environment: Environment,
        parts: Assembly,
        output: Output,
        clock: Clock,
    ) -> None:
        self._options, self._environment = options, environment
        self._parts, self._output, self._clock = parts, output, clock
        self._line = Lock()

    def run(self) -> int:
        """Serve until a signal; return the exit status.

        Raises:
            Failed: 78, before anything is served.
            Interrupted: A second signal came while requests were being finished.
        """
        host, port = self._options.listen
        access = access_from(self._environment, self._parts.settings.serve_names, host)
        values = self._parts.values(self._say)
        hide = self._environment.secrets.hide
        application = Application(values, access, self._clock, self._log, hide)
        listener = Listener(application, host, port, self._clock)
        self._tell(listener.url, values.standing())
        try:
            listener.serve()
        except Interrupted:
            listen()  # the next one has its way
            self._finish(listener, values)
        return Exit.DONE

    def _tell(self, url: str, standing: int) -> None:
        if self._options.json:
            self._output.text(json.dumps({"listening": url}))
        elif not self._options.quiet:
            self._output.text(f"listening on {url}")
        if standing:
            self._log(0, f"{counted(standing, 'value')} of clients served before may be in DNS")

    def _finish(self, listener: Listener, values: Values) -> None:
        """Answer what is being asked; say what of clients stays."""
        if count := listener.at_work:
            self._log(0, f"stopping: finishing {counted(count, 'request')}")
        if left := listener.stop(ANSWERED + GRACE):
            self._say(f"{counted(left, 'request')} cut off: receipts list what may be in DNS")
        if standing := values.standing():
            stay = f"{counted(standing, 'value')} of clients stay in DNS, for they may be at work"
            self._log(0, f"stopped; {stay}: the next dns01 serve removes them when asked")
            self._log(0, "hint: dns01 clean --all removes them now")
        else:
            self._log(0, "stopped; no value of a client is in DNS")

    def _log(self, status: int, line: str) -> None:
        """Put out the *line* of a request answered *status*; in quiet only if it went wrong."""
        if status >= 400 or not self._options.quiet:
            self._say(line)

    def _say(self, line: str) -> None:
        with self._line:
            self._output.say(f"{self._clock.today():%Y-%m-%dT%H:%M:%SZ} {line}")


def access_from(environment: Environment, names: tuple[Name, ...], host: str) -> Access:
    """Return who may ask at *host*, an address.

    Raises:
        Failed: 78, if it is not this machine's own and anybody could ask.
    """
    username, password = environment.get(USERNAME) or "", environment.secret(PASSWORD) or ""
    if bool(username) != bool(password):
        there, missing = (USERNAME, PASSWORD) if username else (PASSWORD, USERNAME)
        raise wrong(f"{missing} is missing beside {there}: a login is both")
    if ":" in username:
        raise wrong(f"{USERNAME} contains a colon (RFC 7617 §2)")
    for variable, text in ((USERNAME, username), (PASSWORD, password)):
        if text and not text.strip():
            raise wrong(f"{variable} is blank")
    if not password and not ip_address(host).is_loopback:
        raise wrong(
            f"anybody who reaches {host} could have records written: {USERNAME} is not set",
            f"set {USERNAME} and {PASSWORD}, or listen on 127.0.0.1",
        )
    return Access(username, password, names)
