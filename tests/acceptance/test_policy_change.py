"""Nobody switches the gate off alone: a change of what the trunk's policy says needs its own review (LG210)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from support.audited import Branch
from support.people import by, reviewed
from support.pipeline import Pipeline, rules
from support.policies import LEAST
from support.repo import Repo, Result

ONE = LEAST
TWO = LEAST + '[reviews.people.ada]\nemails = ["ada@example.org"]\n'
THREE = TWO + '[reviews.people.kim]\nemails = ["kim@example.org"]\n'
NOBODY = LEAST.partition("[reviews")[0]
LAX = NOBODY + '[levels]\nLG201 = "off"\n'


def in_pyproject(text: str, rest: str = '[project]\nname = "x"\n') -> str:
    """Return a ``pyproject.toml`` with a policy."""
    tables = re.sub(r"(?m)^\[", "[tool.labgate.", text)
    return f"{rest}[tool.labgate]\n{tables}"


def quorum(text: str, **parts: Any) -> str:
    """Return a policy with a quorum for changes of the policy."""
    said = ", ".join(f"{key} = {value}" for key, value in parts.items())
    return text.replace("[reviews.people.lin]", f"[reviews]\npolicy-quorum = {{ {said} }}\n[reviews.people.lin]", 1)


def adopted(repo: Repo, files: dict[str, str]) -> Repo:
    repo.with_remote()
    repo.commit("Adopt labgate", {**files, "start.py": "start()\n"})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "main")
    return repo


def proposed(repo: Repo, files: dict[str, str | None], author: str = "kim") -> Repo:
    """Change files on a topic branch; ``None`` deletes one."""
    repo.branch("topic", "origin/main")
    for name, text in files.items():
        if text is None:
            repo.git("rm", "--quiet", name)
        else:
            repo.write({name: text})
            repo.git("add", name)
    repo.commit("Change it", None, "--allow-empty", **by(author))
    return repo


def check(repo: Repo, *options: str) -> tuple[int, list[str], Result]:
    """Return the exit status, the level of each LG210, and what was said."""
    said = repo.labgate("check", "research-gate", "--target", "main", *options)
    report = json.loads(repo.labgate("check", "research-gate", "--target", "main", "--format", "json", *options).out)
    return said.status, [item["level"] for item in report["findings"] if item["rule"] == "LG210"], said


CHANGES: dict[str, dict[str, str | None]] = {
    "sources off": {"labgate.toml": TWO + "[research-gate]\nsources = []\n"},
    "a rule off": {"labgate.toml": TWO + '[levels]\nLG201 = "off"\n'},
    "one more person": {"labgate.toml": THREE},
    "order of kinds": {
        "labgate.toml": TWO.replace('[kinds.protected]\nnames = ["main"]\n', "")
        + '[kinds.protected]\nnames = ["main"]\n'
    },
    "deleted": {"labgate.toml": None},
    "another case": {"labgate.toml": None, "Labgate.toml": TWO},
    "moved and changed": {"labgate.toml": None, "pyproject.toml": in_pyproject(LAX)},
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_the_policy_needs_a_review(repo: Repo, what: str) -> None:
    proposed(adopted(repo, {"labgate.toml": TWO}), CHANGES[what])
    status, levels, said = check(repo)
    assert (status, levels) == (1, ["error"])
    removed = what in ("deleted", "another case")
    assert f"the policy of labgate {'is removed' if removed else 'changes'} without a review" in said.text
    (help,) = re.findall(r"help: (.*)", said.text)
    repo.run("sh", "-c", help)
    assert check(repo)[:2] == (0, [])


def test_a_change_of_limits_alone_is_warned_of_until_the_policy_asks_for_more(repo: Repo) -> None:
    limits = "[commit-size.limits.protected]\nlines = 400\n"
    proposed(adopted(repo, {"labgate.toml": TWO}), {"labgate.toml": TWO + limits})
    assert check(repo)[:2] == (0, ["warning"])
    repo.commit("And the gate", {"labgate.toml": LAX + limits}, **by("kim"))
    assert check(repo)[:2] == (1, ["error"])


def test_with_a_quorum_for_the_policy_a_change_of_limits_is_refused(repo: Repo) -> None:
    judging = quorum(TWO, total=1)
    limits = "[commit-size.limits.protected]\nlines = 400\n"
    proposed(adopted(repo, {"labgate.toml": judging}), {"labgate.toml": judging + limits})
    assert check(repo)[:2] == (1, ["error"])


@pytest.mark.parametrize("what", ["comments", "layout", "moved", "other tables", "nothing"])
def test_what_says_the_same_needs_none(repo: Repo, what: str) -> None:
    adopted(repo, {"labgate.toml": TWO})
    files: dict[str, dict[str, str | None]] = {
        "comments": {"labgate.toml": f"# Ours.\n{TWO}"},
        "layout": {"labgate.toml": TWO.replace('names = ["main"]', "names = [\n  'main',\n]")},
        "moved": {"labgate.toml": None, "pyproject.toml": in_pyproject(TWO)},
        "other tables": {"pyproject.toml": '[project]\nname = "x"\n[tool.ruff]\nline-length = 99\n'},
        "nothing": {"topic.py": "topic()\n"},
    }
    assert check(proposed(repo, files[what]))[:2] == (0, [])


def test_of_pyproject_only_the_table_counts(repo: Repo) -> None:
    adopted(repo, {"pyproject.toml": in_pyproject(TWO)})
    proposed(repo, {"pyproject.toml": in_pyproject(TWO, '[project]\nname = "y"\n')})
    assert check(repo)[:2] == (0, [])
    repo.commit("And that", {"pyproject.toml": in_pyproject(THREE, '[project]\nname = "y"\n')}, **by("kim"))
    status, levels, said = check(repo)
    assert (status, levels) == (1, ["error"])
    # The commit that only changes another table needs no review.
    assert "And that" in said.text
    assert "Change it" not in said.text
    repo.commit("Back", {"labgate.toml": TWO, "pyproject.toml": '[project]\nname = "y"\n'})
    assert check(repo)[:2] == (0, [])


@pytest.mark.parametrize(
    ("policy", "level"),
    [
        (NOBODY, "warning"),
        (ONE, "warning"),
        (TWO, "error"),
        (quorum(TWO, total=2), "warning"),
        (quorum(THREE, total=2), "error"),
        (TWO.replace("[reviews.people.lin]", "[reviews]\nquorum = { total = 2 }\n[reviews.people.lin]"), "warning"),
        (quorum(TWO, total=1).replace("[reviews]\n", "[reviews]\nquorum = { total = 2 }\n"), "error"),
    ],
    ids=["nobody", "one", "two", "two of two", "two of three", "ordinary quorum", "own quorum"],
)
def test_it_is_an_error_only_where_the_policy_lists_enough_people(repo: Repo, policy: str, level: str) -> None:
    """Counted from the policy that judges: a change that lists more people, or none, is no way out."""
    adopted(repo, {"labgate.toml": policy})
    proposed(repo, {"labgate.toml": LAX})
    status, levels, said = check(repo)
    assert (status, levels) == (1 if level == "error" else 0, [level])
    assert "still missing: reviewers" in said.text


def test_the_quorum_for_the_policy_may_be_larger_than_the_ordinary_one(repo: Repo) -> None:
    adopted(repo, {"labgate.toml": quorum(THREE, total=2)})
    proposed(repo, {"labgate.toml": THREE}, author="max")
    repo.commit(reviewed("ada"), None, "--allow-empty", **by("ada"))
    status, levels, said = check(repo)
    assert (status, levels) == (1, ["error"])
    assert "changes, reviewed by ada: " in said.text
    assert "Change it; still missing: more reviewers" in said.text
    repo.commit(reviewed("lin"), None, "--allow-empty", **by("lin"))
    assert check(repo)[:2] == (0, [])


def test_nobody_reviews_their_own_change(repo: Repo) -> None:
    adopted(repo, {"labgate.toml": TWO})
    proposed(repo, {"labgate.toml": LAX}, author="ada")
    repo.commit(reviewed("ada"), None, "--allow-empty", **by("ada"))
    status, levels, said = check(repo)
    assert (status, levels) == (1, ["error"])
    assert "not counted: ada: self-review" in said.text
    assert "--by lin" in said.text


def test_a_team_of_one_is_told_and_goes_on(repo: Repo) -> None:
    adopted(repo, {"labgate.toml": ONE})
    repo.labgate("install", status=0)
    repo.commit("Change it", {"labgate.toml": LAX}, **by("lin"))
    said = repo.run("git", "push", "origin", "main", status=0)
    assert "LG210 warning: the policy of labgate changes without a review: " in said.text
    assert "if this change does that, nothing more is needed" in said.text
    audited = repo.labgate("audit", "main", status=0)
    assert "(a note in an audit, as the policy had no policy-quorum)" in audited.text


def test_the_push_hook_refuses_it_on_the_trunk_alone(repo: Repo) -> None:
    adopted(repo, {"labgate.toml": TWO.replace('"main"]', '"main", "release/{version}"]')})
    repo.labgate("install", status=0)
    repo.commit("Change it", {"labgate.toml": LAX}, **by("kim"))
    assert "LG210 error" in repo.run("git", "push", "origin", "main", status=1).text
    assert "LG210" not in repo.run("git", "push", "origin", "main:refs/heads/release/1", status=0).text
    repo.commit(reviewed("lin"), None, "--allow-empty", **by("lin"))
    repo.run("git", "push", "origin", "main", status=0)


def test_by_way_of_another_protected_branch_it_is_the_same_change(repo: Repo) -> None:
    policy = TWO.replace('"main"]', '"main", "release/{version}"]')
    adopted(repo, {"labgate.toml": policy})
    repo.branch("release/1").commit("Change it", {"labgate.toml": LAX}, **by("kim"))
    repo.push("release/1")
    repo.checkout("main").git("merge", "--quiet", "--no-ff", "-m", "Merge the release", "release/1")
    assert check(repo)[:2] == (1, ["error"])
    assert check(repo, "--head", "origin/release/1")[:2] == (1, ["error"])
    repo.commit(reviewed("lin"), None, "--allow-empty", **by("lin"))
    assert check(repo)[:2] == (0, [])


def test_a_merge_that_takes_neither_side_is_a_change(repo: Repo) -> None:
    adopted(repo, {"labgate.toml": TWO})
    repo.branch("topic").commit("Work", {"topic.py": "topic()\n"})
    repo.checkout("main").git("merge", "--quiet", "--no-ff", "--no-commit", "topic")
    repo.commit("Merge topic", {"labgate.toml": LAX})
    status, levels, said = check(repo, "--head", "main")
    assert (status, levels) == (1, ["error"])
    assert "Merge topic" in said.text
    assert "Work" not in said.text


@pytest.mark.parametrize("mode", ["120000", "160000"])
def test_a_policy_that_is_no_file_is_refused_whoever_reviewed_it(repo: Repo, mode: str) -> None:
    adopted(repo, {"labgate.toml": TWO})
    repo.branch("topic")
    oid = repo.git("rev-parse", "HEAD:labgate.toml" if mode == "120000" else "HEAD")
    repo.git("update-index", "--cacheinfo", f"{mode},{oid},labgate.toml")
    repo.git("commit", "--quiet", "-m", "Link it")
    repo.git("commit", "--quiet", "--allow-empty", "-m", reviewed("lin"), **by("lin"))
    status, levels, said = check(repo)
    assert (status, "error" in levels) == (1, True)
    assert f"expected a regular file, found mode {mode}" in said.text


def test_a_tree_with_two_policies_of_one_name_is_refused(repo: Repo) -> None:
    """By its path git reads the first one, but it checks out the last one, which here is the same as before."""
    adopted(repo, {"labgate.toml": TWO})
    repo.branch("topic")
    standing, lax = repo.git("rev-parse", "HEAD:labgate.toml"), repo.git("hash-object", "-w", "--stdin", stdin=LAX)
    entry = b"100644 labgate.toml\0"
    (repo.path / "tree").write_bytes(b"".join(entry + bytes.fromhex(oid) for oid in (lax, standing)))
    tree = repo.git("hash-object", "-t", "tree", "-w", "--literally", "tree")
    repo.git("reset", "--quiet", "--soft", repo.git("commit-tree", tree, "-p", "HEAD", "-m", "Double it"))
    status, levels, said = check(repo)
    assert (status, levels, "the tree has it twice" in said.text) == (1, ["error"], True), said.text


def test_a_doubled_policy_is_refused_whoever_reviewed_it(repo: Repo) -> None:
    proposed(adopted(repo, {"labgate.toml": TWO}), {"pyproject.toml": in_pyproject(TWO)})
    repo.commit(reviewed("lin"), None, "--allow-empty", **by("lin"))
    status, levels, said = check(repo)
    assert (status, levels) == (1, ["error"])
    assert "the policy is in labgate.toml too" in said.text


def test_the_first_policy_needs_no_review(repo: Repo) -> None:
    repo.with_remote()
    repo.commit("Start", {"start.py": "start()\n"})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "main")
    assert check(proposed(repo, {"labgate.toml": THREE}))[:2] == (0, [])


def test_a_repair_that_says_the_same_as_before_needs_none_but_another_one_does(repo: Repo) -> None:
    adopted(repo, {"labgate.toml": TWO})
    repo.commit("Break it", {"labgate.toml": TWO + "oops\n"})
    repo.push("main")
    proposed(repo, {"labgate.toml": f"# Repaired.\n{TWO}"})
    assert check(repo)[:2] == (0, [])
    repo.commit("Repair it otherwise", {"labgate.toml": LAX}, **by("kim"))
    assert check(repo)[:2] == (1, ["error"])


# Where it has landed.


def audited(repo: Repo) -> list[tuple[str, str]]:
    """Return the level of each LG210 of an audit, with the subject of its landing."""
    report = Branch(repo).audit()
    updates = [repo.git("log", "-1", "--format=%s", update["new"]) for update in report["updates"]]
    return [(item["level"], updates[item["update"]]) for item in report["findings"] if item["rule"] == "LG210"]


def test_an_audit_notes_what_landed_before_the_policy_asked(repo: Repo) -> None:
    adopted(repo, {"labgate.toml": TWO})
    repo.commit("Work", {"work.py": "work()\n"})
    repo.commit("List kim", {"labgate.toml": THREE})
    repo.commit("Ask for two", {"labgate.toml": quorum(THREE, total=2)})
    repo.commit("Comment", {"labgate.toml": "# Ours.\n" + quorum(THREE, total=2)})
    repo.commit("Lower it", {"labgate.toml": quorum(THREE, total=1)})
    repo.push("main")
    assert audited(repo) == [("note", "List kim"), ("note", "Ask for two"), ("error", "Lower it")]
    landing = repo.head()
    message = f"Reviewed late\n\nReviewed-by: %s\nReviewed-landing: {landing}"
    for person in ("Ada <ada@example.org>", "Lin <lin@example.org>"):
        repo.commit(message % person, None, "--allow-empty")
    repo.push("main")
    assert audited(repo) == [("note", "List kim"), ("note", "Ask for two")]


def test_a_job_on_the_push_sees_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    team = Pipeline.build(tmp_path_factory.mktemp("team"))
    policy = team.repo.git("show", "main:labgate.toml") + '\n[reviews.people.lin]\nemails = ["lin@example.org"]\n'
    team.repo.commit("List lin", {"labgate.toml": policy})
    team.repo.push("main")
    before = team.remote.head("main")
    team.repo.commit("Lower it", {"labgate.toml": policy + '[levels]\nLG201 = "off"\n'}, **by("kim"))
    team.repo.push("main")
    assert rules(team.pushed(before)) == ["LG210"]
    team.repo.git("reset", "--quiet", "--hard", before)
    team.repo.commit("Lower it", {"labgate.toml": policy + '[levels]\nLG201 = "off"\n'}, **by("kim"))
    team.repo.commit(reviewed("lin"), None, "--allow-empty", **by("lin"))
    team.repo.git("push", "--quiet", "--force", "origin", "main")
    assert rules(team.pushed(before)) == []


def test_a_squash_keeps_the_review_of_its_pull_request(tmp_path_factory: pytest.TempPathFactory) -> None:
    team = Pipeline.build(tmp_path_factory.mktemp("team"))
    policy = team.repo.git("show", "main:labgate.toml") + '\n[reviews.people.lin]\nemails = ["lin@example.org"]\n'
    team.repo.commit("List lin", {"labgate.toml": policy})
    team.repo.push("main")
    before = team.remote.head("main")
    team.repo.branch("feature/policy").commit("Lower it", {"labgate.toml": f'{policy}[levels]\nLG201 = "off"\n'})
    team.repo.commit(reviewed("lin"), None, "--allow-empty", **by("lin"))
    team.propose("feature/policy")
    team.repo.checkout("main").git("merge", "--quiet", "--squash", "feature/policy")
    team.repo.commit("Lower it (#7)")
    team.repo.push("main")
    assert rules(team.pushed(before)) == []
    team.repo.commit("More of it (#7)", {"labgate.toml": f'{policy}[levels]\nLG202 = "off"\n'})
    team.repo.push("main")
    assert rules(team.pushed(before)) == ["LG210"]
