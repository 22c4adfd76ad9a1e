"""What the message stages leave alone: empty and unedited messages, comments, encodings, other branches, failures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.isolated import install
from support.repo import Repo
from support.stamping import (
    BRANCH,
    FRAMEWORKS,
    OWN,
    build,
    change,
    commit,
    copy,
    editor,
    hook,
    others_in_block,
    stamps,
    without_stamps,
)

LINE = f"Experiment: {OWN}"


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return build(tmp_path_factory.mktemp("stamping") / "template")


@pytest.fixture
def plain(template: Repo, tmp_path: Path) -> Repo:
    """The repository without labgate."""
    return copy(template, tmp_path / "plain")


@pytest.fixture
def work(template: Repo, tmp_path: Path, python: str) -> Repo:
    """The same repository, with labgate's native hooks."""
    return hook(copy(template, tmp_path / "work"), "native", python)


def raw(repo: Repo) -> bytes:
    """Return the message of HEAD as it is stored."""
    return os.fsencode(repo.run("git", "cat-file", "commit", "HEAD").out).partition(b"\n\n")[2]


def rewriting(repo: Repo, command: str) -> dict[str, str]:
    """Return the environment in which the editor is a shell command on the file ``$1``."""
    script = repo.path.parent / f"{repo.path.name}-rewrite"
    script.write_text(f"#!/bin/sh\n{command}\n")
    script.chmod(0o755)
    return {"GIT_EDITOR": str(script)}


# --- what git refuses stays refused ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "command"),
    [
        pytest.param((), "true", id="an untouched message"),
        pytest.param(("-v",), "true", id="an untouched message above a diff"),
        pytest.param(("-s",), "true", id="nothing but a sign-off"),
        pytest.param(("--cleanup=scissors",), "true", id="nothing above the scissors"),
        pytest.param(("-t", "../template"), "true", id="an untouched template"),
        pytest.param(("-t", "../template", "-s"), "true", id="an untouched template with a sign-off"),
        pytest.param(("-m", ""), "true", id="an empty message on the command line"),
        pytest.param(("-m", "One", "-e"), ': > "$1"', id="a message that was deleted"),
        pytest.param(("-m", "One", "-e"), 'sed -i /^One$/d "$1"', id="a message of which only the stamp was left"),
        pytest.param(("-m", "#12 is fixed", "-e"), "true", id="a message of which git takes every line for a comment"),
        pytest.param(
            ("--amend",), 'sed -i "/^Experiment/!d" "$1"', id="an amended message of which the stamp was left"
        ),
    ],
)
def test_what_git_refuses_it_still_refuses(options: tuple[str, ...], command: str, plain: Repo, work: Repo) -> None:
    for repo in (plain, work):
        repo.path.parent.joinpath("template").write_text("Subject:\n\n# Say why.\n\nWhy:\n")
        commit(repo, "-m", "Before")
        change(repo, "c.py")
        before = repo.head()
        result = repo.run("git", "commit", *options, status=None, **rewriting(repo, command))
        assert result.status == 1
        assert repo.head() == before


@pytest.mark.parametrize("way", FRAMEWORKS)
def test_an_untouched_message_is_refused_through_a_framework(
    way: str, template: Repo, tmp_path: Path, python: str
) -> None:
    repo = change(hook(copy(template, tmp_path / "framed"), way, python))
    assert repo.run("git", "commit", status=None).status == 1


def test_a_configured_template_is_known_without_prepare_commit_msg(template: Repo, tmp_path: Path, python: str) -> None:
    repo = copy(template, tmp_path / "half")
    install(repo, python, "commit-msg")
    Path(repo.env["HOME"], "template").write_text("Subject:\n")
    repo.git("config", "commit.template", "~/template")
    assert change(repo).run("git", "commit", status=None).status == 1
    commit(repo, **editor(repo, "One"))
    assert stamps(repo) == [OWN]


def test_an_edited_template_is_stamped_and_so_is_the_same_text_that_is_no_template(work: Repo) -> None:
    work.path.parent.joinpath("template").write_text("Why so?\n")
    commit(work, "-t", "../template", **editor(work, "One\n"))
    assert raw(work) == f"One\n\nWhy so?\n\n{LINE}\n".encode()
    change(work, "c.py").git("commit", "--quiet", "-m", "Why so?", "-e")
    assert raw(work) == f"Why so?\n\n{LINE}\n".encode()


# --- what is kept of a message is kept byte for byte ----------------------------------------------

CONFIGURATIONS = {
    "git's own": {},
    "another comment character": {"core.commentChar": ";"},
    "a comment character for each message": {"core.commentChar": "auto"},
    "scissors": {"commit.cleanup": "scissors"},
    "whitespace": {"commit.cleanup": "whitespace"},
    "verbatim": {"commit.cleanup": "verbatim"},
    "a diff below the message": {"commit.verbose": "true"},
    "a diff below scissors": {"commit.verbose": "true", "commit.cleanup": "scissors"},
    "a diff and a comment character for each message": {"commit.verbose": "true", "core.commentChar": "auto"},
    "no status": {"commit.status": "false"},
    "no status and a comment character for each message": {"commit.status": "false", "core.commentChar": "auto"},
}
TEXTS = {
    "subject": "feat: one",
    "trailers": "feat: one\n\nWhy: because\nSigned-off-by: A <a@b.c>",
    "lines like comments": "One\n\n; a list\n# a heading\n\nMore\n\n# the end",
    "a line like scissors": "One\n\n--- >8 ---\nMore",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("config", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_an_editor_changes_nothing_but_the_stamp(config: dict[str, str], text: str, plain: Repo, work: Repo) -> None:
    for repo in (plain, work):
        for key, value in config.items():
            repo.git("config", key, value)
        commit(repo, **editor(repo, text))
    assert without_stamps(raw(work)) == raw(plain)
    assert raw(work).count(LINE.encode()) == 1
    assert others_in_block(work) == others_in_block(plain)
    if "auto" not in config.values():
        # What reads `auto` takes `#` for a comment, whatever git wrote.
        assert stamps(work) == [OWN]


def test_a_configuration_on_the_command_line_counts(work: Repo) -> None:
    change(work).git("-c", "core.commentChar=;", "commit", "--quiet", **editor(work, "One"))
    assert raw(work) == f"One\n\n{LINE}\n".encode()


@pytest.mark.parametrize("cleanup", ["default", "whitespace", "verbatim"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("Grüße\n\nFür alle\n".encode("latin-1"), id="another encoding"),
        pytest.param(b"One\r\n\r\nTwo\r\n", id="line ends of Windows"),
        pytest.param(b"One\r\n\r\nHelped-by: Lin\r\n", id="trailers with line ends of Windows"),
        pytest.param(b"One\n\nno newline at the end", id="no newline"),
        pytest.param(b"One\n\nHelped-by: Lin", id="a trailer without newline"),
        pytest.param(b"\n\n  One  \n\n\n\nTwo \n\n\n", id="blanks all over"),
        pytest.param(b"One\n\n\xff\xfe\x80 any bytes \x1b[1m\n", id="any bytes"),
    ],
)
def test_the_bytes_of_a_file_survive(content: bytes, cleanup: str, plain: Repo, work: Repo) -> None:
    for repo in (plain, work):
        repo.path.parent.joinpath("message").write_bytes(content)
        commit(repo, "-F", "../message", f"--cleanup={cleanup}")
    assert without_stamps(raw(work)).rstrip(b"\r\n") == raw(plain).rstrip(b"\r\n")
    assert stamps(work) == [OWN]


def test_a_message_in_another_encoding_survives_a_rebase(work: Repo) -> None:
    work.git("config", "i18n.commitEncoding", "ISO-8859-1")
    work.path.parent.joinpath("message").write_bytes("Grüße".encode("latin-1"))
    commit(work, "-F", "../message")
    work.git("rebase", "--quiet", "--force-rebase", "main")
    assert raw(work) == "Grüße\n\n".encode("latin-1") + f"{LINE}\n".encode()
    assert "encoding ISO-8859-1" in work.git("cat-file", "commit", "HEAD")


# --- what is not stamped --------------------------------------------------------------------------


@pytest.mark.parametrize("branch", ["main", "feature/x", "experiment--stranger--ada", "experiment--housing--ADA"])
def test_only_a_branch_with_a_legal_service_and_handle_is_stamped(branch: str, work: Repo) -> None:
    work.git("checkout", "--quiet", "-B", branch)
    commit(work, "-m", "One")
    assert raw(work) == b"One\n"


def test_a_detached_head_is_not_stamped(work: Repo) -> None:
    work.git("checkout", "--quiet", "--detach")
    commit(work, "-m", "One")
    assert raw(work) == b"One\n"


def test_an_empty_message_that_is_allowed_stays_empty(work: Repo) -> None:
    commit(work, "-m", "", "--allow-empty-message")
    assert raw(work) == b""


def test_no_verify_with_an_editor_is_missed(work: Repo) -> None:
    commit(work, "--no-verify", **editor(work, "One"))
    assert raw(work) == b"One\n"


def test_rebase_apply_is_missed(work: Repo) -> None:
    work.git("reset", "--quiet", "--hard", "feature/x")
    work.git("rebase", "--quiet", "--apply", "--force-rebase", "main")
    assert raw(work) == b"A feature\n"


def test_an_editor_is_missed_with_prepare_commit_msg_alone(template: Repo, tmp_path: Path, python: str) -> None:
    repo = copy(template, tmp_path / "half")
    install(repo, python, "prepare-commit-msg")
    commit(repo, **editor(repo, "One"))
    assert raw(repo) == b"One\n"
    commit(repo, "-m", "Two", name="c.py")
    assert stamps(repo) == [OWN]


def test_without_a_policy_one_line_says_so(work: Repo) -> None:
    work.git("rm", "--quiet", "labgate.toml")
    result = work.run("git", "commit", "--quiet", "-m", "One")
    assert raw(work) == b"One\n"
    assert result.err.count("labgate: skipped:") == 1


# --- where and how --------------------------------------------------------------------------------


def test_a_branch_without_commits_is_stamped_too(work: Repo) -> None:
    work.git("checkout", "--quiet", "--orphan", "experiment--ranker--new")
    commit(work, "-m", "One")
    assert stamps(work) == ["ranker/new"]


def test_a_linked_work_tree_is_stamped_by_its_own_branch(work: Repo, tmp_path: Path) -> None:
    work.git("worktree", "add", "--quiet", "-b", "experiment--ranker--tree", "../tree", "main")
    tree = Repo(tmp_path / "tree", work.env)
    commit(tree, **editor(tree, "One"))
    assert stamps(tree) == ["ranker/tree"]


def test_a_rebase_in_a_linked_work_tree_is_stamped(work: Repo, tmp_path: Path) -> None:
    work.git("worktree", "add", "--quiet", "-b", "experiment--ranker--tree", "../tree", "feature/x")
    tree = Repo(tmp_path / "tree", work.env)
    tree.git("rebase", "--quiet", "--force-rebase", "main")
    assert stamps(tree) == ["ranker/tree"]


def test_a_second_run_changes_nothing(work: Repo) -> None:
    commit(work, "-m", "One")
    first = raw(work)
    for _ in range(2):
        work.git("commit", "--quiet", "--amend")
    assert raw(work) == first == f"One\n\n{LINE}\n".encode()


def test_the_message_file_keeps_its_permissions_and_leaves_nothing_behind(work: Repo, python: str) -> None:
    file = work.path / ".git" / "COMMIT_EDITMSG"
    file.write_bytes(b"One\n")
    file.chmod(0o640)
    work.run(python, "-I", "-m", "labgate.hook", "commit-msg", "--native", ".git/COMMIT_EDITMSG", GIT_EDITOR=":")
    assert file.read_bytes() == f"One\n\n{LINE}\n".encode()
    assert file.stat().st_mode & 0o7777 == 0o640
    assert not list(file.parent.glob("COMMIT_EDITMSG?*"))


def test_a_message_file_behind_a_link_is_stamped_where_it_is(work: Repo, python: str) -> None:
    target, link = work.path / "target", work.path / "link"
    target.write_bytes(b"One\n")
    link.symlink_to(target)
    work.run(python, "-I", "-m", "labgate.hook", "commit-msg", "--native", "link", GIT_EDITOR=":")
    assert link.is_symlink()
    assert target.read_bytes() == f"One\n\n{LINE}\n".encode()


def test_what_cannot_be_written_stays_whole(work: Repo, python: str) -> None:
    """A limit on the size of files stands for a full disk."""
    file = work.path / "message"
    content = b"One\n" + b"x" * 1020 + b"\n"
    file.write_bytes(content)
    command = f"ulimit -f 1; trap '' XFSZ; exec {python} -I -m labgate.hook prepare-commit-msg --native message message"
    result = work.run("bash", "-c", command, GIT_EDITOR=":")
    assert "did nothing" in result.err
    assert file.read_bytes() == content
    assert not list(work.path.glob("message?*"))


def test_git_in_another_language_and_a_hostile_environment_changes_nothing(work: Repo) -> None:
    commit(work, **editor(work, "One"), LC_ALL="de_DE.UTF-8", PYTHONPATH="/nonexistent", GIT_CONFIG="/dev/null")
    assert raw(work) == f"One\n\n{LINE}\n".encode()


def test_a_check_of_another_stage_is_refused(work: Repo, python: str) -> None:
    file = work.path / "message"
    file.write_bytes(b"One\n")
    argv = (python, "-I", "-m", "labgate.hook", "commit-msg", "branch-name", "message")
    result = work.run(*argv, status=2, GIT_EDITOR=":")
    assert "branch-name does not apply at commit-msg" in result.err
    assert file.read_bytes() == b"One\n"


def test_the_hook_of_the_one_check_stamps_as_well(work: Repo, python: str) -> None:
    file = work.path / "message"
    file.write_bytes(b"One\n")
    argv = (python, "-I", "-m", "labgate.hook", "prepare-commit-msg", "experiment-hash", "message")
    work.run(*argv, GIT_EDITOR="true", PRE_COMMIT_COMMIT_MSG_SOURCE="template")
    assert file.read_bytes() == b"One\n"
    work.run(*argv, GIT_EDITOR="true", PRE_COMMIT_COMMIT_MSG_SOURCE="message")
    assert file.read_bytes() == f"One\n\n{LINE}\n".encode()


def test_a_rebase_of_several_experiments_keeps_each_line(work: Repo) -> None:
    work.git("reset", "--quiet", "--hard", "experiment--ranker--wide")
    commit(work, "-m", "One", "-m", "Experiment: housing/eve")
    work.git("rebase", "--quiet", "--force-rebase", "main")
    assert work.git("symbolic-ref", "--short", "HEAD") == BRANCH
    assert [stamps(work, revision) for revision in ("HEAD", "HEAD~1")] == [["housing/eve", OWN], ["ranker/wide", OWN]]
