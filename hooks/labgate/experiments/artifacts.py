"""Which files are artifacts, and which are records: neither is code."""

from __future__ import annotations

from labgate.experiments.section import ExperimentHash
from labgate.values.whole_files import temporary_beside

#: The end of a record's name, after the name of its artifact.
RECORD = ".labgate.json"
#: The end of the name of DVC's pointer, after the name of what it stands for.
POINTER = ".dvc"
#: The end of the names of files that are not whole yet (``labgate.values.files``).
_UNFINISHED = ".tmp"
#: Names that are never artifacts, whatever the policy's globs say.
_NEVER = (".gitignore", ".gitattributes", ".gitkeep")


def is_record(path: str) -> bool:
    """Return whether a path is a record by its name, or one that is just being written."""
    return path.endswith(RECORD) or (is_unfinished(path) and f"{RECORD}." in path.rpartition("/")[2])


def is_unfinished(path: str) -> bool:
    """Return whether a file is not whole yet, by its name."""
    return path.endswith(_UNFINISHED)


def temporary_name(artifact: str) -> str:
    """Return a new name beside an artifact, which counts as that of a record that is just being written."""
    return temporary_beside(artifact + RECORD)


def may_be_artifact(path: str) -> bool:
    """Return whether a path may be an artifact, whatever the globs say."""
    return not is_record(path) and path.rpartition("/")[2] not in _NEVER


def is_artifact(settings: ExperimentHash, path: str) -> bool:
    """Return whether a path, relative to the top of the work tree, is an artifact, or DVC's pointer to one."""
    if not may_be_artifact(path):
        return False
    names = (path, path.removesuffix(POINTER)) if path.endswith(POINTER) else (path,)
    return any(glob.matches(name) for glob in settings.artifacts for name in names)


def is_code(settings: ExperimentHash, path: str) -> bool:
    """Return whether a path, relative to the top of the work tree, counts as code."""
    return not is_record(path) and not is_artifact(settings, path)
