"""What init finds: the trunk by what says so, branches of everywhere, people but no machines."""

from __future__ import annotations

import pytest

from labgate.git.repository import discover
from labgate.setup.survey import Survey, take_survey
from labgate.values.errors import UndecidedError, UsageError
from support.repo import Repo


def look(repo: Repo) -> Survey:
    return take_survey(discover(repo.env, str(repo.path)))


def test_an_empty_repository_has_the_branch_to_come(repo: Repo) -> None:
    found = look(repo)
    assert (found.trunk.name, found.trunk.because) == ("main", "the branch to come")
    assert (found.branches, found.current, found.remote) == (("main",), "main", None)
    assert found.people.others == ()


def test_git_config_says_it_before_anybody_else(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("branch", "next")
    repo.git("config", "labgate.trunk", "next")
    assert look(repo).trunk.name == "next"


def test_the_remote_says_it_before_any_name(repo: Repo) -> None:
    remote = repo.with_remote()
    repo.commit("Start")
    repo.push("HEAD:develop", "HEAD:main")
    remote.git("symbolic-ref", "HEAD", "refs/heads/develop")
    repo.git("fetch", "--quiet", "origin")
    assert look(repo).trunk.name == "main"
    repo.git("remote", "set-head", "origin", "--auto")
    assert (look(repo).trunk.name, look(repo).trunk.because) == ("develop", "origin says so")


@pytest.mark.parametrize(
    ("branches", "expected"),
    [(("main", "master"), "main"), (("master", "x"), "master"), (("only",), "only")],
)
def test_else_the_name_says_it(branches: tuple[str, ...], expected: str, repo: Repo) -> None:
    repo.commit("Start")
    repo.git("checkout", "--quiet", "--detach")
    for name in branches:
        repo.git("branch", "--force", name)
    if "main" not in branches:
        repo.git("branch", "-D", "main")
    assert look(repo).trunk.name == expected


def test_of_two_unusual_branches_none_is_guessed(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("branch", "-m", "one")
    repo.git("branch", "two")
    with pytest.raises(UndecidedError) as caught:
        look(repo)
    assert caught.value.help == "git config labgate.trunk BRANCH"


def test_branches_of_all_remotes_count_once(repo: Repo) -> None:
    repo.commit("Start")
    repo.with_remote("team/eu")
    repo.push("HEAD:main", "HEAD:fix/a", remote="team/eu")
    repo.with_remote()
    repo.push("HEAD:main", "HEAD:fix/b")
    found = look(repo)
    assert found.branches == ("fix/a", "fix/b", "main")
    assert found.remote is not None
    assert found.remote.name == "origin"


def test_a_policy_of_the_trunk_counts_on_an_older_branch(repo: Repo) -> None:
    repo.commit("Start")
    repo.git("branch", "old")
    repo.commit("Policy", {"labgate.toml": 'version = 1\ntrunk = "main"\n[kinds.protected]\nnames = ["main"]\n'})
    assert look(repo).policy == "labgate.toml"
    repo.checkout("old")
    assert look(repo).policy == "the trunk, main"


def test_a_bare_repository_has_nothing_to_set_up(repo: Repo) -> None:
    with pytest.raises(UsageError, match="work tree"):
        look(repo.with_remote())


def commit_as(repo: Repo, name: str, email: str, times: int = 1) -> None:
    for _ in range(times):
        repo.commit("Work", GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=email)


def test_the_most_active_people_come_first_and_machines_never(repo: Repo) -> None:
    repo.clock -= 400 * 86_400
    commit_as(repo, "Long Gone", "gone@example.org", 5)
    repo.clock += 400 * 86_400
    commit_as(repo, "Ada", "ada@example.org", 2)
    commit_as(repo, "Lin", "lin@example.org")
    commit_as(repo, "Lin", "lin@home.example", 2)
    for name, email in [
        ("dependabot[bot]", "49+dependabot[bot]@users.noreply.github.com"),
        ("Ed", "ed@users.noreply.github.com"),
        ("renovate bot", "renovate@example.org"),
        ("CI", "ci@example.org"),
        ("Bad", 'a"b@example.org'),
        ("Esc", "esc\x1b@example.org"),
        ("None", ""),
    ]:
        commit_as(repo, name, email, 4)
    people = look(repo).people
    assert [(one.name, one.emails, one.commits) for one in people.others] == [
        ("Lin", ("lin@home.example", "lin@example.org"), 3),
        ("Ada", ("ada@example.org",), 2),
    ]
    assert people.me is not None
    assert people.me.emails == ("grace@example.org",)


def test_names_become_keys(repo: Repo) -> None:
    commit_as(repo, "Zoë O'Neil", "z@example.org")
    commit_as(repo, "小林", "kobayashi.k@example.org")
    assert {one.key for one in look(repo).people.others} == {"zoe", "kobayashi-k"}


@pytest.mark.parametrize(
    ("files", "settings", "expected"),
    [
        ({}, (), ()),
        ({".pre-commit-config.yaml": ""}, (), ("pre-commit",)),
        ({"prek.toml": ""}, (), ("prek",)),
        ({".config/lefthook.yaml": ""}, (), ("lefthook",)),
        ({".husky/pre-commit": ""}, (), ("husky",)),
        ({}, ("core.hooksPath", ".husky/_"), ("husky",)),
        ({}, ("core.hooksPath", "tools/hooks"), ()),
        ({"lefthook.yml": "", ".pre-commit-config.yaml": ""}, (), ("pre-commit", "lefthook")),
    ],
)
def test_hook_managers_are_known_by_their_files(
    files: dict[str, str | bytes], settings: tuple[str, ...], expected: tuple[str, ...], repo: Repo
) -> None:
    repo.write(files)
    if settings:
        repo.git("config", *settings)
    found = look(repo).frameworks
    assert found.names == expected
    assert found.starts_hooks is bool(settings or {"husky", "lefthook"} & set(expected))
