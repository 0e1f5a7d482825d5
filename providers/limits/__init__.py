"""What an account may ask of its DNS host: one budget for all processes of this user.

`window` counts, purely; `store` keeps the count where every process finds it;
`budget` makes callers wait their turn; `turn` lets one write to a zone at a time.
"""

from .budget import Budget
from .window import Rate

__all__ = ["Budget", "Rate"]
