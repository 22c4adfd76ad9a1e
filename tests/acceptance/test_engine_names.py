"""A branch name that misleads git, shells or people is refused, with the nearest legal name and how to get it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from support.repo import Repo
from support.sdg import POLICY
from support.verdicts import Verdict, judge

HEX = "0123456789abcdef0123456789abcdef01234567"


def judge_name(repo: Repo, name: str) -> Verdict:
    arguments = ("branch-name", "--target", "main", f"--source={name}", "--head", "refs/remotes/origin/main")
    return judge(repo, *arguments, status=1)


def assert_legal(repo: Repo, name: str) -> None:
    arguments = ("branch-name", "--target", "main", f"--source={name}", "--head", "refs/remotes/origin/main")
    assert repo.labgate("check", *arguments, status=0).text == ""


# Row 9.

# fmt: off
REFUSED = [
    ("hex", HEX, "LG103", "object-id", snapshot("""\
LG103 error 0123456789abcdef0123456789abcdef01234567: this branch name reads as an object id; nearest legal
        name: feature/0123456789abcdef0123456789abcdef01234567
    help: git push origin <Add a policy for
        labgate>:refs/heads/feature/0123456789abcdef0123456789abcdef01234567
""")),
    ("hex-sha256", HEX + "0" * 24, "LG103", "object-id", snapshot("""\
LG103 error 0123456789abcdef0123456789abcdef01234567000000000000000000000000: this branch name reads as an
        object id; nearest legal name:
        feature/0123456789abcdef0123456789abcdef01234567000000000000000000000000
    help: git push origin <Add a policy for
        labgate>:refs/heads/feature/0123456789abcdef0123456789abcdef01234567000000000000000000000000
""")),
    ("head", "HEAD", "LG103", "reserved", snapshot("""\
LG103 error HEAD: this branch name has a meaning of its own in git; nearest legal name: feature/HEAD
    help: git push origin <Add a policy for labgate>:refs/heads/feature/HEAD
""")),
    ("at", "@", "LG103", "reserved", snapshot("""\
LG103 error @: this branch name has a meaning of its own in git
    help: rename the branch
""")),
    ("dash", "-x", "LG103", "leading-dash", snapshot("""\
LG103 error -x: this branch name reads as an option; nearest legal name: feature/x
    help: git push origin <Add a policy for labgate>:refs/heads/feature/x
""")),
    ("option", "--output=x", "LG103", "leading-dash", snapshot("""\
LG103 error --output=x: this branch name reads as an option; nearest legal name: feature/output-x
    help: git push origin <Add a policy for labgate>:refs/heads/feature/output-x
""")),
    ("full-ref", "refs/heads/refs/heads/main", "LG103", "refs-prefix", snapshot("""\
LG103 error refs/heads/main: this branch name reads as a full refname; nearest legal name: feature/main
    help: git push origin <Add a policy for labgate>:refs/heads/feature/main
""")),
    ("bidi", "feature/a\u202eb", "LG103", "characters", snapshot("""\
LG103 error feature/a\\u202eb: this branch name has U+202E RIGHT-TO-LEFT OVERRIDE; nearest legal name:
        feature/ab
    help: git push origin <Add a policy for labgate>:refs/heads/feature/ab
""")),
    ("isolate", "feature/a\u2066b\u2069", "LG103", "characters", snapshot("""\
LG103 error feature/a\\u2066b\\u2069: this branch name has U+2066 LEFT-TO-RIGHT ISOLATE, U+2069 POP
        DIRECTIONAL ISOLATE; nearest legal name: feature/ab
    help: git push origin <Add a policy for labgate>:refs/heads/feature/ab
""")),
    ("zero-width", "feature/a\u200bb", "LG103", "characters", snapshot("""\
LG103 error feature/a\\u200bb: this branch name has U+200B ZERO WIDTH SPACE; nearest legal name: feature/ab
    help: git push origin <Add a policy for labgate>:refs/heads/feature/ab
""")),
    ("joiner", "feature/a\u2060b", "LG103", "characters", snapshot("""\
LG103 error feature/a\\u2060b: this branch name has U+2060 WORD JOINER; nearest legal name: feature/ab
    help: git push origin <Add a policy for labgate>:refs/heads/feature/ab
""")),
    ("filler", "feature/\u3164", "LG103", "characters", snapshot("""\
LG103 error feature/\\u3164: this branch name has U+3164 HANGUL FILLER; nearest legal name: research/feature
    help: git push origin <Add a policy for labgate>:refs/heads/research/feature
""")),
    ("cyrillic", "feature/\u0430pple", "LG103", "characters", snapshot("""\
LG103 error feature/\\u0430pple: this branch name has U+0430 CYRILLIC SMALL LETTER A; nearest legal name:
        feature/apple
    help: git push origin <Add a policy for labgate>:refs/heads/feature/apple
""")),
    ("cyrillic-trunk", "m\u0430in", "LG103", "characters", snapshot("""\
LG103 error m\\u0430in: this branch name has U+0430 CYRILLIC SMALL LETTER A; nearest legal name: feature/main
    help: git push origin <Add a policy for labgate>:refs/heads/feature/main
""")),
    ("fullwidth", "feature/\uff41bc", "LG103", "characters", snapshot("""\
LG103 error feature/\\uff41bc: this branch name has U+FF41 FULLWIDTH LATIN SMALL LETTER A; nearest legal
        name: feature/abc
    help: git push origin <Add a policy for labgate>:refs/heads/feature/abc
""")),
    ("decomposed", "feature/cafe\u0301", "LG103", "characters", snapshot("""\
LG103 error feature/cafe\\u0301: this branch name has U+0301 COMBINING ACUTE ACCENT; nearest legal name:
        feature/cafe
    help: git push origin <Add a policy for labgate>:refs/heads/feature/cafe
""")),
    ("line-separator", "feature/a\u2028b", "LG103", "characters", snapshot("""\
LG103 error feature/a\\u2028b: this branch name has U+2028 LINE SEPARATOR; nearest legal name: feature/a-b
    help: git push origin <Add a policy for labgate>:refs/heads/feature/a-b
""")),
    ("next-line", "feature/a\u0085b", "LG103", "characters", snapshot("""\
LG103 error feature/a\\x85b: this branch name has U+0085 CONTROL OR UNNAMED; nearest legal name: feature/ab
    help: git push origin <Add a policy for labgate>:refs/heads/feature/ab
""")),
    ("tag-characters", "feature/a\U000e0041", "LG103", "characters", snapshot("""\
LG103 error feature/a\\U000e0041: this branch name has U+E0041 TAG LATIN CAPITAL LETTER A; nearest legal
        name: feature/a
    help: git push origin <Add a policy for labgate>:refs/heads/feature/a
""")),
    ("shell", "feature/a;touch${IFS}x", "LG103", "characters", snapshot("""\
LG103 error feature/a;touch${IFS}x: this branch name has U+003B SEMICOLON, U+0024 DOLLAR SIGN, U+007B LEFT
        CURLY BRACKET and 1 more; nearest legal name: feature/a-touch-IFS-x
    help: git push origin <Add a policy for labgate>:refs/heads/feature/a-touch-IFS-x
""")),
    ("substitution", "feature/$(touch x)", "LG103", "characters", snapshot("""\
LG103 error feature/$(touch x): this branch name has U+0024 DOLLAR SIGN, U+0028 LEFT PARENTHESIS, U+0020
        SPACE and 1 more; nearest legal name: feature/touch-x
    help: git push origin <Add a policy for labgate>:refs/heads/feature/touch-x
""")),
    ("workflow-command", "feature/::error::x", "LG103", "characters", snapshot("""\
LG103 error feature/::error::x: this branch name has U+003A COLON; nearest legal name: feature/error-x
    help: git push origin <Add a policy for labgate>:refs/heads/feature/error-x
""")),
    ("long", "feature/" + "a" * 200, "LG103", "too-long", snapshot("""\
LG103 error feature/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        aaaaaaaaaaaa: this branch name has 208 characters, more than 200; nearest legal name: feature/aaaaaa
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    help: git push origin <Add a policy for labgate>:refs/heads/feature/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        aaaaaaaaaaaaaaaa
""")),
    ("typo", "experiment--typo--ada", "LG102", None, snapshot("""\
LG102 error experiment--typo--ada: service "typo" is not allowed in experiment--{service}--{handle},
        expected housing or ranker; nearest legal name: experiment--housing--ada
    help: git push origin <Add a policy for labgate>:refs/heads/experiment--housing--ada
""")),
    ("type", "feat/x", "LG102", None, snapshot("""\
LG102 error feat/x: type "feat" is not allowed in {type}/{slug}, expected feature, fix or docs; nearest
        legal name: feature/x
    help: git push origin <Add a policy for labgate>:refs/heads/feature/x
""")),
    ("unknown", "whatever", "LG101", None, snapshot("""\
LG101 error whatever: no kind of branch in the policy allows this name; nearest legal name: feature/whatever
    help: git push origin <Add a policy for labgate>:refs/heads/feature/whatever
""")),
]
# fmt: on


@pytest.mark.parametrize(
    ("name", "rule", "reason", "expected"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_t65_a_name_is_refused_with_the_nearest_legal_one(
    sdg: Repo, name: str, rule: str, reason: str | None, expected: str
) -> None:
    verdict = judge_name(sdg, name)
    assert verdict.summary == expected
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
    verdict = judge_name(sdg, "Main")
    assert verdict.summary == snapshot("""\
LG101 error Main: no kind of branch in the policy allows this name; nearest legal name: feature/Main
    help: git push origin <Add a policy for labgate>:refs/heads/feature/Main
LG104 error Main: differs from main only in case, so many machines cannot hold both; nearest legal name:
        feature/Main
    help: git push origin <Add a policy for labgate>:refs/heads/feature/Main
""")
    assert "LG104" in verdict.rules
    assert verdict.finding("LG104")["data"]["others"] == ["refs/heads/main"]


def test_a_name_that_differs_from_another_only_in_its_unicode_form_is_refused(sdg: Repo) -> None:
    sdg.git("update-ref", "refs/heads/feature/caf\u00e9", "main")
    verdict = judge_name(sdg, "feature/cafe\u0301")
    assert verdict.summary == snapshot("""\
LG103 error feature/cafe\\u0301: this branch name has U+0301 COMBINING ACUTE ACCENT; nearest legal name:
        feature/cafe
    help: git push origin <Add a policy for labgate>:refs/heads/feature/cafe
LG104 error feature/cafe\\u0301: differs from feature/caf\\xe9 only in case or Unicode form, so many machines
        cannot hold both; nearest legal name: feature/cafe
    help: git push origin <Add a policy for labgate>:refs/heads/feature/cafe
""")
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
    verdict = judge_name(sdg, "17-slug")
    assert verdict.rules == ["LG101"]
    assert verdict.summary == snapshot("""\
LG101 error 17-slug: no kind of branch in the policy allows this name; nearest legal name: 17/slug
    help: git push origin <Fewer kinds>:refs/heads/17/slug
""")


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
