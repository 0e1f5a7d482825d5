"""Orders from a file or standard input."""

import io
import json
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from pipeline.model import Exit, Failed
from pipeline.orders.document import DocumentSource
from pipeline.orders.fields import LIMIT
from tests.standins.rcl import URI, order, token

GOOD = order((token(),))


class Broken(io.BytesIO):
    """Standard input that is a folder."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise IsADirectoryError(21, "Is a directory")


def written(folder: Path, content: bytes) -> str:
    path = folder / "order.json"
    path.write_bytes(content)
    return str(path)


def from_stdin(content: bytes) -> DocumentSource:
    return DocumentSource("-", io.BytesIO(content))


def test_a_file_is_an_order(tmp_path: Path) -> None:
    """The API's own answer, saved, serves as a document; standard input is left alone."""
    stdin = io.BytesIO(b"theirs")
    source = DocumentSource(written(tmp_path, GOOD), stdin)
    found = source.fetch("shopeneur.com")
    assert (found.name, found.source, found.uri) == ("shopeneur.com", "document", URI)
    assert [challenge.value for challenge in found.challenges] == ["pder_53er44PhE-keudgge45630"]
    assert stdin.read() == b"theirs"


def test_a_hyphen_is_standard_input() -> None:
    """`--from -` reads what is piped in."""
    assert from_stdin(GOOD).fetch("shopeneur.com").status == "pending"


def test_without_a_name_the_document_names_itself() -> None:
    """The order is called after its domains, each once."""
    tokens = (token(value="A" * 43), token("*.shopeneur.com", value="B" * 43), token(value="C"))
    assert from_stdin(order(tokens)).fetch("").name == "shopeneur.com,*.shopeneur.com"


@pytest.mark.parametrize(
    ("tokens", "name"),
    [
        ((token(), token("*.shopeneur.com"), token()), "shopeneur.com,*.shopeneur.com"),
        ((token(), {"domain": 7}), "(document)"),
        ((token(), {}), "(document)"),
        ((token(), "x"), "(document)"),
        ((token("\x1b[31m<b>"),), "(document)"),
        ((), "(document)"),
        ("x", "(document)"),
    ],
)
def test_an_order_past_validation_has_a_name(tokens: Any, name: str) -> None:
    """
    Also an order that needs nothing is called after its domains, if they are names, and never by
    an empty word; what is wrong with its tokens stops nobody any more.
    """
    body = json.dumps({"status": "valid", "validationTokens": tokens}).encode()
    assert from_stdin(body).fetch("").name == name


def test_an_order_past_validation_keeps_the_name_given() -> None:
    """It is called as the caller calls it, if it shows that it is that name's."""
    source = from_stdin(order((token("*.shopeneur.com"),), "valid"))
    assert source.fetch("shopeneur.com,www.example.com").name == "shopeneur.com,www.example.com"


@pytest.mark.parametrize("tokens", [None, (token("www.example.org"),)])
def test_an_order_past_validation_of_who_knows_whom_is_refused(tokens: Any) -> None:
    """Nobody is told ready by the order of another name, or of none."""
    with pytest.raises(Failed, match=r"in the certificate name asked for|of this name") as caught:
        from_stdin(order(tokens, "valid")).fetch("shopeneur.com")
    assert caught.value.exit is Exit.DATA


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{}", ': "status" is missing'),
        (b'{\n "status": pending}', ", line 2, column 12: the order document is not JSON"),
        (b"\xff", ": the order document is not JSON"),
        (b"[" * 100_000, ": the order document is not JSON"),
        (order(({"challengeType": "smtp"},)), ': token 1: challengeType "smtp" is neither'),
    ],
)
def test_a_refusal_names_the_document(tmp_path: Path, content: bytes, reason: str) -> None:
    """
    What is wrong is said with its file, or standard input, and the place in it if it is no JSON.
    """
    path = written(tmp_path, content)
    for source, where in (
        (DocumentSource(path, io.BytesIO()), path),
        (from_stdin(content), "standard input"),
    ):
        with pytest.raises(Failed) as caught:
            source.fetch("")
        assert caught.value.problem.message.startswith(f"{where}{reason}")
        assert (caught.value.exit, caught.value.problem.code) == (Exit.DATA, "order")


def test_a_refusal_keeps_its_hint() -> None:
    """The next step comes with it."""
    with pytest.raises(Failed) as caught:
        from_stdin(order(())).fetch("")
    assert "must use the DNS challenge" in caught.value.problem.hint


def test_a_name_limits_what_the_document_may_name() -> None:
    """A domain outside of it is refused, with its index."""
    with pytest.raises(Failed, match=r'token 1: domain "shopeneur.com" is not in') as caught:
        from_stdin(GOOD).fetch("www.shopeneur.com")
    assert caught.value.exit is Exit.DATA


def test_it_never_resumes() -> None:
    """Whoever holds the document has the order; thirty runs of one name are thirty orders."""
    assert not DocumentSource.resumes
    assert DocumentSource.account == ""


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT])
def test_size_is_limited(size: int) -> None:
    """More than 1 MiB is no order, and is not read to its end."""
    stdin = io.BytesIO(b" " * size)
    with pytest.raises(Failed, match="larger than 1048576 octets") as caught:
        DocumentSource("-", stdin).fetch("")
    assert caught.value.exit is Exit.DATA
    assert stdin.tell() == LIMIT + 1


def test_the_largest_document_is_read() -> None:
    """The limit itself is still within."""
    assert from_stdin(GOOD.ljust(LIMIT)).fetch("").challenges


@pytest.mark.parametrize(
    ("path", "stdin", "reason"),
    [
        ("/nonexistent/order.json", io.BytesIO(), '"/nonexistent/order.json": no such file'),
        ("/", io.BytesIO(), 'cannot read "/": is a directory'),
        ("-", Broken(), 'cannot read "-": is a directory'),
        ("", io.BytesIO(), "--from names no file"),
    ],
)
def test_what_cannot_be_read_is_a_matter_of_usage(path: str, stdin: BinaryIO, reason: str) -> None:
    """Exit 64, with the path, the reason and what --from takes."""
    with pytest.raises(Failed, match=reason) as caught:
        DocumentSource(path, stdin).fetch("")
    assert caught.value.exit is Exit.USAGE
    assert "--from takes a file" in caught.value.problem.hint


@pytest.mark.parametrize("form", ["{}", '"{}"', '{{"status": "{}"}}'])
def test_a_wrong_file_is_not_quoted(tmp_path: Path, form: str) -> None:
    """
    What was given by mistake may be a key file: its content stays out of every message, as text
    in JSON and as a status as well.
    """
    path = tmp_path / "tsig.secret"
    path.write_text(form.format("c2VjcmV0LXNlY3JldC1zZWNyZXQ=") + "\n")
    expected = r"not JSON|is text, not an object|status of 28 characters is none of"
    with pytest.raises(Failed, match=expected) as caught:
        DocumentSource(str(path), io.BytesIO()).fetch("")
    assert "c2vjcmv0" not in str(caught.value).lower()
