"""What labgate cannot compare is said, and research that came without a ref or a merge is not passed in silence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from support.people import by
from support.pipeline import Pipeline
from support.policies import LEAST
from support.repo import Repo, Result
from support.templates import prepared

CODE = "".join(f"def stage_{n}(batch, rate): return [rate * item ** {n} + offset_{n}]\n" for n in range(24))
TOPICS = '[kinds.topic]\nnames = ["feature/{slug}"]\n'


@prepared
def team(repo: Repo) -> Repo:
    """A clone with a research branch on the remote; on a topic branch."""
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": LEAST + TOPICS, "app.py": "print()\n"})
    repo.push("main")
    repo.branch("research/x").commit("Add stages", {"x.py": CODE})
    repo.push("research/x")
    repo.checkout("main").branch("feature/a")
    repo.git("branch", "--quiet", "-D", "research/x")
    repo.git("fetch", "--quiet", "origin")
    repo.git("remote", "set-head", "origin", "main")
    return repo


def check(repo: Repo) -> Result:
    return repo.labgate("check", "--target", "main")


@pytest.mark.parametrize("folder", ["vendor", "third_party/lib", "node_modules/a"])
def test_vendored_code_is_said_to_be_compared_as_whole_files_only(team: Repo, folder: str) -> None:
    team.commit("Vendor", {f"{folder}/x.py": CODE + "x = 1\n", f"{folder}/y.py": "y = 1\n"})
    said = check(team)
    assert said.status == 0
    assert f"compared as whole files only, as vendored code: {folder}/x.py and 1 more file" in said.text


def test_where_nothing_is_vendored_or_research_nothing_is_said(team: Repo) -> None:
    team.commit("Own", {"own/x.py": "z = 1\n"})
    assert "compared as whole files" not in check(team).text
    team.push(":research/x")
    team.git("fetch", "--quiet", "--prune", "origin")
    (team.path / ".git/labgate/ledger").unlink()
    team.commit("Vendor", {"vendor/x.py": "y = 1\n"})
    assert "compared as whole files" not in check(team).text


def test_a_submodule_at_a_commit_that_is_research_here_is_research(team: Repo) -> None:
    """A submodule may be of the repository itself: its checkout then has the files."""
    research = team.head("origin/research/x")
    above = team.git("commit-tree", f"{research}^{{tree}}", "-p", research, "-m", "On no branch")
    for oid, status in ((team.head("origin/main"), 0), (research, 1), (above, 1)):
        team.git("update-index", "--add", "--cacheinfo", f"160000,{oid},sub")
        team.git("commit", "--quiet", "--no-verify", "-m", "Pin the tools")
        said = check(team)
        assert (said.status, f"submodule sub comes to {oid[:12]}" in said.text) == (status, True), said.text
        assert status == 0 or f"same file as in {research[:12]}" in said.text


def test_the_same_file_in_git_lfs_is_the_same_file(team: Repo) -> None:
    """What stands for it is short, and all that there is to compare: it names the content by its hash."""

    def stand_in(content: str) -> str:
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{content}\nsize 9000\n"

    team.checkout("main").branch("research/model").commit("Add weights", {"m.bin": stand_in("ab" * 32)}, **by("lin"))
    team.push("research/model")
    team.checkout("feature/a").git("branch", "--quiet", "-D", "research/model")
    team.commit("Add other weights", {"n.bin": stand_in("cd" * 32)}, **by("kim"))
    assert "LG201" not in check(team).text
    team.commit("Take the weights", {"models/m.bin": stand_in("ab" * 32)}, **by("kim"))
    said = check(team)
    assert (said.status, "same file as in" in said.text) == (1, True), said.text


def test_a_second_remote_that_was_never_fetched_is_named(team: Repo, tmp_path: Path) -> None:
    origin, two = team.git("remote", "get-url", "origin"), str(tmp_path / "two.git")
    team.git("clone", "--quiet", "--bare", origin, two)
    team.push(":research/x")
    team.git("fetch", "--quiet", "--prune", "origin")
    (team.path / ".git/labgate/ledger").unlink(missing_ok=True)
    team.git("remote", "add", "mirror", "--mirror=push", two)
    team.git("remote", "add", "again", origin)
    team.commit("Add stages", {"y.py": CODE})
    assert check(team).text == ""
    team.git("remote", "add", "two", two)
    said = check(team)
    assert (said.status, said.text) == (
        0,
        "labgate: not compared: branches of two, which were never fetched here: git fetch two\n",
    )
    team.run("sh", "-c", said.text.rpartition(": ")[2])
    after = check(team)
    assert (after.status, "not compared" in after.text) == (1, False)


@pytest.fixture
def other(team: Repo, tmp_path: Path) -> Path:
    """Another repository with the research, which the team's has no longer, and no clone remembers."""
    path = tmp_path / "other.git"
    team.git("clone", "--quiet", "--bare", str(team.git("remote", "get-url", "origin")), str(path))
    team.push(":research/x")
    team.git("fetch", "--quiet", "--prune", "origin")
    (team.path / ".git/labgate/ledger").unlink(missing_ok=True)
    return path


def pull(team: Repo, other: Path, branch: str) -> None:
    team.git("pull", "--quiet", "--ff-only", str(other), branch)


def pull_and_go_on(team: Repo, other: Path, branch: str) -> None:
    pull(team, other, branch)
    team.git("fetch", "--quiet", "origin")
    team.commit("More", {"more.py": "more = 1\n"})


def fetch_and_merge(team: Repo, other: Path, branch: str) -> None:
    team.git("fetch", "--quiet", str(other), branch)
    team.git("merge", "--quiet", "--ff-only", "FETCH_HEAD")


@pytest.mark.parametrize("bring", [pull, pull_and_go_on, fetch_and_merge])
def test_a_fast_forward_to_research_by_url_is_undecided(
    team: Repo, other: Path, bring: Callable[[Repo, Path, str], None]
) -> None:
    bring(team, other, "research/x")
    said = check(team)
    assert said.status == 2, said.text
    assert "came here as research/x by git" in said.text
    command = next(line for line in said.text.splitlines() if "help: git push" in line).partition("help: ")[2]
    team.run("sh", "-c", f"{command} && git fetch --quiet origin")
    assert "LG201" in check(team).text


@pytest.mark.parametrize("bring", [pull, fetch_and_merge])
def test_a_fast_forward_to_another_branch_by_url_passes(
    team: Repo, other: Path, bring: Callable[[Repo, Path, str], None]
) -> None:
    team.git("push", "--quiet", str(other), f"{team.commit('Topic', {'t.py': 'topic = 1'})}:refs/heads/feature/t")
    team.git("reset", "--quiet", "--hard", "HEAD~1")
    bring(team, other, "feature/t")
    said = check(team)
    assert said.status == 0, said.text


@pytest.mark.parametrize("note", [b"\0" * 2**21, b"\xff\n", b"1" * 40 + b"\t\tbranch '" + b"a" * 10**6])
def test_a_strangers_note_of_a_fetch_disturbs_nobody(team: Repo, note: bytes) -> None:
    team.commit("Own", {"own.py": "z = 1\n"})
    (team.path / ".git/FETCH_HEAD").write_bytes(note)
    assert check(team).status == 0
    (team.path / ".git/FETCH_HEAD").unlink()
    os.mkfifo(team.path / ".git/FETCH_HEAD")
    assert check(team).status == 0


def test_a_merge_of_no_branch_is_not_named_by_what_it_merges(team: Repo) -> None:
    """Only of a merge queue's own merge is the merged branch the one to review."""
    team.git("checkout", "--quiet", "--detach")
    merge = team.merge("origin/research/x", "Merge")
    team.git("branch", "feature/zz", "origin/research/x")
    said = team.labgate("check", "--target", "main", "--head", merge, status=1)
    assert "feature/zz" not in said.text
    assert f"labgate review approve {merge[:12]} --by lin" in said.text


def test_ci_never_obeys_the_trunk_that_a_clone_sets(pipeline: Pipeline) -> None:
    """Whoever can write the configuration of a runner's clone could have another branch's policy judge."""
    branch = "research/bigger-batches"
    head = pipeline.propose(branch)
    environ = pipeline.environ("github-pull-request", head, pipeline.remote.head("main"), {branch: branch})
    clone = pipeline.clone()
    plain = clone.labgate("ci", status=None, **environ)
    assert plain.status == 1
    pipeline.remote.git("update-ref", "refs/heads/release/9", head)
    clone.git("fetch", "--quiet", "origin")
    for value in ("release/9", "nothing"):
        clone.git("config", "labgate.trunk", value)
        assert clone.labgate("ci", status=None, **environ).text == plain.text
