"""The files among which artifacts and records are: those of the index, or some of a commit's tree."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from labgate.experiments.artifacts import POINTER, RECORD, is_artifact
from labgate.experiments.section import ExperimentHash
from labgate.git.repository import Repository
from labgate.git.runner import Git

_FILES = ("100644", "100755")
#: Most paths in one call of git: an argument list has a limit (execve(2)).
_MOST = 1000

#: Blobs by path.
Files = Mapping[str, str]


def files_of_index(git: Git) -> Files:
    """Return the files in an index; a path in a conflict has its last version."""
    rows = (row.partition("\t") for row in os.fsdecode(git.run("ls-files", "--stage", "-z")).split("\0")[:-1])
    return {path: head.split(" ")[1] for head, _, path in rows if head.startswith(_FILES)}


def files_of_commit(repository: Repository, commit: str, changed: Iterable[str]) -> Files:
    """Return those files in a commit's tree that a change of some paths is about: they, and what belongs to them."""
    wanted = list(dict.fromkeys(name for path in changed for name in _related(path) if name))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), _MOST):
        words = ("ls-tree", "-z", "--full-tree", commit, "--", *wanted[start : start + _MOST])
        rows = (row.partition("\t") for row in os.fsdecode(repository.objects.run(*words)).split("\0")[:-1])
        found |= {path: head.split(" ")[2] for head, _, path in rows if head.startswith(_FILES)}
    return found


def judged_artifacts(settings: ExperimentHash, files: Files, changed: Iterable[str]) -> tuple[str, ...]:
    """Return the artifacts that changed, or whose record did; one that was deleted with its record needs nothing.

    ``X.dvc`` stands for ``X`` if that has a record.
    """
    found: dict[str, None] = {}
    for path in changed:
        subject = path.removesuffix(RECORD)
        pointed = path.removesuffix(POINTER)
        if pointed + RECORD in files:
            subject = pointed
        if subject and (subject + RECORD in files or (subject in files and is_artifact(settings, subject))):
            found[subject] = None
    return tuple(found)


def _related(path: str) -> Iterator[str]:
    """Yield a path and those of the artifact, the record and DVC's pointer that it may be about."""
    artifact = path.removesuffix(RECORD)
    for name in dict.fromkeys((artifact, artifact.removesuffix(POINTER))):
        yield from (name, name + RECORD, name + POINTER)
