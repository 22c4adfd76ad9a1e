"""The modules that a passing commit or message hook imports (docs/adr/0007), and what is too slow for it."""

from __future__ import annotations

from pathlib import Path

from labgate.checks.registry import COMMIT, ROWS

LISTED = Path(__file__).parents[1] / "data" / "hot-modules.txt"
#: What a passing hook imports of each check that runs at commit.
OF_A_CHECK = ("check", "staged")
AT_COMMIT = tuple(row for row in ROWS if COMMIT in row.stages)
#: What a passing hook of a commit or message stage always imports, and what it may import of the checks and for them.
ALWAYS = tuple(LISTED.read_text(encoding="utf-8").split())
OF_CHECKS = (
    *(f"{row.folder}.{module}" for row in AT_COMMIT for module in OF_A_CHECK),
    *(section for row in AT_COMMIT for section in row.sections if section.startswith(row.folder)),
    "labgate.policy.glob",
)
#: Every module of labgate that a passing hook may import.
HOT = ALWAYS + OF_CHECKS

#: Each of these takes about as long to import as all that a passing hook may import together.
HEAVY = frozenset(
    {
        *("argparse", "asyncio", "click", "collections", "dataclasses", "difflib", "enum", "functools", "git"),
        *("hashlib", "importlib", "inspect", "json", "logging", "pathlib", "re", "shlex", "shutil", "sqlite3"),
        *("subprocess", "tempfile", "threading", "tomllib", "traceback", "typing", "unicodedata"),
    }
)
