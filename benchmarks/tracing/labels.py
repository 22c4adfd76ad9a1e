"""Which main commit came from which pull request, in the repositories that labgate is measured on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: Where the data is, and its default: the same as in ``tests/support/data.py``, which needs pytest and this does not.
VARIABLE = "LABGATE_TEST_DATA"
ROOT = Path(__file__).parents[2]


class NoDataError(Exception):
    """The data of a repository is not here; the text says what is missing and where it was looked for."""


@dataclass(frozen=True)
class Range:
    """A version of a pull request: its ``number``, the commit of main that it was cut from, and its tip (oids)."""

    number: int
    base: str
    tip: str


@dataclass(frozen=True)
class Labels:
    """What is known of a repository.

    ``indexed`` has the ranges of each set (full, half, first), which stand as ``refs/bench/SET/NUMBER`` in the bundle.
    ``positive`` maps a main commit to its pull request, ``negative`` are main commits of others, ``related`` the pull
    requests that a negative may rightly be traced to. ``contaminated`` ranges hold copies of main. ``picks`` maps a
    backport to the commits that it was picked from, ``sources`` are the refs that hold those.
    """

    name: str
    main: str
    indexed: Mapping[str, tuple[Range, ...]]
    positive: Mapping[str, int]
    negative: tuple[str, ...]
    related: Mapping[str, frozenset[int]]
    contaminated: frozenset[int]
    picks: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]


def data_folder(asked: Path | None) -> Path:
    """Return the folder with the bundles: the one asked for, else the environment's, else the default."""
    return asked or Path(os.environ.get(VARIABLE, ROOT.parent / "shared" / "data"))


def bundle(folder: Path, name: str) -> Path:
    """Return the bundle of a repository. Raised: ``NoDataError``."""
    return _present(folder / f"{name}.bundle")


def read_labels(folder: Path, name: str) -> Labels:
    """Read the labels of a repository. Raised: ``NoDataError``."""
    read = json.loads(_present(folder / f"{name}.json").read_text(encoding="utf-8"))
    ranges = {word: tuple(Range(*row) for row in rows) for word, rows in read.get("indexed", {}).items()}
    return Labels(
        name=name,
        main=read.get("main", "refs/heads/main"),
        indexed=ranges,
        positive=read.get("positive", {}),
        negative=tuple(read.get("negative", ())),
        related={commit: frozenset(numbers) for commit, numbers in read.get("related", {}).items()},
        contaminated=frozenset(read.get("contaminated", ())),
        picks={commit: tuple(sources) for commit, sources in read.get("picks", {}).items()},
        sources=tuple(read.get("sources", ("refs/heads/main",))),
    )


def _present(path: Path) -> Path:
    if not path.is_file():
        message = f"{path.name} is not in {path.parent}; set {VARIABLE} or --data to the folder that has the bundles"
        raise NoDataError(message)
    return path
