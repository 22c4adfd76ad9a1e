"""experiment-hash's words are one line, and its command adds the line to the right commits with real git."""

from __future__ import annotations

import pytest

from labgate.checks.experiment_hash.check import Facts, check
from labgate.checks.experiment_hash.rules import MissingTrailer
from support.policies import policy
from support.repo import Repo

BRANCH = "experiment--housing--ada"
LINE = "Experiment: housing/ada"


def facts(repo: Repo, since: str | None, *, handle: str = "ada", linear: bool = True) -> Facts:
    """Select commits as the contract has it: first-parent, no merges, oldest first."""
    head = repo.git("symbolic-ref", "--short", "HEAD")
    given = [head] if since is None else [f"{since}..{head}"]
    oids = repo.git("rev-list", "--first-parent", "--no-merges", "--reverse", *given).split()
    messages = [repo.git("log", "-1", "--format=%B", oid) for oid in oids]
    commits = tuple((oid, text.split("\n")[0], text) for oid, text in zip(oids, messages, strict=True))
    roots = repo.git("rev-list", "--max-parents=0", "HEAD").split()
    root = next((oid for oid in oids if oid in roots), None)
    return Facts("housing", handle, head, commits, linear, root, local=head)


def judge(found: Facts) -> MissingTrailer:
    (finding,) = check(found, policy())
    assert isinstance(finding, MissingTrailer)
    return finding


def fix(repo: Repo, found: Facts) -> None:
    repo.run("sh", "-c", judge(found).help())


def messages(repo: Repo, revisions: str) -> list[str]:
    return repo.git("log", "--reverse", "--format=%B%x00", revisions).replace("\0\n", "\0").split("\0")[:-1]


def test_the_message_names_the_first_three_commits() -> None:
    commits = tuple((f"{number:040x}", f"try {number}", "") for number in range(5))
    assert judge(Facts("housing", "ada", BRANCH, commits)).message() == (
        f"5 commits do not say `{LINE}`: 000000000000 (try 0), 000000000000 (try 1), 000000000000 (try 2) and 2 more"
    )
    assert judge(Facts("housing", "ada", BRANCH, commits[:1])).message() == (
        f"1 commit does not say `{LINE}`: 000000000000 (try 0)"
    )


def test_the_command_names_the_line_once_and_commits_by_short_oids() -> None:
    commits = (("ab" * 20, "one", ""), ("cd" * 20, "two", ""))
    rebase = judge(Facts("housing", "ada", BRANCH, commits, local=BRANCH))
    assert rebase.help_lines() == (
        f"LINE='{LINE}'",
        "ADD='git commit --amend --no-edit --allow-empty --trailer \"$LINE\"'",
        f"git rebase abababababab^ {BRANCH}",
        '--exec \'git log -1 --format=%B | grep -qixF "$LINE" || eval "$ADD"\'',
    )
    assert rebase.help() == " ".join(rebase.help_lines())
    assert max(map(len, rebase.help_lines())) < 80 - len("    help:  \\")
    assert judge(Facts("housing", "ada", BRANCH, commits, linear=False, local=BRANCH)).help() == (
        f"LINE='{LINE}' FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --msg-filter "
        "'case $GIT_COMMIT in abababababab*|cdcdcdcdcdcd*) git interpret-trailers --trailer \"$LINE\";; *) cat;; esac' "
        f"-- abababababab^..{BRANCH}"
    )


@pytest.mark.parametrize("elsewhere", [False, True], ids=["on the branch", "on another branch"])
def test_the_command_adds_the_line_once_and_only_where_it_is_missing(repo: Repo, elsewhere: bool) -> None:
    root = repo.commit("root")
    repo.branch(BRANCH)
    repo.commit("one", {"a": "1"})
    repo.commit("two", {"a": "2"}, "--trailer", LINE)
    repo.commit("empty\n\nCo-authored-by: Ada <ada@example.org>")
    repo.commit(f"three\n\n{LINE}\n\nand more", {"a": "3"})
    repo.commit("four", {"a": "4"}, "--trailer", "experiment: housing/ada")
    repo.commit("five\n\nEXPERIMENT: housing/ada\n\nand more", {"a": "5"})
    repo.commit(f"six\n\n{LINE}\nCo-authored-by: Ada <ada@example.org>", {"a": "6"})
    before = repo.git("rev-parse", "HEAD^{tree}")
    found = facts(repo, root)
    if elsewhere:
        repo.checkout("main")
    fix(repo, found)
    assert messages(repo, f"main..{BRANCH}") == [
        f"one\n\n{LINE}\n",
        f"two\n\n{LINE}\n",
        f"empty\n\nCo-authored-by: Ada <ada@example.org>\n{LINE}\n",
        f"three\n\n{LINE}\n\nand more\n",
        "four\n\nexperiment: housing/ada\n",
        "five\n\nEXPERIMENT: housing/ada\n\nand more\n",
        f"six\n\n{LINE}\nCo-authored-by: Ada <ada@example.org>\n",
    ]
    assert repo.git("rev-parse", f"{BRANCH}^{{tree}}") == before
    assert repo.head("main") == root
    repo.checkout(BRANCH)
    assert list(check(facts(repo, root), policy())) == []


def test_commits_below_the_oldest_that_needs_it_keep_their_hashes(repo: Repo) -> None:
    root = repo.commit("root")
    repo.branch(BRANCH)
    kept = repo.commit("one", {"a": "1"}, "--trailer", LINE)
    repo.commit("two", {"a": "2"})
    fix(repo, facts(repo, root))
    assert repo.head("HEAD~1") == kept
    assert list(check(facts(repo, root), policy())) == []


def test_a_root_commit_gets_the_line_too(repo: Repo) -> None:
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    repo.commit("root", {"a": "1"})
    repo.commit("next", {"a": "2"})
    fix(repo, facts(repo, None))
    assert messages(repo, BRANCH) == [f"root\n\n{LINE}\n", f"next\n\n{LINE}\n"]


def test_a_handle_with_a_quote_and_a_dot_stays_what_it_is(repo: Repo) -> None:
    root = repo.commit("root")
    repo.branch(BRANCH)
    repo.commit("one", {"a": "1"}, "--trailer", "Experiment: housing/a'd2;")
    repo.commit("two", {"a": "2"})
    fix(repo, facts(repo, root, handle="a'd.;"))
    assert [message.split("\n")[-2] for message in messages(repo, f"main..{BRANCH}")] == [
        "Experiment: housing/a'd.;",
        "Experiment: housing/a'd.;",
    ]


@pytest.mark.parametrize("times", [1, 2])
def test_merges_and_what_they_bring_stay_as_they_are(repo: Repo, times: int) -> None:
    root = repo.commit("root")
    repo.branch(BRANCH).commit("one", {"a": "1"})
    news = repo.checkout("main").commit("news", {"b": "1"})
    repo.checkout(BRANCH).merge("main", "Merge main")
    for number in range(times):
        repo.commit(f"two {number}", {"a": f"2{number}"})
        found = facts(repo, root, linear=False)
        fix(repo, found)
        assert list(check(facts(repo, root), policy())) == []
    merge = repo.head(f"HEAD~{times}")
    assert repo.git("log", "-1", "--format=%s %P", merge) == f"Merge main {repo.head(f'{merge}^1')} {news}"
    assert messages(repo, BRANCH).count("news\n") == 1
    assert repo.head("main") == news


def test_a_root_commit_beside_merges_gets_the_line_too(repo: Repo) -> None:
    repo.git("symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
    repo.commit("root", {"a": "1"})
    fix(repo, facts(repo, None, linear=False))
    assert messages(repo, BRANCH) == [f"root\n\n{LINE}\n"]
