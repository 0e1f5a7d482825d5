"""What an inventory says, in each form, and how its mistakes are told."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet.forms import Form, form_of
from pipeline.fleet.inventory import Certificate, read
from pipeline.model import Exit, Failed

ONE = 'name,provider,order\n"a.example.com, b.example.com",route53,\n\n*.example.org,,acme\n'


def names(text: str, form: Form | None = None) -> list[str]:
    """Return the names in *text*."""
    return [each.name for each in read(text.splitlines(keepends=True), form, "f")]


def mistake(text: str, form: Form | None = None) -> str:
    """Return what is said of *text*, which is no inventory."""
    with pytest.raises(Failed) as caught:
        names(text, form)
    assert caught.value.exit == Exit.DATA
    assert caught.value.problem.code == "inventory"
    return f"{caught.value.problem.message}\n{caught.value.problem.hint}"


def test_a_mark_before_the_first_line_is_none_of_it() -> None:
    """Spreadsheets begin a file with a byte order mark."""
    assert names("\ufeffname\na.example\n") == ["a.example"]


def test_csv() -> None:
    """Columns are told by the header, blank cells say nothing, places are lines of the file."""
    assert [*read(ONE.splitlines(keepends=True), None, "fleet.csv")] == [
        Certificate("a.example.com, b.example.com", "fleet.csv:2", provider="route53"),
        Certificate("*.example.org", "fleet.csv:4", order="acme"),
    ]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("name\na.example\nb.example\n", Form.CSV),
        ('provider,"Name"\n,a.example\n,b.example\n', Form.CSV),
        ("# the fleet\n\nname,provider,,\na.example,,,\nb.example\n", Form.CSV),
        ("# the fleet\n\na.example # the first\nb.example\n", Form.LINES),
        ('["a.example", {"name": "b.example"}]', Form.JSON),
        ('{"certificates": ["a.example", "b.example"]}', Form.JSON),
        ('certificates = ["a.example", "b.example"]\n', Form.TOML),
        ('name, provider\n a.example, x\n "b.example", x\n', Form.CSV),
        ('# it\n[[certificates]]\nname="a.example"\n[[certificates]]\nname="b.example"', Form.TOML),
    ],
)  # fmt: skip
def test_forms(text: str, form: Form) -> None:
    """The same inventory in each form is the same, and each form shows by how it begins."""
    assert form_of(text.splitlines()) is form
    assert names(text) == names(text, form) == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,provder\n", 'f:1: no column is called "provder"; did you mean provider?'),
        ("provider,order\n", "f:1"),
        ("name\na.example\nb_ad.example\n", 'f:3: "b_ad.example" is not a domain name'),
        ("name\na.example,b.example\n", "f:2: more cells than the header"),
        ("name,order\na.example,acmee\n", "did you mean acme?"),
        ("name,provider\n,route53\n", "f:2: a certificate has a name"),
        ("a.example\nnot a name\n", "f:2"),
        ("https://u:p@ca.example/1\n", "no user and password"),
        ('["a.example", {"nam": "b.example"}]', "f: certificate 2: no field"),
        ('["a.example", 7]', "f: certificate 2"),
        ('{"certificate": []}', "did you mean certificates?"),
        ("{}", "no list of certificates"),
        ('name,provider\na.example,"a,,b"\n', "f:2: provider"),
        ("name,name\na.example,b.example\n", "f:1: two columns are called name"),
        ('[{"name":"a.example","name":"b.example"}]', '"name" is there twice'),
        ("name;provider\na.example;route53\n", "divided by commas"),
        ("provider;name\n", "divided by commas"),
        ("# one\n\nname\nb_ad\n", "f:4: "),
        ('name\na.example\n"b.example\n\n\n', "f:3: unexpected end of data"),
        (f"name\n{'x' * 200_000}\n", "f:2: field larger than field limit"),
        ('name,provider\na.example,x\n"b.example" ,x\n', "f:3: "),
        ('name,provider\n"b.example" ,x\n', "no space between a quote and the comma after it"),
        ('"name";"provider"\n"a.example";"x"\n', "divided by commas"),
        ('{"name": "a.example"}\n{"name": "b.example"}\n', "in one list"),
        ("# one\nnmae,name,\n", 'f:2: no column is called "nmae"'),
        ("name,\na.example,b.example\n", "f:2: more cells than the header"),
        ("[", "f is no JSON"),
        ("[]", "f lists no certificate"),
        *((text, "f lists no certificate") for text in ("", "\n \n")),
        ("# none\n", "f lists no certificate"),
        ("name\n", "f lists no certificate"),
        ("[[certificates]]\nname = ", "f is no TOML"),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    """A mistake is exit 65, and is told with its place and the nearest that would do."""
    form = Form.CSV if text.startswith("provider") else None
    assert told in mistake(text, form)


@pytest.mark.parametrize("form", Form)
def test_an_empty_file_lists_nothing(form: Form) -> None:
    """Whatever its name ends with: somebody's program broke before it wrote anything."""
    assert "f lists no certificate" in mistake("\n", form)


def test_all_mistakes_are_told() -> None:
    """All mistakes are told at once, up to a number; nothing is yielded after the first."""
    text = "a.example\n" + "".join(f"bad_{at}\n" for at in range(30)) + "b.example\n"
    read_ = read(text.splitlines(), None, "f")
    assert next(read_).name == "a.example"
    with pytest.raises(Failed) as caught:
        next(read_)
    assert "f:2" in caught.value.problem.message
    assert "f:11" in caught.value.problem.hint
    assert "20 more mistakes" in caught.value.problem.hint


def test_hosts_of_a_zone_have_no_order() -> None:
    """The same hosts are one choice, however they are listed."""
    spelt = ["b,a", " a , b", "a,b,a"]
    text = "".join(f'a{at}.example,"{each}"\n' for at, each in enumerate(spelt))
    assert {each.provider for each in read(f"name,provider\n{text}".splitlines(), None, "f")} == {
        "a,b"
    }


def test_one_name_in_two_spellings_is_one() -> None:
    """An internationalised name and its punycode are the same certificate; a wildcard is not."""
    name = "b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example"
    plain = "xn--bcher-kva.example"
    keys = [Certificate(each, "").key for each in (name, plain, f"*.{name}", f"{plain},*.{name}.")]
    assert keys == [plain, plain, f"*.{plain}", f"{plain},*.{plain}"]


def test_passwords_are_not_shown() -> None:
    """What may hold a password is refused without being repeated."""
    assert "hunter2" not in mistake("https://u:hunter2@ca.example/1\n")


@given(st.text(max_size=200), st.sampled_from([None, *Form]))
def test_anything_else_is_refused(text: str, form: Form | None) -> None:
    """Whatever is read, it is certificates with names, or a `Failed`."""
    found = list[str]()
    with suppress(Failed):
        found = names(text, form)
    assert all(found)


@given(st.lists(st.from_regex(r"[a-z]{1,9}\.example", fullmatch=True), min_size=1, max_size=20))
def test_json_and_lines_agree(wanted: list[str]) -> None:
    """What is read is what was written, in order."""
    assert names(json.dumps(wanted), Form.JSON) == names("\n".join(wanted), Form.LINES) == wanted
