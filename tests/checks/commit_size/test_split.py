"""Groups that a change splits into keep every limit and leave nothing out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.checks.commit_size.section import CommitSize, Limits
from labgate.checks.commit_size.split import MOST_GROUPS, MOST_PATHS, groups
from labgate.values.batch import FileChange
from support.policies import policy


def limits() -> Limits:
    """At most 10 lines, 4 files and 2000 bytes a commit."""
    return policy().section(CommitSize).limits["protected"]


def change(**lines: int) -> list[FileChange]:
    return [FileChange(path.replace("__", "/"), "M", count, 0, 0) for path, count in lines.items()]


def paths(files: list[FileChange]) -> list[list[str]]:
    return [list(group.paths) for group in groups(files, limits())]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (change(docs__a=6, src__b=6), [["docs/"], ["src/"]]),
        (change(a__x=4, b__x=4, c__x=4, d__x=4), [["a/", "b/"], ["c/", "d/"]]),
        (change(src__a__x=6, src__b__x=6), [["src/a/"], ["src/b/"]]),
        (change(src__a__x=6, src__b=6, top=6), [["src/a/"], ["src/b"], ["top"]]),
        (change(a=6, b=6), [["a"], ["b"]]),
        (change(src__huge=11, docs__a=3), []),
        (change(a__x=5, b__x=5), []),
        (change(), []),
        (change(a=1, b=1, c=1, d=1, e=1), [["a", "b", "c", "d"], ["e"]]),
    ],
    ids=[
        "one group a directory",
        "neighbours share a group",
        "a directory that is too large splits in turn",
        "a file stands for itself beside directories",
        "files at the top",
        "one file alone is too large",
        "what fits need not be split",
        "nothing",
        "the number of files is a limit too",
    ],
)
def test_groups_follow_directories(files: list[FileChange], expected: list[list[str]]) -> None:
    assert paths(files) == expected


def test_a_path_of_a_thousand_directories_is_no_trouble() -> None:
    deep = "d/" * 1500
    files = [FileChange(f"{deep}{name}", "M", 6, 0, 0) for name in "ab"]
    assert paths(files) == [[f"{deep}a"], [f"{deep}b"]]


def test_a_huge_change_names_only_the_first_groups() -> None:
    files = [FileChange(f"{number:05}", "M", 10, 0, 0) for number in range(20_000)]
    assert paths(files) == [[f"{number:05}"] for number in range(MOST_GROUPS)]


PATHS = st.lists(st.sampled_from(["a", "b", "src", "docs", "x y"]), min_size=1, max_size=4).map("/".join)


@given(
    st.dictionaries(PATHS, st.tuples(st.integers(0, 10), st.integers(0, 2000)), max_size=40).filter(
        # git holds no file "a" beside a file "a/b"
        lambda files: not any(one != other and other.startswith(f"{one}/") for one in files for other in files)
    )
)
def test_every_group_fits_and_every_file_is_in_exactly_one(files: dict[str, tuple[int, int]]) -> None:
    changes = [FileChange(path, "M", lines, 0, size) for path, (lines, size) in files.items()]
    found = groups(changes, limits())
    assert len(found) != 1
    for path in files:
        homes = [
            part
            for group in found
            for part in group.paths
            if path == part or (part.endswith("/") and path.startswith(part))
        ]
        assert len(homes) == (1 if found else 0)
    for group in found:
        assert group.lines <= 10
        assert group.files <= 4
        assert group.bytes <= 2000
        assert len(group.paths) <= MOST_PATHS
