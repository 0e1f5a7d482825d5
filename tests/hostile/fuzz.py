"""Search by coverage for what breaks a promise: ``make fuzz TARGET=order SECONDS=60``."""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipeline", "providers", "tests.hostile"]):
    from .targets import targets

SEEDS = (b"", b"\0" * 64, bytes(range(256)), b"\xff" * 64, b"\x01\x02\x03" * 40)


def main() -> None:
    """Run one target for as long as it is told, and print how many inputs that took."""
    name, seconds = sys.argv[1], int(sys.argv[2])
    target = targets()[name]
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    for number, seed in enumerate(SEEDS):
        (corpus / f"seed{number}").write_bytes(seed)
    words = [
        sys.argv[0], str(corpus), f"-max_total_time={seconds}", "-max_len=600", "-timeout=20",
        "-rss_limit_mb=1500", f"-artifact_prefix={corpus}-", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    atheris.Setup(words, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
