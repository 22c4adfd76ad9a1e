"""Who had a commit first: a topic in review from which research was cut or picked stays what it is, and so research."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from support.audited import Branch, adopted
from support.forge import FakeHost
from support.hosted import Project
from support.people import by
from support.pipeline import POLICY, code
from support.repo import Repo


@pytest.fixture
def main(repo: Repo) -> Branch:
    return adopted(repo)


def look(repo: Repo) -> None:
    """Look at the refs as every push does."""
    repo.labgate("check", "--target", "main", "--head", "main", status=0)


def topic(repo: Repo, *, count: int = 2) -> None:
    """Push a topic branch."""
    repo.branch("feature/base", "main")
    for number in range(count):
        repo.commit(f"Base {number}", {f"base_{number}.py": code(f"base_{number}")}, **by("ada"))
    repo.push("feature/base")


def findings(repo: Repo, *args: str) -> list[dict[str, Any]]:
    said = repo.labgate("check", "--target", "main", "--format", "json", "research-gate", *args)
    found: list[dict[str, Any]] = json.loads(said.out)["findings"]
    return found


def go_on(main: Branch) -> None:
    main.repo.checkout("main")
    main.commit("Main goes on", {"models.py": code("further")})


def rebase(repo: Repo) -> None:
    repo.checkout("feature/base").git("rebase", "--quiet", "main")
    repo.clock += 60
    repo.push("--force", "feature/base")


def delete(repo: Repo) -> None:
    repo.git("branch", "--quiet", "-D", "feature/base")
    repo.push(":feature/base")


def land_squash(main: Branch, revision: str = "feature/base") -> str:
    repo = main.repo
    repo.checkout("main").git("merge", "--quiet", "--squash", revision)
    return main.land(lambda: repo.commit("Land the base", None, **by("ada")))


@pytest.mark.parametrize("after", ["rebased", "kept", "deleted"])
@pytest.mark.parametrize("research", ["kept", "deleted"])
def test_a_topic_that_research_was_cut_from_lands_by_squash(main: Branch, after: str, research: str) -> None:
    repo = main.repo
    topic(repo)
    look(repo)
    main.research("idea", start="feature/base")
    look(repo)
    go_on(main)
    if after == "rebased":
        rebase(repo)
        look(repo)
    if research == "deleted":
        repo.git("branch", "--quiet", "-D", "research/idea")
        repo.push(":research/idea")
    repo.branch("feature/squash", "main").git("merge", "--quiet", "--squash", "feature/base")
    repo.commit("Land the base", None, **by("ada"))
    assert findings(repo) == []
    landed = land_squash(main)
    if after == "deleted":
        delete(repo)
    assert landed not in main.past_review()


@pytest.mark.parametrize("after", ["rebased", "kept", "deleted"])
def test_research_that_a_topic_was_cut_from_is_found_when_the_topic_lands(main: Branch, after: str) -> None:
    """The guilty twin: here research had it first."""
    repo = main.repo
    main.research("idea", count=2)
    look(repo)
    repo.branch("feature/base", "research/idea")
    repo.push("feature/base")
    look(repo)
    go_on(main)
    if after == "rebased":
        rebase(repo)
    repo.branch("feature/squash", "main").git("merge", "--quiet", "--squash", "feature/base")
    repo.commit("Land the base", None, **by("ada"))
    assert [item["rule"] for item in findings(repo)] == ["LG201"]
    landed = land_squash(main)
    if after == "deleted":
        delete(repo)
    assert landed in main.past_review()


# What was picked.


def pick(repo: Repo, branch: str, start: str, *revisions: str) -> None:
    """Push a branch with copies of commits."""
    repo.branch(branch, start).git("cherry-pick", *revisions)
    repo.clock += 60
    repo.push(branch)


@pytest.mark.parametrize("after", ["kept", "rebased"])
@pytest.mark.parametrize("first", ["topic", "research"])
def test_of_two_branches_with_the_same_patches_the_first_seen_owns_them(main: Branch, first: str, after: str) -> None:
    repo = main.repo
    if first == "topic":
        topic(repo)
        look(repo)
        go_on(main)
        pick(repo, "research/idea", "main", "main..feature/base")
    else:
        main.research("idea", count=2)
        look(repo)
        go_on(main)
        pick(repo, "feature/base", "main", "main..research/idea")
    look(repo)
    if after == "rebased":
        repo.checkout("main")
        main.commit("And on", {"on.py": code("on")})
        rebase(repo)
        look(repo)
    expected = [] if first == "topic" else ["LG201"]
    assert [item["rule"] for item in findings(repo, "--head", "feature/base")] == expected
    (traced,) = json.loads(repo.labgate("trace", "feature/base", "--format", "json", status=0).out)
    assert traced["derived"] == (first == "research")
    landed = main.land(lambda: repo.checkout("main").merge("feature/base", "Land it"))
    assert (landed in main.past_review()) == (first == "research")


@pytest.mark.parametrize("first", ["one file", "most files"])
def test_a_topic_with_one_file_of_a_squash_has_not_all_of_it_first(main: Branch, first: str) -> None:
    """Its commits are no commits of the research, and it has more than these files."""
    repo = main.repo
    files = {f"idea_{number}.py": code(f"idea_{number}") * 2 for number in range(4)}
    repo.branch("feature/base", "main")
    for name in list(files)[: 1 if first == "one file" else 3]:
        repo.commit(f"Add {name}", {name: files[name], f"own_{name}": code(name[:-3])}, **by("ada"))
    repo.push("feature/base")
    look(repo)
    repo.branch("research/idea", "main")
    for name, text in files.items():
        repo.commit(f"Try {name}", {name: text}, **by("lin"))
    repo.push("research/idea")
    look(repo)
    repo.branch("feature/squash", "main").git("merge", "--quiet", "--squash", "research/idea")
    repo.commit("Squash it", None, **by("lin"))
    assert [item["rule"] for item in findings(repo)] == (["LG201"] if first == "one file" else [])


@pytest.mark.parametrize("backdated", [True, False])
def test_in_a_fresh_clone_the_earlier_date_owns_a_patch_with_a_warning(main: Branch, backdated: bool) -> None:
    """Dates can be set: so it is said."""
    repo = main.repo
    main.research("idea")
    go_on(main)
    env = {"GIT_COMMITTER_DATE": "1600000000 +0000"} if backdated else {}
    repo.branch("feature/copy", "main").git("cherry-pick", "research/idea", **env)
    repo.push("feature/copy")
    (finding,) = findings(repo, "--head", "origin/feature/copy")
    if not backdated:
        assert finding["rule"] == "LG201"
        return
    assert (finding["rule"], finding["level"]) == ("LG202", "warning")
    (evidence,) = finding["evidence"]
    assert (evidence["decisive"], evidence["hint"]) == (False, "held-too")
    assert (evidence["source_ref"], evidence["other_ref"]) == (
        "refs/remotes/origin/research/idea",
        "refs/remotes/origin/feature/copy",
    )
    assert "research/idea" in finding["message"]
    assert "feature/copy" in finding["message"]


def test_two_looks_in_one_second_have_an_order(main: Branch) -> None:
    repo = main.repo
    topic(repo)
    look(repo)
    repo.branch("research/idea", "feature/base")
    repo.push("research/idea")
    look(repo)
    times = [path.read_text().splitlines()[-1].split()[1] for path in ledgers(repo)]
    assert times[0] > times[1]
    assert findings(repo, "--head", "feature/base") == []


def ledgers(repo: Repo) -> list[Path]:
    return [repo.path / ".git" / "labgate" / name for name in ("ledger", "ledger-others")]


def test_a_push_notes_what_it_pushes(main: Branch) -> None:
    """Nothing is fetched or pushed between the push of the topic and that of the research."""
    repo = main.repo
    repo.labgate("install", status=0)
    repo.branch("feature/base", "main").commit("Base", {"base.py": code("base")}, **by("ada"))
    repo.git("push", "--quiet", "origin", "feature/base")
    repo.branch("research/idea").commit("Try", {"idea.py": code("idea")}, **by("lin"))
    repo.git("push", "--quiet", "origin", "research/idea")
    assert findings(repo, "--head", "feature/base") == []
    seen = [path.read_text() for path in ledgers(repo)]
    assert repo.head("research/idea") in seen[0]
    assert repo.head("feature/base") in seen[1]


# What makes something landed, and what does not.


@pytest.fixture
def held(main: Branch) -> Branch:
    """Research on its branch, and nobody has looked yet."""
    main.research("idea")
    return main


def test_a_release_that_anybody_can_create_makes_nothing_landed(held: Branch) -> None:
    repo = held.repo
    repo.push("research/idea:refs/heads/release/0")
    (finding,) = findings(repo, "--head", "origin/research/idea")
    assert finding["rule"] == "LG201"
    assert "approve research/idea" in finding["help"]
    repo.branch("feature/on-top", "research/idea").commit("Own", {"own.py": code("own")}, **by("lin"))
    (finding,) = findings(repo)
    assert (finding["rule"], finding["commits"]) == ("LG201", [repo.head("research/idea")])


@pytest.mark.parametrize("where", ["main", "release/1"])
def test_what_a_fork_has_is_not_landed(held: Branch, where: str) -> None:
    repo = held.repo
    fork = repo.with_remote("mine")
    repo.push("research/idea:refs/heads/main" if where == "main" else "main", remote="mine")
    repo.push(f"research/idea:refs/heads/{where}", remote="mine")
    assert fork.head(where) == repo.head("research/idea")
    (finding,) = findings(repo, "--head", "origin/research/idea", "--base", "origin/main")
    assert finding["rule"] == "LG201"


def test_a_branch_that_the_policy_names_makes_landed(held: Branch) -> None:
    repo = held.repo
    policy = POLICY.replace("[research-gate]", '[research-gate]\nlanded = ["release/{version}"]')
    repo.checkout("main")
    held.commit("Count releases", {"labgate.toml": policy})
    repo.push("research/idea:refs/heads/release/0")
    assert findings(repo, "--head", "origin/research/idea") == []


def test_a_release_from_which_research_was_cut_goes_back_to_main(main: Branch) -> None:
    """The innocent twin: the release had it first."""
    repo = main.repo
    repo.branch("release/1", "main").commit("Fix", {"fix.py": code("fix")}, **by("ada"))
    repo.push("release/1")
    look(repo)
    main.research("idea", start="release/1")
    look(repo)
    repo.branch("feature/back", "main").merge("release/1", "Take the fix back")
    assert findings(repo) == []


def foxtrot(main: Branch) -> str:
    """Push the research as a topic too, and make it the second parent of a new tip of the research branch."""
    repo = main.repo
    main.research("idea")
    tip = repo.head("research/idea")
    repo.push(f"{tip}:refs/heads/feature/y")
    repo.git("branch", "--quiet", "-D", "research/idea")
    repo.branch("swapped", "main").merge(tip, "Merge it")
    repo.push("swapped:research/idea")
    return tip


def test_swapped_parents_are_a_warning_that_names_both(main: Branch) -> None:
    tip = foxtrot(main)
    (finding,) = findings(main.repo, "--head", "origin/feature/y")
    assert (finding["rule"], finding["level"], finding["commits"]) == ("LG202", "warning", [tip])
    (evidence,) = finding["evidence"]
    assert (evidence["method"], evidence["decisive"]) == ("ancestry", False)
    assert evidence["other_ref"] == "refs/remotes/origin/feature/y"
    assert "origin/research/idea" in finding["message"]
    assert "feature/y" in finding["message"]


def test_the_squash_of_a_topic_with_swapped_parents_is_a_warning(main: Branch) -> None:
    tip = foxtrot(main)
    repo = main.repo
    repo.branch("feature/squash", "main").git("merge", "--quiet", "--squash", tip)
    repo.commit("Squash it", None, **by("lin"))
    found = findings(repo)
    assert {(item["rule"], item["level"]) for item in found} == {("LG202", "warning")}


def test_swapped_parents_are_refused_where_claims_do_not_count(main: Branch) -> None:
    repo = main.repo
    repo.checkout("main")
    main.commit("Ask the host", {"labgate.toml": f'{POLICY}\n[reviews]\nassurance = "forge"\n'})
    tip = foxtrot(main)
    (finding,) = findings(repo, "--head", "origin/feature/y")
    assert (finding["rule"], finding["commits"]) == ("LG201", [tip])
    assert "or the other way round" in finding["message"]
    assert "feature/y holds" not in finding["message"]


@pytest.mark.parametrize("opened", ["before", "after", None])
def test_where_claims_do_not_count_the_time_of_the_request_decides(main: Branch, opened: str | None) -> None:
    """Research picked from a change in review; a job sees both for the first time."""
    repo = main.repo
    repo.checkout("main")
    main.commit("Ask the host", {"labgate.toml": f'{POLICY}\n[reviews]\nassurance = "forge"\n'})
    with FakeHost("acme/models") as host:
        project = Project(repo, Repo(Path(repo.git("config", "remote.origin.url")), repo.env), host)
        repo.branch("feature/base", "main").commit("Base", {"base.py": code("base")}, **by("lin"))
        project.pull_request(7, "feature/base", author="lin-k")
        before, repo.clock = repo.clock + 30, repo.clock + 3600
        repo.checkout("main")
        main.commit("Main goes on", {"on.py": code("on")})
        pick(repo, "research/idea", "main", "feature/base")
        if opened is not None:
            time = before if opened == "before" else repo.clock + 60
            host.changes[7].opened = datetime.fromtimestamp(time, timezone.utc).isoformat()
        result = project.judge(7, "--format", "json")
    found = json.loads(result.out)["findings"]
    gate = [item for item in found if item["rule"] in {"LG201", "LG202"}]
    assert [item["rule"] for item in gate] == ([] if opened == "before" else ["LG201"]), result.text
    assert all("or the other way round" in item["message"] for item in gate)
