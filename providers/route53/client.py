"""A boto3 client for Route 53, from settings.

Credentials are found by botocore itself, in its own order, in the process
environment, the shared files and the metadata services. Of our settings it is
handed the keys, the profile and the endpoint; the rest it reads on its own.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from providers.errors import Misconfigured
from providers.origin import is_loopback

from .requests import CONNECT_TIMEOUT, READ_TIMEOUT

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client


def client(settings: Mapping[str, str]) -> "Route53Client":
    """Make a client that retries nothing and speaks https, or to loopback.

    Raises:
        Misconfigured: The endpoint is neither, or the profile does not exist.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415  # the SDK loads when it is used

    try:
        made = _made(settings)
    except (BotoCoreError, ValueError) as error:
        raise Misconfigured(f"route 53: {error}") from error
    # Whoever set it: AWS_ENDPOINT_URL and the AWS files can redirect requests as well.
    endpoint = urlsplit(made.meta.endpoint_url)
    if endpoint.scheme != "https" and not is_loopback(endpoint.hostname):
        raise Misconfigured(
            f"route 53: endpoint {endpoint.scheme}://{endpoint.hostname} is neither https"
            " nor on loopback",
            hint="see AWS_ENDPOINT_URL_ROUTE_53, AWS_ENDPOINT_URL, endpoint_url in the AWS files",
        )
    return made


def _made(settings: Mapping[str, str]) -> "Route53Client":
    import boto3  # noqa: PLC0415  # 0.2 s and 50 MB, only where Route 53 is used
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    keys = settings if {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} <= settings.keys() else {}
    core = Session()
    # Credentials may come from STS, whose clients botocore makes on its own: 60 s, five times.
    core.set_default_client_config(
        Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": 1},
        )
    )
    session = boto3.Session(
        botocore_session=core,
        aws_access_key_id=keys.get("AWS_ACCESS_KEY_ID"),
        aws_secret_access_key=keys.get("AWS_SECRET_ACCESS_KEY"),
        aws_session_token=keys.get("AWS_SESSION_TOKEN"),
        profile_name=settings.get("AWS_PROFILE"),
    )
    endpoint = settings.get("AWS_ENDPOINT_URL_ROUTE_53")
    direct = endpoint is not None and is_loopback(urlsplit(endpoint).hostname)
    return session.client(
        "route53",
        # Route 53 is global, but at a configured endpoint botocore wants a region to sign for.
        region_name=session.region_name or "us-east-1",
        endpoint_url=endpoint,
        config=Config(proxies={}) if direct else None,
    )
