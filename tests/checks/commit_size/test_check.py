"""commit-size judges values: what counts, whose limit holds, and what a finding says of a batch or a series."""

from __future__ import annotations

import pytest

from labgate.checks.commit_size.check import Facts, check
from labgate.checks.commit_size.rules import CommitFinding, Group, HeavyFile, Part, SeriesTooLarge, SizeFinding
from labgate.policy.model import Policy
from labgate.values.batch import Batch, FileChange
from support.hot import HEAVY
from support.isolated import run_apart
from support.policies import TEAM, policy


def file(path: str, lines: int = 0, size: int = 0, status: str = "M", *, excluded: bool = False) -> FileChange:
    return FileChange(path, status, lines - lines // 3, lines // 3, size, excluded)


def batch(*files: FileChange, oid: str | None = "a" * 40, reverts: str | None = None, parents: int = 1) -> Batch:
    return Batch(oid, f"Change {len(files)} files", files, reverts, parents)


def judge(
    *batches: Batch,
    kind: str | None = "protected",
    preview: str | None = None,
    series: bool = False,
    source: str | None = None,
    under: Policy | None = None,
) -> list[SizeFinding]:
    facts = Facts(batches, kind, preview, target="main", source=source, series=series)
    return list(check(facts, under or policy()))


def of_commits(*batches: Batch) -> list[CommitFinding]:
    """Judge commits by themselves."""
    found = judge(*batches)
    return [finding for finding in found if isinstance(finding, CommitFinding)]


def of_series(*batches: Batch, source: str | None = None) -> SeriesTooLarge:
    """Judge commits as one series, which is too large."""
    *_, finding = judge(*batches, series=True, source=source)
    assert isinstance(finding, SeriesTooLarge)
    return finding


def said(findings: list[SizeFinding]) -> list[tuple[str, str, str]]:
    return [(finding.rule.code, finding.level, finding.unit) for finding in findings]


@pytest.mark.parametrize(
    "files",
    [
        (),
        (file("a.py", 10),),
        tuple(file(f"{name}.py", 2) for name in "abcd"),
        (file("a.bin", size=1000), file("b.bin", size=1000)),
        (file("a.py", 500, status="D"),),
        (file("a.py", 500, 5000, status="R"),),
        (file("poetry.lock", 500, 9000),),
        (file("sub/poetry.lock", 500, 9000),),
        (file("vendor/lib/a.c", 500, 9000),),
        (file("generated.py", 500, 9000, excluded=True),),
        tuple(file(f"{number}.py", 9, status="D") for number in range(99)),
    ],
    ids=[
        "an empty commit",
        "exactly the lines",
        "exactly the files",
        "exactly the bytes",
        "a deleted file",
        "an exact rename",
        "an ignored file",
        "an ignored file in a directory",
        "an ignored directory",
        "a file that attributes exclude",
        "a hundred deleted files",
    ],
)
def test_a_commit_within_the_limits_is_accepted(files: tuple[FileChange, ...]) -> None:
    assert judge(batch(*files)) == []


@pytest.mark.parametrize(
    ("files", "code", "unit", "limit", "actual"),
    [
        ((file("a.py", 11),), "LG401", "lines", 10, 11),
        ((file("a.py", 6), file("b.py", 6)), "LG401", "lines", 10, 12),
        ((file("a.py", 11, status="A"), file("b.py", 9, status="D")), "LG401", "lines", 10, 11),
        (tuple(file(f"{name}.py", 1) for name in "abcde"), "LG402", "files", 4, 5),
        ((file("a.min.js", 1, 1001),), "LG403", "file-bytes", 1000, 1001),
        (tuple(file(name, 1, 700) for name in "abc"), "LG403", "bytes", 2000, 2100),
        ((file("a", 1, 1500), file("b", 1, 900)), "LG403", "file-bytes", 1000, 1500),
        ((file("a.py", 11, status="T"),), "LG401", "lines", 10, 11),
    ],
    ids=[
        "one line over",
        "two files over together",
        "deletions do not make up for it",
        "one file over",
        "one long line in a large file",
        "many bytes together",
        "a large file before many bytes",
        "a changed type",
    ],
)
def test_a_commit_over_a_limit_is_refused(
    files: tuple[FileChange, ...], code: str, unit: str, limit: int, actual: int
) -> None:
    (finding,) = of_commits(batch(*files))
    assert (finding.rule.code, finding.level, finding.unit) == (code, "error", unit)
    assert (finding.limit, finding.actual, finding.over) == (limit, actual, actual - limit)
    assert (finding.kind, finding.target, finding.oid, finding.oids) == ("protected", "main", "a" * 40, ("a" * 40,))


def test_each_limit_of_each_batch_gives_one_finding() -> None:
    large = tuple(file(f"{name}.py", 5, 1200) for name in "abcde")
    findings = judge(batch(*large), batch(), batch(*large, oid="b" * 40))
    assert [finding.rule.code for finding in findings] == ["LG401", "LG402", "LG403"] * 2


def test_an_exact_revert_counts_nothing() -> None:
    reverting = batch(file("a.py", 500, 9000), reverts="c" * 40)
    assert judge(*[reverting] * 9, series=True) == []


@pytest.mark.parametrize(
    ("kind", "preview", "lines", "expected"),
    [
        (None, None, 999, []),
        ("research", None, 999, []),
        ("research", "protected", 11, ["warning"]),
        (None, "protected", 11, ["warning"]),
        ("topic", "protected", 10, []),
        ("topic", "protected", 11, ["warning"]),
        ("topic", "protected", 30, ["warning"]),
        ("topic", "protected", 31, ["error"]),
        ("topic", None, 30, []),
    ],
    ids=[
        "no kind has no limits",
        "a kind without limits has none",
        "a preview only warns",
        "a preview of no kind warns too",
        "within both",
        "over the preview only",
        "exactly the own limit",
        "over its own limit",
        "without a preview",
    ],
)
def test_the_own_limits_refuse_and_the_preview_warns(
    kind: str | None, preview: str | None, lines: int, expected: list[str]
) -> None:
    findings = judge(batch(file("a.py", lines)), kind=kind, preview=preview)
    assert [finding.level for finding in findings] == expected
    for finding in findings:
        assert finding.kind == ("topic" if finding.level == "error" else "protected")


def test_the_five_heaviest_files_are_named_by_lines_or_bytes() -> None:
    files = tuple(file(f"{number}.py", number + 1, 900 - number) for number in range(7))
    lines, _files, size = of_commits(batch(*files))
    assert [item.path for item in lines.files] == ["6.py", "5.py", "4.py", "3.py", "2.py"]
    assert lines.files[0] == HeavyFile("6.py", lines=7, bytes=894)
    assert [item.path for item in size.files] == ["0.py", "1.py", "2.py", "3.py", "4.py"]


def test_a_finding_says_how_to_split_by_directory() -> None:
    files = (file("src/a.py", 4), file("src/b.py", 3), file("docs/x.md", 5), file("setup.py", 2))
    (finding,) = of_commits(batch(*files))
    assert finding.split == (
        Group(("docs/", "setup.py"), lines=7, files=2, bytes=0),
        Group(("src/",), lines=7, files=2, bytes=0),
    )


def test_the_files_that_are_too_large_are_named_instead_of_a_split() -> None:
    (finding,) = of_commits(batch(file("a.bin", size=1200), file("b.py", 2, 5), file("c.bin", size=1300)))
    assert (finding.oversized, finding.others) == (("a.bin", "c.bin"), 1)
    assert (finding.split, finding.path) == ((), None)
    (finding,) = of_commits(batch(file("a.bin", size=1200)))
    assert (finding.oversized, finding.others, finding.path) == (("a.bin",), 0, "a.bin")


def commits(*lines: int) -> list[Batch]:
    return [batch(file("a.py", count), oid=f"{number:040x}") for number, count in enumerate(lines)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((9, 9, 7), None),
        ((9, 9, 8), ("series-lines", 25, 26)),
        ((1, 1, 1, 1), ("series-commits", 3, 4)),
        ((9, 9, 9, 9), ("series-lines", 25, 36)),
    ],
    ids=["exactly both limits", "one line over", "one commit over", "lines before commits"],
)
def test_a_series_has_limits_of_its_own(lines: tuple[int, ...], expected: tuple[str, int, int] | None) -> None:
    findings = judge(*commits(*lines), series=True)
    assert [(finding.unit, finding.limit, finding.actual) for finding in findings] == ([expected] if expected else [])
    assert all(finding.rule.code == "LG404" for finding in findings)
    assert judge(*commits(*lines), series=False) == []


def test_fifty_small_commits_are_one_large_series() -> None:
    finding = of_series(*commits(*[9] * 50))
    assert (finding.rule.code, finding.actual, len(finding.oids)) == ("LG404", 450, 50)


def test_commits_in_which_nothing_counts_are_no_part_of_a_series() -> None:
    idle = [
        batch(),
        batch(file("poetry.lock", 99)),
        batch(file("a.py", 9, status="D")),
        batch(file("b", 9, status="R")),
    ]
    assert judge(*commits(1, 1, 1), *idle, *idle, series=True) == []


def test_a_finding_on_a_series_names_the_first_part_that_fits() -> None:
    assert of_series(*commits(9, 1, 9, 9)).part == Part(f"{2:040x}", commits=3, lines=19)
    assert of_series(*commits(1, 1, 1, 1, 1)).part == Part(f"{2:040x}", commits=3, lines=3)
    assert of_series(*commits(26)).part is None


@pytest.mark.parametrize(
    ("source", "branch"),
    [
        ("feature/x", "feature/x-part-1"),
        ("main", None),
        (None, None),
        ("experiment--ranker--a", "experiment--ranker--a-part-1"),
    ],
)
def test_the_branch_for_the_first_part_has_a_legal_name(source: str | None, branch: str | None) -> None:
    assert of_series(*commits(1, 1, 1, 1), source=source).branch == branch


def test_a_series_over_the_preview_only_warns() -> None:
    assert said(judge(*commits(9, 9, 9), kind="topic", preview="protected", series=True)) == [
        ("LG404", "warning", "series-lines")
    ]


def test_a_staged_change_has_no_commit() -> None:
    facts = Facts((batch(file("a.py", 11), oid=None, parents=0),), "protected", staged=True, temporary_index=True)
    (finding,) = check(facts, policy())
    assert isinstance(finding, CommitFinding)
    assert (finding.oid, finding.oids, finding.parents, finding.target) == (None, (), 0, None)
    assert (finding.staged, finding.temporary_index) == (True, True)


def test_the_data_of_a_finding_are_its_fields() -> None:
    (finding,) = of_commits(batch(file("a.py", 11)))
    assert set(finding.data) == {
        *("unit", "limit", "actual", "over", "kind", "target", "exception"),
        *("files", "oversized", "others", "split", "oid", "subject", "parents", "staged", "temporary_index", "way"),
        "at_head",
    }
    assert set(of_series(*commits(26)).data) == {
        *("unit", "limit", "actual", "over", "kind", "target", "exception"),
        *("commits", "part", "branch"),
    }


def test_a_commit_that_passes_imports_nothing_heavy_and_no_words() -> None:
    table = policy(TEAM).table
    loaded = run_apart(
        "from labgate.checks.commit_size.check import Facts, check; from labgate.policy.model import Policy; "
        "from labgate.values.batch import Batch, FileChange; "
        "facts = Facts((Batch(None, '', (FileChange('a.py', 'M', 9, 0, 99),)),), 'topic', 'protected'); "
        f"assert not [*check(facts, Policy({table!r}))]; print(*sys.modules)"
    ).split()
    assert "labgate.checks.commit_size.check" in loaded
    assert HEAVY.isdisjoint(loaded)
    assert {"labgate.checks.commit_size.split", "labgate.values.splitting"}.isdisjoint(loaded)


_LIMITS = """
[commit-size]
tests = ["tests/**", "**/*_test.py"]
[commit-size.limits.protected]
lines = 10
test-lines = 20
"""
TESTED = TEAM.partition("[commit-size]")[0] + _LIMITS


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ((file("a.py", 10), file("tests/a.py", 20)), []),
        ((file("a.py", 10), file("b_test.py", 12), file("tests/a.py", 9)), [("LG401", "error", "test-lines")]),
        ((file("a.py", 11), file("tests/a.py", 1)), [("LG401", "error", "lines")]),
        ((file("a.py", 11), file("tests/a.py", 21)), [("LG401", "error", "lines")]),
    ],
    ids=["both within their limits", "tests over theirs", "code over its own", "one finding for both"],
)
def test_tests_have_a_limit_of_their_own(files: tuple[FileChange, ...], expected: list[tuple[str, str, str]]) -> None:
    assert said(judge(batch(*files), under=policy(TESTED))) == expected


def test_without_test_lines_tests_count_with_the_code() -> None:
    found = judge(batch(file("a.py", 6), file("tests/a.py", 6)), under=policy(TESTED.replace("test-lines = 20", "")))
    assert said(found) == [("LG401", "error", "lines")]


def test_a_finding_about_tests_names_them_and_splits_by_both_limits() -> None:
    files = (file("a.py", 10), file("tests/a.py", 12), file("tests/b.py", 12))
    [finding] = judge(batch(*files), under=policy(TESTED))
    assert isinstance(finding, CommitFinding)
    assert "changes 24 lines of tests, 4 over the limit of 20" in finding.message()
    assert [each.path for each in finding.files] == ["tests/a.py", "tests/b.py"]
    assert [group.paths for group in finding.split] == [("a.py", "tests/a.py"), ("tests/b.py",)]
