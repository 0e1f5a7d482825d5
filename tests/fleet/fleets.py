"""What tests of fleets need of a site."""

from collections.abc import Callable, Mapping
from email.message import Message
from pathlib import Path
from time import sleep
from typing import Any

from pipeline.demo.order_api import OrderApi, Reply
from tests.bridge import Site


def inventory(site: Site, *names: str) -> str:
    """Write an inventory of *names* and return its path."""
    path = site.folder / "fleet.txt"
    path.write_text("\n".join(names))
    return str(path)


def hosts(count: int) -> list[str]:
    """Return the names of *count* hosts, spread over the zones."""
    return [f"h{at}.zone{at % 3}.example" for at in range(count)]


def dawdle(orders: OrderApi, seconds: float) -> Callable[[], None]:
    """Let *orders* take *seconds* for each answer, until what is returned is called."""
    server = orders._server  # noqa: SLF001 - it has no slowness of its own
    reply = server.reply

    def slow(path: str, headers: Message) -> Reply:
        answer = reply(path, headers)
        sleep(seconds)
        return answer

    def hurry() -> None:
        server.reply = reply

    server.reply = slow
    return hurry


def children(process: int) -> list[int]:
    """Return the processes that *process* has started and that are still there."""
    try:
        return [*map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())]
    except (FileNotFoundError, ProcessLookupError):
        return []


def is_alive(process: int) -> bool:
    """Whether *process* is at work."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(report: Mapping[str, Any]) -> dict[str, tuple[int, str | None]]:
    """Return how each certificate of *report* ended."""
    return {each["name"]: (each["exit"], each["problem"]) for each in report["orders"]}


def left(site: Site) -> list[str]:
    """Return what receipts say may be in DNS."""
    return [record["name"] for receipt in site.receipts() for record in receipt["records"]]
