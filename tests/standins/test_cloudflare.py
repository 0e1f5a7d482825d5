"""The stand-in for Cloudflare's API behaves as the API is documented to."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .cloudflare import CloudflareStandIn
from .cloudflare_account import HostedZone

HOST = "_acme-challenge.example.com"


@pytest.fixture
def mirrored() -> list[tuple[str, str, set[str]]]:
    return []


@pytest.fixture
def api(mirrored: list[tuple[str, str, set[str]]]) -> Iterator[CloudflareStandIn]:
    def mirror(apex: str, name: str, values: set[str]) -> None:
        mirrored.append((apex, name, values))

    with CloudflareStandIn(["example.com", "example.net"], mirror) as api:
        yield api


@pytest.fixture
def http(api: CloudflareStandIn) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {api.token}"}
    with httpx.Client(base_url=api.url, headers=headers) as http:
        yield http


@pytest.fixture
def path(api: CloudflareStandIn) -> str:
    return f"/zones/{api.zones[0].id}/dns_records"


def txt(content: str, name: str = HOST, **more: Any) -> dict[str, Any]:
    return {"type": "TXT", "name": name, "content": content, "ttl": 60, **more}


def code(response: httpx.Response) -> tuple[int, int]:
    body = response.json()
    assert (body["success"], body["result"], body["messages"]) == (False, None, [])
    return response.status_code, body["errors"][0]["code"]


class TestAuthentication:
    @pytest.mark.parametrize(
        ("headers", "kind", "answer"),
        [
            ({}, "none", (403, 10000)),
            ({"Authorization": "Bearer a b"}, "malformed", (400, 6003)),
            ({"Authorization": f"Bearer {'x' * 40}"}, "bearer", (403, 9109)),
            ({"X-Auth-Email": "a@b", "X-Auth-Key": "k"}, "key", (403, 9103)),
        ],
    )
    def test_kinds(
        self, api: CloudflareStandIn, headers: dict[str, str], kind: str, answer: tuple[int, int]
    ) -> None:
        """
        The log tells which credentials came, the answer what is wrong with them.
        """
        assert code(httpx.get(f"{api.url}/zones", headers=headers)) == answer
        assert [call.auth for call in api.log] == [kind]

    def test_scopes(self, api: CloudflareStandIn, http: httpx.Client, path: str) -> None:
        """
        A token sees the zones it is for, and edits only where it may.
        """
        narrow = api.grant(zones=frozenset({"example.net"}))
        headers = {"Authorization": f"Bearer {narrow}"}
        rows = http.get("/zones", headers=headers).json()["result"]
        assert [row["name"] for row in rows] == ["example.net"]
        assert code(http.get(path, headers=headers)) == (403, 10000)


class TestReading:
    def test_zones(self, api: CloudflareStandIn, http: httpx.Client) -> None:
        """
        Equality filters and pages of at most 50; past the end is an empty page.
        """
        twins = [HostedZone("twin.example", account=letter * 32) for letter in "ab"]
        api.zones += [*twins, HostedZone("late.example", status="pending")]

        def names(**query: str | int) -> list[str]:
            return [row["name"] for row in http.get("/zones", params=query).json()["result"]]

        assert names(name="TWIN.example") == ["twin.example"] * 2
        assert names(name="twin.example", **{"account.id": "a" * 32}) == ["twin.example"]
        assert names(status="pending") == ["late.example"]
        assert names(type="partial") == names(page=2) == []
        assert code(http.get("/zones", params={"per_page": 51})) == (400, 1004)

    def test_records(self, api: CloudflareStandIn, http: httpx.Client, path: str) -> None:
        """
        Filters ignore case, are all met or any; 100 records make a page.
        """
        api.put("TXT", HOST, '"AbC"', comment="dns01 run=1")
        api.put("TXT", "other.example.com", "v")

        def count(**query: str) -> int:
            return len(http.get(path, params=query).json()["result"])

        assert count(**{"name.exact": HOST.upper(), "type": "TXT"}) == 1
        assert count(**{"content.exact": '"abc"'}) == count(name=HOST) == 1
        assert count(**{"comment.startswith": "DNS01 "}) == 1
        assert count(**{"content.contains": "bc", "name.startswith": "other"}) == 0
        assert (
            count(**{"content.contains": "bc", "name.endswith": "r.example.com"}, match="any") == 2
        )
        for i in range(99):
            api.put("TXT", HOST, str(i))
        info = http.get(path).json()["result_info"]
        assert (info["count"], info["total_count"], info["total_pages"]) == (100, 101, 2)

    def test_shadows(self, api: CloudflareStandIn, http: httpx.Client, path: str) -> None:
        """
        A record below a delegation is accepted, marked when asked, and never served.
        """
        cut = api.put("NS", "sub.example.com", "ns.example.org")
        http.post(path, json=txt("v", "a.sub.example.com")).raise_for_status()
        query = {"shadowing_name": "a.sub.example.com"}
        assert [row["id"] for row in http.get(path, params=query).json()["result"]] == [cut.id]
        query = {"name": "a.sub.example.com", "include_shadow_metadata": "true"}
        [row] = http.get(path, params=query).json()["result"]
        assert row["meta"] == {"shadowed_by": [cut.id]}
        assert api.zones[0].served("a.sub.example.com") == set()


class TestWriting:
    def test_one_record(
        self, http: httpx.Client, path: str, mirrored: list[tuple[str, str, set[str]]]
    ) -> None:
        """
        Create, change, get, delete; DNS follows before the answer.
        """
        key = http.post(path, json=txt('"a" "b"')).json()["result"]["id"]
        http.patch(f"{path}/{key}", json={"content": '"c\\"d"'}).raise_for_status()
        http.put(f"{path}/{key}", json=txt("e")).raise_for_status()
        assert http.get(f"{path}/{key}").json()["result"]["content"] == "e"
        assert http.delete(f"{path}/{key}").json()["result"] == {"id": key}
        assert [values for _, _, values in mirrored] == [{"ab"}, {'c"d'}, {"e"}, set()]
        assert {(apex, name) for apex, name, _ in mirrored} == {("example.com", HOST)}

    @pytest.mark.parametrize(
        ("order", "answer"),
        [
            (txt("there"), (400, 81058)),
            (txt("v", "alias.example.com"), (400, 81054)),
            ({"type": "CNAME", "name": "alias.example.com", "content": "x"}, (400, 81053)),
            ({"type": "NS", "name": HOST, "content": "x"}, (400, 81056)),
            (txt("v", ttl=59), (400, 9021)),
            (txt("v", ttl=86401), (400, 9021)),
            (txt("v", "example.org"), (400, 9000)),
            (txt("v", "notexample.com"), (400, 9000)),
            (txt(""), (400, 9005)),
            (txt("v", comment="a\nb"), (400, 9301)),
            (txt("v" * 2049), (400, 9207)),
            (txt("v" * 2000, "full.example.com"), (400, 9207)),
        ],
    )
    def test_refusals(
        self,
        api: CloudflareStandIn,
        http: httpx.Client,
        path: str,
        order: dict[str, Any],
        answer: tuple[int, int],
    ) -> None:
        """
        What the API refuses, by its own codes.
        """
        api.put("TXT", HOST, "there")
        api.put("CNAME", "alias.example.com", "example.org")
        for letter in "abcd":
            api.put("TXT", "full.example.com", letter * 2000)
        assert code(http.post(path, json=order)) == answer

    def test_switches(self, api: CloudflareStandIn, http: httpx.Client, path: str) -> None:
        """
        Content may come back quoted; CNAMEs may tolerate neighbours.
        """
        api.rules.requote, api.rules.cname_conflicts = True, False
        api.put("CNAME", HOST, "example.org")
        assert http.post(path, json=txt("v")).json()["result"]["content"] == '"v"'
        assert code(http.post(path, json=txt('"v"'))) == (400, 81058)

    def test_nothing_there(self, api: CloudflareStandIn, http: httpx.Client, path: str) -> None:
        """
        An unknown record, one of another zone, an unknown zone, an unknown path.
        """
        other = api.put("TXT", "example.net", "v").id
        assert code(http.delete(f"{path}/{'0' * 32}")) == (404, 81044)
        assert code(http.delete(f"{path}/{other}")) == (404, 81044)
        assert code(http.get(f"/zones/{'0' * 32}/dns_records")) == (404, 7003)
        assert code(http.get("/nowhere")) == (404, 7000)
        assert code(http.delete(path)) == (405, 10405)


class TestBatch:
    def test_order(
        self,
        api: CloudflareStandIn,
        http: httpx.Client,
        path: str,
        mirrored: list[tuple[str, str, set[str]]],
    ) -> None:
        """
        Deletes come before posts, so one batch replaces an identical record.
        """
        old = api.put("TXT", HOST, "v")
        kept = api.put("TXT", HOST, "w")
        mirrored.clear()
        order = {
            "posts": [txt("v"), txt("x")],
            "puts": [{"id": kept.id, **txt("put")}],
            "patches": [{"id": kept.id, "content": "patched"}],
            "deletes": [{"id": old.id}],
        }
        result = http.post(f"{path}/batch", json=order).json()["result"]
        assert [row["content"] for rows in result.values() for row in rows] == [
            *("v", "patched", "put", "v", "x")
        ]
        assert api.values(HOST) == {"put", "v", "x"}
        assert mirrored == [("example.com", HOST, {"put", "v", "x"})]

    def test_one_by_one(
        self,
        api: CloudflareStandIn,
        http: httpx.Client,
        path: str,
        mirrored: list[tuple[str, str, set[str]]],
    ) -> None:
        """
        The values of one batch may become visible one after the other.
        """
        api.rules.one_by_one = True
        http.post(f"{path}/batch", json={"posts": [txt("a"), txt("b")]}).raise_for_status()
        assert [values for _, _, values in mirrored] == [{"a"}, {"a", "b"}]

    def test_all_or_nothing(self, api: CloudflareStandIn, http: httpx.Client, path: str) -> None:
        """
        One refusal undoes the batch; more than 200 operations are refused as a whole.
        """
        api.put("TXT", HOST, "v")
        order = {"posts": [txt("new"), txt("v")]}
        assert code(http.post(f"{path}/batch", json=order)) == (400, 81058)
        order = {"posts": [txt(f"{i}") for i in range(201)]}
        assert code(http.post(f"{path}/batch", json=order)) == (400, 1004)
        assert api.values(HOST) == {"v"}
