"""Finalize what a fleet got ready, and clean up behind it.

    python finalize_fleet.py COMMAND < report.json

Runs COMMAND NAME for each certificate that is ready, with its order in DNS01_ORDER_URI, one after
the other; then `dns01 clean` for those whose COMMAND succeeded. Ends with 1 if one did not.
"""

import json
import os
import subprocess
import sys

BATCH = 100
"""Names that one `dns01 clean` gets."""

command = sys.argv[1:] or sys.exit(__doc__)
ready = [order for order in json.load(sys.stdin)["orders"] if order["exit"] == 0]
done, failed = [], []
for order in (each for each in ready if each["order_uri"]):
    environment = os.environ | {"DNS01_ORDER_URI": order["order_uri"]}
    words = [*command, order["name"]]
    status = subprocess.run(words, env=environment, check=False).returncode  # noqa: S603 - yours
    (failed if status else done).append(order["name"])
for start in range(0, len(done), BATCH):
    names = done[start : start + BATCH]
    subprocess.run(["dns01", "clean", "--quiet", *names], check=True)  # noqa: S603, S607 - on PATH
print(f"{len(done)} finalized and cleaned, {len(failed)} failed")
for name in failed:
    print(f"failed: {name}", file=sys.stderr)
sys.exit(bool(failed))
