"""Names, bases and helps in the states in which teams meet them: the printed command is run, the finding is gone."""

from __future__ import annotations

import re

import pytest

from support.forge import FakeHost
from support.hosted import Project
from support.people import adopt, by
from support.repo import Repo, Result
from support.team import POLICY, found
from support.templates import prepared

STRICT = POLICY.replace(
    'targets = ["research", "protected"]\n', 'targets = ["research", "protected"]\nbase = ["protected"]\n'
)


@prepared
def team(repo: Repo) -> Repo:
    found(repo)
    adopt(repo, STRICT)
    repo.git("remote", "set-head", "origin", "main")
    repo.run("labgate", "install")
    return repo


def push(repo: Repo, *refspecs: str) -> Result:
    return repo.run("git", "push", "--porcelain", "origin", *refspecs, status=None)


def rules(said: Result) -> list[str]:
    return re.findall(r": (LG[0-9]{3}) (?:error|warning|note): ", said.text)


def help_of(said: Result, code: str) -> str:
    line = re.search(rf": {code} [a-z]+: .*\n    help: (.+)\n", said.text)
    assert line is not None, said.text
    return line[1]


def on_top(team: Repo) -> Repo:
    """A feature that was cut from research by accident; both are on the remote."""
    team.branch("research/idea").commit("Try it", {"try.py": "1\n"}, **by("ada"))
    team.commit("Try two", {"two.py": "1\n"}, **by("ada"))
    team.branch("feature/on-top").commit("Own work", {"own.py": "1\n"}, **by("lin"))
    team.push("research/idea", "feature/on-top")
    return team


# A4, D8: the help of LG201.

MOVE = "git rebase --onto origin/main origin/research/idea feature/on-top"


@pytest.mark.parametrize("head", ["feature/on-top", "main", "research/idea"])
def test_a_feature_on_top_of_research_moves_and_research_stays(team: Repo, head: str) -> None:
    on_top(team).checkout(head)
    before = {name: team.head(name) for name in ("research/idea", "origin/research/idea", "main")}
    said = push(team, "feature/on-top:main")
    assert rules(said) == ["LG201"]
    assert re.search(r": [0-9a-f]{12} Try two, [0-9a-f]{12} Try it\n", said.text)
    command = help_of(said, "LG201").partition("; or, to leave origin/research/idea out: ")[2]
    assert command.endswith(MOVE)
    assert (command == MOVE) == (head == "feature/on-top")
    team.run("sh", "-c", command)
    assert rules(push(team, "feature/on-top:main")) == []
    assert {name: team.head(name) for name in before} == before
    assert team.git("log", "--format=%s", "main..feature/on-top") == "Own work"


def project(team: Repo) -> Project:
    remote = Repo(team.path.parent / f"{team.path.name}-origin.git", team.env)
    return Project(team, remote, FakeHost("acme/lab"))


def test_in_ci_the_branch_of_the_change_moves_and_is_no_rival_of_itself(team: Repo) -> None:
    on_top(team)
    with FakeHost("acme/lab") as host:
        here = Project(team, Repo(team.path.parent / f"{team.path.name}-origin.git", team.env), host)
        here.pull_request(7, "feature/on-top", author="lin")
        said = here.judge(7)
    assert "LG201" in rules(said)
    assert "holds them too" not in said.text
    assert help_of(said, "LG201").endswith(f": {MOVE}")
    assert "--force" not in said.text


@pytest.mark.parametrize("branch", ["gh-readonly-queue/main/pr-7", "mergify/merge-queue/1", "dependabot/pip/x"])
def test_the_branch_of_a_queue_or_a_bot_is_nobody_s(team: Repo, branch: str) -> None:
    adopt(team, STRICT + '[kinds.bot]\nnames = ["dependabot/**"]\n')
    team.branch("research/idea").commit("Try it", {"try.py": "1\n"})
    team.push("research/idea", f"HEAD:refs/heads/{branch}")
    team.commit("Try more", {"more.py": "1\n"})
    team.git("fetch", "--quiet")
    said = push(team, "research/idea:main")
    assert "LG201" in rules(said)
    assert branch not in said.text
    assert "rebase" not in said.text


def test_what_only_merges_research_gets_no_rebase_that_would_lose_the_merge(team: Repo) -> None:
    team.branch("research/idea").commit("Try it", {"try.py": "1\n"})
    team.push("research/idea")
    team.checkout("main").branch("feature/x").commit("Own", {"own.py": "1\n"})
    team.merge("research/idea", "Merge the idea")
    said = push(team, "feature/x:main")
    assert "LG201" in rules(said)
    assert "rebase" not in help_of(said, "LG201")


# D17: the research of a fork.


def test_the_research_of_a_fork_is_called_by_its_fork(team: Repo) -> None:
    adopt(team, STRICT + '[research-gate]\nsource-repositories = ["example.org/max/*"]\n')
    fork = team.with_remote("max")
    team.git("config", "remote.max.url", "https://example.org/max/lab.git")
    team.git("config", f"url.{fork.path}.insteadOf", "https://example.org/max/lab.git")
    team.branch("wild/idea").commit("Try it", {"try.py": "1\n"}, **by("ada"))
    team.push("wild/idea", remote="max")
    team.branch("feature/on-top").commit("Own", {"own.py": "1\n"})
    said = push(team, "feature/on-top:main")
    help = help_of(said, "LG201")
    assert "1 unreviewed commit from max/wild/idea (" in said.text
    assert "labgate review approve feature/on-top " in help
    assert help.endswith(": git rebase --onto origin/main max/wild/idea feature/on-top")
    team.run("sh", "-c", help.rpartition(": ")[2])
    assert rules(push(team, "feature/on-top:main")) == []


# D4: the branch that is pushed, not the one that is checked out.


@pytest.mark.parametrize("refspec", ["main:main", "HEAD:main", "+main~0:main"])
def test_a_rewrite_of_main_is_mended_on_the_branch_that_is_pushed(team: Repo, refspec: str) -> None:
    team.commit("Landed", {"landed": "1\n"})
    team.push("main")
    team.git("reset", "--quiet", "--hard", "HEAD~1")
    team.commit("Mine", {"mine": "1\n"})
    if refspec != "HEAD:main":
        team.checkout("main").branch("feature/x", "main~1").commit("Else", {"else": "1\n"})
    other = None if refspec == "HEAD:main" else team.head("feature/x")
    said = push(team, "--force", refspec)
    assert rules(said) == ["LG211"]
    team.run("sh", "-c", help_of(said, "LG211"))
    assert rules(push(team, "HEAD:main")) == []
    assert team.git("log", "--format=%s", "-2", "origin/main") == "Mine\nLanded"
    assert other is None or team.head("feature/x") == other


# D2: a name that is only given in the push.

WAYS = {
    "HEAD": "HEAD:refs/heads/bad",
    "another branch": "feature/x:bad",
    "a commit": "feature/x^{commit}:refs/heads/bad",
    "a tag": "HEAD:refs/tags/HEAD",
}


@pytest.mark.parametrize("detached", [False, True], ids=["on a branch", "detached"])
@pytest.mark.parametrize("way", WAYS)
def test_a_bad_name_that_stands_only_in_the_push_is_mended_by_a_push(team: Repo, way: str, detached: bool) -> None:
    team.branch("feature/x").commit("Own", {"own.py": "1\n"})
    if detached:
        team.git("checkout", "--quiet", "--detach")
    head = team.head("feature/x")
    if not WAYS[way].startswith("HEAD"):
        team.checkout("main")
    said = push(team, WAYS[way])
    (code,) = rules(said)
    command = help_of(said, code)
    assert "branch -m" not in command
    mended = team.run("sh", "-c", command)
    assert rules(mended) == []
    (line,) = [line for line in team.git("ls-remote", "origin").splitlines() if line.startswith(head)]
    assert "bad" in line or "HEAD" in line


# A4b: who was cut from whom.


def test_research_from_which_a_topic_was_cut_is_not_accused(team: Repo) -> None:
    on_top(team).checkout("research/idea").commit("Try three", {"three.py": "1\n"})
    assert rules(push(team, "research/idea")) == []


def test_research_that_is_pushed_after_the_topic_that_was_cut_from_it_is_not_accused(team: Repo) -> None:
    team.branch("research/idea").commit("Try it", {"try.py": "1\n"})
    team.branch("feature/on-top").commit("Own work", {"own.py": "1\n"})
    team.push("feature/on-top")
    team.checkout("research/idea").commit("Try two", {"two.py": "1\n"})
    assert rules(push(team, "research/idea")) == []


def test_research_that_merged_a_topic_is_not_accused(team: Repo) -> None:
    team.branch("feature/x").commit("Own work", {"own.py": "1\n"})
    team.commit("Own work two", {"own2.py": "1\n"})
    team.push("feature/x")
    team.checkout("main").branch("research/idea").commit("Try it", {"try.py": "1\n"})
    team.merge("feature/x", "Merge the feature")
    assert rules(push(team, "research/idea")) == []


def test_a_topic_that_research_merged_is_not_accused(team: Repo) -> None:
    team.branch("feature/x").commit("Own work", {"own.py": "1\n"})
    team.push("feature/x")
    team.checkout("main").branch("research/idea").commit("Try it", {"try.py": "1\n"})
    team.merge("feature/x", "Merge the feature")
    team.push("research/idea")
    team.checkout("feature/x").commit("More", {"more.py": "1\n"})
    assert rules(push(team, "feature/x")) == []


def test_a_topic_from_which_research_was_cut_is_not_accused(team: Repo) -> None:
    team.branch("feature/x").commit("Own work", {"own.py": "1\n"})
    assert rules(push(team, "feature/x")) == []
    team.branch("research/idea").commit("Try it", {"try.py": "1\n"})
    assert rules(push(team, "research/idea")) == ["LG105"]
    team.checkout("feature/x").commit("More", {"more.py": "1\n"})
    assert rules(push(team, "feature/x")) == []


@pytest.mark.parametrize("head", ["feature/on-top", "main"])
def test_a_topic_that_was_cut_from_research_is_and_its_help_loses_nothing(team: Repo, head: str) -> None:
    team.branch("research/idea").commit("Try it", {"try.py": "1\n"})
    team.push("research/idea")
    team.branch("feature/on-top").commit("Own work", {"own.py": "1\n"})
    team.checkout(head)
    said = push(team, "feature/on-top")
    assert rules(said) == ["LG105"]
    team.run("sh", "-c", help_of(said, "LG105"))
    assert team.git("log", "--format=%s", "main..feature/on-top") == "Own work"
    assert team.git("log", "--format=%s", "main..research/idea") == "Try it"
    assert rules(push(team, "--force", "feature/on-top")) == []


# B8: a commit on a protected branch.


def commit(team: Repo, name: str, *options: str) -> Result:
    team.write({name: "1\n"}).git("add", name)
    return team.run("git", "commit", "--quiet", "-m", f"Add {name}", *options, status=None)


@pytest.mark.parametrize("name", ["wip/**", "*-draft", "{issue}-*"])
def test_a_commit_on_main_moves_to_a_branch_whose_name_has_a_star(team: Repo, name: str) -> None:
    """The kinds of the presets have such names."""
    policy = STRICT.replace("[kinds.research]", f'[kinds.scratch]\nnames = ["{name}"]\n[kinds.research]', 1)
    adopt(team, policy)
    said = commit(team, "slip.py")
    assert (said.status, rules(said)) == (0, ["LG106"])
    team.run("sh", "-c", help_of(said, "LG106"))
    assert rules(commit(team, "more.py")) == []


def test_a_commit_on_main_is_warned_of_and_moves_to_a_branch(team: Repo) -> None:
    said = commit(team, "slip.py")
    assert (said.status, rules(said)) == (0, ["LG106"])
    slip = team.head()
    team.run("sh", "-c", help_of(said, "LG106"))
    assert (team.head("HEAD"), team.head("main")) == (slip, team.head("origin/main"))
    assert rules(commit(team, "more.py")) == []
    assert rules(push(team, "HEAD")) == []


def test_where_the_policy_makes_it_an_error_the_commit_moves_with_what_is_staged(team: Repo) -> None:
    adopt(team, f'{STRICT}[levels]\nLG106 = "error"\n')
    said = commit(team, "slip.py")
    assert (said.status, rules(said)) == (1, ["LG106"])
    team.run("sh", "-c", help_of(said, "LG106"))
    assert rules(commit(team, "slip.py")) == []
    assert team.git("log", "--format=%s", "main..") == "Add slip.py"


def test_what_is_no_slip_is_not_warned_of(team: Repo) -> None:
    team.branch("feature/x").commit("Own", {"own.py": "1\n"})
    team.checkout("main")
    assert rules(team.run("git", "merge", "--quiet", "--no-ff", "-m", "Merge", "feature/x")) == []
    assert rules(team.run("git", "revert", "--no-edit", "-m", "1", "HEAD")) == []
    assert rules(team.run("git", "cherry-pick", "--allow-empty", "--keep-redundant-commits", "feature/x")) == []
    adopt(team, f'{STRICT}[levels]\nLG106 = "off"\n')
    assert rules(commit(team, "slip.py")) == []


def test_the_commit_that_brings_the_policy_is_no_slip(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start", {"README.md": "Models.\n"})
    repo.push("main")
    repo.run("labgate", "install")
    repo.write({"labgate.toml": POLICY})
    repo.git("add", ".")
    assert "LG106" not in rules(repo.run("git", "commit", "-m", "Adopt labgate", status=None))


# B4: names in CI.


@pytest.mark.parametrize(
    ("fork", "old", "level"),
    [(None, False, "error"), (None, True, "note"), ("max/lab", False, "note")],
    ids=["of the repository", "older than the policy", "of a fork"],
)
def test_the_name_of_a_change_s_branch_in_ci(repo: Repo, fork: str | None, old: bool, level: str) -> None:
    remote = repo.with_remote()
    repo.commit("Start", {"README.md": "Models.\n"})
    repo.push("main")
    if not old:
        adopt(repo, POLICY)
    repo.branch("joes_stuff").commit("Work", {"a.py": "1\n"})
    if old:
        adopt(repo, POLICY)
    with FakeHost("acme/lab") as host:
        here = Project(repo, remote, host)
        here.pull_request(7, "joes_stuff", author="joe", fork=fork)
        said = here.judge(7)
    assert re.findall(r"joes_stuff: (LG[0-9]{3}) ([a-z]+): ", said.text) == [("LG101", level)]
    assert said.status == (1 if level == "error" else 0)


def test_the_help_of_a_name_in_ci_is_a_command_of_that_clone(team: Repo) -> None:
    team.branch("joes_stuff").commit("Work", {"a.py": "1\n"})
    with FakeHost("acme/lab") as host:
        here = Project(team, Repo(team.path.parent / f"{team.path.name}-origin.git", team.env), host)
        head = here.pull_request(7, "joes_stuff", author="joe")
        clone = here.clone()
        said = here.run_job(clone, "pull_request", here.opened(7))
    clone.run("sh", "-c", help_of(said, "LG101"))
    assert here.remote.head("refs/heads/feature/joes-stuff") == head


# D15: the first push of several branches.


@pytest.mark.parametrize("order", [("main", "docs/a", "research/x"), ("docs/a", "research/x", "main")])
def test_several_branches_on_an_empty_remote_are_judged_by_the_policy_of_the_trunk_among_them(
    repo: Repo, order: tuple[str, ...]
) -> None:
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY})
    repo.run("labgate", "install")
    repo.branch("docs/a").commit(
        "Another policy", {"labgate.toml": POLICY.replace('"research/{topic}"', '"r/{topic}"')}
    )
    repo.checkout("main").branch("research/x").commit("Try it", {"try.py": "1\n"})
    said = push(repo, *order)
    assert (said.status, rules(said)) == (0, []), said.text


def test_what_a_branch_adds_to_the_first_push_is_measured(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY})
    repo.run("labgate", "install")
    repo.branch("docs/a").commit("Too much", {"a.md": "a\n" * 50})
    said = push(repo, "main", "docs/a")
    assert re.findall(r"([^ \n]+): (LG[0-9]{3}) error", said.text) == [("docs/a", "LG401")]


@pytest.mark.parametrize("branch", ["main", "research/x"])
def test_a_push_to_the_url_of_an_empty_repository_takes_what_is_on_main_for_landed(repo: Repo, branch: str) -> None:
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY})
    repo.push("main")
    repo.branch("research/x").commit("Try it", {"try.py": "1\n"})
    repo.push("research/x")
    repo.run("labgate", "install")
    repo.git("init", "--quiet", "--bare", "../empty")
    said = repo.run("git", "push", "../empty", f"{branch}:refs/heads/main", status=None)
    assert re.findall(r"LG201.*: [0-9a-f]+ (.*)", said.text) == ([] if branch == "main" else ["Try it"]), said.text
    assert said.status == (branch != "main")
