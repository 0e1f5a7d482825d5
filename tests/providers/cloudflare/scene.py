"""What the tests of the Cloudflare adapter share."""

from dataclasses import dataclass, field

from dns.name import from_text

from providers.cloudflare.adapter import Cloudflare, open_account
from tests.standins.cloudflare import CloudflareStandIn

NAME = from_text("_acme-challenge.example.com.")
HOST = "_acme-challenge.example.com"
MARK = "dns01 run=1"


@dataclass
class FakeTime:
    """A clock that only pauses move; no jitter but the greatest."""

    now: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def opened(api: CloudflareStandIn, clock: FakeTime, **settings: str) -> Cloudflare:
    settings = {"CLOUDFLARE_BASE_URL": api.url, **settings}
    if not any(name.endswith("TOKEN") for name in settings):
        settings["CLOUDFLARE_API_TOKEN"] = api.token
    return open_account(settings, pause=clock.pause, random=lambda: 1.0, now=lambda: clock.now)


def sent(api: CloudflareStandIn) -> list[str]:
    return [f"{call.method} {call.path.rpartition('/')[2]}" for call in api.log]
