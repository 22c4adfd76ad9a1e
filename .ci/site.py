"""What `mkdocs build` needs beyond docs/: pages that stand elsewhere in the repository, and the links between all.

Links are written for the repository, where code hosts follow them. Here each one is resolved to the page that a file
becomes; what is no page of the site (source, tests) stays text.
"""

from __future__ import annotations

import logging
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
LOG = logging.getLogger("mkdocs.hooks.labgate")  # below mkdocs, where --strict counts warnings

#: Files of the repository outside of docs/, by the page that each becomes.
PAGES = {
    "README.md": "index.md",
    "hooks/README.md": "hooks.md",
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
_SOURCES = {uri: path for path, uri in PAGES.items()}

#: A key of the policy that is alone at the start of a cell.
_KEY = re.compile(r"(?<=<td>)<code>([\w-]+(?:\.[\w-]+)+)</code>(?=</td>)")

#: A link, or a piece of code, in which nothing is one.
_LINK = re.compile(
    r"(?P<code>^ *```.*?^ *```$|`[^`\n]*`)|\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)", re.DOTALL | re.MULTILINE
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside of docs/, and those of rules and decisions to the navigation."""
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / path)))
    config.nav = _listed(config.nav, sorted(files.src_uris))
    return files


def _listed(nav: Any, uris: list[str]) -> Any:
    """Return the navigation with every ``folder/*`` as the pages of that folder, its own page first."""
    if isinstance(nav, dict):
        return {title: _listed(below, uris) for title, below in nav.items()}
    if isinstance(nav, list):
        return [_listed(below, uris) for below in nav]
    folder, star, _ = nav.partition("*")
    index = f"{folder}README.md"
    pages = [uri for uri in uris if uri.startswith(folder) and uri.endswith(".md") and uri != index]
    return [index, *pages] if star else nav


def on_page_content(html: str, **_: object) -> str:
    """Return a page on which a key of the policy may break after a dot, and nowhere else, in the cell of a table."""
    parts = '<code class="key"><span>{}</span></code>'
    return _KEY.sub(lambda key: parts.format(key[1].replace(".", ".</span><wbr><span>")), html)


def on_page_markdown(markdown: str, *, page: Page, files: Files, **_: object) -> str:
    """Return a page with its links as the site needs them."""
    uri = page.file.src_uri
    folder = posixpath.dirname(_SOURCES.get(uri, f"docs/{uri}"))

    def resolved(found: re.Match[str]) -> str:
        target = found["target"]
        if found["code"] is not None or target.startswith("#") or "://" in target:
            return found[0]
        path, hash_, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(folder, path))
        known = PAGES.get(path) or path.removeprefix("docs/")
        if files.get_file_from_path(known) is None:
            if not (ROOT / path).exists():
                LOG.warning("%s: a link leads to %s, which does not exist", page.file.src_uri, path)
            return found["text"]
        return f"[{found['text']}]({posixpath.relpath(known, posixpath.dirname(uri) or '.')}{hash_}{anchor})"

    return _LINK.sub(resolved, markdown)
