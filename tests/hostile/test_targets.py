"""Hypothesis draws the octets; `make fuzz` goes on where these runs end."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from .targets import targets

EXAMPLES = {"order": 400, "receipt": 400, "dns": 400, "cloudflare": 150, "rfc2136": 150}
"""How many inputs; fewer where one takes long."""


@pytest.mark.parametrize("name", targets())
def test_whatever_comes_in(name: str) -> None:
    """
    No input ends in anything but the outcomes that the target's own docstring promises.
    """
    target = targets()[name]

    @settings(
        max_examples=EXAMPLES.get(name, 40),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(st.binary(max_size=40) | st.binary(min_size=40, max_size=400))
    @example(b"")
    def run(octets: bytes) -> None:
        target(octets)

    run()
