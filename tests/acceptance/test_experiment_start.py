"""``labgate experiment start``: the branch of an experiment, from the base as the remote has it now."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.repo import Repo, Result
from support.runs import POLICY, laboratory

FIELDS = '{ service = ["ranker", "housing"], handle = "[a-z0-9-]+" }'
STRICT = POLICY.replace('{handle}"]\n', f'{{handle}}"]\nfields = {FIELDS}\n')


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    repo = laboratory(tmp_path)
    repo.checkout("main")
    repo.commit("Fields", {"labgate.toml": STRICT})
    repo.push("main")
    return repo


def start(repo: Repo, *args: str, status: int = 0) -> Result:
    return repo.labgate("experiment", "start", *args, status=status)


def mend(repo: Repo, said: Result) -> None:
    """Run the command of the only help line."""
    (line,) = (line for line in said.err.splitlines() if line.startswith("  help: "))
    repo.run("sh", "-c", line.removeprefix("  help: "))


def current(repo: Repo) -> str:
    return repo.git("branch", "--show-current")


def test_it_starts_from_the_base_as_the_remote_has_it_now(lab: Repo) -> None:
    other = Repo(lab.path.parent / "other", lab.env)
    lab.git("clone", "--quiet", lab.git("remote", "get-url", "origin"), str(other.path))
    newer = other.commit("Newer", {"newer.py": "1\n"})
    other.push("main")
    lab.checkout("experiment--ranker--wide")
    said = start(lab, "ranker", "--handle", "deep")
    assert said.out == "experiment--ranker--deep\n"
    assert (current(lab), lab.head()) == ("experiment--ranker--deep", newer)
    assert "origin/main" in said.err
    upstream = lab.run("git", "config", "branch.experiment--ranker--deep.merge", status=1).out
    assert upstream == "", "a push must not go to main"


@pytest.mark.parametrize(
    ("settings", "handle"),
    [
        ({"github.user": "ada-l", "user.name": "Lin"}, "ada-l"),
        ({"github.user": "AdaL"}, "adal"),
        ({"user.name": "Ada Lovelace"}, "ada-lovelace"),
        ({"user.name": "Émilie du Châtelet"}, "emilie-du-chatelet"),
        ({"user.name": "O'Neil, Ada -- x"}, "o-neil-ada-x"),
        ({"github.user": "///", "user.name": "ada"}, "ada"),
    ],
)
def test_the_handle_is_the_persons_name_as_the_grammar_allows_it(
    lab: Repo, settings: dict[str, str], handle: str
) -> None:
    for key, value in settings.items():
        lab.git("config", key, value)
    assert start(lab, "ranker").out == f"experiment--ranker--{handle}\n"


def test_edits_stay(lab: Repo) -> None:
    lab.write({"model.py": "VALUE = 7\n", "new.py": "1\n"})
    start(lab, "ranker", "--handle", "deep")
    assert (lab.path / "model.py").read_text() == "VALUE = 7\n"
    assert (lab.path / "new.py").exists()


@pytest.mark.parametrize(
    ("args", "told", "branch"),
    [
        (("rankr", "--handle", "deep"), "ranker or housing", "experiment--ranker--deep"),
        (("sales",), "ranker or housing", "experiment--ranker--test"),
        (("ranker", "--handle", "Deep Net"), "[a-z0-9-]+", "experiment--ranker--deep-net"),
        (("ranker", "--handle", "///"), "[a-z0-9-]+", "experiment--ranker--try1"),
    ],
)
def test_what_the_grammar_refuses_is_named_with_what_it_allows(
    lab: Repo, args: tuple[str, ...], told: str, branch: str
) -> None:
    lab.git("config", "user.name", "Test")
    said = start(lab, *args, status=2)
    assert told in said.err
    assert current(lab) == "main"
    mend(lab, said)
    assert current(lab) == branch


def test_without_a_name_a_handle_is_asked_for(lab: Repo) -> None:
    lab.git("config", "user.name", "李")
    said = start(lab, "ranker", status=2)
    assert "neither github.user nor user.name" in said.err
    mend(lab, said)
    assert current(lab) == "experiment--ranker--try1"


def test_a_branch_that_is_here_or_there_is_not_made_again(lab: Repo) -> None:
    wide = lab.head("experiment--ranker--wide")
    said = start(lab, "ranker", "--handle", "wide", status=2)
    mend(lab, said)
    assert current(lab) == "experiment--ranker--wide"
    lab.checkout("main")
    lab.git("branch", "--quiet", "-D", "experiment--ranker--wide")
    lab.git("update-ref", "-d", "refs/remotes/origin/experiment--ranker--wide")
    said = start(lab, "ranker", "--handle", "wide", status=2)
    assert "origin has a branch" in said.err
    mend(lab, said)
    assert (current(lab), lab.head()) == ("experiment--ranker--wide", wide)


def test_where_the_remote_is_gone_the_old_base_is_somebodys_choice(lab: Repo) -> None:
    lab.git("remote", "set-url", "origin", "/nowhere")
    said = start(lab, "ranker", "--handle", "deep", status=2)
    assert "may be old" in said.err
    assert current(lab) == "main"
    mend(lab, said)
    assert current(lab) == "experiment--ranker--deep"


def test_an_edit_that_git_would_overwrite_is_kept(lab: Repo) -> None:
    lab.checkout("experiment--ranker--wide")
    lab.commit("Other", {"model.py": "VALUE = 3\n"})
    lab.write({"model.py": "VALUE = 7\n"})
    said = start(lab, "ranker", "--handle", "deep", status=2)
    assert (lab.path / "model.py").read_text() == "VALUE = 7\n"
    assert current(lab) == "experiment--ranker--wide"
    mend(lab, said)
    assert current(lab) == "experiment--ranker--deep"
    assert "VALUE = 7" in lab.git("stash", "show", "-p")


def test_the_base_is_the_only_branch_of_its_kind(lab: Repo) -> None:
    policy = STRICT.replace("fields", 'base = ["research"]\nfields')
    lab.commit("Base", {"labgate.toml": policy})
    lab.push("main", "main:research/attention")
    lab.git("fetch", "--quiet", "origin")
    assert "origin/research/attention" in start(lab, "ranker", "--handle", "deep").err
    lab.push("main:research/other")
    lab.git("fetch", "--quiet", "origin")
    said = start(lab, "ranker", "--handle", "deeper", status=2)
    assert "research/attention or research/other" in said.err
    mend(lab, said)
    assert current(lab) == "experiment--ranker--deeper"


def test_without_a_policy_and_a_remote_the_designs_own_name_is_used(repo: Repo) -> None:
    repo.commit("Start", {"a.py": "1\n"})
    assert start(repo, "ranker", "--handle", "deep").out == "experiment--ranker--deep\n"


def test_a_shallow_clone_of_one_branch_stays_one(lab: Repo) -> None:
    url = lab.git("remote", "get-url", "origin")
    shallow = Repo(lab.path.parent / "shallow", lab.env)
    lab.git("clone", "--quiet", "--depth=1", f"file://{url}", str(shallow.path))
    newer = lab.commit("Newer", {"newer.py": "1\n"})
    lab.push("main")
    start(shallow, "ranker", "--handle", "deep")
    assert shallow.head() == newer
    assert shallow.git("for-each-ref", "--format=%(refname)", "refs/remotes").splitlines() == [
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
    ]


def test_a_bare_repository_names_a_worktree(lab: Repo) -> None:
    bare = Repo(lab.path.parent / "lab-origin.git", lab.env)
    said = start(bare, "ranker", "--handle", "deep", status=2)
    mend(bare, said)
    made = Repo(bare.path.parent / "experiment--ranker--deep", lab.env)
    assert current(made) == "experiment--ranker--deep"
