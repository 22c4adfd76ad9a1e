"""mixed-components judges values: which paths belong to which component, and what a mixed commit is split into."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from labgate.checks.mixed_components.check import Facts, check
from labgate.checks.mixed_components.rules import MixedCommit
from labgate.checks.mixed_components.section import schema
from labgate.policy.glob import Glob
from labgate.policy.here import Here
from labgate.policy.shape import Problems
from labgate.values.batch import Batch, FileChange
from labgate.values.errors import PolicyError
from support.obstacles import bounded
from support.policies import TEAM, parse_policy, policy

PARTS = """
[mixed-components]
shared = ["docs/**", "CMakeLists.txt"]
[mixed-components.components]
realm = ["runtime/realm/**"]
legion = ["runtime/legion/**", "/legion.cfg"]
"""


def judge(*paths: str, oid: str | None = "a" * 40, **fields: object) -> list[MixedCommit]:
    files = tuple(FileChange(path, "M", 1, 0, 0) for path in paths)
    facts = Facts((Batch(oid, "Go", files),)).changed(**fields)
    return list(check(facts, policy(TEAM + PARTS)))


@pytest.mark.parametrize(
    "paths",
    [
        ("runtime/realm/a.c", "runtime/realm/sub/b.c"),
        ("runtime/realm/a.c", "docs/a.md", "CMakeLists.txt", "runtime/realm/CMakeLists.txt"),
        ("runtime/realm/a.c", "tools/x.py"),
        ("tools/x.py",),
    ],
    ids=["one component", "shared files", "files of none", "no component"],
)
def test_a_commit_of_one_component_passes(paths: tuple[str, ...]) -> None:
    assert judge(*paths) == []


def test_a_mixed_commit_is_split_by_component() -> None:
    [finding] = judge("runtime/realm/a.c", "runtime/legion/b.c", "legion.cfg", "README.md", oid=None, staged=True)
    assert finding.message() == "this commit mixes 2 components: legion (3 files), realm (1 file)"
    assert finding.help() == "git reset -q -- :/runtime/realm/a.c && git commit"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("runtime/**", "runtime/realm/**", True),
        ("runtime/realm/**", "runtime/legion/**", False),
        ("**/*.c", "runtime/**", True),
        ("*.c", "runtime/a.h", False),
        ("a*c", "ab*", True),
        ("a?c", "abd", False),
        ("**", "x", True),
        ("a/*/c", "a/b", False),
    ],
)
def test_overlapping_globs_are_found(one: str, other: str, expected: bool) -> None:
    assert Glob(one).overlaps(Glob(other)) is expected
    assert Glob(other).overlaps(Glob(one)) is expected


def test_components_must_not_overlap() -> None:
    with pytest.raises(PolicyError) as caught:
        parse_policy(TEAM + PARTS + 'all = ["runtime/**"]\n')
    where = "labgate.toml: [mixed-components.components] all: "
    assert list(caught.value.problems) == [
        f'{where}"runtime/**" and "runtime/realm/**" of realm can match the same path',
        f'{where}"runtime/**" and "runtime/legion/**" of legion can match the same path',
    ]


def test_thousands_of_globs_are_compared_up_to_a_limit() -> None:
    """All that begin with a folder; of the others as many as take a moment, which the check of a policy says."""
    for form, whole in (("p{0}/x{1}/**", True), ("**/y{0}/x{1}", False)):
        rows = (f"c{n} = {[form.format(n, m) for m in range(60)]}" for n in range(60))
        with bounded(form), patch.object(Here, "without_file"):
            found = policy(TEAM + "[mixed-components.components]\n" + "\n".join(rows))
            problems = Problems("labgate.toml")
            schema().here(found, Here((), (), ()), problems)
        assert any("too many globs" in line for line in problems.lines) is not whole
