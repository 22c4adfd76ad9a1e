"""The options of the one git command that shows patches: ids are only comparable if they are the same."""

from __future__ import annotations

import os

from labgate.git.repository import Repository
from labgate.values.whole_files import write_whole

#: The one producer of patches. Stored ids are only comparable with ids from the same options, so a change here must
#: change ``features.VERSION``. One line of context is enough for the place of an edit, and ignores most moves around
#: it. Hunk headings come from ``_ATTRIBUTES`` alone.
_PATCH = (
    # Without --raw a file that is only renamed has no blob (git-diff, "Generating patch text with -p").
    *("diff-tree", "-r", "-p", "--raw", "-M", "-U1", "--root", "--full-index", "--no-abbrev"),
    *("--no-ext-diff", "--no-textconv", "--no-color"),
    *("--diff-algorithm=myers", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/", "-l400"),
    *("--ignore-submodules=none", "--diff-merges=first-parent"),
)
#: git's cache of delta bases, and the part of its packs that it maps into memory: the defaults (96 MB, and all of every
#: pack) are no faster for one commit after the other.
_CACHE = (
    *("-c", "core.deltaBaseCacheLimit=24m"),
    *("-c", "core.packedGitWindowSize=1m", "-c", "core.packedGitLimit=16m"),
)
#: How git finds the heading of a hunk (gitattributes, "Defining a custom hunk-header").
_ATTRIBUTES = """\
*.py diff=python
*.pyi diff=python
*.pyx diff=python
*.rs diff=rust
*.go diff=golang
*.java diff=java
*.kt diff=kotlin
*.c diff=cpp
*.h diff=cpp
*.cc diff=cpp
*.cpp diff=cpp
*.hpp diff=cpp
*.cu diff=cpp
*.cs diff=csharp
*.rb diff=ruby
*.php diff=php
*.sh diff=bash
*.m diff=matlab
*.md diff=markdown
*.tex diff=tex
"""


def diff_options(repository: Repository) -> tuple[str, ...]:
    """Return ``git diff-tree`` with its options, and the configuration before it."""
    path = os.path.join(repository.objects.git_dir, "headings")
    if not os.path.exists(path):
        # Several processes may write it, and git must never read half of it.
        write_whole(path, _ATTRIBUTES.encode("ascii"))
    return ("-c", f"core.attributesFile={path}", *_CACHE, *_PATCH)
