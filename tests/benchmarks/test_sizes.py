"""The presets' size limits refuse few of the landings of a real project."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.data import ROOT, bundle


@pytest.mark.slow
def test_few_landings_of_a_real_project_are_refused() -> None:
    bundle("sdg.bundle")
    argv = [sys.executable, str(ROOT / "benchmarks" / "sizes.py"), "--project", "sdg"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    name, landings, refused, *_ = done.stdout.splitlines()[1].split()
    assert (name, landings) == ("sdg", "371")
    assert float(refused.rstrip("%")) <= 2
