"""The modules that a passing commit or message hook imports (docs/adr/0007), and what is too slow for it."""

from __future__ import annotations

from pathlib import Path

#: Every module of labgate that a passing hook of a commit or message stage imports: read from the one list.
LISTED = Path(__file__).parents[1] / "data" / "hot-modules.txt"
HOT = tuple(LISTED.read_text(encoding="utf-8").split())

#: Each of these takes about as long to import as all that a passing hook may import together.
HEAVY = frozenset(
    {
        *("argparse", "asyncio", "click", "collections", "dataclasses", "difflib", "enum", "functools", "git"),
        *("hashlib", "importlib", "inspect", "json", "logging", "pathlib", "re", "shlex", "shutil", "sqlite3"),
        *("subprocess", "tempfile", "threading", "tomllib", "traceback", "typing", "unicodedata"),
    }
)
