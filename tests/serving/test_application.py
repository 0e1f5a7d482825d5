"""The web application by itself: every request has an answer, and none says too much."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from dns.name import from_text
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import SystemClock
from pipeline.model import Challenge, Exit, Failed
from pipeline.serving.access import Access
from pipeline.serving.application import Application
from pipeline.serving.dialect import Refused, read_request

ASKED = {"fqdn": "_acme-challenge.example.com.", "value": "v" * 43}


class Recorder:
    """A handler that notes what it is asked, and fails as it is told."""

    def __init__(self, fails: Exception | None = None) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self._fails = fails

    def present(self, challenge: Challenge) -> str:
        return self._do("present", challenge)

    def cleanup(self, challenge: Challenge) -> str:
        return self._do("cleanup", challenge)

    def _do(self, verb: str, challenge: Challenge) -> str:
        self.asked.append((verb, challenge.name.to_text(), challenge.value))
        if self._fails:
            raise self._fails
        return "done"


class Scene:
    """An application with its handler and its log."""

    def __init__(
        self,
        handler: Recorder | None = None,
        access: Access | None = None,
        hide: Callable[[str], str] = str,
    ) -> None:
        self.handler = handler or Recorder()
        self.log: list[tuple[int, str]] = []
        self._application = Application(
            self.handler,
            access or Access(),
            SystemClock(),
            lambda *line: self.log.append(line),
            hide,
        )

    def ask(
        self, method: str, path: str, body: bytes = b"", **headers: str
    ) -> tuple[str, dict[str, str], Any]:
        """Return status line, headers and content of the answer."""
        told: list[Any] = []
        request = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "REMOTE_ADDR": "192.0.2.7",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            **headers,
        }
        content = b"".join(self._application(request, lambda *given: told.extend(given)))
        status, pairs = told
        assert int(dict(pairs)["Content-Length"]) == len(content) or method == "HEAD"
        return status, dict(pairs), json.loads(content or b"null")

    def post(self, path: str, content: object = None, **headers: str) -> tuple[str, Any]:
        status, _, found = self.ask("POST", path, json.dumps(content or ASKED).encode(), **headers)
        return status, found


def test_what_is_granted_is_echoed_with_the_value_in_quotes() -> None:
    """
    acme.sh looks for nothing else; extra keys are nobody's business.
    """
    scene = Scene()
    status, found = scene.post("/present", ASKED | {"more": [1]})
    assert (status, found) == ("200 OK", ASKED)
    assert f'"{ASKED["value"]}"' in json.dumps(found)
    assert scene.handler.asked == [("present", "_acme-challenge.example.com.", "v" * 43)]
    assert scene.log[0][0] == 200
    assert scene.log[0][1].startswith("192.0.2.7 POST /present _acme-challenge.example.com. 200 ")


@pytest.mark.parametrize(
    ("exit_code", "status"),
    [
        (Exit.DATA, "409 Conflict"),
        (Exit.UNAVAILABLE, "502 Bad Gateway"),
        (Exit.REFUSED, "502 Bad Gateway"),
        (Exit.NOT_READY, "503 Service Unavailable"),
        (Exit.CONFIG, "500 Internal Server Error"),
        (Exit.BUG, "500 Internal Server Error"),
    ],
)
def test_a_failure_is_told_without_the_value(exit_code: Exit, status: str) -> None:
    """
    Its reason, next step and code; secrets are taken out, and acme.sh finds no value to go by.
    """
    failed = Failed(exit_code, "provider", "the host says geheim", "use another geheim")
    scene = Scene(Recorder(failed), hide=lambda text: text.replace("geheim", "***"))
    found = scene.post("/present")
    told = {"error": "the host says ***", "hint": "use another ***", "code": "provider"}
    assert found == (status, told)
    assert ASKED["value"] not in json.dumps(found)
    assert scene.log[0][0] == int(status[:3])


def test_a_fault_of_ours_shows_no_more_than_that() -> None:
    """
    What broke is for the log, without a stack trace, and the next request is served.
    """
    scene = Scene(Recorder(RuntimeError("in the middle of geheim")))
    status, found = scene.post("/cleanup")
    assert (status, "geheim" in str(found)) == ("500 Internal Server Error", False)
    assert any("RuntimeError" in line for _, line in scene.log)
    assert scene.ask("GET", "/health")[0] == "200 OK"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/present", "405 Method Not Allowed"),
        ("PUT", "/cleanup", "405 Method Not Allowed"),
        ("POST", "/", "404 Not Found"),
        ("POST", "/present/", "404 Not Found"),
        ("POST", "/health", "404 Not Found"),
        ("GET", "", "404 Not Found"),
    ],
)
def test_other_paths_and_methods_are_none_of_ours(method: str, path: str, status: str) -> None:
    """
    Nothing is done, and a client with a wrong endpoint is told what there is.
    """
    scene = Scene()
    found, headers, content = scene.ask(method, path, json.dumps(ASKED).encode())
    assert (found, headers.get("Allow")) == (status, "POST" if "405" in status else None)
    assert content["error"]
    assert not scene.handler.asked


def test_health_needs_no_login_and_makes_no_line() -> None:
    """
    Watchers ask often; HEAD has no body.
    """
    scene = Scene(access=Access("u", "p"))
    assert scene.ask("GET", "/health")[::2] == ("200 OK", {"status": "ok"})
    assert scene.ask("HEAD", "/health")[::2] == ("200 OK", None)
    assert not scene.log


def test_a_login_that_is_missing_is_asked_for() -> None:
    """
    In the way of RFC 7617, before anything about names or paths is told.
    """
    scene = Scene(access=Access("u", "pä"))
    status, headers, _ = scene.ask("POST", "/nowhere")
    assert status == "401 Unauthorized"
    assert headers["WWW-Authenticate"].startswith("Basic realm=")
    login = {"HTTP_AUTHORIZATION": "basic dTpww6Q="}  # u:pä in UTF-8
    assert scene.post("/present", **login)[0] == "200 OK"
    assert len(scene.handler.asked) == 1
    assert "pä" not in repr(Access("u", "pä"))


@pytest.mark.parametrize(
    ("login", "answered", "logged"),
    [
        ("", "none came", "none came"),
        ("Bearer x", "none came", "none came"),
        ("Basic !", "none came", "none came"),
        ("u:geheim", "not those wanted", "the password is wrong"),
        ("w:right", "not those wanted", "the user name is wrong"),
        ("w:geheim", "not those wanted", "the user name is wrong"),
        ("right:u", "not those wanted", "the user name is wrong"),
    ],
)
def test_how_a_login_is_wrong(login: str, answered: str, logged: str) -> None:
    """
    Whoever asks hears whether any came, and not which half is wrong; the log says that, and shows
    nothing of it: clients send passwords as user names.
    """
    scene = Scene(access=Access("u", "right"))
    packed = f"Basic {b64encode(login.encode()).decode()}" if ":" in login else login
    status, content = scene.post("/present", HTTP_AUTHORIZATION=packed)
    assert (status[:3], answered in content["error"]) == ("401", True)
    assert content.keys() == {"error"}
    [(_, line)] = scene.log
    assert logged in line
    assert not any(word in line.split() for word in ("u", "w", "right", "geheim"))


@pytest.mark.parametrize("length", ["", "-1", "x", "\u0665", "9" * 30])
def test_a_length_that_is_none_is_no_body(length: str) -> None:
    """
    Whatever the header says, the application neither waits for more nor breaks.
    """
    status, *_ = Scene().ask("POST", "/present", b"{}", CONTENT_LENGTH=length)
    assert status[:3] in {"400", "413"}


# What may be asked for


@given(st.binary(max_size=200))
def test_any_body_is_a_request_within_the_guard_or_refused(body: bytes) -> None:
    """
    No body breaks the reader.
    """
    with pytest.raises(Refused):
        read_request(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(
    st.dictionaries(
        st.sampled_from(["fqdn", "value", "domain", "token", "keyAuth"]),
        JSON
        | st.from_regex(r"(_acme-challenge|_ACME-challenge|www)\.[a-z.*-]{0,9}\.?", fullmatch=True)
        | st.from_regex(r"[A-Za-z0-9_.-]{1,50}", fullmatch=True),
    )
)
def test_whatever_is_read_is_within_the_guard(document: dict[str, object]) -> None:
    """
    A name that begins with _acme-challenge, below a host name, and a value of base64url.
    """
    try:
        asked = read_request(json.dumps(document).encode())
    except Refused:
        return
    assert asked.challenge.name.labels[0] == b"_acme-challenge"
    assert all(label.replace(b"-", b"").isalnum() for label in asked.challenge.name.labels[1:-1])
    if "fqdn" in document:
        assert asked.challenge.name == from_text(str(document["fqdn"]))
    assert all(document[key] == text for key, text in asked.echo.items())


@pytest.mark.parametrize(
    "domain", ["example.com", "*.example.com", "EXAMPLE.com.", "m\u00fcnchen.example"]
)
def test_raw_mode_is_the_digest_at_the_base_name(domain: str) -> None:
    """
    RFC 8555 §8.4: the challenge of a wildcard is at its base.
    """
    document = {"domain": domain, "token": "t", "keyAuth": "t.p"}
    challenge = read_request(json.dumps(document).encode()).challenge
    base = domain.removeprefix("*.").encode("idna").decode().lower().rstrip(".")
    assert challenge.name == from_text(f"_acme-challenge.{base}.")
    assert challenge.value == urlsafe_b64encode(sha256(b"t.p").digest()).decode().rstrip("=")


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"fqdn": "_acme-challenge.example.com."},
        {"fqdn": "www.example.com.", "value": "v"},
        {"fqdn": "_acme-challenge.", "value": "v"},
        {"fqdn": "_acme-challenge", "value": "v"},
        {"fqdn": "_acme-challenge.*.example.com.", "value": "v"},
        {"fqdn": "_acme-challenge.example.com..", "value": "v"},
        {"fqdn": "_acme-challenge.exa mple.com.", "value": "v"},
        {"fqdn": "_acme-challenge._acme-challenge.example.com.", "value": "v"},
        {"fqdn": "x._acme-challenge.example.com.", "value": "v"},
        {"fqdn": "_acme-challenge.example.com.", "value": ""},
        {"fqdn": "_acme-challenge.example.com.", "value": "v" * 256},
        {"fqdn": "_acme-challenge.example.com.", "value": 5},
        {"fqdn": "_acme-challenge.example.com.", "value": "v\n"},
        {"domain": "example.com", "keyAuth": "no-dot"},
        {"domain": "*.*.example.com", "keyAuth": "t.p"},
        {"domain": "", "keyAuth": "t.p"},
        ["_acme-challenge.example.com.", "v"],
    ],
)
def test_what_is_no_challenge_is_refused(document: object) -> None:
    """
    With a reason; whoever could have other names or values written could take over more than that.
    """
    with pytest.raises(Refused) as caught:
        read_request(json.dumps(document).encode())
    assert caught.value.status == 400
    assert str(caught.value)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("example.com", True),
        ("a.b.Example.com", True),
        ("badexample.com", False),
        ("com", False),
        ("example.com.evil.net", False),
    ],
)
def test_names_are_allowed_by_whole_labels(host: str, *, allowed: bool) -> None:
    """
    A domain of the list and whatever is below; without a list, everything.
    """
    Access().allow(from_text(host))
    access = Access(names=(from_text("example.net."), from_text("example.com.")))
    if allowed:
        access.allow(from_text(host))
    else:
        with pytest.raises(Refused) as caught:
            access.allow(from_text(host))
        assert caught.value.status == 403
