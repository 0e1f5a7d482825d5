"""Where the credentials of one account of several come from: its settings, and nothing else."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from providers.origin import is_loopback

if TYPE_CHECKING:
    from botocore.credentials import CredentialResolver, Credentials
    from botocore.session import Session

AMBIENT = ("env", "ec2-credentials-file", "boto-config", "container-role", "iam-role")
"""Where botocore looks once a profile has nothing to say, by its names for them."""

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

SESSION = "dns01"
"""What AWS's logs call us where a role is assumed."""


def keep_apart(core: "Session", settings: Mapping[str, str], region: str) -> None:
    """Let *core* look for credentials where *settings* say, and for endpoints nowhere."""
    from botocore.credentials import (  # noqa: PLC0415
        AssumeRoleWithWebIdentityProvider,
        ContainerProvider,
        CredentialResolver,
    )

    core.set_config_variable("ignore_configured_endpoint_urls", True)  # noqa: FBT003
    make = _maker(core, settings, region)
    found: CredentialResolver = core.get_component("credential_provider")
    if assumes_role(settings):
        source = _source(found, settings)
        resolver = _assuming(source, settings["AWS_ROLE_ARN"], make)
        core.register_component("credential_provider", resolver)
        return
    if "AWS_PROFILE" in settings:
        _of_profile(found)
        return
    identity = {
        "role_arn": settings.get("AWS_ROLE_ARN"),
        "web_identity_token_file": settings.get("AWS_WEB_IDENTITY_TOKEN_FILE"),
    }
    sources = [
        AssumeRoleWithWebIdentityProvider(
            load_config=lambda: {"profiles": {"": identity}},
            client_creator=make,
            profile_name="",
            disable_env_vars=True,
        ),
        ContainerProvider(environ=dict(settings)),
    ]
    core.register_component("credential_provider", CredentialResolver(sources))


def _source(found: "CredentialResolver", settings: Mapping[str, str]) -> "Credentials | None":
    """Return the credentials that a role is asked for with: the keys, or else the profile's."""
    from botocore.credentials import Credentials  # noqa: PLC0415

    if has_keys(settings):
        key, secret = (settings[each] for each in KEYS)
        return Credentials(key, secret, settings.get("AWS_SESSION_TOKEN"))
    return _of_profile(found).load_credentials()


def _of_profile(found: "CredentialResolver") -> "CredentialResolver":
    """Return *found*, which looks no further than the profile.

    A profile says itself where to look, the environment included. One that says
    nothing would be taken for a wish to be whoever this machine is.
    """
    for ambient in AMBIENT:
        found.remove(ambient)
    return found


def has_keys(settings: Mapping[str, str]) -> bool:
    """Whether *settings* hold keys."""
    return settings.keys() >= {*KEYS}


def assumes_role(settings: Mapping[str, str]) -> bool:
    """Whether *settings* name a role, and keys or a profile to ask for it with."""
    by_token = "AWS_WEB_IDENTITY_TOKEN_FILE" in settings
    able = has_keys(settings) or "AWS_PROFILE" in settings
    return "AWS_ROLE_ARN" in settings and able and not by_token


def _maker(core: "Session", settings: Mapping[str, str], region: str) -> Callable[..., Any]:
    """Return what makes clients of *core* for credentials: at STS, where *settings* say it is."""
    from botocore.config import Config  # noqa: PLC0415

    endpoint = settings.get("AWS_ENDPOINT_URL_STS")
    direct = endpoint is not None and is_loopback(urlsplit(endpoint).hostname)
    return partial(
        core.create_client,
        region_name=region,
        endpoint_url=endpoint,
        config=Config(proxies={}) if direct else None,
    )


def _assuming(
    source: "Credentials | None", role: str, make: Callable[..., Any]
) -> "CredentialResolver":
    """Return what assumes *role* by *source*, at the first request and before it expires."""
    from botocore.credentials import (  # noqa: PLC0415
        AssumeRoleCredentialFetcher,
        CredentialProvider,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )

    class Assuming(CredentialProvider):
        METHOD = "assume-role"

        def load(self) -> DeferredRefreshableCredentials | None:
            if source is None:
                return None
            fetcher = AssumeRoleCredentialFetcher(
                make, source, role, extra_args={"RoleSessionName": SESSION}
            )
            return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

    return CredentialResolver([Assuming()])
