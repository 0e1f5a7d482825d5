"""The challenges that another ACME client hands over, as orders: one for each value."""

from collections.abc import Iterable

from pipeline.model import Challenge, Exit, Failed, Order

from .calls import called


class HandedSource:
    """What *client* has handed over in the present call.

    It resumes: a call that is repeated goes on with what the first one wrote, and a client's last
    call with what those before it left.

    Args:
        run: What all calls of one run of the client have in common; empty: each is by itself.
    """

    resumes = True

    def __init__(self, client: str, run: str, challenges: Iterable[Challenge]) -> None:
        self.name = self.client = client
        self.account = run
        self._challenges = {called(challenge): challenge for challenge in challenges}

    def fetch(self, name: str) -> Order:
        if name not in self._challenges:
            message = f"{self.name} has not handed over {name} in this call"
            raise Failed(Exit.DATA, "hook", message, "have it order anew")
        return Order(name, self.name, "", "pending", (self._challenges[name],))
