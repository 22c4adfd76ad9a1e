"""branch-name's words are one line, and its commands rename with real git."""

from __future__ import annotations

import pytest

from labgate.checks.branch_name.check import Base, Facts, check
from support.findings import Words, words
from support.policies import STRICT, TEAM, policy
from support.repo import Repo


def say(
    ref: str,
    *siblings: str,
    created: bool = True,
    base: Base | None = None,
    remote: str | None = "origin",
    text: str = TEAM,
) -> Words:
    findings = list(check(Facts(ref, created, siblings, base, remote), policy(text)))
    return words(findings[-1])


@pytest.mark.parametrize(
    ("ref", "message", "help"),
    [
        (
            "refs/heads/fix_login",
            "no kind of branch in the policy allows this name; nearest legal name: fix/login",
            "git branch -m fix_login fix/login",
        ),
        (
            "refs/heads/experiment--typo--ada",
            (
                'service "typo" is not allowed in experiment--{service}--{handle}, expected housing or ranker; '
                "nearest legal name: experiment--housing--ada"
            ),
            "git branch -m experiment--typo--ada experiment--housing--ada",
        ),
        (
            "refs/heads/experiment--ranker--Ada",
            (
                'handle "Ada" is not allowed in experiment--{service}--{handle}, expected [a-z0-9-]+; '
                "nearest legal name: experiment--ranker--ada"
            ),
            "git branch -m experiment--ranker--Ada experiment--ranker--ada",
        ),
        (
            "refs/heads/a;touch x",
            "this branch name has U+003B SEMICOLON, U+0020 SPACE; nearest legal name: feature/a-touch-x",
            "git branch -m 'a;touch x' feature/a-touch-x",
        ),
        (
            "refs/heads/-x",
            "this branch name reads as an option; nearest legal name: feature/x",
            "git branch -m -- -x feature/x",
        ),
        (
            "refs/tags/HEAD",
            "this tag name has a meaning of its own in git; nearest legal name: tag-HEAD",
            "git tag tag-HEAD refs/tags/HEAD && git tag -d HEAD",
        ),
        ("refs/heads/@", "this branch name has a meaning of its own in git", "rename the branch"),
    ],
)
def test_words(ref: str, message: str, help: str) -> None:
    assert say(ref) == Words(message, help)


def test_of_many_offending_characters_three_are_named() -> None:
    said = say("refs/heads/a b;c`d$e")
    assert "has U+0020 SPACE, U+003B SEMICOLON, U+0060 GRAVE ACCENT and 1 more;" in said.message


def test_a_long_name_says_how_long_it_is() -> None:
    assert "has 208 characters, more than 200" in say(f"refs/heads/feature/{'x' * 200}").message


def test_a_collision_names_the_other_ref() -> None:
    said = say("refs/heads/feature/X", "refs/heads/feature/x")
    assert said == Words(
        "differs from feature/x only in case, so many machines cannot hold both; nearest legal name: feature/X-2",
        "git branch -m feature/X feature/X-2",
    )
    unicode = say("refs/tags/caf\u00e9", "refs/tags/cafe\u0301")
    assert "only in case or Unicode form" in unicode.message


def test_without_a_legal_name_nearby_the_forms_are_shown() -> None:
    assert say("refs/heads/+", text=STRICT) == Words(
        "no kind of branch in the policy allows this name",
        "rename it to research/{topic}, feature/{slug} or fix/{ticket}/{slug}",
    )


@pytest.mark.parametrize(
    ("remote", "help"),
    [
        ("origin", "git branch -m fix_login fix/login && git push -u origin fix/login"),
        (None, "git branch -m fix_login fix/login"),
    ],
)
def test_a_branch_that_is_on_the_remote_is_pushed_anew_and_its_old_name_left_alone(
    remote: str | None, help: str
) -> None:
    assert say("refs/heads/fix_login", created=False, remote=remote).help == help


UNSAFE = [
    "HEAD",
    "-x",
    "--output=x",
    "refs/heads/main",
    "0" * 40,
    "a;touch x'\"$(id)",
    "m\u0430in",
    "\u3164a",
    "b\udcff",
]


@pytest.mark.parametrize("current", [True, False], ids=["checked out", "not checked out"])
@pytest.mark.parametrize("name", [*UNSAFE, "foo", "experiment--typo--ada", "Research/x"], ids=ascii)
def test_the_command_renames_a_branch(repo: Repo, name: str, current: bool) -> None:
    name = name.replace(" ", "")  # git takes no blank
    repo.commit("root")
    repo.git("update-ref", f"refs/heads/{name}", "HEAD")
    if current:
        repo.git("symbolic-ref", "HEAD", f"refs/heads/{name}")
    (finding,) = check(Facts(f"refs/heads/{name}", created=True), policy())
    help = words(finding).help
    assert help is not None
    repo.run("sh", "-c", help)
    refs = repo.git("for-each-ref", "--format=%(refname)").split("\n")
    assert sorted(refs) == sorted({"refs/heads/main", f"refs/heads/{finding.data['suggestion']}"})
    assert not (repo.path / "touch").exists()


@pytest.mark.parametrize("name", ["HEAD", "-x", "a;b", "m\u0430in"], ids=ascii)
def test_the_command_renames_a_tag_beside_a_branch_of_its_name(repo: Repo, name: str) -> None:
    tagged = repo.commit("root")
    repo.git("update-ref", f"refs/tags/{name}", tagged)
    repo.git("update-ref", f"refs/heads/{name}", repo.commit("next"))
    (finding,) = check(Facts(f"refs/tags/{name}", created=True), policy())
    help = words(finding).help
    assert help is not None
    repo.run("sh", "-c", help)
    assert repo.git("for-each-ref", "--format=%(refname)", "refs/tags") == f"refs/tags/{finding.data['suggestion']}"
    assert repo.head(f"refs/tags/{finding.data['suggestion']}") == tagged


def test_the_command_pushes_a_renamed_branch(repo: Repo) -> None:
    repo.commit("root")
    remote = repo.with_remote()
    repo.branch("fix_login").push("fix_login")
    help = say("refs/heads/fix_login", created=False).help
    assert help is not None
    repo.run("sh", "-c", help)
    assert remote.git("for-each-ref", "--format=%(refname)").split("\n") == [
        "refs/heads/fix/login",
        "refs/heads/fix_login",
    ]


def test_the_command_for_a_wrong_base_moves_just_the_branchs_own_commits(repo: Repo) -> None:
    repo.commit("root")
    remote = repo.with_remote()
    repo.branch("research/x").commit("try", {"try.py": "1"})
    repo.branch("feature/x").commit("own", {"own.py": "1"})
    repo.checkout("main").commit("news", {"news.py": "1"})
    repo.push("main", "research/x")
    assert remote.head("main") == repo.head("main")
    base = Base("refs/remotes/origin/main", 2, "refs/remotes/origin/research/x", 1, "research")
    said = say("refs/heads/feature/x", base=base)
    assert said.message == (
        "starts from the research branch origin/research/x (1 commit away), not from origin/main (2 commits away)"
    )
    assert said.help is not None
    repo.run("sh", "-c", said.help)
    assert repo.git("log", "--format=%s", "origin/main..feature/x") == "own"
    assert repo.head("feature/x~1") == repo.head("origin/main")


def test_a_base_whose_name_reads_as_an_option_is_named_in_full() -> None:
    base = Base("refs/heads/-m", 2, "refs/heads/research/x", 1, "research")
    assert say("refs/heads/feature/x", base=base).help == "git rebase --onto refs/heads/-m research/x feature/x"
