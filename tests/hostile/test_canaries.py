"""No secret shows anywhere, whatever services, adapters and signals do: by the real command."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.bridge import Site, finish, opened, until
from tests.standins.cloudflare_http import Recorder

from .canaries import files, planted, sought
from .echo import Echo

NAME = "www.example.com"
MODES = ["--verbose", "--json"]


@dataclass
class Planted:
    """A site whose environment holds a canary for each credential."""

    site: Site
    canaries: dict[str, str]

    def variables(self, **more: str) -> dict[str, str]:
        folder = self.site.folder
        return {
            **self.canaries,
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "RFC2136_TSIG_KEY": "key.example",
            "RFC2136_NAMESERVER": "127.0.0.1:1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONFAULTHANDLER": "1",
            "PYTHONDEVMODE": "1",
            "PYTHONWARNINGS": "ignore",
            "CLOUDFLARE_LOG": "debug",
            "HTTPX_LOG_LEVEL": "trace",
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            **more,
        }

    def dns01(self, *words: str, **more: str) -> CompletedProcess[str]:
        ended = finish(self.site.start(*words, **self.variables(**more)), 60)
        self.check(ended)
        return ended

    def check(self, ended: CompletedProcess[str]) -> None:
        """See that nothing that was put out, or is on disk, has a secret in it."""
        texts = {"stdout": ended.stdout, "stderr": ended.stderr, **files(self.site.folder)}
        assert not sought(self.canaries, texts), ended.stdout + ended.stderr


@pytest.fixture
def planted_site(tmp_path: Path) -> Iterator[Planted]:
    with opened(tmp_path, lags=[0.0, 0.0]) as site:
        yield Planted(site, planted())


def leaky(site: Site) -> None:
    """Install the adapter that breaks."""
    packages = site.folder / "packages"
    shutil.copytree(packages / "dns01_bridge-1.0.dist-info", packages / "leaky-1.0.dist-info")
    points = packages / "leaky-1.0.dist-info" / "entry_points.txt"
    points.write_text("[dns01.providers]\nleaky = leaky_adapter:ADAPTER\n")
    metadata = points.with_name("METADATA")
    metadata.write_text(metadata.read_text().replace("dns01-bridge", "leaky"))
    shutil.copy(Path(__file__).with_name("leaky_adapter.py"), packages)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("status", [200, 401, 503])
def test_an_order_api_that_echoes_the_key(planted_site: Planted, status: int, mode: str) -> None:
    """
    Whatever it answers, in whatever spelling, nobody reads the key; 200 is no order.
    """
    with Echo(status) as echo:
        ended = planted_site.dns01(
            "ready", NAME, mode, "--report", "page.html", "--provider", "bridge",
            RCL_BASE_URL=f"{echo.url}/public",
        )  # fmt: skip
    assert ended.returncode == {200: 65, 401: 77, 503: 69}[status]
    [request] = echo.seen
    assert planted_site.canaries["RCL_API_KEY"] in request["authorization"]
    assert (planted_site.site.folder / "page.html").exists()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("provider", "variable"),
    [("cloudflare", "CLOUDFLARE_BASE_URL"), ("route53", "AWS_ENDPOINT_URL_ROUTE_53")],
)
def test_a_host_that_echoes_the_credentials(
    planted_site: Planted, provider: str, variable: str, mode: str
) -> None:
    """
    It gets the credentials, refuses them, and gives them back; nobody else reads them.
    """
    document = planted_site.site.document(NAME)
    with Echo(403) as echo:
        ended = planted_site.dns01(
            "run", "--from", document, "--provider", provider, mode, "--report", "page.html",
            "--", "true", **{variable: echo.url},
        )  # fmt: skip
    assert ended.returncode == 77
    assert echo.seen


def test_an_account_of_the_configuration(planted_site: Planted) -> None:
    """
    A secret that a table names, in a file or a variable, is hidden like any other.
    """
    site, canaries = planted_site.site, planted_site.canaries
    given = site.folder / "given"
    given.mkdir()
    (given / "token").write_text(canaries["CF_DNS_API_TOKEN"])
    with Echo(403) as echo:
        with (site.folder / "dns01.toml").open("a") as file:
            file.write(
                f'\n[providers.one]\nadapter = "cloudflare"\nCLOUDFLARE_BASE_URL = "{echo.url}"\n'
                f'CLOUDFLARE_API_TOKEN_FILE = "{given / "token"}"\n'
                f'[providers.two]\nadapter = "cloudflare"\nCLOUDFLARE_BASE_URL = "{echo.url}"\n'
                'CLOUDFLARE_API_TOKEN_ENV = "MINE"\n'
            )
        more = {"MINE": canaries["CF_ZONE_API_TOKEN"], "CF_DNS_API_TOKEN": ""}
        for account in ("one", "two"):
            ended = planted_site.dns01(
                "ready", "--from", site.document(NAME), "--provider", account, "--verbose", **more
            )
            assert ended.returncode == 77
        planted_site.dns01("providers", "--verbose", **more)
    tokens = {request["authorization"].removeprefix("Bearer ") for request in echo.seen}
    assert tokens == {canaries["CF_DNS_API_TOKEN"], canaries["CF_ZONE_API_TOKEN"]}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("way", ["file", "web", "container", "process"])
def test_secrets_that_an_sdk_finds(planted_site: Planted, way: str, mode: str) -> None:
    """
    What is in no variable and no file of ours, but in those of AWS, or what a program or a
    service for credentials repeats, is hidden like any other.
    """
    site, canaries = planted_site.site, planted_site.canaries
    given = site.folder / "given"
    given.mkdir()
    secret, token = (canaries[f"AWS_{each}"] for each in ("SECRET_ACCESS_KEY", "SESSION_TOKEN"))
    (given / "credentials").write_text(
        "[default]\naws_access_key_id = AKIATEST\n"
        f"aws_secret_access_key = {secret}\naws_session_token = {token}\n"
    )
    (given / "token").write_text(token)
    (given / "config").write_text(
        f"[profile p]\ncredential_process = sh -c 'echo {secret} >&2; echo {token}; exit 1'\n"
    )
    taken = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), "")
    with Echo(403) as echo:
        ways = {
            "file": {"AWS_SHARED_CREDENTIALS_FILE": str(given / "credentials")},
            "web": {
                "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(given / "token"),
                "AWS_ENDPOINT_URL_STS": echo.url,
            },
            "container": {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{echo.url}/c",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": token,
            },
            "process": {"AWS_PROFILE": "p", "AWS_CONFIG_FILE": str(given / "config")},
        }
        ended = planted_site.dns01(
            "ready", "--from", site.document(NAME), "--provider", "route53", mode,
            "--report", "page.html", **taken, AWS_ENDPOINT_URL_ROUTE_53=echo.url, **ways[way],
        )  # fmt: skip
        assert ended.returncode == (77 if way in {"file", "web"} else 78)
        assert bool(echo.seen) is (way != "process")


@pytest.mark.parametrize("where", ["open", "zones", "append", "api_calls"])
def test_an_adapter_that_breaks(planted_site: Planted, where: str) -> None:
    """
    What a third party raises, and where our own fault ends (70), is told without the secret.
    """
    leaky(planted_site.site)
    document = planted_site.site.document(NAME)
    ended = planted_site.dns01(
        "ready", "--from", document, "--provider", "leaky", "--verbose", LEAKY_WHERE=where
    )
    assert ended.returncode == 70
    assert "***" in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["providers"], ["providers", "--json"], ["check", NAME], ["clean", "--all", "--verbose"],
        ["wait", f"_acme-challenge.{NAME}=v", "--timeout", "1", "--verbose"],
        ["plan", NAME, "--provider", "bridge", "--verbose"],
    ],
)  # fmt: skip
def test_every_other_verb(planted_site: Planted, words: list[str]) -> None:
    """
    None shows a secret, though all of them are in the environment.
    """
    key = "canary-7c1e-rcl"  # the one that the order API knows
    planted_site.canaries["RCL_API_KEY"] = key
    planted_site.dns01(*words)


def test_a_signal_while_an_echo_is_awaited(planted_site: Planted) -> None:
    """
    Interrupted at a request, the command names no secret on its way out.
    """
    with Echo(503, delay=2) as echo:
        variables = planted_site.variables(RCL_BASE_URL=f"{echo.url}/public")
        process = planted_site.site.start("ready", NAME, "--verbose", **variables)
        until(lambda: echo.seen, 30)
        process.send_signal(signal.SIGINT)
        ended = finish(process, 30)
    assert ended.returncode == 130
    planted_site.check(ended)


@pytest.mark.parametrize("provider", ["rcl", "cloudflare", "route53"])
def test_a_redirect_carries_nothing_away(planted_site: Planted, provider: str) -> None:
    """
    Credentials go to the configured origin alone: no redirect is followed.
    """
    with Recorder() as elsewhere, Echo(302, location=elsewhere.url) as echo:
        variables = {
            "RCL_BASE_URL": f"{echo.url}/public",
            "CLOUDFLARE_BASE_URL": echo.url,
            "AWS_ENDPOINT_URL_ROUTE_53": echo.url,
        }
        order = [NAME, "--provider", "bridge"]
        if provider != "rcl":
            order = ["--from", planted_site.site.document(NAME), "--provider", provider]
        ended = planted_site.dns01("ready", *order, "--timeout", "20", "--verbose", **variables)
        assert ended.returncode != 0
        assert echo.seen
        assert elsewhere.seen == []


@pytest.mark.parametrize("provider", ["rcl", "cloudflare", "route53"])
def test_a_proxys_password(planted_site: Planted, provider: str) -> None:
    """
    A proxy is asked for a tunnel, hears no credential but its own, and that shows nowhere.
    """
    secret = "canary-7c1e-proxy-password"
    planted_site.canaries["proxy"] = secret
    with Echo(407) as proxy:
        address = proxy.url.removeprefix("http://")
        variables = {
            "HTTPS_PROXY": f"http://user:{secret}@{address}",
            "RCL_BASE_URL": "https://api.example/public",
            "CLOUDFLARE_BASE_URL": "https://api.example/client/v4",
            "AWS_ENDPOINT_URL_ROUTE_53": "https://api.example",
        }
        order = [NAME, "--provider", "bridge"]
        if provider != "rcl":
            order = ["--from", planted_site.site.document(NAME), "--provider", provider]
        ended = planted_site.dns01("ready", *order, "--timeout", "8", "--verbose", **variables)
    assert ended.returncode == 69
    assert proxy.seen
    heard = {str(number): str(request) for number, request in enumerate(proxy.seen)}
    others = {name: value for name, value in planted_site.canaries.items() if name != "proxy"}
    assert sought(others, heard) == []


@pytest.mark.parametrize(
    "variable", ["RCL_BASE_URL", "CLOUDFLARE_BASE_URL", "AWS_ENDPOINT_URL_ROUTE_53"]
)
def test_a_password_in_a_base(planted_site: Planted, variable: str) -> None:
    """
    User and password in the address of a service are not shown, whether they are taken or refused.
    """
    planted_site.canaries["base"] = "canary-7c1e-base-password"
    order = [NAME, "--provider", "bridge"]
    if variable != "RCL_BASE_URL":
        provider = "cloudflare" if "CLOUDFLARE" in variable else "route53"
        order = ["--from", planted_site.site.document(NAME), "--provider", provider]
    with Echo(403) as echo:
        host = echo.url.removeprefix("http://")
        base = f"http://user:{planted_site.canaries['base']}@{host}"
        ended = planted_site.dns01(
            "ready", *order, "--verbose", "--timeout", "8", **{variable: base}
        )
    assert ended.returncode in {69, 77, 78}


def test_children_are_told_by_their_environment_alone(planted_site: Planted) -> None:
    """
    No argument of the command, or of a child of it, holds a secret: anybody can list processes.
    """
    site = planted_site.site
    script = "cat /proc/self/cmdline /proc/$PPID/cmdline | tr '\\0' ' ' > cmdlines"
    planted_site.canaries["BRIDGE_TOKEN"] = "canary-7c1e-bridge"
    ended = planted_site.dns01(
        "run", "--from", site.document(NAME), "--provider", "bridge", "--", "sh", "-c", script
    )
    assert ended.returncode == 0
    assert "dns01" in (site.folder / "cmdlines").read_text()
