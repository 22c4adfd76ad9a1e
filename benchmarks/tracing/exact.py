"""The exact ids of commits, made as the index makes them and kept nowhere: ``python exact.py <commits``.

Oids stand one a line. ``labgate index rebuild`` makes features in the same pass and has no option to leave them out;
this is what the exact methods cost by themselves, with the patches, the ids and the two processes of labgate.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from labgate.fingerprints.patch_ids import PatchIds, patch_ids
from labgate.fingerprints.patches import commit_patches
from labgate.fingerprints.workers import spread
from labgate.git.repository import discover

#: Commits of one task, as of ``labgate.fingerprints.building``.
_TASK = 256


def main() -> int:
    """Make the ids of the commits on standard input and print how many have one."""
    repository = discover(os.environ)
    # What the workers share is made before they part.
    _ = repository.objects
    commits = sys.stdin.read().split()

    def ids(mine: Sequence[Sequence[str]]) -> Iterator[list[PatchIds]]:
        patches = commit_patches(repository, [commit for task in mine for commit in task])
        return ([patch_ids(patch) for patch in islice(patches, len(task))] for task in mine)

    tasks = [commits[start : start + _TASK] for start in range(0, len(commits), _TASK)]
    print(sum(found.exact is not None for made in spread(ids, tasks) for found in made))
    return 0


if __name__ == "__main__":
    sys.exit(main())
