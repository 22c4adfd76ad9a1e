"""A hermetic environment for git: no configuration of the machine, fixed names and dates, so that oids repeat."""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: Commits made one after another are a minute apart, from here on (seconds since 1970).
START = 1_700_000_000
#: The global configuration of git; nothing writes to it.
CONFIG = Path(__file__).parents[1] / "data" / "gitconfig"


def hermetic(home: Path) -> dict[str, str]:
    """Return an environment in which only ``home`` and PATH come from outside."""
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(CONFIG),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_EDITOR": "true",
        "GIT_AUTHOR_NAME": "Grace",
        "GIT_AUTHOR_EMAIL": "grace@example.org",
        "GIT_COMMITTER_NAME": "Grace",
        "GIT_COMMITTER_EMAIL": "grace@example.org",
    }
