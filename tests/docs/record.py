"""Writes docs/recordings anew: ``python tests/docs/record.py``. Read the diff before you commit it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.recordings import record, write

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        write(record(Path(folder)).items())
