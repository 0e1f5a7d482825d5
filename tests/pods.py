"""What a container of a manifest in contrib/ finds around it, with its paths in a folder here."""

import os
from pathlib import Path
from typing import Any

from .bridge import Site


def pod_variables(container: Any, site: Site, folder: Path, mode: int) -> dict[str, str]:
    """Return the environment of *container*: its own, secrets in files of *mode*, and no home.

    The order API and the DNS host are those of *site*.
    """
    variables = {each["name"]: each["value"] for each in container["env"]}
    for name, text in (
        ("RCL_API_KEY_FILE", site.environment["RCL_API_KEY"]),
        ("CLOUDFLARE_API_TOKEN_FILE", "unused"),
    ):
        path = folder / name
        path.write_text(text)
        path.chmod(mode)
        os.chown(path, -1, os.getegid())
        variables[name] = str(path)
    return variables | {
        "RCL_SUBSCRIPTION_ID": "subscription",
        "RCL_API_KEY": "",
        "HOME": "",
        "DNS01_STATE_DIR": str(folder / "var"),
        "DNS01_SHARED_DIR": str(folder / "var" / "shared"),
        "DNS01_PROVIDER": "bridge",
    }
