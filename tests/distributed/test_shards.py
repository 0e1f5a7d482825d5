"""Shards of an inventory from end to end, and the Indexed Job that is shipped."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.command.arguments import parse
from pipeline.configuration.variables import unread
from pipeline.model import Exit
from tests.bridge import Site, finish, leaf, opened
from tests.documents import ROOT
from tests.pods import pod_variables

MANIFEST = ROOT / "contrib" / "kubernetes" / "indexed-job.yaml"
NAMES = ("example.com,*.example.com", "www.example.com", "a.example.org", "*.b.example.org")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with an inventory; each order brings new values."""
    with opened(tmp_path_factory.mktemp("site"), lags=[0.0], renews=True) as site:
        (site.folder / "fleet.txt").write_text("\n".join(NAMES))
        yield site


def test_shards_do_all_of_it_once(site: Site) -> None:
    """
    Every certificate is ordered and ready in one of three shards; those of a zone in the same one;
    a shard with none ends with 0 and says so.
    """
    words = ("ready", "--inventory", "fleet.txt", "--json", "--shard")
    runs = [site.start(*words, f"{number}/3") for number in (1, 2, 3)]
    done: list[set[str]] = []
    for number, result in enumerate(map(finish, runs), 1):
        assert result.returncode == 0
        found = set(re.findall(r'"name": "([^_"][^"]*)"', result.stdout))
        assert f"shard {number}/3: {len(found)} of 4 certificates" in result.stderr
        done.append(found)
    assert sorted(map(sorted, done)) == [[], sorted(NAMES[2:]), sorted(NAMES[:2])]
    assert site.orders.requests == len(NAMES)


@pytest.mark.parametrize(
    ("words", "variables", "status", "said"),
    [
        (["--shard", "0/4"], {}, 64, "numbered from 1/4 to 4/4"),
        (["--shard", "5/4"], {}, 64, "numbered from 1/4 to 4/4"),
        (["--shard", "a/b"], {}, 64, "must be I/N"),
        (["--shard", "auto"], {}, 78, "no variable says"),
        (["--shard", "auto"], {"JOB_COMPLETION_INDEX": "1"}, 78, "DNS01_SHARDS is not"),
        (["--shard", "1/2", "--shard", "2/2"], {}, 64, "given twice"),
    ],
)
def test_mistakes_come_before_orders(
    site: Site, words: list[str], variables: dict[str, str], status: int, said: str
) -> None:
    """
    A part that nobody can mean: 64, or 78 where the environment says it; nothing is ordered.
    """
    asked = site.orders.requests
    result = site.dns01("ready", "--inventory", "fleet.txt", *words, **variables)
    assert (result.returncode, site.orders.requests) == (status, asked)
    assert said in result.stderr


def test_a_shard_is_of_an_inventory(site: Site) -> None:
    """
    Without one it is a mistake.
    """
    result = site.dns01("ready", "example.com", "--shard", "1/2")
    assert result.returncode == 64
    assert "--shard is a part of --inventory" in result.stderr


# The Indexed Job


@pytest.fixture(scope="module")
def job() -> Any:
    """Return the manifest's Job, and its claim."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)  # as Kubernetes reads it: 0440 is octal
    return {each["kind"]: each for each in yaml.load_all(MANIFEST.read_text())}


@pytest.fixture(scope="module")
def container(job: Any) -> Any:
    [container] = job["Job"]["spec"]["template"]["spec"]["containers"]
    return container


def test_a_pod_for_each_shard(job: Any, container: Any) -> None:
    """
    As many as the pods are told that there are; each index has tries of its own.
    """
    spec = job["Job"]["spec"]
    variables = {each["name"]: each["value"] for each in container["env"]}
    assert spec["completionMode"] == "Indexed"
    assert spec["completions"] == spec["parallelism"] == int(variables["DNS01_SHARDS"])
    assert spec["backoffLimitPerIndex"] > 0
    assert "backoffLimit" not in spec
    assert unread(variables) == []
    assert parse(container["args"]).shard == "auto"


def test_what_is_tried_again(job: Any) -> None:
    """
    What another try could better: neither a mistake nor a refusal. The API wants `Never` for that.
    """
    spec = job["Job"]["spec"]
    [rule] = [each for each in spec["podFailurePolicy"]["rules"] if "onExitCodes" in each]
    final = set(map(int, Exit)) - {Exit.DONE, Exit.NOT_READY, Exit.UNAVAILABLE}
    assert (rule["action"], rule["onExitCodes"]["operator"]) == ("FailIndex", "In")
    assert set(rule["onExitCodes"]["values"]) == final
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


def test_the_pod_is_confined_and_its_volumes_are_there(job: Any, container: Any) -> None:
    """
    The restricted profile; secrets are files; state is on a claim that every pod can mount.
    """
    pod = job["Job"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    volumes = {each["name"]: each for each in pod["volumes"]}
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    assert set(mounts.values()) == set(volumes)
    variables = {each["name"]: each["value"] for each in container["env"]}
    assert not [name for name in variables if re.search("(KEY|TOKEN|SECRET)$", name)]
    claim = volumes[mounts[variables["DNS01_STATE_DIR"]]]["persistentVolumeClaim"]
    assert claim["claimName"] == job["PersistentVolumeClaim"]["metadata"]["name"]
    assert job["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteMany"]


def test_a_run_as_a_pod_makes_it(container: Any, tmp_path: Path) -> None:
    """
    The container's arguments and variables, with its paths in a folder here, and the index that
    Kubernetes adds: four pods at once get everything ready, silently.
    """
    with opened(tmp_path, lags=[0.0]) as site:
        (tmp_path / "fleet.csv").write_text("name\nwww.example.com\na.example.org\n")
        variables = pod_variables(container, site, tmp_path, 0o400)
        words = [word.replace("/etc/dns01/", f"{tmp_path}/") for word in container["args"]]
        pods = [
            site.start(*words, **variables, JOB_COMPLETION_INDEX=str(index))
            for index in range(int(variables["DNS01_SHARDS"]))
        ]
        for result in map(finish, pods):
            assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert all(site.dns.values(leaf(host)) for host in ("www.example.com", "a.example.org"))
        assert site.orders.requests == 2
