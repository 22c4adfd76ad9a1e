"""Naming a branch on a commit hook's path imports nothing that is slow to import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import labgate
from support.policies import parse_policy

DATA = Path(__file__).parent.parent / "data" / "policy"
HEAVY = {
    *("argparse", "click", "collections", "dataclasses", "difflib", "enum", "functools", "git", "inspect", "json"),
    *("logging", "pathlib", "re", "shlex", "subprocess", "tomllib", "typing", "unicodedata"),
}


def test_a_policy_from_the_cache_classifies_without_a_heavy_import() -> None:
    table = parse_policy((DATA / "contract.toml").read_bytes(), "labgate.toml").table
    program = (
        f"import sys; sys.path.insert(0, {str(Path(labgate.__file__).parent.parent)!r})\n"
        "from labgate.checks.commit_size.section import CommitSize\n"
        "from labgate.policy.model import Policy\n"
        f"policy = Policy({table!r})\n"
        "assert policy.classify('refs/heads/experiment--housing--tree-2').name == 'experiment'\n"
        "assert policy.classify('refs/heads/12-login').name == 'topic'\n"
        "assert policy.section(CommitSize).ignore[0].matches('a/poetry.lock')\n"
        "print(*sys.modules)"
    )
    # -S: site itself imports some of them in an environment with .pth files.
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stdout.split())
