"""A program in lego's exec protocol that writes for real: nsupdate, to BIND."""

import os
from pathlib import Path

import pytest
from dns.name import Name, from_text

from providers.contract import Provider
from providers.exec import ADAPTER
from providers.testing import ProviderContract
from tests.lab import Lab
from tests.lab import topology as at

pytestmark = pytest.mark.servers

PROGRAM = f"""#!/bin/sh
case "$1" in
    present) change="add $2 60" ;;
    cleanup) change="delete $2" ;;
esac
said=$(nsupdate -y "hmac-sha256:$TSIG_KEY:$TSIG_SECRET" 2>&1 << END
server {at.PRIMARY}
zone example.test.
prereq nxrrset $2 CNAME
update $change TXT "$3"
send
END
) && exit
echo "$said"
case "$said" in *YXRRSET*) echo "a CNAME is in the way"; exit 65 ;; *) exit 1 ;; esac
"""


class TestNsupdate(ProviderContract):
    apex = from_text("example.test.")

    @pytest.fixture
    def provider(self, lab: Lab, tmp_path: Path) -> Provider:
        self.lab = lab
        path = tmp_path / "program"
        path.write_text(PROGRAM)
        path.chmod(0o755)
        return ADAPTER.open(
            {
                "EXEC_PATH": str(path),
                "EXEC_ZONES": "example.test",
                "EXEC_ENV": "TSIG_KEY,TSIG_SECRET",
                "TSIG_KEY": lab.keys.all.name,
                "TSIG_SECRET": lab.keys.all.secret,
                "PATH": os.environ["PATH"],
            }
        )

    def values(self, name: Name) -> set[str]:
        return self.lab.txt(name, at.PRIMARY)

    def alias(self, name: Name) -> None:
        self.lab.update(self.apex, name, "CNAME", ["alias.acme.test."], address=at.PRIMARY)
