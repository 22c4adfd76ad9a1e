"""How many cases a random test tries: some on every run, all of them where ``LABGATE_TEST_THOROUGH=1`` asks for it."""

from __future__ import annotations

import os


def tried(usually: int, thoroughly: int) -> int:
    """Return a number of cases."""
    return thoroughly if os.environ.get("LABGATE_TEST_THOROUGH") == "1" else usually
