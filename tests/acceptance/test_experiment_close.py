"""``labgate experiment close``: nothing is lost of an experiment whose branch goes."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import pytest

from support.repo import Repo, Result
from support.runs import code, laboratory, pins, record, train

BRANCH = "experiment--ranker--wide"


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    return laboratory(tmp_path)


def close(repo: Repo, *args: str, outcome: str = "rejected", status: int | None = 0) -> Result:
    return repo.labgate("experiment", "close", *args, "--outcome", outcome, status=status)


def helped(said: Result) -> str:
    """Return the command of the only help line."""
    (line,) = (line for line in said.err.splitlines() if line.startswith("  help: "))
    return line.removeprefix("  help: ")


def mend(repo: Repo, said: Result) -> None:
    repo.run("sh", "-c", helped(said))


def heads(repo: Repo) -> set[str]:
    """Return the branches here and on the remote."""
    here = repo.git("for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()
    there = repo.git("ls-remote", "--heads", "origin").splitlines()
    return {*here, *(f"origin/{line.rpartition('refs/heads/')[2]}" for line in there)}


def kept(repo: Repo) -> dict[str, str]:
    """Return what the remote has below the prefix of pins."""
    rows = repo.git("ls-remote", "--refs", "origin", "refs/experiments/*").splitlines()
    return {ref: oid for oid, ref in (row.split("\t") for row in rows)}


def outcome(repo: Repo) -> str | None:
    (found,) = json.loads(repo.labgate("experiment", "list", "ranker/wide", "--format=json", status=0).out)[
        "experiments"
    ]
    stated: str | None = found["outcome"]
    return stated


def ended(repo: Repo) -> bool:
    return not {BRANCH, f"origin/{BRANCH}"} & heads(repo)


def fresh(lab: Repo, name: str) -> Repo:
    other = Repo(lab.path.parent / name, lab.env)
    lab.git("clone", "--quiet", lab.git("remote", "get-url", "origin"), str(other.path))
    return other


def test_an_unpinned_recorded_commit_is_pinned_before_the_branch_goes(lab: Repo) -> None:
    """Acceptance row 18."""
    lab.write({"model.py": "from extra import VALUE\n", "extra.py": "VALUE = 2\n"})
    train(lab)
    snapshot = code(record(lab))
    lab.git("checkout", "--quiet", "--", "model.py")
    (lab.path / "extra.py").unlink()
    tip = lab.commit("Metrics")
    lab.push(BRANCH)
    for ref in pins(lab):
        lab.git("update-ref", "-d", ref)
    said = close(lab, "--yes")
    assert "extra.py" in said.err
    prefix = "refs/experiments/ranker/wide"
    assert kept(lab) == {
        f"{prefix}/{snapshot[:12]}": snapshot,
        f"{prefix}/{tip[:12]}": tip,
        f"{prefix}/closed-{tip[:12]}": lab.git("rev-parse", f"{prefix}/closed-{tip[:12]}"),
    }
    assert ended(lab)
    assert lab.git("branch", "--show-current") == "main"
    other = fresh(lab, "other")
    other.labgate("experiment", "checkout", f"ranker/wide@{snapshot[:12]}", "--worktree", "../old", status=0)
    assert (lab.path.parent / "old/extra.py").read_text() == "VALUE = 2\n"


def test_the_outcome_is_an_annotated_tag_object(lab: Repo) -> None:
    tip = lab.head()
    said = close(lab, "--yes", outcome="failed")
    ref = f"refs/experiments/ranker/wide/closed-{tip[:12]}"
    assert said.out == f"ranker/wide failed {ref}\n"
    assert lab.git("cat-file", "-t", ref) == "tag"
    assert "Outcome: failed" in lab.git("cat-file", "tag", ref).splitlines()
    assert lab.head(ref) == tip
    assert outcome(lab) == outcome(fresh(lab, "other")) == "failed"
    lab.git("fsck", "--strict")


def test_an_experiment_that_is_started_again_is_open(lab: Repo) -> None:
    """The handle that ``start`` makes of a person's name is the same each time."""
    earlier = {"GIT_COMMITTER_DATE": "1700000000 +0000"}  # tags are told apart by the second
    lab.labgate("experiment", "close", "--yes", "--outcome", "failed", status=0, **earlier)
    lab.labgate("experiment", "start", "ranker", "--handle", "wide", status=0)
    lab.commit("Again", {"again.py": "AGAIN = 1\n"})
    lab.git("push", "--quiet", "origin", "HEAD")
    shown = json.loads(lab.labgate("status", "--all", "--format", "json", status=0).out)["branches"]
    assert [row["outcome"] for row in shown if row["ref"].endswith("experiment--ranker--wide")] == [None]
    assert outcome(lab) is None
    assert outcome(fresh(lab, "other")) is None
    close(lab, "--yes", outcome="rejected")
    assert outcome(lab) == "rejected"


def test_with_the_remote_gone_nothing_is_deleted(lab: Repo) -> None:
    url = lab.git("remote", "get-url", "origin")
    lab.git("remote", "set-url", "origin", "/nowhere")
    before = lab.git("for-each-ref")
    assert "cannot ask origin" in close(lab, "--yes", status=2).err
    assert lab.git("for-each-ref") == before
    lab.git("remote", "set-url", "origin", url)
    assert heads(lab) == {"main", BRANCH, "origin/main", f"origin/{BRANCH}"}


def test_without_a_yes_and_a_terminal_it_only_says_what_it_would_do(lab: Repo) -> None:
    before = lab.git("for-each-ref")
    said = close(lab, status=2)
    assert f"delete the branch {BRANCH} on origin and here" in said.err
    assert "switch to main" in said.err
    assert lab.git("for-each-ref") == before
    assert kept(lab) == {}
    mend(lab, said)
    assert ended(lab)


@pytest.mark.parametrize("answer", ["y", "n"])
def test_on_a_terminal_it_asks(lab: Repo, answer: str) -> None:
    import subprocess

    master, slave = pty.openpty()
    argv = ("labgate", "experiment", "close", "--outcome", "failed")
    with subprocess.Popen(argv, cwd=lab.path, env=lab.env, stdin=slave, stdout=-1, stderr=-1) as process:
        os.write(master, f"{answer}\n".encode())
        process.communicate(timeout=60)
    os.close(master)
    os.close(slave)
    assert ended(lab) is (answer == "y")


def test_edits_in_the_branch_that_is_checked_out_stop_it(lab: Repo) -> None:
    lab.write({"model.py": "VALUE = 5\n"})
    said = close(lab, "--yes", status=2)
    assert "model.py" in said.err
    assert BRANCH in heads(lab)
    mend(lab, said)
    close(lab, "--yes")
    assert "VALUE = 5" in lab.git("stash", "show", "-p")


def test_an_untracked_file_stays(lab: Repo) -> None:
    lab.write({"notes.txt": "1\n"})
    close(lab, "--yes")
    assert (lab.path / "notes.txt").read_text() == "1\n"


def test_an_untracked_file_in_the_way_of_the_trunk_stops_it(lab: Repo) -> None:
    lab.git("rm", "--quiet", "model.py")
    lab.commit("Without")
    lab.write({"model.py": "mine\n"})
    said = close(lab, "--yes", status=2)
    assert {BRANCH, f"origin/{BRANCH}"} <= heads(lab)
    mend(lab, said)
    assert ended(lab)
    assert (lab.path / "model.py").read_text() == "mine\n"


def test_a_merge_in_progress_stops_it(lab: Repo) -> None:
    lab.branch("other", "main").commit("Other", {"model.py": "VALUE = 8\n"})
    lab.checkout(BRANCH).commit("Mine", {"model.py": "VALUE = 9\n"})
    lab.run("git", "merge", "other", status=1)
    said = close(lab, "--yes", status=2)
    assert "a merge is in progress" in said.err
    mend(lab, said)
    close(lab, "--yes")


def test_a_branch_in_another_work_tree_stops_it(lab: Repo) -> None:
    lab.checkout("main")
    lab.git("worktree", "add", "--quiet", "../second", BRANCH)
    said = close(lab, "ranker/wide", "--yes", status=2)
    assert "second" in said.err
    assert {BRANCH, f"origin/{BRANCH}"} <= heads(lab)
    mend(lab, said)
    close(lab, "ranker/wide", "--yes")
    assert ended(lab)


def test_unpushed_commits_go_through_the_hooks(lab: Repo) -> None:
    tip = lab.commit("Unpushed", {"model.py": "VALUE = 4\n"})
    hook = lab.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho a secret >&2\nexit 1\n")
    hook.chmod(0o755)
    said = close(lab, "--yes", status=2)
    assert "nothing was deleted" in said.err
    assert {BRANCH, f"origin/{BRANCH}"} <= heads(lab)
    assert kept(lab) == {}
    hook.unlink()
    mend(lab, said)
    assert ended(lab)
    assert tip in kept(lab).values()


def test_labgates_own_hook_lets_unpushed_records_of_snapshots_pass(lab: Repo) -> None:
    lab.run("labgate", "install")
    snapshots = []
    for value in (4, 5):
        lab.commit("Unpushed", {"model.py": f"VALUE = {value}\n"})
        lab.write({"model.py": f"VALUE = {value}0\n"})
        train(lab)
        snapshots.append(code(record(lab)))
        lab.git("stash", "push", "--quiet", "model.py")
        lab.commit("Metrics")
    lab.run("labgate", "experiment", "close", "--outcome", "failed", "--yes")
    assert set(snapshots) <= set(kept(lab).values())
    assert ended(lab)


def test_what_only_the_remote_has_is_pinned_too(lab: Repo) -> None:
    other = fresh(lab, "other")
    other.checkout(BRANCH)
    theirs = other.commit("Theirs", {"theirs.py": "1\n"})
    other.push(BRANCH)
    mine = lab.commit("Mine", {"mine.py": "1\n"})
    close(lab, "--yes")
    assert {theirs, mine} <= set(kept(lab).values())
    assert ended(lab)


def test_a_branch_that_moves_meanwhile_is_not_deleted(lab: Repo, tmp_path: Path) -> None:
    """The remote moves the branch itself as soon as the outcome is there."""
    other = fresh(lab, "other")
    other.checkout(BRANCH)
    theirs = other.commit("Theirs", {"theirs.py": "1\n"})
    other.push(f"{theirs}:refs/heads/elsewhere")
    hook = tmp_path / "lab-origin.git/hooks/post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ngrep -q closed- && git update-ref refs/heads/{BRANCH} {theirs}\nexit 0\n")
    hook.chmod(0o755)
    said = close(lab, "--yes", status=2)
    assert "has moved" in said.err
    assert {BRANCH, f"origin/{BRANCH}"} <= heads(lab)
    hook.unlink()
    mend(lab, said)
    assert ended(lab)
    assert theirs in kept(lab).values()


def test_a_remote_that_does_not_show_the_pins_stops_it(lab: Repo, tmp_path: Path) -> None:
    """Pushes go to another place than that which is asked."""
    lab.git("clone", "--quiet", "--mirror", str(tmp_path / "lab-origin.git"), str(tmp_path / "mirror.git"))
    lab.git("remote", "set-url", "--push", "origin", str(tmp_path / "mirror.git"))
    said = close(lab, "--yes", status=2)
    assert "does not show" in said.err
    assert {BRANCH, f"origin/{BRANCH}"} <= heads(lab)


def test_a_remote_that_refuses_custom_refs_stops_it(lab: Repo, tmp_path: Path) -> None:
    hook = tmp_path / "lab-origin.git/hooks/update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$1" in refs/experiments/*) echo no; exit 1;; esac\n')
    hook.chmod(0o755)
    said = close(lab, "--yes", status=2)
    assert 'pins = "refs/tags/experiment"' in said.err
    assert {BRANCH, f"origin/{BRANCH}"} <= heads(lab)


@pytest.mark.parametrize("after", ["outcome", "there"])
def test_it_goes_on_where_it_was_killed(lab: Repo, after: str) -> None:
    tip = lab.head()
    close(lab, "--yes")
    lab.git("branch", BRANCH, tip)
    if after == "outcome":
        lab.push(f"{tip}:refs/heads/{BRANCH}")
    before = kept(lab)
    close(lab, "ranker/wide", "--yes")
    assert kept(lab) == before
    assert ended(lab)


def test_one_outcome_is_not_replaced_by_another(lab: Repo) -> None:
    tip = lab.head()
    close(lab, "--yes", outcome="failed")
    lab.git("branch", BRANCH, tip)
    said = close(lab, "ranker/wide", "--yes", status=2)
    assert "closed as failed already" in said.err
    mend(lab, said)
    assert outcome(lab) == "failed"


class TestPromoted:
    @pytest.fixture
    def tried(self, lab: Repo) -> Repo:
        """An experiment with two commits of code, of which one has an artifact too."""
        lab.commit("Widen", {"wide.py": "".join(f"layer_{at} = width * {at}\n" for at in range(12))})
        lab.commit(
            "Deepen",
            {
                "deep.py": "".join(f"block_{at} = depth + {at}\n" for at in range(12)),
                "experiments/a/metrics.json": "{}\n",
            },
        )
        lab.push(BRANCH)
        return lab

    def test_is_refused_where_nothing_has_landed(self, tried: Repo) -> None:
        said = close(tried, "--yes", outcome="promoted", status=2)
        assert "2 commits of ranker/wide not seen on origin/main" in said.err
        assert {BRANCH, f"origin/{BRANCH}"} <= heads(tried)
        assert kept(tried) == {}
        mend(tried, said)
        assert outcome(tried) == "rejected"

    def test_is_refused_where_a_part_has_landed(self, tried: Repo) -> None:
        first = tried.head("HEAD~1")
        tried.checkout("main")
        tried.git("cherry-pick", "--allow-empty", first)
        tried.push("main")
        said = close(tried, "ranker/wide", "--yes", outcome="promoted", status=2)
        assert "1 commit of ranker/wide not seen" in said.err
        assert "Deepen" in said.err

    @pytest.mark.parametrize("how", ["merge", "squash", "rebase", "code alone", "edited"])
    def test_is_accepted_where_the_code_has_landed(self, tried: Repo, how: str) -> None:
        tried.checkout("main")
        tried.commit("Newer", {"newer.py": "1\n"})
        if how == "merge":
            tried.merge(BRANCH, "Merge")
        elif how == "rebase":
            tried.git("cherry-pick", f"main~1..{BRANCH}")
        else:
            tried.git("merge", "--squash", BRANCH)
            if how != "squash":
                tried.git("rm", "--quiet", "-f", "--cached", "experiments/a/metrics.json")
                (tried.path / "experiments/a/metrics.json").unlink()
            if how == "edited":
                text = (tried.path / "wide.py").read_text()
                tried.write({"wide.py": f'"""Wide layers."""\n\n{text}'})
            tried.commit("Wide and deep layers")
        tried.push("main")
        close(tried, "ranker/wide", "--yes", outcome="promoted")
        assert ended(tried)
        assert outcome(tried) == "promoted"


@pytest.mark.parametrize("name", ["ranker/none", "branch/main", "protected/main", "ranker"])
def test_what_is_no_experiment_is_not_closed(lab: Repo, name: str) -> None:
    before = lab.git("for-each-ref")
    close(lab, name, "--yes", status=2)
    assert lab.git("for-each-ref") == before


def test_a_research_branch_that_is_listed_for_its_pins_is_closed(lab: Repo) -> None:
    tip = lab.checkout("main").branch("research/deep").commit("Try", {"deep.py": "deep = 1\n"})
    lab.push("research/deep")
    assert "has no pin" in close(lab, "research/deep", "--yes", status=2).err
    train(lab)
    assert "research/deep" in lab.labgate("experiment", "list", status=0).out
    lab.git("add", "--all")
    lab.git("commit", "--quiet", "--no-verify", "--message=Results")
    last = lab.head()
    close(lab, "research/deep", "--yes")
    assert not {"research/deep", "origin/research/deep"} & heads(lab)
    assert {BRANCH, f"origin/{BRANCH}", "origin/main"} <= heads(lab)
    assert {tip, last} <= set(kept(lab).values())
    assert "rejected" in lab.labgate("experiment", "list", "research/deep", status=0).out


def test_of_two_branches_with_the_same_pins_none_is_closed(lab: Repo) -> None:
    names = 'names = ["research/{topic}-{part}", "research/{topic}/{part}"]'
    policy = (lab.path / "labgate.toml").read_text().replace('names = ["research/{topic}"]', names)
    lab.commit("Names", {"labgate.toml": policy})
    lab.branch("research/deep-wide").git("branch", "research/deep/wide")
    lab.labgate("experiment", "pin", status=0)
    before = lab.git("for-each-ref")
    assert "research/deep-wide or research/deep/wide" in close(lab, "research/deep-wide", "--yes", status=2).err
    assert lab.git("for-each-ref") == before


def test_an_ab_test_closes_nothing(lab: Repo) -> None:
    before = lab.git("for-each-ref")
    close(lab, "--yes", outcome="a/b", status=2)
    assert lab.git("for-each-ref") == before


def test_a_withdrawn_pin_is_not_published_again(lab: Repo) -> None:
    lab.write({"extra.py": "VALUE = 'secret'\n"})
    train(lab)
    snapshot = code(record(lab))
    (lab.path / "extra.py").unlink()
    found = record(lab)
    (dependency,) = (
        item for item in found["predicate"]["buildDefinition"]["resolvedDependencies"] if item["name"] == "code"
    )
    lab.commit("Metrics")
    dependency["annotations"] = {"withdrawn": "it had a password"}
    lab.commit("Withdraw", {"experiments/a/metrics.json.labgate.json": json.dumps(found)})
    lab.push(BRANCH)
    close(lab, "--yes")
    assert snapshot not in kept(lab).values()
