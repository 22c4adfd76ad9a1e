"""The message stages as git, pre-commit and prek start them: every operation of git that makes a commit.

Each operation is done twice, with labgate and without: but for the stamps the messages are the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.repo import Repo
from support.stamping import (
    FRAMEWORKS,
    OTHER,
    OWN,
    build,
    change,
    commit,
    copy,
    editor,
    hook,
    messages,
    others_in_block,
    stamps,
    todo,
    without_stamps,
)

Operation = Callable[[Repo], object]

NO_HOOKS = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": "/dev/null"}


def subject(repo: Repo) -> None:
    commit(repo, "-m", "One")


def paragraphs(repo: Repo) -> None:
    commit(
        repo, "-m", "feat: one", "-m", "Some prose,\nin two lines: yes.", "-m", "See-also: #1\nSigned-off-by: A <a@b.c>"
    )


def ticket(repo: Repo) -> None:
    commit(repo, "-m", "#12 is fixed")


def last_paragraph_like_a_comment(repo: Repo) -> None:
    commit(repo, "-m", "One", "-m", "#12 is fixed")


def in_an_editor(repo: Repo) -> None:
    commit(repo, **editor(repo, "One\n\nWhy."))


def verbose(repo: Repo) -> None:
    commit(repo, "-v", **editor(repo, "One\n\nWhy."))


def signed_off(repo: Repo) -> None:
    commit(repo, "-s", "-m", "One")
    change(repo, "c.py").git("commit", "--amend", "-s", "--no-edit", "--quiet")


def same_trailer_again(repo: Repo) -> None:
    commit(repo, "-m", "One", "--trailer", "Helped-by: Lin")
    change(repo, "c.py").git("commit", "--amend", "--no-edit", "--quiet", "--trailer", "Helped-by: Lin")


def stamp_by_hand(repo: Repo) -> None:
    commit(repo, "-m", "One", "-m", f"experiment:  {OWN}\nHelped-by: Lin")


def amend(repo: Repo) -> None:
    subject(repo)
    change(repo, "c.py").git("commit", "--amend", "--no-edit", "--quiet")


def amend_in_an_editor(repo: Repo) -> None:
    subject(repo)
    change(repo, "c.py").git("commit", "--amend", "--quiet", **editor(repo, "Better"))


def amend_with_a_new_message(repo: Repo) -> None:
    subject(repo)
    change(repo, "c.py").git("commit", "--amend", "--quiet", "-m", "Two")


def no_verify(repo: Repo) -> None:
    commit(repo, "--no-verify", "-m", "One")


def rebase(repo: Repo) -> None:
    """Commits that came without a stamp get it."""
    repo.git("reset", "--quiet", "--hard", "feature/x")
    repo.commit("feat: second", {"y.py": "y\n"})
    repo.git("rebase", "--quiet", "--force-rebase", "main")


def rebase_with_a_conflict(repo: Repo) -> None:
    commit(repo, "-m", "One", "-m", "Signed-off-by: A <a@b.c>", name="x.py", content="mine\n")
    assert repo.run("git", "rebase", "feature/x", status=None).status == 1
    change(repo, "x.py", "both\n").git("rebase", "--continue")


def three(repo: Repo) -> Repo:
    for number in ("one", "two", "three"):
        commit(repo, "-m", f"feat: {number}", "-m", f"Why {number}.", name=f"{number}.py")
    return repo


def reword(repo: Repo) -> None:
    three(repo).git("rebase", "--quiet", "-i", "main", **todo("pick", "reword"), **editor(repo, "Reworded"))


def squash(repo: Repo) -> None:
    three(repo).git("rebase", "--quiet", "-i", "main", **todo("pick", "squash", "squash"))


def squash_of_what_was_never_stamped(repo: Repo) -> None:
    for number in ("one", "two", "three"):
        repo.commit(f"feat: {number}", {f"{number}.py": "1\n"}, **NO_HOOKS)
    repo.git("rebase", "--quiet", "-i", "main", **todo("pick", "squash", "squash"))


def squash_that_says_no_more(repo: Repo) -> None:
    """In the file of this message the only paragraph that is no comment looks like a trailer."""
    repo.commit("feat: one", {"b.py": "b\n"}, **NO_HOOKS)
    change(repo, "c.py").git("commit", "--quiet", "--squash", "HEAD", **NO_HOOKS)
    repo.git("rebase", "--quiet", "-i", "--autosquash", "main", GIT_SEQUENCE_EDITOR="true")


def fixup(repo: Repo) -> None:
    three(repo).git("rebase", "--quiet", "-i", "main", **todo("pick", "fixup", "fixup"))


def autosquash(repo: Repo) -> None:
    """Two kinds of fixup, of a commit that is not the last."""
    three(repo)
    first = repo.head("HEAD~2")
    commit(repo, "--fixup", first, content="fixup\n")
    commit(repo, "--squash", first, "-m", "And more.", content="squash\n")
    assert [line.split("!")[0] for line in repo.git("log", "-2", "--format=%s").splitlines()] == ["squash", "fixup"]
    repo.git("rebase", "--quiet", "-i", "--autosquash", "main", GIT_SEQUENCE_EDITOR="true")


def autosquash_of_a_new_message(repo: Repo) -> None:
    three(repo)
    commit(repo, f"--fixup=amend:{repo.head('HEAD~1')}", **editor(repo, ""))
    repo.git("rebase", "--quiet", "-i", "--autosquash", "main", GIT_SEQUENCE_EDITOR="true")


def cherry_pick(repo: Repo) -> None:
    repo.git("cherry-pick", "experiment--ranker--wide")


def cherry_pick_with_its_origin(repo: Repo) -> None:
    repo.git("cherry-pick", "-x", "-s", "experiment--ranker--wide")


def cherry_pick_with_a_conflict(repo: Repo) -> None:
    commit(repo, "-m", "One", name="wide.py", content="mine\n")
    assert repo.run("git", "cherry-pick", "experiment--ranker--wide", status=None).status == 1
    change(repo, "wide.py", "both\n").git("cherry-pick", "--continue")


def revert(repo: Repo) -> None:
    subject(repo)
    repo.git("revert", "--no-edit", "HEAD")


def revert_in_an_editor(repo: Repo) -> None:
    subject(repo)
    repo.git("revert", "--edit", "HEAD", **editor(repo, "Not so"))


def merge(repo: Repo) -> None:
    subject(repo)
    repo.git("merge", "--quiet", "--no-edit", "feature/x")


def merge_with_an_editor(repo: Repo) -> None:
    subject(repo)
    repo.git("merge", "--quiet", "--edit", "feature/x")


def merge_with_a_conflict(repo: Repo) -> None:
    commit(repo, "-m", "One", name="x.py", content="mine\n")
    assert repo.run("git", "merge", "feature/x", status=None).status == 1
    change(repo, "x.py", "both\n").git("merge", "--continue")


def merge_with_a_conflict_that_stays_in_the_message(repo: Repo) -> None:
    commit(repo, "-m", "One", name="x.py", content="mine\n")
    assert repo.run("git", "merge", "feature/x", status=None).status == 1
    change(repo, "x.py", "both\n").git("commit", "--quiet", "--no-edit")


def merge_squash(repo: Repo) -> None:
    subject(repo)
    repo.git("merge", "--quiet", "--squash", "feature/x")
    repo.git("commit", "--quiet")


def merge_squash_of_the_experiment_itself(repo: Repo) -> None:
    three(repo).git("reset", "--quiet", "--hard", "main")
    repo.git("merge", "--quiet", "--squash", "HEAD@{1}")
    repo.git("commit", "--quiet", "--no-edit")


OPERATIONS: tuple[Operation, ...] = (
    *(subject, paragraphs, ticket, last_paragraph_like_a_comment, in_an_editor, verbose, signed_off),
    *(same_trailer_again, stamp_by_hand, amend, amend_in_an_editor, amend_with_a_new_message, no_verify, rebase),
    *(
        rebase_with_a_conflict,
        reword,
        squash,
        squash_of_what_was_never_stamped,
        squash_that_says_no_more,
        fixup,
        autosquash,
    ),
    *(autosquash_of_a_new_message, cherry_pick, cherry_pick_with_its_origin, cherry_pick_with_a_conflict, revert),
    *(revert_in_an_editor, merge, merge_with_an_editor, merge_with_a_conflict),
    *(merge_with_a_conflict_that_stays_in_the_message, merge_squash, merge_squash_of_the_experiment_itself),
)
#: What a framework adds to the story of a message is the same for every text: one operation of each kind.
FRAMED: tuple[Operation, ...] = (
    *(subject, in_an_editor, amend, no_verify, rebase, reword, squash, fixup, cherry_pick, revert, merge, merge_squash),
)


def name_of(operation: Operation) -> str:
    return getattr(operation, "__name__", "").replace("_", " ")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return build(tmp_path_factory.mktemp("stamping") / "template")


@pytest.fixture
def plain(template: Repo, tmp_path: Path) -> Repo:
    """The repository without labgate."""
    return copy(template, tmp_path / "plain")


@pytest.fixture
def work(template: Repo, tmp_path: Path) -> Repo:
    """The same repository, for labgate."""
    return copy(template, tmp_path / "work")


def assert_stamped(operation: Operation, plain: Repo, stamped: Repo) -> None:
    operation(plain)
    operation(stamped)
    assert [without_stamps(message) for message in messages(stamped)] == messages(plain)
    assert others_in_block(stamped) == others_in_block(plain)
    made = stamped.git("rev-list", "--first-parent", "HEAD", "--not", "main", "feature/x").split()
    assert made
    for oid in made:
        assert stamps(stamped, oid).count(OWN) == 1


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_git_itself_starts_the_stages(operation: Operation, plain: Repo, work: Repo, python: str) -> None:
    assert_stamped(operation, plain, hook(work, "native", python))


@pytest.mark.parametrize("way", FRAMEWORKS)
@pytest.mark.parametrize("operation", FRAMED, ids=name_of)
def test_a_framework_starts_the_stages(operation: Operation, way: str, plain: Repo, work: Repo, python: str) -> None:
    assert_stamped(operation, plain, hook(work, way, python))


@pytest.mark.parametrize(
    "operation", [cherry_pick, cherry_pick_with_its_origin, cherry_pick_with_a_conflict], ids=name_of
)
def test_the_line_of_another_experiment_stays_above(operation: Operation, work: Repo, python: str) -> None:
    operation(hook(work, "native", python))
    assert stamps(work) == [OTHER, OWN]


@pytest.mark.parametrize("editor", ["true", ":"], ids=["in an editor", "without one"])
def test_of_squashed_stamps_one_is_left(editor: str, work: Repo, python: str) -> None:
    work.env["GIT_EDITOR"] = editor
    squash(hook(work, "native", python))
    said = "\n".join(f"feat: {number}\n\nWhy {number}.\n" for number in ("one", "two", "three"))
    assert messages(work)[0].decode() == f"{said}\nExperiment: {OWN}\n"


def test_what_autosquash_makes_of_fixups_has_one_stamp(work: Repo, python: str) -> None:
    autosquash(hook(work, "native", python))
    for message in messages(work)[:-1]:
        assert message.decode().count(f"Experiment: {OWN}") == 1, message
