"""How long each reader of foreign text takes with a text made to take it long: ``python benchmarks/hostile.py``.

Each row is a text of a size, and of four times that size; a reader that is linear takes about four times as long. The
table is that of ``tests/test_bounded_work.py``, which counts steps.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.foreign_texts import READERS, seconds

#: A quadratic reader takes sixteen times as long.
BAR = 9.0
#: Times below this, in seconds, are noise.
_SHORT = 0.02


def main() -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=int, default=4, help="times the size of the tests (default 4)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the fastest counts (default 3)")
    parser.add_argument("--strict", action="store_true", help=f"exit 1 when a ratio is above {BAR:g}")
    asked = parser.parse_args()
    print(f"{'reader':60}  {'characters':>10}  {'ms':>8}  {'ms, 4 x':>8}  ratio")
    missed = False
    for reader in READERS:
        size = asked.scale * reader.size
        one, four = (min(seconds(reader.make(n)) for _ in range(asked.rounds)) for n in (size, 4 * size))
        ratio = four / max(one, 1e-6)
        bad = four > _SHORT and ratio > BAR
        missed = missed or bad
        shown = f"{ratio:5.1f}" if four > _SHORT else "    -"
        note = "  above the bar" if bad else ""
        print(f"{reader.name:60}  {size:10}  {one * 1000:8.1f}  {four * 1000:8.1f}  {shown}{note}")
    return 1 if missed and asked.strict else 0


if __name__ == "__main__":
    sys.exit(main())
