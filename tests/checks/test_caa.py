"""CAA: what decides, and whether the CA may issue, as RFC 8659, RFC 8657 and Boulder have it."""

import pytest
from dns import flags, rdatatype
from dns.message import Message
from dns.name import Name, from_text
from dns.rrset import from_text as rrset
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.caa import (
    Answers,
    Denied,
    Identifier,
    Obstructed,
    Relevant,
    ladder,
    relevant,
    retold,
)
from pipeline.checks.grants import Grant, grant
from pipeline.checks.issuance import is_known, issuers, problems
from pipeline.configuration.settings import Authority
from pipeline.model import Problem, Severity
from pipeline.questions import Silence

from .scene import APEX, NXDOMAIN, REFUSED, SERVFAIL, TIMEOUT, caa, caa_reply, reply, via

BASE = from_text("www.example.com.")
LE = Authority(("letsencrypt.org",))
ACCOUNT = "https://ca.example/acct/1"
OURS = Authority(("letsencrypt.org",), ACCOUNT)
ANY = Authority()


def answers(**at: Message | Silence) -> Answers:
    """Return what is at www.example.com and its parents; no record where nothing is said."""
    owners = {"www": "www.example.com.", "example": "example.com.", "com": "com."}
    return {from_text(text): at.get(key, caa_reply(text)) for key, text in owners.items()}


def judge(found: Answers, authority: Authority = LE, *, is_wildcard: bool = False) -> list[Problem]:
    """Return what CAA has against a certificate for www.example.com."""
    identifier = Identifier(BASE, is_wildcard)
    return list(problems([identifier], found, authority))


def verdict(found: Answers, authority: Authority = LE, *, is_wildcard: bool = False) -> str:
    """Return the code of what CAA has against the certificate, or nothing."""
    return "".join(each.code for each in judge(found, authority, is_wildcard=is_wildcard))


NO = "caa-forbids"

ISSUE = [
    ([], ""),
    (['0 issue "letsencrypt.org"'], ""),
    (['128 issue "letsencrypt.org"'], ""),
    (['1 issue "letsencrypt.org"'], ""),
    (['0 ISSUE "letsencrypt.org"'], ""),
    (['0 IsSuE "letsencrypt.org"'], ""),
    (['0 issue " letsencrypt.org "'], ""),
    (['0 issue "\\009letsencrypt.org"'], ""),
    (['0 issue "letsencrypt.org;"'], ""),
    (['0 issue "letsencrypt.org; "'], ""),
    (['0 issue "letsencrypt.org;;"'], NO),
    (['0 issue "LetsEncrypt.org"'], NO),
    (['0 issue "letsencrypt.org."'], NO),
    (['0 issue "letsencrypt.com"'], NO),
    (['0 issue "www.letsencrypt.org"'], NO),
    (['0 issue "letsencrypt.org ca.example"'], NO),
    (['0 issue ";"'], NO),
    (['0 issue ""'], NO),
    (['0 issue "; accounturi=x"'], NO),
    (['0 issue ";"', '0 issue "letsencrypt.org"'], ""),
    (['0 issue "ca.example"'], NO),
    (['0 issue "ca.example"', '0 issue "letsencrypt.org"'], ""),
    (['0 issuewild ";"'], ""),
    (['0 issuewild "ca.example"'], ""),
    (['0 iodef "mailto:a@example.com"'], ""),
    (['128 iodef "mailto:a@example.com"'], ""),
    (['128 issuemail ";"'], ""),
    (['128 issuevmc ";"'], ""),
    (['0 unknown "x"'], ""),
    (['2 unknown "x"'], ""),
    (['64 unknown "x"'], ""),
    (['128 unknown "x"'], "caa-critical"),
    (['1 unknown "x"'], "caa-critical"),
    (['129 unknown "x"'], "caa-critical"),
    (['255 unknown "x"'], "caa-critical"),
    (['128 unknown "x"', '0 issue "letsencrypt.org"'], "caa-critical"),
    (['0 unknown "x"', '0 issue ";"'], NO),
    (['0 issue "letsencrypt.org; x"'], NO),
    (['0 issue "letsencrypt.org; a=b; x"'], NO),
    (['0 issue "letsencrypt.org; a=b;"'], NO),
    (['0 issue "letsencrypt.org; a=b"'], ""),
    (['0 issue "letsencrypt.org; a=b=c"'], ""),
    (['0 issue "letsencrypt.org; a="'], ""),
    (['0 issue "letsencrypt.org; a = b "'], ""),
    (['0 issue "letsencrypt.org; a-b=c"'], NO),
    (['0 issue "letsencrypt.org; a_b=c"'], NO),
    (['0 issue "letsencrypt.org; a=b c"'], NO),
    (['0 issue "letsencrypt.org; a=\\195\\188"'], NO),
    (['0 issue "letsencrypt.org; x"', '0 issue "letsencrypt.org"'], ""),
    (['0 issue "letsencrypt.org; validationmethods=dns-01"'], ""),
    (['0 issue "letsencrypt.org; validationmethods=http-01,dns-01"'], ""),
    (['0 issue "letsencrypt.org; validationmethods=http-01"'], NO),
    (['0 issue "letsencrypt.org; validationmethods=DNS-01"'], NO),
    (['0 issue "letsencrypt.org; validationmethods="'], NO),
    (['0 issue "letsencrypt.org; validationmethods=,dns-01"'], NO),
    (['0 issue "letsencrypt.org; validationmethods=dns-01,!"'], ""),
    (['0 issue "letsencrypt.org; validationmethods=dns_01,dns-01"'], NO),
    (
        ['0 issue "letsencrypt.org; validationmethods=dns-01; validationmethods=dns-01"'],
        NO,
    ),
    (['0 issue "letsencrypt.org; ValidationMethods=http-01"'], ""),
    (
        [
            '0 issue "letsencrypt.org; validationmethods=http-01"',
            '0 issue "letsencrypt.org; validationmethods=dns-01"',
        ],
        "",
    ),
]


@pytest.mark.parametrize(("texts", "code"), ISSUE)
def test_records_at_the_name(texts: list[str], code: str) -> None:
    """
    Records at the name itself decide for Let's Encrypt and an ordinary name, each alone.
    """
    assert verdict(answers(www=caa_reply("www.example.com.", *texts))) == code


WILD = [
    ([], ""),
    (['0 issue "letsencrypt.org"'], ""),
    (['0 issue ";"'], NO),
    (['0 issuewild "letsencrypt.org"'], ""),
    (['0 issuewild ";"'], NO),
    (['0 IssueWild ";"'], NO),
    (['0 issue "letsencrypt.org"', '0 issuewild ";"'], NO),
    (['0 issue ";"', '0 issuewild "letsencrypt.org"'], ""),
    (['0 issue "letsencrypt.org"', '0 issuewild "letsencrypt.org; broken"'], NO),
    (['0 iodef "mailto:a@example.com"'], ""),
]


@pytest.mark.parametrize(("texts", "code"), WILD)
def test_records_for_a_wildcard(texts: list[str], code: str) -> None:
    """
    For a wildcard any issuewild, usable or not, takes the place of issue (RFC 8659 §4.3).
    """
    found = answers(www=caa_reply("www.example.com.", *texts))
    assert verdict(found, is_wildcard=True) == code


ALLOW, FORBID = '0 issue "letsencrypt.org"', '0 issue ";"'
ERROR = reply(BASE, rdatatype.CAA, code=SERVFAIL)

CLIMB: list[tuple[dict[str, Message | Silence], str]] = [
    ({"example": caa_reply("example.com.", FORBID)}, NO),
    ({"com": caa_reply("com.", FORBID)}, NO),
    (
        {
            "www": caa_reply("www.example.com.", ALLOW),
            "example": caa_reply("example.com.", FORBID),
        },
        "",
    ),
    (
        {
            "www": caa_reply("www.example.com.", '0 iodef "mailto:x@y"'),
            "com": caa_reply("com.", FORBID),
        },
        "",
    ),
    ({"www": ERROR, "example": caa_reply("example.com.", ALLOW)}, "caa-failing"),
    ({"www": TIMEOUT, "example": caa_reply("example.com.", ALLOW)}, "caa-failing"),
    ({"www": caa_reply("www.example.com.", ALLOW), "example": ERROR}, ""),
    ({"example": ERROR, "com": caa_reply("com.", ALLOW)}, "caa-failing"),
    ({"com": ERROR}, "caa-failing"),
    ({"www": reply(BASE, rdatatype.CAA, code=REFUSED)}, "caa-failing"),
    ({"www": reply(BASE, rdatatype.CAA, code=NXDOMAIN)}, ""),
    (
        {
            "www": reply(BASE, rdatatype.CAA, code=NXDOMAIN),
            "example": caa_reply("example.com.", FORBID),
        },
        NO,
    ),
    ({"com": reply(from_text("com."), rdatatype.CAA, code=NXDOMAIN)}, "caa-failing"),
]


@pytest.mark.parametrize(("at", "code"), CLIMB)
def test_the_first_error_or_record_decides(at: dict[str, Message | Silence], code: str) -> None:
    """
    From the name upwards the first error or record decides; NXDOMAIN is none, but for a TLD.
    """
    assert verdict(answers(**at)) == code


def test_an_alias_brings_its_targets_records() -> None:
    """
    The records at the end of a CNAME count as those of the name (RFC 8659 §3).
    """
    alias = rrset(BASE, 300, "IN", "CNAME", "cdn.example.net.")
    message = reply(BASE, rdatatype.CAA, alias, caa("cdn.example.net.", FORBID))
    assert verdict(answers(www=message)) == NO
    assert isinstance(relevant(BASE, answers(www=message)), Relevant)


ACCOUNTS = [
    (f"accounturi={ACCOUNT}", OURS, ""),
    (f"accounturi={ACCOUNT}0", OURS, NO),
    (f"accounturi={ACCOUNT}; accounturi={ACCOUNT}", OURS, NO),
    (f"accounturi={ACCOUNT}; accounturi={ACCOUNT}", LE, NO),
    ("accounturi=", OURS, NO),
    ("accounturi=", LE, NO),
    (f"accounturi={ACCOUNT}0", LE, "caa-account"),
    (f"AccountURI={ACCOUNT}0", OURS, ""),
    (f"accounturi={ACCOUNT}; validationmethods=http-01", OURS, NO),
    (f"accounturi={ACCOUNT}; validationmethods=dns-01", OURS, ""),
]


@pytest.mark.parametrize(("parameters", "authority", "code"), ACCOUNTS)
def test_accounts(parameters: str, authority: Authority, code: str) -> None:
    """
    An account is compared where ours is known (RFC 8657 §3); given twice, nobody's will do.
    """
    text = f'0 issue "letsencrypt.org; {parameters}"'
    assert verdict(answers(www=caa_reply("www.example.com.", text)), authority) == code


def test_one_record_without_an_account_is_enough() -> None:
    """
    Where another record lets every account issue, nobody needs to ask which is ours.
    """
    texts = ['0 issue "letsencrypt.org; accounturi=x"', '0 issue "letsencrypt.org"']
    assert verdict(answers(www=caa_reply("www.example.com.", *texts))) == ""


UNKNOWN = [
    ('0 issue "ca.example"', "caa-issuer"),
    ('0 issue "ca.example; validationmethods=dns-01"', "caa-issuer"),
    ('0 issue "ca.example; validationmethods=http-01"', NO),
    ('0 issue ";"', NO),
    ('0 issue "ca.example; broken"', NO),
    ('0 iodef "mailto:x@y"', ""),
]


@pytest.mark.parametrize(("text", "code"), UNKNOWN)
def test_a_ca_that_is_not_known(text: str, code: str) -> None:
    """
    Only what no CA may pass is fatal while ours is not known; else those that may are named.
    """
    found = judge(answers(www=caa_reply("www.example.com.", text)), ANY)
    assert "".join(each.code for each in found) == code
    for each in found:
        assert each.severity is (Severity.ERROR if code == NO else Severity.NOTICE)
        assert "ca.example" in each.message or text == '0 issue ";"' or "malformed" in each.message


@pytest.mark.parametrize(
    ("outcome", "severity"),
    [(Denied("REFUSED"), "error"), (TIMEOUT, "warning"), (Silence("REFUSED"), "warning")],
)
def test_an_error_is_as_grave_as_it_is_sure(outcome: Silence, severity: str) -> None:
    """
    An error that only we may have met does not stop a run.
    """
    [problem] = judge(answers(www=outcome))
    assert (problem.code, problem.severity) == ("caa-failing", severity)
    assert "www.example.com." in problem.message
    assert outcome.reason in problem.message


NONE = reply(BASE, rdatatype.CAA, code=NXDOMAIN)
ROUTELESS = Silence("no route from this host", routeless=True)
ALIAS = reply(BASE, rdatatype.CAA, rrset(BASE, 300, "IN", "CNAME", "cdn.example.net."))
REFERRAL = reply(
    BASE,
    rdatatype.CAA,
    set_flags=flags.QR,
    authority=[rrset(BASE, 300, "IN", "NS", "ns1.example.net.")],
)
LAME = reply(BASE, rdatatype.CAA, set_flags=flags.QR)
FIRST = Silence("first")
AGAIN: list[tuple[list[Message | Silence], object]] = [
    ([ERROR, ERROR], Denied),
    ([ERROR, LAME], Denied),
    ([ERROR, ROUTELESS], Denied),
    ([ERROR, TIMEOUT], FIRST),
    ([TIMEOUT, TIMEOUT], FIRST),
    ([ROUTELESS], FIRST),
    ([], FIRST),
    ([ERROR, NONE], NONE),
    ([TIMEOUT, NONE], NONE),
    ([ALIAS], FIRST),
    ([ALIAS, ERROR], FIRST),
    ([REFERRAL, ERROR], FIRST),
    ([REFERRAL, NONE], NONE),
]


@pytest.mark.parametrize(("outcomes", "expected"), AGAIN)
def test_a_second_try(outcomes: list[Message | Silence], expected: object) -> None:
    """
    One answer is enough; an error is sure if each server that can be asked says so itself; else,
    and where the way leads on to other servers, what came of the first try stays.
    """
    found = retold(BASE, APEX, FIRST, {via(i): each for i, each in enumerate(outcomes)})
    if expected is Denied:
        assert isinstance(found, Denied)
        assert "ns0.example.net. 192.0.2.0: SERVFAIL" in found.reason
    else:
        assert found is expected


def test_one_finding_for_many_names() -> None:
    """
    A hundred names under one forbidding record are one finding, which says how many they are.
    """
    names = [from_text(f"h{i}.example.com.") for i in range(100)]
    found: dict[Name, Message | Silence] = {name: caa_reply(name.to_text()) for name in names}
    found |= answers(example=caa_reply("example.com.", FORBID))
    identifiers = [Identifier(name) for name in names]
    [problem] = problems(identifiers, found, LE)
    assert problem.message.startswith("h0.example.com and 99 more names: ")
    assert "at example.com." in problem.message


def test_the_order_of_records_does_not_show() -> None:
    """
    Servers shuffle records; what is said of them is the same every time.
    """
    texts = [f'0 issue "{each}.example; accounturi={each}"' for each in "abcdef"]
    for rotation in range(6):
        message = caa_reply("www.example.com.", *texts[rotation:], *texts[:rotation])
        [problem] = judge(answers(www=message), ANY)
        assert "a.example, b.example, c.example" in problem.message


def test_the_hint_fits_the_tag_and_the_case() -> None:
    """
    What to add is named as it is to be written, and a CA spelt in capitals is pointed at.
    """
    [wild] = judge(answers(www=caa_reply("www.example.com.", '0 issuewild ";"')), is_wildcard=True)
    assert '0 issuewild "letsencrypt.org"' in wild.hint
    [case] = judge(answers(www=caa_reply("www.example.com.", '0 issue "LetsEncrypt.org"')))
    assert "case counts" in case.hint
    [other] = judge(answers(www=caa_reply("www.example.com.", '0 issue "ca.example"')))
    assert "case counts" not in other.hint


def test_foreign_text_is_harmless() -> None:
    """
    What a zone puts into CAA reaches nobody's terminal as it is.
    """
    texts = ['0 issue "a\\027[31mb<script>::set-output"', '0 issue "x; accounturi=<b>`"']
    for text in texts:
        for authority in (LE, ANY, OURS):
            [problem] = judge(answers(www=caa_reply("www.example.com.", text)), authority)
            assert not set("\x1b<>`") & set(problem.message + problem.hint)


def test_who_may_issue() -> None:
    """
    The report names the CAs that may issue after dns-01: None for any, nobody where all is lost.
    """
    name, wild = Identifier(BASE), Identifier(BASE, is_wildcard=True)

    def at(*texts: str) -> Answers:
        return answers(www=caa_reply("www.example.com.", *texts))

    assert issuers(name, answers()) is None
    assert issuers(name, at('0 issuewild ";"')) is None
    assert issuers(wild, at('0 issuewild ";"')) == ()
    assert issuers(name, at('0 issue "a.example"', '0 issue "b.example"', '0 issue "a.example"')) \
        == ("a.example", "b.example")  # fmt: skip
    assert issuers(name, at('0 issue "a.example; validationmethods=x"')) == ()
    assert issuers(name, at('0 issue "a.example"', '128 unknown "x"')) == ()
    assert issuers(name, answers(example=Denied("REFUSED"))) == ()


@pytest.mark.parametrize("outcome", [ERROR, TIMEOUT])
def test_an_error_of_our_own_forbids_nothing(outcome: Message | Silence) -> None:
    """
    Where only we have met it, nobody knows who may issue, and nobody is said to be forbidden.
    """
    name, lost = Identifier(BASE), answers(example=outcome)
    assert issuers(name, lost) is None
    assert not is_known(name, lost)
    assert is_known(name, answers())
    assert is_known(name, answers(example=Denied("REFUSED")))


def test_the_ladder() -> None:
    """
    CAA is looked for at the name and at each parent, the top-level domain included, not the root.
    """
    assert [name.to_text() for name in ladder(BASE)] == ["www.example.com.", "example.com.", "com."]


TEXT = st.text(st.characters(max_codepoint=255), max_size=40)


@given(TEXT)
def test_any_value_is_read(text: str) -> None:
    """
    Whatever a record holds, reading it ends in a grant or in none, and never in an error.
    """
    found = grant(text.encode("latin-1"))
    assert found is None or found.issuer == text.partition(";")[0].strip(" \t")


LABEL = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
WORD = st.from_regex(r"[!-:<-~]{0,12}", fullmatch=True)


@given(LABEL, st.lists(st.tuples(LABEL, WORD), max_size=4), st.sampled_from(["", " ", "\t "]))
def test_what_is_written_by_the_rules_is_read_back(
    issuer: str, parameters: list[tuple[str, str]], space: str
) -> None:
    """
    An issuer and parameters by RFC 8659 §4.2 come back as they are, white space aside.
    """
    parts = [issuer, *(f"{space}{tag}{space}={space}{value}{space}" for tag, value in parameters)]
    assert grant(";".join(parts).encode()) == Grant(issuer, tuple(parameters))


SETS = st.lists(
    st.sampled_from([ALLOW, FORBID, '0 issue "ca.example"', '128 unknown "x"', '0 iodef "x"']),
    max_size=3,
    unique=True,
)


@given(SETS, SETS, st.booleans())
def test_a_closer_name_hides_its_parents(
    near: list[str],
    far: list[str],
    is_wildcard: bool,  # noqa: FBT001
) -> None:
    """
    What a parent says changes nothing once a closer name has a record or fails.
    """
    here, above = caa_reply("www.example.com.", *near), caa_reply("example.com.", *far)
    alone = verdict(answers(www=here), is_wildcard=is_wildcard)
    both = verdict(answers(www=here, example=above), is_wildcard=is_wildcard)
    if near:
        assert both == alone
    else:
        assert both == verdict(answers(www=caa_reply("www.example.com.", *far)),
                               is_wildcard=is_wildcard)  # fmt: skip
    assert isinstance(relevant(BASE, answers(www=ERROR, example=above)), Obstructed)


@given(SETS, st.booleans())
def test_more_grants_never_forbid(texts: list[str], is_wildcard: bool) -> None:  # noqa: FBT001
    """
    A record that lets our CA issue never turns a yes into a no.
    """
    before = verdict(answers(www=caa_reply("www.example.com.", *texts)), is_wildcard=is_wildcard)
    after = verdict(
        answers(www=caa_reply("www.example.com.", *dict.fromkeys([*texts, ALLOW]))),
        is_wildcard=is_wildcard,
    )
    assert after in {"", before}
    assert after != NO
