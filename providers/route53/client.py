"""A boto3 client for Route 53, from settings.

Credentials are found by botocore itself, in its own order, in the process
environment, the shared files and the metadata services. Of our settings it is
handed the keys, the profile and the endpoint; the rest it reads on its own.
For one account of several it is handed everything, and kept from the rest; there a
role may also be assumed by the account's own keys or profile.
"""

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from providers.errors import Misconfigured
from providers.origin import is_loopback

from .answers import bound
from .credentials import assumes_role, has_keys, keep_apart
from .errors import told
from .outgoing import Outgoing, check_proxy
from .requests import CONNECT_TIMEOUT, READ_TIMEOUT

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client


def client(
    settings: Mapping[str, str], outgoing: Outgoing | None = None, *, apart: bool = False
) -> "Route53Client":
    """Make a client that retries nothing and speaks https, or to loopback.

    Args:
        settings: By the names that `ADAPTER` declares.
        outgoing: What watches over all that leaves; None: one that nobody asks.
        apart: Whether credentials and endpoint come from *settings* alone.

    Raises:
        Misconfigured: The endpoint is neither, or the profile does not exist.
    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415  # the SDK loads when it is used

    outgoing = outgoing or Outgoing()
    try:
        made = _made(settings, outgoing, apart=apart)
    except (BotoCoreError, ValueError, OSError) as error:
        raise Misconfigured(told(error)) from error
    # Whoever set it: AWS_ENDPOINT_URL and the AWS files can redirect requests as well.
    endpoint = urlsplit(made.meta.endpoint_url)
    if endpoint.scheme != "https" and not is_loopback(endpoint.hostname):
        raise Misconfigured(
            f"endpoint {endpoint.scheme}://{endpoint.hostname} is neither https nor on loopback",
            hint="see AWS_ENDPOINT_URL_ROUTE_53, AWS_ENDPOINT_URL, endpoint_url in the AWS files",
        )
    if not outgoing.direct:
        check_proxy(made.meta.endpoint_url)
    bound(made)
    return made


def account(client: "Route53Client") -> str:
    """Return what tells the account from others, as far as that shows without asking AWS.

    Credentials are fetched for it where they have not been yet. Two keys of one
    account may count as two where neither says whose it is.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  # see `client`

    try:
        found = client._get_credentials()  # type: ignore[attr-defined]  # noqa: SLF001 - no other way
        keys = found.get_frozen_credentials() if found else None
    except (BotoCoreError, ClientError, OSError):  # the request will say so, in better words
        keys = None
    whose = (keys.account_id or numbered(keys.access_key)) if keys else ""
    return f"route53 {client.meta.endpoint_url} {whose}"


def numbered(key: str) -> str:
    """Return the number of the account that *key*, an access key id, has in it; else *key*.

    Ids made since 2019 hold it, in 40 of the 80 bits that follow the prefix.
    """
    if not re.fullmatch(r"A[KS]IA[Q-Z][A-Z2-7]{15}", key):
        return key
    bits = int.from_bytes(base64.b32decode(key[4:])[:6], "big")
    return f"{bits >> 7 & 0xFFFFFFFFFF:012d}"


def _made(settings: Mapping[str, str], outgoing: Outgoing, *, apart: bool) -> "Route53Client":
    import boto3  # noqa: PLC0415  # 0.2 s and 50 MB, only where Route 53 is used
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    assumes = apart and assumes_role(settings)  # then keys are what the role is asked for with
    keys = settings if has_keys(settings) and not assumes else {}
    core = Session()
    outgoing.watch(core)
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
    # Route 53 is global, but at a configured endpoint botocore wants a region to sign for.
    region = session.region_name or "us-east-1"
    if apart:
        keep_apart(core, settings, region)
    endpoint = settings.get("AWS_ENDPOINT_URL_ROUTE_53")
    outgoing.direct = endpoint is not None and is_loopback(urlsplit(endpoint).hostname)
    return session.client(
        "route53",
        region_name=region,
        endpoint_url=endpoint,
        config=Config(proxies={}) if outgoing.direct else None,
    )
