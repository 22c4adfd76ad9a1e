"""The pipelines that run ``labgate ci`` as a check: files for GitHub Actions and GitLab CI."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from importlib.resources import files
from string import Template
from types import MappingProxyType

from labgate.report.escape import safe
from labgate.setup.source import Source

#: The files in which each CI system reads a pipeline.
GITHUB, GITHUB_REVIEW = ".github/workflows/labgate.yml", ".github/workflows/labgate-review.yml"
GITLAB, GITLAB_ROOT = ".gitlab/labgate.yml", ".gitlab-ci.yml"

#: The line with which GitLab's root file includes another one ("Use configuration from other files").
INCLUDE = "- local: .gitlab/labgate.yml"
_INCLUDES = re.compile(r"^include[ \t]*:", re.MULTILINE)


class _Form(Template):
    """A template of a pipeline. A dollar belongs to the shell or to GitHub."""

    delimiter = "%"


def github(trunk: str, source: Source) -> dict[str, str]:
    """Return the workflows by file name: the check, and the one that runs it again after a review."""
    words = {"trunk": safe(trunk), "pattern": _quoted(_pattern(trunk))}
    return {GITHUB: _fill("github", source, **words), GITHUB_REVIEW: _fill("github-review", source)}


def gitlab(trunk: str, source: Source) -> dict[str, str]:
    """Return the file with the job. GitLab itself knows the ``trunk``."""
    del trunk
    return {GITLAB: _fill("gitlab", source)}


#: The CI systems for which there is a pipeline.
SYSTEMS: Mapping[str, Callable[[str, Source], dict[str, str]]] = MappingProxyType({"github": github, "gitlab": gitlab})


def new_root() -> str:
    """Return a whole ``.gitlab-ci.yml``."""
    return f"include:\n  {INCLUDE}\n"


def root_lines(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the missing part of a ``.gitlab-ci.yml``: its place, for people, and the lines; ``None``: nothing."""
    # Comments do not count.
    if any(GITLAB in line.partition("#")[0] for line in text.split("\n")):
        return None
    if _INCLUDES.search(text):
        return f"{GITLAB_ROOT}, under include:", (INCLUDE,)
    return GITLAB_ROOT, ("include:", f"  {INCLUDE}")


def _fill(name: str, source: Source, **words: str) -> str:
    text = (files("labgate.setup") / "pipelines" / f"{name}.yml").read_text(encoding="utf-8")
    return _Form(text).substitute(requirement=shlex.quote(source.for_jobs().requirement), **words)


def _pattern(branch: str) -> str:
    r"""Return a filter that matches only this branch ("Filter pattern cheat sheet").

    Of the special characters git allows ``!``, ``+`` and ``]`` in a name.
    """
    return re.sub(r"([!+\]])", r"\\\1", branch)


def _quoted(text: str) -> str:
    """Return a YAML string (YAML 1.2.2, 5.7 and 7.3.1) in ASCII, since some letters end a line there."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    shown = (char if char.isascii() and char.isprintable() else f"\\U{ord(char):08x}" for char in escaped)
    return f'"{"".join(shown)}"'
