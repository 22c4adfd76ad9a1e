"""A branch name that misleads git, shells or people is refused, with the nearest legal name and how to get it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.golden import Verdict, judge
from support.repo import Repo
from support.sdg import POLICY

HEX = "0123456789abcdef0123456789abcdef01234567"


def judge_name(repo: Repo, golden: str, name: str, status: int = 1) -> Verdict:
    arguments = ("branch-name", "--target", "main", f"--source={name}", "--head", "refs/remotes/origin/main")
    return judge(repo, f"names/{golden}", *arguments, status=status)


def assert_legal(repo: Repo, name: str) -> None:
    arguments = ("branch-name", "--target", "main", f"--source={name}", "--head", "refs/remotes/origin/main")
    assert repo.labgate("check", *arguments, status=0).text == ""


# Row 9.

REFUSED = [
    ("hex", HEX, "LG103", "object-id"),
    ("hex-sha256", HEX + "0" * 24, "LG103", "object-id"),
    ("head", "HEAD", "LG103", "reserved"),
    ("at", "@", "LG103", "reserved"),
    ("dash", "-x", "LG103", "leading-dash"),
    ("option", "--output=x", "LG103", "leading-dash"),
    ("full-ref", "refs/heads/refs/heads/main", "LG103", "refs-prefix"),
    ("bidi", "feature/a\u202eb", "LG103", "characters"),
    ("isolate", "feature/a\u2066b\u2069", "LG103", "characters"),
    ("zero-width", "feature/a\u200bb", "LG103", "characters"),
    ("joiner", "feature/a\u2060b", "LG103", "characters"),
    ("filler", "feature/\u3164", "LG103", "characters"),
    ("cyrillic", "feature/\u0430pple", "LG103", "characters"),
    ("cyrillic-trunk", "m\u0430in", "LG103", "characters"),
    ("fullwidth", "feature/\uff41bc", "LG103", "characters"),
    ("decomposed", "feature/cafe\u0301", "LG103", "characters"),
    ("line-separator", "feature/a\u2028b", "LG103", "characters"),
    ("next-line", "feature/a\u0085b", "LG103", "characters"),
    ("tag-characters", "feature/a\U000e0041", "LG103", "characters"),
    ("shell", "feature/a;touch${IFS}x", "LG103", "characters"),
    ("substitution", "feature/$(touch x)", "LG103", "characters"),
    ("workflow-command", "feature/::error::x", "LG103", "characters"),
    ("long", "feature/" + "a" * 200, "LG103", "too-long"),
    ("typo", "experiment--typo--ada", "LG102", None),
    ("type", "feat/x", "LG102", None),
    ("unknown", "whatever", "LG101", None),
]


@pytest.mark.parametrize(("golden", "name", "rule", "reason"), REFUSED, ids=[case[0] for case in REFUSED])
def test_t65_a_name_is_refused_with_the_nearest_legal_one(
    sdg: Repo, golden: str, name: str, rule: str, reason: str | None
) -> None:
    verdict = judge_name(sdg, golden, name)
    assert verdict.rules[0] == rule
    data = verdict.finding(rule)["data"]
    assert reason is None or reason in data["reasons"]
    if data["suggestion"] is not None:
        assert f"nearest legal name: {data['suggestion']}\n" in verdict.text
        assert_legal(sdg, data["suggestion"])


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("experiment--typo--ada", "experiment--housing--ada"),
        ("feature/\u0430pple", "feature/apple"),
        ("feature/a\u202eb", "feature/ab"),
        ("feature/cafe\u0301", "feature/cafe"),
        ("feat/x", "feature/x"),
        ("-feature/x", "feature/x"),
        ("refs/heads/refs/heads/feature/x", "feature/x"),
    ],
    ids=ascii,
)
def test_the_nearest_name_is_near(sdg: Repo, name: str, suggestion: str) -> None:
    arguments = ("branch-name", "--target", "main", f"--source={name}", "--head", "origin/main")
    said = sdg.labgate("check", *arguments, status=1).text
    assert f"nearest legal name: {suggestion}\n" in said


def test_a_name_that_differs_from_another_only_in_case_is_refused(sdg: Repo) -> None:
    verdict = judge_name(sdg, "case", "Main")
    assert "LG104" in verdict.rules
    assert verdict.finding("LG104")["data"]["others"] == ["refs/heads/main"]


def test_a_name_that_differs_from_another_only_in_its_unicode_form_is_refused(sdg: Repo) -> None:
    sdg.git("update-ref", "refs/heads/feature/caf\u00e9", "main")
    verdict = judge_name(sdg, "unicode-form", "feature/cafe\u0301")
    assert verdict.rules == ["LG103", "LG104"]


@pytest.mark.parametrize("name", ["feature/x", "fix/a.b_c-d", "17-slug", "research/y", "experiment--ranker--ada"])
def test_a_legal_name_passes(sdg: Repo, name: str) -> None:
    assert_legal(sdg, name)


# The command that mends it is a command.

#: What git itself refuses as a branch needs no new name.
POSSIBLE = [case[1] for case in REFUSED if not any(text in case[1] for text in ("::", " "))]


@pytest.mark.parametrize("name", POSSIBLE, ids=ascii)
def test_the_command_that_renames_does_so_and_nothing_else(sdg: Repo, name: str) -> None:
    short = name.removeprefix("refs/heads/")
    before = set(sdg.git("for-each-ref", "--format=%(refname)").split("\n"))
    files = sorted(sdg.path.iterdir())
    oid = sdg.git("commit-tree", "main^{tree}", "-p", "main", "-m", "mine")
    sdg.git("update-ref", f"refs/heads/{short}", oid)
    arguments = ("branch-name", "--target", "main", f"--source={name}", "--head", oid)
    (finding,) = json.loads(sdg.labgate("check", *arguments, "--format", "json", status=1).out)["findings"]
    if finding["data"]["suggestion"] is None:
        assert (name, finding["help"]) == ("@", "rename the branch")
        return
    sdg.run("sh", "-ec", finding["help"])
    (after,) = set(sdg.git("for-each-ref", "--format=%(refname)").split("\n")) - before
    assert (after, sdg.head(after)) == (f"refs/heads/{finding['data']['suggestion']}", oid)
    assert sorted(sdg.path.iterdir()) == files


def test_t64_what_a_shell_would_run_is_a_name_and_no_more(sdg: Repo, tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    for name in (f"feature/$(touch${{IFS}}{marker})", f"feature/`touch${{IFS}}{marker}`", f"feature/x;touch\t{marker}"):
        arguments = ("--target", "main", f"--source={name}", "--head", "main")
        assert "LG103" in sdg.labgate("check", "branch-name", *arguments, status=1).text
        assert "LG103" in sdg.labgate("check", "branch-name", *arguments, "--format", "json", status=1).out
    assert not marker.exists()


def _files(repo: Repo) -> list[Path]:
    """Return all that is there but what labgate itself keeps below the git directory."""
    return sorted(path for path in repo.path.rglob("*") if "labgate" not in path.relative_to(repo.path).parts[:2])


@pytest.mark.parametrize("word", ["--output=x", "-x", "--help", "x\n--output=y", "", "refs/heads/*", ":(glob)**"])
@pytest.mark.parametrize("option", ["--target", "--head", "--base", "--source"])
def test_t63_no_argument_is_an_option_of_git(sdg: Repo, option: str, word: str) -> None:
    given = {"--target": "main", "--head": "research/pr-72", option: word}
    before = _files(sdg)
    said = sdg.labgate("check", *(f"{name}={value}" for name, value in given.items()))
    assert said.status in (0, 1, 2)
    assert "internal error" not in said.text
    assert _files(sdg) == before
    if option == "--head":
        assert said.status == 2


def test_only_what_the_policy_names_is_legal(sdg: Repo) -> None:
    sdg.checkout("main").commit("Fewer kinds", {"labgate.toml": POLICY.replace('"{issue}-{slug}"', '"{issue}/{slug}"')})
    sdg.push("main")
    assert judge_name(sdg, "no-kind-any-more", "17-slug").rules == ["LG101"]


# LG105: what a branch was cut from.


def wrong_base(repo: Repo, name: str) -> list[str]:
    """Return the refs that each LG105 names: the nearest one, and the nearest declared one."""
    arguments = ("branch-name", "--target", "main", "--source", name, "--head", name, "--format", "json")
    found = json.loads(repo.labgate("check", *arguments, status=0).out)["findings"]
    assert {item["rule"] for item in found} <= {"LG105"}
    return [item["data"][end] for item in found for end in ("other", "declared")]


def test_a_branch_that_was_cut_from_another_kind_of_branch_is_told(sdg: Repo) -> None:
    sdg.branch("feature/a", "main").commit("a")
    sdg.push("feature/a")
    sdg.branch("research/b").commit("b")
    assert wrong_base(sdg, "research/b") == ["refs/remotes/origin/feature/a", "refs/remotes/origin/main"]
    said = sdg.labgate("check", "branch-name", "--target", "main", "--head", "research/b", "--source", "research/b")
    command = next(line.partition("help: ")[2] for line in said.text.splitlines() if "help: " in line)
    sdg.run("sh", "-ec", command)
    assert wrong_base(sdg, "research/b") == []
    assert sdg.git("log", "--format=%s", "origin/main..research/b") == "b"


def test_a_branch_that_was_cut_from_a_declared_base_is_as_it_should_be(sdg: Repo) -> None:
    sdg.branch("feature/a", "main").commit("a")
    sdg.push("feature/a")
    sdg.branch("research/b", "main").commit("b")
    assert wrong_base(sdg, "research/b") == []


def test_a_tie_between_two_bases_is_no_finding(sdg: Repo) -> None:
    sdg.push("main:feature/a")
    sdg.branch("research/b", "main").commit("b")
    assert wrong_base(sdg, "research/b") == []


def test_a_branch_that_was_built_on_this_one_is_not_its_base(sdg: Repo) -> None:
    sdg.branch("research/b", "main").commit("b")
    sdg.branch("feature/a").commit("a")
    sdg.push("feature/a", "research/b")
    assert wrong_base(sdg, "research/b") == []


def test_of_many_branches_only_those_with_common_commits_are_measured(sdg: Repo) -> None:
    line = "commit refs/remotes/origin/feature/{}\ncommitter A <a@x> {} +0000\ndata 1\nx\nfrom {}\n"
    history = "".join(line.format(number, 1_700_000_000 + number, sdg.head("main")) for number in range(1000))
    sdg.git("fast-import", "--quiet", stdin=history)
    sdg.branch("research/b", "origin/feature/7").commit("b")
    assert wrong_base(sdg, "research/b") == ["refs/remotes/origin/feature/7", "refs/remotes/origin/main"]
