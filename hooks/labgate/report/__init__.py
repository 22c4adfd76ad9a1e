"""Renderers: each writes one report to a stream."""

from __future__ import annotations

from functools import partial
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from labgate.report.site import Site
    from labgate.values.report import Report

    Renderer = Callable[[Report, TextIO], None]

#: The format names of ``--format``; each is the module here that renders it.
FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit")


#: The formats that link the pages of rules.
_LINKED = ("json", "sarif", "summary")


def default_format(environ: Mapping[str, str]) -> str:
    """Return the default format: ``github`` on a runner of GitHub Actions (or of Gitea), else ``text``."""
    return "github" if environ.get("GITHUB_ACTIONS") == "true" else "text"


def renderer(
    format: str, *, colour: bool = False, verbose: bool = False, quiet: bool = False, site: Site | None = None
) -> Renderer:
    """Return the function that renders a report in one of ``FORMATS``.

    ``colour``, ``verbose`` (show what passed and was skipped) and ``quiet`` (show only errors and what is undecided)
    only apply to ``text``. ``site`` has the addresses of labgate's pages, ``None`` where they are not known.
    """
    render: Callable[..., None] = import_module(f"labgate.report.{format}").render
    if format == "text":
        return partial(render, colour=colour, verbose=verbose, quiet=quiet)
    return partial(render, site=site) if format in _LINKED and site is not None else render
