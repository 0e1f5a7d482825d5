"""``python -m pipeline`` is ``dns01``."""

import sys

from .cli import main

sys.exit(main())
