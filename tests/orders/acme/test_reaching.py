"""On the way to the CA: who cannot be reached, who cannot be trusted, and who is new there."""

import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from pipeline.clock import SystemClock
from pipeline.configuration.acme import AcmeAccount, ExternalAccount
from pipeline.model import Exit, Failed
from pipeline.orders.acme.source import AcmeSource

from .bench import free_port, new_key
from .standin import Reply, StandIn, problem, source, standing

APEX = "example.com"


@pytest.fixture
def ca() -> Iterator[StandIn]:
    with standing() as ca:
        yield ca


def failure(acme: AcmeSource) -> Failed:
    """Return how an order ends."""
    with pytest.raises(Failed) as caught:
        acme.fetch(APEX)
    return caught.value


def at(url: str, folder: Path, trust: str = "") -> AcmeSource:
    """Return a source for the CA at *url*."""
    key = new_key(folder / "key.pem").read_text()
    return AcmeSource(AcmeAccount(url, key, is_local=True, trust=trust), SystemClock())


def test_nobody_listens(tmp_path: Path) -> None:
    """
    69, with the address and the reason.
    """
    port = free_port()
    failed = failure(at(f"http://127.0.0.1:{port}/dir", tmp_path))
    assert failed.exit == Exit.UNAVAILABLE
    assert f"127.0.0.1:{port} cannot be reached: " in str(failed)
    assert "Connection refused" in str(failed)


def test_nobody_can_be_trusted(ca: StandIn, tmp_path: Path) -> None:
    """
    What speaks no TLS is no CA (69); a file of CAs that is not there is a setting (78).
    """
    url = ca.url.replace("http:", "https:") + "/dir"
    failed = failure(at(url, tmp_path))
    assert failed.exit == Exit.UNAVAILABLE
    assert "SSL_CERT_FILE" in failed.problem.hint
    failed = failure(at(url, tmp_path, trust="/nowhere.pem"))
    assert (failed.exit, failed.problem.code) == (Exit.CONFIG, "order-client")
    assert "/nowhere.pem" in str(failed)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "broke off the directory: Incomplete"),
        (b"", "broke off the directory: Remote end closed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "broke off the directory: "),
    ],
)
def test_half_an_answer_is_none(tmp_path: Path, reply: bytes, said: str) -> None:
    """
    A connection that is cut, or speaks another protocol: 69. It was reached, so the request may
    have been heard.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        acme = at(f"http://127.0.0.1:{server.getsockname()[1]}/dir", tmp_path)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(reply)

        thread = Thread(target=serve)
        thread.start()
        failed = failure(acme)
        thread.join()
    assert failed.exit == Exit.UNAVAILABLE
    assert said in str(failed)
    assert "may have been done" in failed.problem.hint


@pytest.mark.parametrize("status", ["deactivated", "revoked"])
def test_an_account_that_was_given_up(ca: StandIn, tmp_path: Path, status: str) -> None:
    """
    Makes no order: 77, with the CA's word.
    """
    ca.order(APEX)
    account = {"Location": f"{ca.url}/account/1"}
    ca.replies["/new-account"] = Reply({"status": status}, headers=account)
    failed = failure(source(ca, tmp_path))
    assert failed.exit == Exit.REFUSED
    assert status in str(failed)
    assert "/new-order" not in ca.paths()


@pytest.mark.parametrize("field", ["newAccount", "newOrder"])
def test_who_leads_astray(ca: StandIn, tmp_path: Path, field: str) -> None:
    """
    A URL that is not asked is told; its host has done nothing.
    """
    directory = ca.replies["/dir"]
    assert isinstance(directory, Reply)
    assert isinstance(directory.body, dict)
    ca.replies["/dir"] = Reply(directory.body | {field: "http://192.0.2.1/x"})
    told = str(failure(source(ca, tmp_path)))
    assert told.startswith("the CA leads ")
    assert "http://192.0.2.1/x" in told


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (401, Exit.REFUSED),
        (403, Exit.REFUSED),
        (404, Exit.DATA),
        (407, Exit.UNAVAILABLE),
        (429, Exit.UNAVAILABLE),
        (503, Exit.UNAVAILABLE),
    ],
)
def test_a_page_in_between(ca: StandIn, tmp_path: Path, status: int, exit_code: Exit) -> None:
    """
    A proxy's, or a firewall's: its status decides.
    """
    ca.order(APEX)
    ca.replies["/new-order"] = Reply(b"<html>Blocked</html>", status, {"Retry-After": "9"})
    failed = failure(source(ca, tmp_path))
    assert failed.exit == exit_code
    assert f"HTTP {status}" in str(failed)


def test_an_url_that_cannot_be_read(ca: StandIn, tmp_path: Path) -> None:
    """
    Given by the CA, it ends the order and not the run.
    """
    ca.order(APEX, authorizations=["https://["])
    assert failure(source(ca, tmp_path)).exit in {Exit.DATA, Exit.UNAVAILABLE}


class Registry:
    """The CA's accounts: none at first."""

    def __init__(self, ca: StandIn, *, faster: bool = False) -> None:
        self._ca = ca
        self._known = False
        self._faster = faster
        self.made: list[Any] = []
        ca.replies["/new-account"] = self._answer

    def _answer(self, payload: Any) -> Reply:
        where = {"Location": f"{self._ca.url}/account/1"}
        if payload.get("onlyReturnExisting"):
            if self._known:
                return Reply({"status": "valid"}, headers=where)
            return problem("accountDoesNotExist", "never seen")
        self.made.append(payload)
        self._known = True
        return Reply({"status": "valid"}, 200 if self._faster else 201, where)


def test_an_account_is_made_only_if_the_user_says_so(ca: StandIn, tmp_path: Path) -> None:
    """
    Without: 77, the CA's terms in the hint, and nothing is made.
    """
    registry = Registry(ca)
    failed = failure(source(ca, tmp_path))
    assert failed.exit == Exit.REFUSED
    assert "https://ca.example/terms" in failed.problem.hint
    assert registry.made == []


@pytest.mark.parametrize("faster", [False, True])
def test_an_account_is_made_with_all_that_is_known(
    ca: StandIn, tmp_path: Path, *, faster: bool
) -> None:
    """
    Once, with contact, agreement and the external account; another run may have been faster.
    """
    registry = Registry(ca, faster=faster)
    ca.order(APEX)
    acme = source(
        ca,
        tmp_path,
        contact=("mailto:a@example.com",),
        external=ExternalAccount("kid-1", "c2VjcmV0"),
        accepts_terms=True,
    )
    assert acme.fetch(APEX).account == f"{ca.url}/account/1"
    acme.fetch(APEX)
    [made] = registry.made
    assert made["termsOfServiceAgreed"] is True
    assert made["contact"] == ["mailto:a@example.com"]
    assert set(made["externalAccountBinding"]) == {"protected", "payload", "signature"}
