"""The systems that labgate runs on.

This file, ``hook.py`` and ``cli/main.py`` are also read by a Python that labgate does not support, to say so in a line.
"""

import sys

#: The oldest Python that labgate runs on.
LEAST_PYTHON = (3, 10)


def unsupported(version: "tuple[int, ...]", platform: str) -> "str | None":
    """Return why labgate cannot run on a Python (``sys.version_info``, ``sys.platform``), ``None`` if it can."""
    if platform == "win32":
        return "labgate does not run on Windows itself; install it in WSL, and use git there"
    if version < LEAST_PYTHON:
        needed, found = (".".join(map(str, numbers[:3])) for numbers in (LEAST_PYTHON, version))
        return f"labgate needs Python {needed} or later, and this is Python {found}: {sys.executable}"
    return None


def require_supported(stage: str = "") -> None:
    """End the process with one line and status 2 where labgate cannot run.

    ``stage`` is that of a hook, else empty. A stage that must not stop git ends with status 0, and a commit gets the
    command that makes it without labgate.
    """
    problem = unsupported(tuple(sys.version_info[:3]), sys.platform)
    if problem is None:
        return
    if stage.startswith(("prepare-commit-msg", "post-")):
        sys.stderr.write(f"labgate: {stage} did nothing: {problem}\n")
        sys.exit(0)
    commits = stage in ("pre-commit", "commit-msg", "pre-merge-commit")
    sys.stderr.write(f"error: {problem}{'; to commit without it: git commit --no-verify' if commits else ''}\n")
    sys.exit(2)
