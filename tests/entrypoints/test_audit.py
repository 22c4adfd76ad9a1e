"""An audit says of each landing on a branch whether it was reviewed, by the policy and the research of its time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.audited import Branch, adopted, reported
from support.people import by, reviewed
from support.pipeline import LAX, POLICY, code
from support.repo import Repo, Result


@pytest.fixture
def main(repo: Repo) -> Branch:
    return adopted(repo)


def test_each_landing_is_an_update_along_the_first_parent_line(main: Branch) -> None:
    start = main.repo.head()
    main.research("a", count=2)
    first = main.merge("a")
    second = main.commit("Honest work", {"honest.py": code("honest")})
    report = main.audit(status=1)
    assert [(update["old"], update["new"]) for update in report["updates"]] == [(start, first), (first, second)]
    assert [update["outcome"] for update in report["updates"]] == ["failed", "passed"]
    names = {check["name"] for update in report["updates"] for check in update["checks"]}
    assert names == {"research-gate", "commit-hygiene", "commit-size", "mixed-components"}
    assert report["stage"] == "audit"
    assert report["policy"] == {"origin": "trunk", "commit": second, "blob": None}
    assert (report["view"]["refs_seen"], report["view"]["refs_total"]) == (2, 2)


@pytest.mark.parametrize("land", [Branch.merge, Branch.squash], ids=["merge", "squash"])
def test_research_is_found_however_it_landed(main: Branch, land: Callable[[Branch, str], str]) -> None:
    main.research("a", count=2)
    main.commit("Main goes on", {"models.py": code("start") + code("further")})
    landing = land(main, "a")
    assert main.past_review() == [landing]


def test_the_finding_names_the_landing(main: Branch) -> None:
    main.research("a")
    landing = main.merge("a", "Merge what a found")
    said = main.repo.labgate("audit", "main", "--format", "text", status=1)
    assert f"; landed as {landing[:12]} Merge what a found" in said.out
    late = f"labgate review approve main --landing {landing[:12]} --by ada && git push origin main"
    assert f"help: {late}  # once ada has reviewed it" in said.out


def in_the_merge(main: Branch) -> str:
    return main.merge("a", reviewed("ada", subject="Merge a"))


def in_the_squash(main: Branch) -> str:
    return main.squash("a", reviewed("ada", subject="Squash a"))


def above_the_merge(main: Branch) -> str:
    main.merge("a")
    return main.commit(reviewed("ada"))


def above_the_squash(main: Branch) -> str:
    main.squash("a")
    return main.commit(reviewed("ada"))


def two_markers_above(main: Branch) -> str:
    main.squash("a")
    main.commit("Start the CI again")
    return main.commit(reviewed("ada"))


def above_a_row(main: Branch) -> str:
    main.squash("a")
    main.commit("More", {"more.py": code("more")})
    return main.commit(reviewed("ada"))


@pytest.mark.parametrize(
    "land", [in_the_merge, in_the_squash, above_the_merge, above_the_squash, two_markers_above, above_a_row]
)
def test_a_review_covers_its_landing(main: Branch, land: Callable[[Branch], str]) -> None:
    main.research("a", count=2)
    landing = land(main)
    report = main.audit(status=0)
    assert report["updates"][-1]["new"] == landing
    # An empty commit that states nothing is a note.
    assert [finding for finding in report["findings"] if finding["level"] != "note"] == []


def above_another_merge(main: Branch) -> tuple[str, str]:
    landing = main.squash("a")
    main.research("b")
    main.merge("b")
    main.commit(reviewed("ada"))
    return landing, "the marker is of the merge"


def above_a_merge_below(main: Branch) -> tuple[str, str]:
    landing = main.merge("a")
    main.commit("Between", {"between.py": code("between")})
    main.commit(reviewed("ada"))
    return landing, "the marker is of the commit between"


def above_another_marker(main: Branch) -> tuple[str, str]:
    main.squash("a")
    landing = main.commit("Start the CI again")
    main.commit("Between", {"between.py": code("between")})
    main.commit(reviewed("ada"))
    return landing, "the marker is of the commit between"


def by_the_author(main: Branch) -> tuple[str, str]:
    main.repo.checkout("research/a").commit("Ada too", {"ada.py": code("ada")}, **by("ada"))
    main.repo.push("research/a")
    main.repo.checkout("main")
    return main.merge("a", reviewed("ada", subject="Merge a")), "ada wrote part of it"


def before_it(main: Branch) -> tuple[str, str]:
    main.commit(reviewed("ada"))
    return main.squash("a"), "the marker stood there before"


@pytest.mark.parametrize(
    "land", [above_another_merge, above_a_merge_below, above_another_marker, by_the_author, before_it]
)
def test_a_review_covers_nothing_else(main: Branch, land: Callable[[Branch], tuple[str, str]]) -> None:
    main.research("a", count=2)
    landing, why = land(main)
    assert main.past_review() == [landing], why


# What came of research branches since.


def test_research_that_was_cut_from_main_since_invents_nothing(main: Branch) -> None:
    main.commit("Honest", {"honest.py": code("honest")})
    main.research("after", count=2)
    main.commit("More honest work", {"more.py": code("more")})
    main.repo.checkout("research/after").merge("main", "Catch up")
    main.repo.commit("Go on", {"on.py": code("on")})
    main.repo.push("research/after", "main:refs/heads/research/at-the-tip")
    main.repo.checkout("main")
    report = main.audit(status=0)
    assert (len(report["updates"]), report["findings"]) == (2, [])


def test_research_that_lives_on_after_its_landing_says_nothing_of_later_ones(main: Branch) -> None:
    main.research("a")
    landing = main.merge("a")
    main.repo.checkout("research/a").merge("main", "Take main over")
    main.repo.commit("Go on", {"on.py": code("on")})
    main.repo.push("research/a")
    main.repo.checkout("main")
    main.commit("Honest", {"honest.py": code("honest")})
    again = main.merge("a", "Merge the rest")
    main.commit("Last", {"last.py": code("last")})
    assert main.past_review() == [landing, again]


def test_a_release_that_was_cut_since_hides_nothing(main: Branch) -> None:
    main.research("a")
    landing = main.merge("a")
    main.repo.branch("release/3").commit("Release", {"version": "3\n"})
    main.repo.push("release/3", "main:refs/heads/release/4")
    main.repo.checkout("main")
    later = main.research("b") and main.merge("b")
    assert main.past_review() == [landing, later]


def test_what_a_release_had_first_has_landed_there(main: Branch) -> None:
    main.research("a")
    main.repo.branch("release/3")
    main.repo.merge("research/a", reviewed("ada", subject="Merge a"))
    main.repo.push("release/3")
    main.repo.checkout("main")
    main.land(lambda: main.repo.merge("release/3", "Merge the release"))
    assert main.past_review() == []


# From where on, and by which policy.


def test_what_landed_before_the_policy_is_not_judged(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start", {"models.py": code("start")})
    main = Branch(repo)
    main.research("a")
    main.merge("a")
    main.commit("Ask for reviews", {"labgate.toml": POLICY})
    assert main.audit(status=0)["updates"] == []
    main.research("b")
    assert main.merge("b") in main.past_review()


def test_what_landed_before_since_is_not_judged(main: Branch) -> None:
    main.research("a")
    since = main.merge("a")
    main.research("b")
    second = main.merge("b")
    for revision in (since, "main~1", since[:12], "research/b~1"):
        assert main.past_review("--since", revision) == [second]
    assert main.audit("--since", "main", status=0)["updates"] == []


def test_since_before_the_policy_is_judged_by_the_policy_of_today(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start", {"models.py": code("start")})
    main = Branch(repo)
    main.research("a")
    landing = main.merge("a")
    main.commit("Ask for reviews", {"labgate.toml": POLICY})
    assert main.past_review("--since", "main~2") == [landing]


def test_a_policy_judges_what_came_after_it(main: Branch) -> None:
    main.research("a")
    first = main.merge("a")
    main.commit("Be lax", {"labgate.toml": LAX})
    main.research("b")
    main.merge("b")
    main.commit("Be strict again", {"labgate.toml": POLICY})
    main.research("c")
    third = main.merge("c")
    assert main.past_review() == [first, third]


def test_a_landing_is_not_judged_by_the_policy_that_it_brings(main: Branch) -> None:
    main.research("a")
    main.repo.git("merge", "--quiet", "--no-ff", "--no-commit", "research/a")
    landing = main.commit("Merge, and be lax", {"labgate.toml": LAX})
    assert main.past_review() == [landing]


def test_a_broken_policy_leaves_what_came_after_it_undecided_but_its_repair(main: Branch) -> None:
    main.commit("Break it", {"labgate.toml": "version = 1\n"})
    landing = main.commit("Honest", {"honest.py": code("honest")})
    main.commit("Repair it", {"labgate.toml": POLICY})
    main.commit("More", {"more.py": code("more")})
    report = main.audit(status=2)
    undecided = [update["new"] for update in report["updates"] if update["outcome"] == "undecided"]
    assert undecided == [landing]
    main.research("a")
    main.merge("a")
    assert main.audit(status=1)["outcome"] == "failed"


def test_a_broken_policy_of_today_leaves_the_rest_judged(main: Branch) -> None:
    main.research("a")
    landing = main.merge("a")
    main.commit("Break it", {"labgate.toml": "version = 1\n"})
    assert main.past_review() == [landing]


def test_a_pyproject_that_changes_for_other_reasons_is_one_policy(main: Branch) -> None:
    landings = []
    for number in range(3):
        main.commit("Bump", {"pyproject.toml": f"[project]\nversion = '{number}'\n"})
        main.research(f"a{number}")
        landings.append(main.merge(f"a{number}"))
    assert main.past_review() == landings


# What cannot be judged.


def refused(main: Branch, *args: str) -> Result:
    return main.repo.labgate("audit", *args, status=2)


def test_a_branch_that_is_not_there(main: Branch) -> None:
    said = refused(main, "nowhere\x1b[31m")
    assert "there is no branch 'nowhere\\x1b[31m' here" in said.err.replace("\\\\", "\\")
    assert "\x1b" not in said.text
    assert "git branch --all" in said.err


@pytest.mark.parametrize("name", ["origin/main", "refs/remotes/origin/main", "refs/heads/main"])
def test_a_branch_may_be_named_as_git_names_it(main: Branch, name: str) -> None:
    main.commit("More", {"more.py": code("more")})
    said = main.repo.labgate("audit", name, "--format", "json", status=0)
    assert [update["ref"] for update in json.loads(said.out)["updates"]] == ["refs/heads/main"]


def test_a_since_that_is_not_there_or_elsewhere(main: Branch) -> None:
    assert "names no commit" in refused(main, "main", "--since", "nowhere").err
    main.repo.git("checkout", "--quiet", "--orphan", "other")
    main.repo.commit("Unrelated")
    assert "no history in common" in refused(main, "main", "--since", "other").err


def test_no_policy_anywhere(repo: Repo) -> None:
    repo.with_remote()
    Branch(repo).commit("Start", {"a.py": code("a")})
    said = repo.labgate("audit", "main", status=2)
    assert "main has no labgate.toml" in said.text
    assert "labgate init" in said.text


def test_a_shallow_clone(main: Branch, tmp_path: Path) -> None:
    main.repo.git("clone", "--quiet", "--depth=1", f"file://{main.repo.path}", str(tmp_path / "c"))
    said = Repo(tmp_path / "c", main.repo.env).labgate("audit", "main", status=2)
    assert "shallow" in said.text
    assert "--unshallow" in said.text


def test_without_a_remote_the_local_branch_is_audited(repo: Repo) -> None:
    repo.commit("Ask for reviews", {"labgate.toml": POLICY})
    repo.branch("research/a").commit("Try", {"a.py": code("a")}, **by("lin"))
    landing = repo.checkout("main").merge("research/a", "Merge")
    assert Branch(repo).past_review() == [landing]


def test_what_the_remote_has_is_audited_and_not_what_only_this_clone_has(main: Branch) -> None:
    main.research("a")
    main.repo.merge("research/a", "Not pushed")
    assert main.audit(status=0)["updates"] == []


def test_branches_that_are_not_fetched_leave_silence_undecided_until_they_are(main: Branch, tmp_path: Path) -> None:
    main.research("a")
    landing = main.squash("a")
    path = tmp_path / "c"
    url = f"file://{main.repo.path.parent}/work-origin.git"
    main.repo.git("clone", "--quiet", "--single-branch", "--branch=main", url, str(path))
    clone = Branch(Repo(path, main.repo.env))
    assert clone.audit(status=2)["view"]["sources_complete"] is False
    assert clone.past_review("--fetch") == [landing]


def test_many_landings_need_few_open_files(main: Branch) -> None:
    """Git's processes hold descriptors as long as they are waited for."""
    landed = []
    for number in range(40):
        main.research(f"r{number}")
        landed.append(main.merge(f"r{number}"))
    said = main.repo.run("sh", "-c", "ulimit -n 40 && exec labgate audit main --format json", status=1)
    assert reported(json.loads(said.out)) == landed


def reviewed_late(main: Branch) -> None:
    """Run what LG201 says, as it is printed, with another branch checked out."""
    said = main.repo.labgate("audit", "main", "--format", "text", status=1)
    (line,) = (line for line in said.out.splitlines() if line.startswith("    help: "))
    main.repo.branch("feature/elsewhere", "main~1")
    main.repo.run("sh", "-c", line.removeprefix("    help: "))


def test_a_late_review_counts_and_is_said_to_be_late(main: Branch) -> None:
    main.research("a", count=2)
    landing = main.merge("a")
    reviewed_late(main)
    report = main.audit(status=0)
    assert report["notices"] == [f"{landing[:12]} was reviewed late, by ada"]
    review = next(update["review"] for update in report["updates"] if update["new"] == landing)
    assert (review["counted"], review["late"], review["missing"]) == (["ada"], ["ada"], [])


def test_a_late_review_speaks_for_the_landing_that_it_names_alone(main: Branch) -> None:
    main.research("a")
    main.research("b")
    main.squash("a")
    reviewed_late(main)
    main.repo.checkout("main")
    other = main.squash("b")
    assert main.past_review() == [other]


def test_nobody_reviews_his_own_landing_late(main: Branch) -> None:
    main.research("a")
    landing = main.merge("a")
    message = f"Late\n\nReviewed-by: Lin <lin@example.org>\nReviewed-landing: {landing}"
    main.commit(message)
    assert main.past_review() == [landing]
