"""commit-size's words are one line, and its commands split with real git."""

from __future__ import annotations

import pytest

from labgate.checks.commit_size.check import Facts, check
from labgate.values.batch import Batch, FileChange
from labgate.values.finding import Finding
from support.policies import policy
from support.repo import Repo

OID = "0123456789abcdef0123456789abcdef01234567"


def weigh(files: dict[str, str | bytes]) -> tuple[FileChange, ...]:
    """Return the files as new ones of a change."""
    return tuple(
        FileChange(path, "A", 0 if isinstance(text, bytes) else text.count("\n"), 0, len(text))
        for path, text in sorted(files.items())
    )


def judge(
    files: dict[str, str | bytes],
    *,
    oid: str | None = None,
    parents: int = 1,
    target: str | None = None,
    temporary_index: bool = False,
) -> list[Finding]:
    batch = Batch(oid, "Add a model", weigh(files), parents=parents)
    return list(
        check(
            Facts((batch,), "protected", target=target, staged=oid is None, temporary_index=temporary_index), policy()
        )
    )


def help_of(finding: Finding) -> str:
    help = finding.help()
    assert help is not None
    assert "\n" not in help
    return help


def lines(number: int) -> str:
    return "x\n" * number


@pytest.mark.parametrize(
    ("files", "oid", "target", "message"),
    [
        (
            {"src/a.py": lines(8), "docs/b.md": lines(4)},
            None,
            "refs/heads/main",
            (
                "this commit changes 12 lines, 2 over the limit of 10 for main; "
                "heaviest: src/a.py 8 lines, docs/b.md 4 lines"
            ),
        ),
        (
            {"a.py": lines(11)},
            OID,
            None,
            (
                "commit 0123456789ab (Add a model) changes 11 lines, 1 over the limit of 10 for protected branches; "
                "heaviest: a.py 11 lines"
            ),
        ),
        (
            {f"{name}.py": lines(1) for name in "abcde"},
            None,
            "main",
            (
                "this commit touches 5 files, 1 over the limit of 4 for main; "
                "heaviest: a.py 1 line, b.py 1 line, c.py 1 line, d.py 1 line, e.py 1 line"
            ),
        ),
        (
            {"a.bin": b"x" * 1500, "b.bin": b"x" * 1200},
            None,
            "main",
            (
                "this commit adds a.bin with 1.5 kB, 500 bytes over the limit of 1 kB a file for main "
                "(and 1 other file over the limit)"
            ),
        ),
        (
            {"a.bin": b"x" * 900, "b.bin": b"x" * 800, "c.bin": b"x" * 400},
            None,
            "main",
            (
                "this commit adds 2.1 kB, 100 bytes over the limit of 2 kB for main; "
                "heaviest: a.bin 900 bytes, b.bin 800 bytes, c.bin 400 bytes"
            ),
        ),
    ],
    ids=["lines", "lines of a commit", "files", "large files", "bytes together"],
)
def test_messages(files: dict[str, str | bytes], oid: str | None, target: str | None, message: str) -> None:
    (finding,) = judge(files, oid=oid, target=target)
    assert finding.message() == message


def test_a_series_names_its_heaviest_commits_and_where_the_first_part_ends() -> None:
    batches = tuple(
        Batch(f"{number + 1:040x}", f"Step {number}", weigh({"a.py": lines(9 - number)})) for number in range(4)
    )
    (finding,) = check(Facts(batches, "protected", target="main", source="feature/x", series=True), policy())
    assert finding.message() == (
        "the series has 30 lines, 5 over the limit of 25 for main; heaviest: 000000000000 (Step 0) 9 lines, "
        "000000000000 (Step 1) 8 lines, 000000000000 (Step 2) 7 lines, 000000000000 (Step 3) 6 lines"
    )
    assert finding.help() == f"git branch feature/x-part-1 {3:040x}"
    (finding,) = check(Facts(batches, "protected", series=True), policy())
    assert finding.help() == f"land the first 3 commits (24 lines) alone, up to {3:040x}"


def test_the_branch_for_the_first_part_of_a_series_can_be_made(repo: Repo) -> None:
    repo.commit("root")
    repo.branch("feature/x")
    batches = [
        Batch(repo.commit(f"Step {n}", {"a.py": lines(n)}), f"Step {n}", weigh({"a.py": lines(1)})) for n in range(4)
    ]
    (finding,) = check(Facts(tuple(batches), "protected", source="feature/x", series=True), policy())
    repo.run("sh", "-c", help_of(finding))
    assert repo.head("feature/x-part-1") == repo.head("feature/x~1")


CHANGE: dict[str, str | bytes] = {
    "docs/it's.md": lines(6),
    "src/new.py": lines(6),
    "src/*/old.py": lines(4),
    "tests/x.py": lines(5),
    ":top.py": lines(3),
    "!x": lines(2),
}


def commit_sizes(repo: Repo, revisions: str) -> list[int]:
    """Return the added lines of each commit, oldest first."""
    return [
        sum(int(row.split("\t")[0]) for row in repo.git("show", "--format=", "--numstat", oid).split("\n") if row)
        for oid in repo.git("rev-list", "--reverse", revisions).split()
    ]


@pytest.mark.parametrize("folder", [".", "docs"], ids=["at the top", "in a directory"])
@pytest.mark.parametrize("parents", [1, 0], ids=["a later commit", "the first commit"])
def test_a_staged_change_splits_until_it_is_committed(repo: Repo, parents: int, folder: str) -> None:
    if parents:
        repo.commit("root", {"README": "root\n"})
    repo.write(CHANGE)
    repo.git("add", "--all")
    waiting = dict(CHANGE)
    for _ in range(len(CHANGE)):
        findings = judge(waiting, parents=parents)
        if not findings:
            break
        repo.run("sh", "-c", f"cd {folder} && {help_of(findings[0]).replace('git commit', 'git commit -m part')}")
        done = set(repo.git("show", "-z", "--format=", "--name-only", "HEAD").split("\0"))
        waiting = {path: text for path, text in waiting.items() if path not in done}
        repo.git("add", "--all")
        parents = 1
    repo.git("commit", "-m", "the rest")
    assert repo.git("status", "--porcelain") == ""
    assert set(repo.git("ls-files", "-z").split("\0")) >= set(CHANGE)
    assert len(commit_sizes(repo, "HEAD")) > 2
    assert all(size <= 10 for size in commit_sizes(repo, "HEAD"))


def test_git_commit_a_splits_by_naming_paths(repo: Repo) -> None:
    repo.commit("root", dict.fromkeys(CHANGE, ""))
    repo.write(CHANGE)
    finding, *_ = judge(CHANGE, temporary_index=True)
    help = help_of(finding)
    assert help.startswith("git commit -- ")
    repo.run("sh", "-c", help.replace("git commit", "git commit -m part"))
    assert 0 < commit_sizes(repo, "HEAD^..HEAD")[0] <= 10
    assert repo.git("diff", "--cached", "--name-only") == ""


def start_series(repo: Repo, parents: int, change: dict[str, str | bytes]) -> str:
    """Make a large commit (the first one, if it has no parents) between a merge and one more commit; return its oid."""
    if parents:
        repo.commit("root", {"README": "root\n"})
    large = repo.commit("large", change)
    repo.branch("side").commit("side", {"side.txt": "1\n"})
    repo.checkout("main").commit("after", {"after.txt": "1\n"})
    repo.merge("side", "Merge side")
    return large


@pytest.mark.parametrize("parents", [1, 0], ids=["a later commit", "the first commit"])
def test_a_commit_of_a_series_is_stopped_at_and_split(repo: Repo, parents: int) -> None:
    large = start_series(repo, parents, CHANGE)
    tree = repo.git("rev-parse", "HEAD^{tree}")
    finding, *_ = judge(CHANGE, oid=large, parents=parents)
    repo.run("sh", "-c", help_of(finding))
    assert 0 < commit_sizes(repo, "HEAD")[-1] <= 10
    repo.git("add", "--all")
    repo.git("commit", "-m", "the rest")
    repo.git("rebase", "--continue")
    assert repo.git("rev-parse", "HEAD^{tree}") == tree
    assert repo.git("symbolic-ref", "--short", "HEAD") == "main"
    assert repo.git("log", "-1", "--format=%s") == "Merge side"
    assert repo.git("log", "--format=%s").split("\n").count("the rest") == 1


def test_a_rebase_does_not_go_on_without_the_rest(repo: Repo) -> None:
    repo.commit("root")
    large = repo.commit("large", CHANGE)
    repo.commit("after", {"after.txt": "1\n"})
    finding, *_ = judge(CHANGE, oid=large)
    repo.run("sh", "-c", help_of(finding))
    assert repo.run("git", "rebase", "--continue", status=None).status != 0


@pytest.mark.parametrize("parents", [1, 0], ids=["a later commit", "the first commit"])
def test_one_file_that_is_too_large_to_review_is_split_by_hunks(repo: Repo, parents: int) -> None:
    change: dict[str, str | bytes] = {"a.py": lines(30), "b.py": lines(2)}
    if parents:
        repo.commit("root", {"README": "root\n"})
    (finding,) = judge(change, parents=parents)
    repo.write(change).git("add", "--all")
    repo.run("sh", "-c", help_of(finding).replace("git commit", "git commit -m part"), stdin="n\ny\n")
    assert commit_sizes(repo, "HEAD")[-1] == 2


@pytest.mark.parametrize("parents", [1, 0], ids=["a later commit", "the first commit"])
def test_a_commit_with_one_file_that_is_too_large_to_review_is_split_by_hunks(repo: Repo, parents: int) -> None:
    change: dict[str, str | bytes] = {"a.py": lines(30), "b.py": lines(2)}
    large = start_series(repo, parents, change)
    tree = repo.git("rev-parse", "HEAD^{tree}")
    (finding,) = judge(change, oid=large, parents=parents)
    repo.run("sh", "-c", help_of(finding), stdin="n\ny\n")
    assert commit_sizes(repo, "HEAD")[-1] == 2
    repo.git("commit", "-a", "-m", "the rest")
    repo.git("rebase", "--continue")
    assert repo.git("rev-parse", "HEAD^{tree}") == tree


LARGE: dict[str, str | bytes] = {"a.py": lines(2), "data/[x]*.bin": b"\0" * 1500, "model.bin": b"\0" * 1200}


@pytest.mark.parametrize("parents", [1, 0], ids=["a later commit", "the first commit"])
def test_files_that_are_too_large_stay_out_of_a_staged_change(repo: Repo, parents: int) -> None:
    if parents:
        repo.commit("root", {"README": "root\n"})
    repo.write(LARGE).git("add", "--all")
    (finding,) = judge(LARGE, parents=parents)
    repo.run("sh", "-c", help_of(finding).replace("git commit", "git commit -m small"))
    assert repo.git("show", "--format=", "--name-only", "HEAD") == "a.py"
    assert (repo.path / "model.bin").is_file()


def test_files_that_are_too_large_stay_out_of_git_commit_a(repo: Repo) -> None:
    repo.commit("root", dict.fromkeys(LARGE, ""))
    repo.write(LARGE)
    (finding,) = judge(LARGE, temporary_index=True)
    repo.run("sh", "-c", help_of(finding).replace("git commit", "git commit -m small"))
    assert repo.git("show", "--format=", "--name-only", "HEAD") == "a.py"


@pytest.mark.parametrize("parents", [1, 0], ids=["a later commit", "the first commit"])
def test_files_that_are_too_large_are_taken_out_of_a_commit(repo: Repo, parents: int) -> None:
    if parents:
        repo.commit("root", {"README": "root\n"})
    large = repo.commit("large", LARGE)
    (finding,) = judge(LARGE, oid=large, parents=parents)
    repo.run("sh", "-c", help_of(finding))
    assert repo.git("show", "--format=", "--name-only", "HEAD") == "a.py"
    repo.git("reset", "--quiet")  # what is too large stays in the work tree, no longer known to git
    repo.git("rebase", "--continue")
    assert (repo.path / "model.bin").is_file()
    assert "model.bin" not in repo.git("ls-files")


def test_a_change_of_nothing_but_large_files_is_unstaged(repo: Repo) -> None:
    change: dict[str, str | bytes] = {"model.bin": b"\0" * 1200}
    repo.write(change).git("add", "--all")
    (finding,) = judge(change, parents=0)
    repo.run("sh", "-c", help_of(finding))
    assert repo.git("status", "--porcelain") == "?? model.bin"


def test_a_commit_of_nothing_but_large_files_is_dropped(repo: Repo) -> None:
    change: dict[str, str | bytes] = {"model.bin": b"\0" * 1200}
    large = start_series(repo, 1, change)
    (finding,) = judge(change, oid=large)
    repo.run("sh", "-c", help_of(finding))
    assert repo.git("ls-files").split("\n") == ["README", "after.txt", "side.txt"]
    assert repo.git("log", "-1", "--format=%s") == "Merge side"


@pytest.mark.parametrize("change", [CHANGE, LARGE], ids=["many lines", "large files"])
def test_a_merge_is_not_split(change: dict[str, str | bytes]) -> None:
    finding, *_ = judge(change, parents=2)
    assert help_of(finding).startswith("keep only the resolution of conflicts in the merge, ")


def test_a_first_commit_of_nothing_but_large_files_cannot_be_mended_by_a_command() -> None:
    (finding,) = judge({"model.bin": b"\0" * 1200}, oid=OID, parents=0)
    assert help_of(finding) == "start the history again without these files: its first commit has nothing else"


def test_a_series_whose_first_commit_is_too_large_asks_to_split_that() -> None:
    batch = Batch(OID, "Large", weigh({"a.py": lines(26)}))
    *_, finding = check(Facts((batch,), "protected", series=True), policy())
    assert help_of(finding) == "split the first commit: alone it is too large for a series"
