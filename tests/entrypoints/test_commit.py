"""The commit stages, as git itself starts them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.isolated import install
from support.oldgit import write_old_git
from support.policies import TEAM
from support.repo import Repo, Result

BIG = "line\n" * 50
PREVIEW = "line\n" * 20  # more than a protected branch takes, less than a topic branch does


def stage(repo: Repo, files: dict[str, str]) -> Repo:
    repo.write(files)
    repo.git("add", "--all")
    return repo


def commit(repo: Repo, *options: str, **env: str) -> Result:
    return repo.run("git", "commit", "--quiet", "-m", "A change", *options, status=None, **env)


def rules(result: Result) -> list[str]:
    """Return the code and level of each finding in a text report."""
    words = (line.split(": ")[1] for line in result.text.splitlines() if ": LG" in line)
    return list(words)


def test_a_good_commit_is_not_mentioned(team: Repo) -> None:
    assert commit(stage(team, {"b.py": "b\n"})) == Result(0, "", "")


def test_a_commit_too_large_for_its_own_kind_is_refused(team: Repo) -> None:
    result = commit(stage(team, {"b.py": BIG}))
    assert (result.status, rules(result)) == (1, ["LG401 error"])
    assert "this commit changes 50 lines, 20 over the limit of 30 for topic branches" in result.text
    assert "    help: git reset -q" in result.text


def test_a_commit_too_large_for_protected_branches_is_told_so(team: Repo) -> None:
    result = commit(stage(team, {"b.py": PREVIEW}))
    assert (result.status, rules(result)) == (0, ["LG401 warning"])


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"b.bin": "\0" * 1500}, ["LG403 warning"], id="one new file of too many bytes"),
        pytest.param({f"{n}.py": "" for n in range(6)}, ["LG402 warning"], id="too many files"),
        pytest.param({"x.lock": BIG, "vendor/y.js": BIG}, [], id="only what the policy ignores"),
    ],
)
def test_every_limit_is_held_against_what_is_staged(team: Repo, files: dict[str, str], expected: list[str]) -> None:
    assert rules(commit(stage(team, files))) == expected


def test_a_pure_rename_and_a_deletion_weigh_nothing(team: Repo) -> None:
    team.commit("More", {"b.py": BIG, "c.py": BIG})
    team.git("mv", "b.py", "d.py")
    team.git("rm", "--quiet", "c.py")
    assert commit(team) == Result(0, "", "")


def test_a_commit_on_a_protected_branch_is_held_to_its_limits(team: Repo) -> None:
    result = commit(stage(team.checkout("main"), {"b.py": PREVIEW}))
    assert (result.status, rules(result)) == (1, ["LG106 warning", "LG401 error"])


def test_only_what_is_staged_counts(team: Repo) -> None:
    stage(team, {"b.py": "b\n"}).write({"a.py": BIG, "c.py": BIG})
    assert commit(team) == Result(0, "", "")


def test_commit_all_is_measured_by_its_own_index(team: Repo) -> None:
    result = commit(team.write({"a.py": BIG}), "-a")
    assert (result.status, rules(result)) == (1, ["LG401 error"])


def test_commit_file_is_measured_without_what_else_is_staged(team: Repo) -> None:
    stage(team, {"b.py": BIG, "a.py": "one line\n" + "a\n" * 40})
    assert commit(team, "a.py") == Result(0, "", "")
    result = commit(team, "b.py")
    assert (result.status, rules(result)) == (1, ["LG401 error"])
    assert team.git("status", "--porcelain") == "A  b.py"


def test_the_advice_for_a_throw_away_index_does_not_rely_on_it(team: Repo) -> None:
    stage(team, {"p/b.py": PREVIEW, "q/c.py": PREVIEW})
    team.git("commit", "--quiet", "--no-verify", "--amend", "--no-edit", "--allow-empty")
    team.write({"p/b.py": PREVIEW * 2, "q/c.py": PREVIEW * 2})
    assert "    help: git commit -- :/" in commit(team, "-a").text


def test_an_amended_commit_is_measured_by_what_is_new_in_it(team: Repo) -> None:
    team.commit("Large", {"b.py": BIG})
    assert rules(commit(stage(team, {"c.py": "c\n"}), "--amend")) == []
    assert commit(stage(team, {"d.py": BIG}), "--amend").status == 1


def test_the_first_commit_of_all_is_measured(repo: Repo, python: str) -> None:
    install(repo, python, "pre-commit")
    result = commit(stage(repo, {"labgate.toml": TEAM}))
    assert (result.status, rules(result)) == (1, ["LG401 error"])
    repo.git("checkout", "--quiet", "-b", "docs/first")
    assert commit(stage(repo, {"b.py": "b\n"})).status == 1
    assert rules(commit(stage(repo, {"labgate.toml": TEAM.replace("lines = 30", "lines = 90")}))) == ["LG401 warning"]
    assert repo.git("log", "--format=%s") == "A change"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("Feature", "LG101", id="of no kind"),
        pytest.param("experiment--houses--ada", "LG102", id="with a wrong field"),
        pytest.param("feature/ü", "LG103", id="unsafe"),
        pytest.param("feature/X", "LG104", id="another case of an existing one"),
    ],
)
def test_a_new_branch_with_a_bad_name_is_refused(team: Repo, name: str, code: str) -> None:
    result = commit(stage(team.branch(name), {"b.py": "b\n"}))
    assert (result.status, rules(result)) == (1, [f"{code} error"])
    assert "    help: git branch -m" in result.text


def test_a_collision_with_a_branch_of_the_remote_is_seen(team: Repo) -> None:
    team.push("feature/x:feature/only-there")
    result = commit(stage(team.branch("feature/Only-There"), {"b.py": "b\n"}))
    assert rules(result) == ["LG104 error"]


def test_capital_letters_alone_are_no_finding(team: Repo) -> None:
    assert commit(stage(team.branch("feature/JIRA-1"), {"b.py": "b\n"})) == Result(0, "", "")


def test_an_empty_commit_on_a_bad_branch_is_refused_too(team: Repo) -> None:
    assert commit(team.branch("Odd"), "--allow-empty").status == 1


@pytest.mark.parametrize("options", [pytest.param(["-u"], id="with an upstream"), pytest.param([], id="only pushed")])
def test_an_odd_branch_that_the_remote_has_is_only_noted(team: Repo, options: list[str]) -> None:
    team.branch("Odd").git("push", "--quiet", "--no-verify", *options, "origin", "Odd")
    result = commit(stage(team, {"b.py": "b\n"}))
    assert (result.status, rules(result)) == (0, ["LG101 note"])


def test_an_upstream_in_the_same_repository_says_nothing_of_the_remote(team: Repo) -> None:
    team.git("checkout", "--quiet", "--track", "-b", "Odd", "feature/x")
    assert rules(commit(stage(team, {"b.py": "b\n"}))) == ["LG101 error"]


@pytest.mark.parametrize("name", ["experiment--houses--ada", "feature/y"])
def test_a_branch_that_starts_at_the_remotes_main_is_new(team: Repo, name: str) -> None:
    """Git sets the trunk as the upstream of such a branch (git-switch, ``--track``)."""
    team.git("switch", "--quiet", "--create", name, "origin/main")
    assert team.git("rev-parse", "--abbrev-ref", "@{upstream}") == "origin/main"
    refused = commit(stage(team, {"b.py": "b\n"}))
    assert rules(refused) == ([] if name == "feature/y" else ["LG102 error"])
    if refused.status:
        team.run("sh", "-c", refused.text.split("    help: ")[1].splitlines()[0], status=0)
        assert commit(team).status == 0


def test_an_odd_branch_is_only_noted_where_the_remote_that_it_is_pushed_to_has_it(team: Repo) -> None:
    team.git("init", "--quiet", "--bare", "../fork.git")
    team.git("remote", "add", "fork", "../fork.git")
    team.git("switch", "--quiet", "--create", "Odd", "origin/main")
    team.git("push", "--quiet", "--no-verify", "fork", "Odd")
    assert rules(commit(stage(team, {"b.py": "b\n"}))) == ["LG101 error"]
    team.git("config", "remote.pushDefault", "fork")
    assert rules(commit(team)) == ["LG101 note"]


def test_one_check_alone(team: Repo, python: str) -> None:
    stage(team.branch("Odd"), {"b.py": PREVIEW})
    hook = [python, "-I", "-m", "labgate.hook", "pre-commit"]
    assert rules(team.run(*hook, "branch-name", status=1)) == ["LG101 error"]
    assert rules(team.run(*hook, "commit-size", status=0)) == ["LG401 warning"]
    assert rules(team.run(*hook, status=1)) == ["LG101 error", "LG401 warning"]


def test_levels_of_the_policy_hold(team: Repo) -> None:
    levels = "[levels]\nLG101 = 'off'\n[levels.topic]\nLG401 = 'warning'\n"
    team.commit("Levels", {"labgate.toml": TEAM + levels})
    assert rules(commit(stage(team, {"b.py": BIG}))) == ["LG401 warning"]
    assert rules(commit(stage(team.branch("Odd"), {"c.py": "c\n"}))) == []


def test_attributes_of_the_trunk_exempt_and_those_of_the_commit_do_not(team: Repo) -> None:
    generated = {".gitattributes": "*.gen linguist-generated\n"}
    stage(team, {"b.gen": BIG, **generated})
    assert commit(team).status == 1
    team.git("reset", "--quiet", "--hard")
    team.checkout("main").commit("Attributes", generated)
    team.push("main")
    assert commit(stage(team.checkout("feature/x"), {"b.gen": BIG})) == Result(0, "", "")


def test_attributes_cannot_hide_lines(team: Repo) -> None:
    assert commit(stage(team, {"b.py": BIG, ".gitattributes": "* -diff\n"})).status == 1


def conflicting(team: Repo, resolution: str) -> Repo:
    """Leave a conflicting merge of a large branch, resolved and staged."""
    team.commit("Large", {"big.py": BIG, "a.py": "ours\n" + "a\n" * 39})
    team.checkout("main").branch("feature/y").commit("Other", {"other.py": BIG, "a.py": "theirs\n" + "a\n" * 39})
    team.run("git", "merge", "--quiet", "feature/x", status=1)
    return stage(team, {"a.py": resolution})


def test_of_a_conflicting_merge_only_the_resolution_counts(team: Repo) -> None:
    assert commit(conflicting(team, "both\n" + "a\n" * 39)) == Result(0, "", "")


def test_what_a_merge_brings_beyond_the_clean_one_counts(team: Repo) -> None:
    result = commit(conflicting(team, BIG))
    assert (result.status, rules(result)) == (1, ["LG401 error"])
    assert "keep only the resolution of conflicts" in result.text


def test_a_clean_merge_of_a_large_branch_passes(team: Repo) -> None:
    team.commit("Large", {"big.py": BIG})
    team.checkout("main").branch("feature/y").commit("Other", {"other.py": BIG})
    assert team.run("git", "merge", "--no-ff", "--no-edit", "feature/x").err == ""
    assert len(team.git("rev-list", "--parents", "-1", "HEAD").split()) == 3


def test_pre_merge_commit_judges_the_name_of_the_branch(team: Repo) -> None:
    team.commit("Something", {"b.py": "b\n"})
    team.checkout("main").branch("Odd").commit("Other", {"c.py": "c\n"})
    result = team.run("git", "merge", "--no-ff", "--no-edit", "feature/x", status=1)
    assert rules(result) == ["LG101 error"]


def test_pre_merge_commit_counts_what_an_earlier_hook_added(team: Repo, python: str) -> None:
    """MERGE_HEAD is not there yet at this stage; what is merged stands in GITHEAD_<oid>."""
    team.commit("Large", {"big.py": BIG})
    team.checkout("main").branch("feature/y").commit("Other", {"other.py": BIG})
    team.git("merge", "--quiet", "--no-ff", "--no-commit", "feature/x")
    stage(team, {"more.py": BIG})
    heads = Path(team.git("rev-parse", "--git-path", "MERGE_HEAD"))
    [merged] = (team.path / heads).read_text().split()
    (team.path / heads).unlink()
    hook = [python, "-I", "-m", "labgate.hook", "pre-merge-commit", "--native"]
    assert rules(team.run("env", f"GITHEAD_{merged}=feature/x", *hook, status=1)) == ["LG401 error"]


def octopus(team: Repo, *options: str) -> str:
    """Merge two large branches into a small one at once; return what was said."""
    for name in ("y", "z"):
        team.checkout("main").branch(f"feature/{name}").commit(name, {f"{name}.py": BIG})
    team.checkout("main").branch("feature/all").commit("Own", {"own.py": "o\n"})
    return team.run("git", "merge", "--no-edit", *options, "feature/y", "feature/z").text


def test_a_clean_octopus_of_large_branches_passes(team: Repo) -> None:
    assert "commit-size" not in octopus(team)


def test_an_older_git_is_said_not_to_measure_a_merge(team: Repo, tmp_path: Path) -> None:
    octopus(team, "--no-commit")
    path = f"{write_old_git(tmp_path / 'old-git')}{os.pathsep}{team.env['PATH']}"
    hook = (sys.executable, "-I", "-m", "labgate.hook", "pre-merge-commit", "--native")
    said = team.run(*hook, PATH=path).text
    assert "labgate: commit-size skipped: git cannot make the clean merge to compare with" in said


def test_an_exact_revert_of_a_commit_on_the_trunk_weighs_nothing(team: Repo) -> None:
    large = team.checkout("main").commit("Large", {"b.py": "".join(f"{n}\n" for n in range(60))})
    team.commit("Above", {"b.py": "".join(f"{n}\n" for n in range(60)), "other.py": "o\n"})
    team.push("main")
    team.branch("fix/back")
    team.write({"b.py": "changed\n" * 60})
    team.git("commit", "--quiet", "--no-verify", "-am", "Rewrite it")
    rewrite = team.head()
    team.push("HEAD:main")
    team.git("fetch", "--quiet", "origin")
    team.git("revert", "--no-commit", rewrite)
    assert commit(team) == Result(0, "", "")
    team.git("revert", "--no-commit", large)
    assert commit(stage(team, {"more.py": BIG})).status == 1


def test_a_linked_work_tree_has_its_own_branch_index_and_policy(team: Repo) -> None:
    tree = team.path.parent / "linked"
    team.git("worktree", "add", "--quiet", "--no-track", "-b", "Odd", str(tree))
    linked = Repo(tree, team.env)
    assert rules(commit(stage(linked, {"b.py": "b\n"}))) == ["LG101 error"]
    stage(linked, {"labgate.toml": TEAM.replace('"{type}/{slug}"', '"{type}/{slug}", "Odd"')})
    assert commit(linked) == Result(0, "", "")
    assert commit(stage(team, {"c.py": "c\n"})) == Result(0, "", "")


def test_a_submodule_is_judged_as_the_repository_that_it_is(team: Repo, python: str) -> None:
    team.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(team.path), "part")
    part = Repo(team.path / "part", team.env)
    install(part, python, "pre-commit")
    part.git("checkout", "--quiet", "-b", "Odd")
    assert rules(commit(stage(part, {"b.py": "b\n"}))) == ["LG101 error"]
    hidden = commit(stage(part.branch("feature/part"), {"b.py": BIG, ".gitattributes": "* -diff\n"}))
    assert rules(hidden) == ["LG401 error"]
    # A new submodule is an entry without lines or bytes; .gitmodules has three lines.
    assert commit(team) == Result(0, "", "")


def test_git_dir_and_work_tree_of_the_caller_are_honoured(team: Repo) -> None:
    team.branch("Odd").write({"a.py": "changed\n" * 40})
    where = [f"--git-dir={team.path / '.git'}", f"--work-tree={team.path}"]
    outside = Repo(team.path.parent, team.env)
    result = outside.run("git", *where, "commit", "-qam", "From outside", status=1)
    assert rules(result) == ["LG101 error", "LG401 warning"]


def test_a_detached_head_has_no_name_to_judge(team: Repo) -> None:
    team.git("checkout", "--quiet", "--detach")
    assert commit(stage(team, {"b.py": "b\n"})) == Result(0, "", "")
    result = commit(stage(team, {"c.py": PREVIEW}))
    assert (result.status, rules(result)) == (0, ["LG401 warning"])
    assert "labgate: branch-name skipped: HEAD is on no branch" in result.text


@pytest.mark.parametrize("backend", ["--merge", "--apply"])
def test_during_a_rebase_the_branch_is_the_one_that_is_rebased(team: Repo, backend: str) -> None:
    team.commit("Mine", {"a.py": "mine\n" + "a\n" * 39})
    team.checkout("main").commit("Theirs", {"a.py": "theirs\n" + "a\n" * 39})
    team.checkout("feature/x")
    team.run("git", "rebase", "--quiet", backend, "main", status=1)
    result = commit(stage(team, {"a.py": "both\n" + "a\n" * 39, "b.py": BIG}))
    assert "for topic branches" in result.text
    assert result.status == 1


def test_running_all_hooks_by_hand_on_an_unchanged_index_proposes_nothing(team: Repo) -> None:
    config = """\
repos:
- repo: local
  hooks:
  - {id: labgate-commit, name: labgate, entry: %s -I -m labgate.hook pre-commit, language: system, always_run: true,
     pass_filenames: false, verbose: true}
"""
    hook = (team.path / ".git/hooks/pre-commit").read_text().split()[2]
    (team.path / ".git/hooks/pre-commit").unlink()
    team.branch("Odd").commit("Framework", {".pre-commit-config.yaml": config % hook})
    framework = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    result = team.run(*framework)
    assert "labgate: skipped: nothing is staged, so no commit is proposed" in result.text
    stage(team, {"b.py": "b\n"})
    assert rules(team.run(*framework, status=1)) == ["LG101 error"]


def test_without_a_policy_in_the_work_tree_the_trunks_judges(team: Repo) -> None:
    team.git("rm", "--quiet", "labgate.toml")
    team.git("commit", "--quiet", "--no-verify", "-m", "Drop the policy here")
    assert rules(commit(stage(team.branch("Odd"), {"b.py": "b\n"}))) == ["LG101 error"]
    assert commit(stage(team.branch("feature/fine"), {"c.py": "c\n"})) == Result(0, "", "")


@pytest.mark.parametrize("remote", [pytest.param(True, id="with a remote"), pytest.param(False, id="without one")])
def test_without_any_policy_one_line_says_so(repo: Repo, python: str, remote: bool) -> None:
    repo.commit("Start", {"a.py": "a\n"})
    if remote:
        repo.with_remote()
        repo.push("main")
    install(repo, python, "pre-commit")
    result = commit(stage(repo, {"b.py": BIG}))
    assert result.status == 0
    [line] = result.text.splitlines()
    assert line.startswith("labgate: skipped: there is no labgate.toml")


def test_a_policy_in_pyproject_judges(team: Repo) -> None:
    rows = (line.replace("[", "[tool.labgate.", 1) if line.startswith("[") else line for line in TEAM.splitlines())
    team.git("rm", "--quiet", "labgate.toml")
    team.commit("Move it", {"pyproject.toml": "[tool.labgate]\n" + "\n".join(rows) + "\n"})
    assert rules(commit(stage(team.branch("Odd"), {"b.py": "b\n"}))) == ["LG101 error"]


def test_paths_that_are_no_text_are_measured(team: Repo) -> None:
    (team.path / "tab\tand\nline").write_text(BIG)
    team.git("add", "--all")
    result = commit(team)
    assert rules(result) == ["LG401 error"]
    assert "tab\\x09and\\x0aline 50 lines" in result.text
