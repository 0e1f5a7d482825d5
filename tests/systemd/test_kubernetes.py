"""The CronJob that is shipped: whole, confined, and in the words of this command line."""

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.command.arguments import parse
from pipeline.configuration.variables import unread
from tests.bridge import leaf, opened
from tests.documents import DOCS, ROOT, blocks
from tests.pods import pod_variables

MANIFEST = ROOT / "contrib" / "kubernetes" / "cronjob.yaml"


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    """Return the manifest's objects by kind."""
    yaml = YAML(typ="safe", pure=True)
    yaml.version = (1, 1)  # as Kubernetes reads it: 0440 is octal
    return {each["kind"]: each for each in yaml.load_all(MANIFEST.read_text())}


@pytest.fixture(scope="module")
def job(documents: dict[str, Any]) -> Any:
    return documents["CronJob"]["spec"]["jobTemplate"]["spec"]


@pytest.fixture(scope="module")
def container(job: Any) -> Any:
    [container] = job["template"]["spec"]["containers"]
    return container


def test_what_every_object_has(documents: dict[str, Any]) -> None:
    """
    Group and version, kind, a name that DNS allows.
    """
    assert {kind: each["apiVersion"] for kind, each in documents.items()} == {
        "CronJob": "batch/v1", "PersistentVolumeClaim": "v1",
    }  # fmt: skip
    for each in documents.values():
        assert re.fullmatch("[a-z0-9]([a-z0-9-]*[a-z0-9])?", each["metadata"]["name"])


def test_one_at_a_time_and_again_only_after_75(documents: dict[str, Any], job: Any) -> None:
    """
    No run beside another; no exit but 75 is tried again, which the API allows for `Never` only.
    """
    assert documents["CronJob"]["spec"]["concurrencyPolicy"] == "Forbid"
    assert len(documents["CronJob"]["spec"]["schedule"].split()) == 5
    [fail] = [r for r in job["podFailurePolicy"]["rules"] if r["action"] == "FailJob"]
    assert fail["onExitCodes"] == {"containerName": "dns01", "operator": "NotIn", "values": [75]}
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    assert job["backoffLimit"] > 0


def test_the_pod_is_confined(job: Any, container: Any) -> None:
    """
    As the restricted profile of the Pod Security Standards asks, and no token of the cluster's.
    """
    pod = job["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["terminationGracePeriodSeconds"] >= 3 + 5 + 2


def test_volumes_are_where_the_variables_say(
    documents: dict[str, Any], job: Any, container: Any
) -> None:
    """
    Secrets are files of a secret's, read-only, and no variable holds one; receipts outlive the pod;
    every mount has its volume.
    """
    volumes = {each["name"]: each for each in job["template"]["spec"]["volumes"]}
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    assert set(mounts.values()) == set(volumes)
    variables = {each["name"]: each["value"] for each in container["env"]}
    secrets = {name: value for name, value in variables.items() if name.endswith("_FILE")}
    assert len(secrets) == 2
    assert not [name for name in variables if re.search("(KEY|TOKEN|SECRET)$", name)]
    for path in secrets.values():
        assert "secret" in volumes[mounts[path.rpartition("/")[0]]]
    assert volumes["secrets"]["secret"]["defaultMode"] == 0o440
    claim = volumes[mounts[variables["DNS01_STATE_DIR"]]]["persistentVolumeClaim"]
    assert claim["claimName"] == documents["PersistentVolumeClaim"]["metadata"]["name"]
    assert unread(variables) == []


def test_the_arguments_are_understood(container: Any) -> None:
    """
    By this command line.
    """
    options = parse(container["args"])
    assert (options.verb, options.quiet) == ("run", True)
    assert options.command == ["/usr/local/bin/finalize"]
    assert all(isinstance(word, str) for word in container["args"])


def test_a_run_as_the_pod_makes_it(
    container: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """
    The container's arguments and variables, with its paths in a folder here: no home, secrets by
    file; the run is good, and silent.
    """
    folder = tmp_path_factory.mktemp("pod")
    with opened(folder, lags=[0.0]) as site:
        variables = pod_variables(container, site, folder, 0o440)
        *words, _finalize = container["args"]
        result = site.dns01(*words, "true", **variables)
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
        assert not site.dns.values(leaf("example.com"))
        assert site.orders.requests == 1


def test_the_page_names_what_the_manifest_has(container: Any) -> None:
    """
    The user of the image is the pod's.
    """
    [image] = blocks(DOCS / "kubernetes.md", "dockerfile")
    assert "USER 10001:10001" in image.text
    assert 'ENTRYPOINT ["dns01"]' in image.text
    assert container["name"] == "dns01"
