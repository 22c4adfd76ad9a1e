"""How much memory a command takes at its peak, as the kernel counts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from support.repo import Repo

#: A process starts with the peak of the one that started it (Linux counts it over exec), so a small one stands between.
_MEASURE = """\
import json, os, sys
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_maxrss]), file=sys.stderr)
"""


def peak_memory(repo: Repo, argv: Sequence[str], output: Path | None = None) -> tuple[int, float]:
    """Run a program (an absolute path and its arguments) in a repository; ``output`` is the file of what it prints.

    Return its exit status, and the peak resident memory of it or of the largest process that it waited for, in MB.
    """
    with open(output or os.devnull, "wb") as stream:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _MEASURE, *argv],
            cwd=repo.path,
            env=repo.env,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.PIPE,
            check=True,
        )
    status, peak = json.loads(done.stderr.splitlines()[-1])
    return status, peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
