"""The code of a moment: the checkout has the same bytes, and nothing of the clone changes (acceptance row 4)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.moments import checked_out, tree_on_disk, untouched
from support.repo import Repo

ODD_NAMES = ("a b.py", "tab\tname.py", "new\nline.py", 'quo"te.py', "-dash.py", "ünï.py", ":(top)x.py", "star*.py")


def start(repo: Repo) -> str:
    return repo.commit(
        "Start",
        {
            "train.py": "print(1)\n",
            "lib/model.py": "x = 1\n",
            "lib/old.py": "old = 1\n" * 20,
            "data.bin": bytes(range(256)),
            ".gitignore": "*.log\nout/\n",
        },
    )


def pin(repo: Repo, *args: str, **env: str) -> str:
    return repo.labgate("experiment", "pin", *args, status=0, **env).out.strip()


def staged(repo: Repo) -> None:
    repo.write({"train.py": "print(2)\n"}).git("add", "train.py")


def unstaged(repo: Repo) -> None:
    repo.write({"train.py": "print(2)\n"})


def both(repo: Repo) -> None:
    staged(repo)
    repo.write({"train.py": "print(3)\n"})


def untracked(repo: Repo) -> None:
    repo.write({"extra.py": "y = 1\n", "deep/er/more.py": "z = 1\n"})


def deleted(repo: Repo) -> None:
    (repo.path / "lib/old.py").unlink()


def deleted_staged(repo: Repo) -> None:
    repo.git("rm", "--quiet", "lib/old.py")


def renamed(repo: Repo) -> None:
    repo.git("mv", "lib/old.py", "lib/new.py")
    repo.write({"lib/new.py": "old = 1\n" * 20 + "more = 2\n"})


def renamed_unstaged(repo: Repo) -> None:
    (repo.path / "lib/old.py").rename(repo.path / "lib/new.py")


def removed_from_index(repo: Repo) -> None:
    repo.git("rm", "--cached", "--quiet", "lib/model.py")
    repo.write({"train.py": "print(2)\n"})


def binary(repo: Repo) -> None:
    repo.write({"data.bin": bytes(reversed(range(256))) * 9, "new.bin": b"\0\1\2" * 999})


def mode(repo: Repo) -> None:
    (repo.path / "train.py").chmod(0o755)


def link(repo: Repo) -> None:
    (repo.path / "lib/old.py").unlink()
    (repo.path / "lib/old.py").symlink_to("model.py")
    (repo.path / "dangling").symlink_to("no/such/file")


def folder_becomes_link(repo: Repo) -> None:
    (repo.path / "lib").rename(repo.path / "library")
    (repo.path / "lib").symlink_to("library")


def folder_becomes_file(repo: Repo) -> None:
    shutil.rmtree(repo.path / "lib")
    repo.write({"lib": "now a file\n"})


def file_becomes_folder(repo: Repo) -> None:
    (repo.path / "train.py").unlink()
    repo.write({"train.py/__init__.py": "print(2)\n"})


def odd_names(repo: Repo) -> None:
    repo.write({f"names/{name}": f"{name}\n" for name in ODD_NAMES})
    Path(os.fsdecode(os.fsencode(repo.path) + b"/latin-\xe9.py")).write_text("bytes\n")


def intent_to_add(repo: Repo) -> None:
    repo.write({"later.py": "later = 1\n"}).git("add", "--intent-to-add", "later.py")


def added_and_deleted(repo: Repo) -> None:
    repo.write({"later.py": "later = 1\n", "train.py": "print(2)\n"}).git("add", "later.py")
    (repo.path / "later.py").unlink()


def conflict(repo: Repo) -> None:
    repo.branch("other").commit("Theirs", {"train.py": "print('theirs')\n", "lib/old.py": "theirs = 1\n"})
    repo.checkout("main").commit("Ours", {"train.py": "print('ours')\n"})
    repo.git("rm", "--quiet", "lib/old.py")
    repo.commit("Ours too")
    repo.run("git", "merge", "--quiet", "other", status=1)


def resolved_in_part(repo: Repo) -> None:
    conflict(repo)
    repo.write({"train.py": "print('both')\n"})


def assume_unchanged(repo: Repo) -> None:
    repo.git("update-index", "--assume-unchanged", "train.py")
    repo.write({"train.py": "print(2)\n"})


def skip_worktree(repo: Repo) -> None:
    repo.git("update-index", "--skip-worktree", "train.py", "lib/model.py")
    repo.write({"train.py": "print(2)\n"})


def hidden_twice(repo: Repo) -> None:
    repo.git("update-index", "--skip-worktree", "train.py")
    repo.git("update-index", "--assume-unchanged", "train.py", "lib/model.py")
    repo.write({"train.py": "print(2)\n", "lib/model.py": "x = 2\n"})


def split_index(repo: Repo) -> None:
    repo.git("update-index", "--split-index")
    repo.write({"train.py": "print(2)\n", "extra.py": "y\n"}).git("add", "train.py")


def locked_index(repo: Repo) -> None:
    unstaged(repo)
    (repo.path / ".git/index.lock").write_text("")


def no_index(repo: Repo) -> None:
    (repo.path / ".git/index").unlink()
    repo.write({"train.py": "print(2)\n"})


def signed(repo: Repo) -> None:
    for key, value in (("commit.gpgSign", "true"), ("gpg.program", "/bin/false"), ("user.signingKey", "X")):
        repo.git("config", key, value)
    unstaged(repo)


def same_size_at_once(repo: Repo) -> None:
    """Edit a file within the time stamp of the index, without a change of size: only the content differs."""
    index = repo.path / ".git/index"
    repo.git("config", "core.trustctime", "false")
    before = (repo.path / "train.py").lstat().st_mtime_ns
    repo.write({"train.py": "print(7)\n"})
    os.utime(repo.path / "train.py", ns=(before, before))
    os.utime(index, ns=(before, before))


def case(*functions: Callable[[Repo], None]) -> list[object]:
    return [pytest.param(function, id=function.__name__) for function in functions]


@pytest.mark.parametrize(
    "edit",
    case(
        *(staged, unstaged, both, untracked, deleted, deleted_staged, renamed, renamed_unstaged, removed_from_index),
        *(binary, mode, link, folder_becomes_link, folder_becomes_file, file_becomes_folder, odd_names, intent_to_add),
        *(added_and_deleted, conflict, resolved_in_part, assume_unchanged, skip_worktree, hidden_twice, split_index),
        *(locked_index, no_index, signed, same_size_at_once),
    ),
)
def test_a_snapshot_has_the_bytes_of_the_work_tree_and_changes_nothing(
    repo: Repo, edit: Callable[[Repo], None]
) -> None:
    start(repo)
    edit(repo)
    head = repo.head()
    before = untouched(repo)
    commit = pin(repo)
    assert untouched(repo) == before
    assert pin(repo) == commit, "the same bytes, the same hash"
    (repo.path / ".git/index.lock").unlink(missing_ok=True)
    assert checked_out(repo, commit) == tree_on_disk(repo.path)
    assert repo.git("rev-parse", f"{commit}^") == head
    assert repo.git("log", "-1", "--format=%s%n%b", commit).splitlines() == [
        f"Snapshot of {head}",
        f"Snapshot-Of: {head}",
        "Experiment: branch/main",
    ]
    assert repo.git("log", "-1", "--format=%ad %cd", commit) == repo.git("log", "-1", "--format=%ad %cd", head)
    assert repo.git("rev-parse", f"refs/experiments/branch/main/{commit[:12]}") == commit


def ignored(repo: Repo) -> None:
    repo.write({"train.log": "1\n", "out/model.bin": "2\n", ".gitignore": "*.log\nout/\n"})


def touched(repo: Repo) -> None:
    os.utime(repo.path / "train.py", (1, 1))


def staged_and_taken_back(repo: Repo) -> None:
    staged(repo)
    repo.write({"train.py": "print(1)\n"})


def marked_only(repo: Repo) -> None:
    repo.git("update-index", "--assume-unchanged", "train.py")
    repo.git("update-index", "--skip-worktree", "lib/model.py")


def sparse(repo: Repo) -> None:
    repo.git("sparse-checkout", "set", "--no-cone", "/train.py")


@pytest.mark.parametrize("edit", case(ignored, touched, staged_and_taken_back, marked_only, sparse))
def test_clean_code_is_head(repo: Repo, edit: Callable[[Repo], None]) -> None:
    head = start(repo)
    edit(repo)
    before = untouched(repo)
    assert pin(repo) == head
    assert untouched(repo) == before


@pytest.mark.parametrize("cone", ["--cone", "--no-cone"])
@pytest.mark.parametrize("index", ["--sparse-index", "--no-sparse-index"])
def test_a_sparse_work_tree_keeps_what_it_does_not_have(repo: Repo, cone: str, index: str) -> None:
    start(repo)
    repo.git("sparse-checkout", "set", cone, *([index] if cone == "--cone" else []), "other")
    repo.write({"train.py": "print(2)\n", "other/new.py": "1\n"})
    assert not (repo.path / "lib").exists()
    before = untouched(repo)
    commit = pin(repo)
    assert untouched(repo) == before
    names = repo.git("ls-tree", "-r", "--name-only", commit).splitlines()
    assert {"lib/model.py", "lib/old.py", "other/new.py", "train.py"} <= set(names)
    assert repo.git("show", f"{commit}:train.py") == "print(2)"


def test_an_edited_file_outside_of_the_sparse_work_tree_is_in_the_snapshot(repo: Repo) -> None:
    start(repo)
    repo.git("sparse-checkout", "set", "--no-cone", "/train.py")
    repo.write({"lib/model.py": "x = 5\n"})
    commit = pin(repo)
    assert repo.git("show", f"{commit}:lib/model.py") == "x = 5"
    assert repo.git("show", f"{commit}:lib/old.py").startswith("old = 1")


def test_a_linked_work_tree_has_code_of_its_own(repo: Repo, tmp_path: Path) -> None:
    head = start(repo)
    repo.git("worktree", "add", "--quiet", "-b", "experiment--a--b", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked", repo.env)
    linked.write({"train.py": "print(2)\n", "extra.py": "y\n"})
    before, mine = untouched(linked), untouched(repo)
    commit = pin(linked)
    assert (untouched(linked), untouched(repo)) == (before, mine)
    assert checked_out(repo, commit) == tree_on_disk(linked.path)
    assert pin(repo) == head
    assert repo.git("for-each-ref", "--format=%(refname)", "refs/experiments").splitlines() == [
        f"refs/experiments/a/b/{commit[:12]}",
        f"refs/experiments/branch/main/{head[:12]}",
    ]


def test_a_clone_of_depth_one_can_make_a_snapshot_and_push_it(repo: Repo, tmp_path: Path) -> None:
    start(repo)
    repo.commit("More", {"train.py": "print(2)\n"})
    remote = repo.with_remote()
    repo.push("main")
    repo.git("clone", "--quiet", "--depth=1", f"file://{remote.path}", str(tmp_path / "shallow"))
    clone = Repo(tmp_path / "shallow", repo.env)
    clone.write({"train.py": "print(3)\n"})
    before = untouched(clone)
    commit = pin(clone)
    assert untouched(clone) == before
    clone.git("push", "--quiet", "origin", f"{commit}:refs/experiments/branch/main/{commit[:12]}")
    assert checked_out(clone, commit) == tree_on_disk(clone.path)


@pytest.mark.parametrize("crlf", ["true", "input", "false"])
def test_line_ends_are_converted_as_git_add_does(repo: Repo, crlf: str) -> None:
    repo.commit("Start", {"train.py": "print(1)\n", ".gitattributes": "*.py text\n*.bat eol=crlf\n"})
    repo.git("config", "core.autocrlf", crlf)
    repo.git("config", "core.safecrlf", "true")
    repo.write({"train.py": "print(2)\r\nprint(3)\n", "run.bat": "a\r\nb\r\n"})
    commit = pin(repo)
    assert repo.git("cat-file", "blob", f"{commit}:train.py") == "print(2)\nprint(3)"
    assert repo.git("cat-file", "blob", f"{commit}:run.bat") == "a\nb"


def test_a_clean_filter_runs(repo: Repo) -> None:
    repo.commit("Start", {"a.py": "1\n", ".gitattributes": "*.nb filter=strip\n"})
    repo.git("config", "filter.strip.clean", "grep -v OUTPUT")
    repo.git("config", "filter.strip.required", "true")
    repo.write({"work.nb": "cell\nOUTPUT 3\n"})
    commit = pin(repo)
    assert repo.git("cat-file", "blob", f"{commit}:work.nb") == "cell"
    repo.write({"work.nb": "cell\nOUTPUT 4\n"})
    assert pin(repo) == commit, "only the output differs, which is not code"


def test_what_a_filter_refuses_is_left_out_and_the_rest_is_not(repo: Repo) -> None:
    repo.commit("Start", {"a.py": "1\n", ".gitattributes": "*.nb filter=strip\n"})
    repo.git("config", "filter.strip.clean", "false")
    repo.git("config", "filter.strip.required", "true")
    repo.write({"work.nb": "cell\n", "b.py": "1\n", "c.py": "1\n"})
    said = repo.labgate("experiment", "pin", status=0)
    assert "work.nb" in said.err
    assert "not exact" in said.err
    commit = said.out.strip()
    names = repo.git("ls-tree", "--name-only", commit).splitlines()
    assert names == [".gitattributes", "a.py", "b.py", "c.py"]


def test_no_hook_and_no_monitor_runs(repo: Repo, tmp_path: Path) -> None:
    start(repo)
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho $0 >>{ran}\n")
    program.chmod(0o755)
    for name in ("post-index-change", "reference-transaction", "pre-commit", "post-commit", "fsmonitor-watchman"):
        (repo.path / ".git/hooks").mkdir(exist_ok=True)
        (repo.path / ".git/hooks" / name).symlink_to(program)
    repo.git("config", "core.fsmonitor", str(program))
    unstaged(repo)
    pin(repo)
    assert not ran.exists()
    repo.run("git", "status")
    assert ran.exists(), "git itself runs them"


def test_a_submodule_with_a_pushed_commit_is_exact(repo: Repo) -> None:
    library = with_submodule(repo)
    head = repo.head()
    assert repo.labgate("experiment", "pin", status=0).err == ""
    moved = library.commit("More", {"k.py": "k = 2\n"})
    repo.git("-C", "lib/k", "fetch", "--quiet", "origin")
    repo.git("-C", "lib/k", "checkout", "--quiet", moved)
    said = repo.labgate("experiment", "pin", status=0)
    assert said.err == ""
    assert said.out.strip() != head
    assert repo.git("rev-parse", f"{said.out.strip()}:lib/k") == moved


def edit_it(repo: Repo) -> None:
    repo.write({"lib/k/k.py": "k = 3\n"})


def add_to_it(repo: Repo) -> None:
    repo.write({"lib/k/more.py": "m = 3\n"})


def commit_in_it(repo: Repo) -> None:
    edit_it(repo)
    repo.git("-C", "lib/k", "commit", "--quiet", "-am", "Mine")


def commit_and_record_it(repo: Repo) -> None:
    commit_in_it(repo)
    repo.git("commit", "--quiet", "-am", "Bump")


@pytest.mark.parametrize("edit", case(edit_it, add_to_it, commit_in_it, commit_and_record_it))
def test_an_edited_or_unpushed_submodule_is_not_exact(repo: Repo, edit: Callable[[Repo], None]) -> None:
    with_submodule(repo)
    edit(repo)
    said = repo.labgate("experiment", "pin", status=0)
    assert "not exact" in said.err
    assert "lib/k" in said.err


def with_submodule(repo: Repo) -> Repo:
    start(repo)
    library = Repo.init(repo.path.parent / "library")
    library.commit("Start", {"k.py": "k = 1\n"})
    options = ("-c", "protocol.file.allow=always")
    repo.git(*options, "submodule", "--quiet", "add", str(library.path), "lib/k")
    repo.commit("Use it")
    return library
