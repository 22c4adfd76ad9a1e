"""Moves and writes in the folder of hooks: nothing that stood there is lost, whoever else is at work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labgate.native.folder import read_hook
from labgate.native.install import set_aside
from labgate.values.errors import LabgateError
from labgate.values.files import RefusedFileError
from labgate.values.opened import opened_folder, remove_below


@pytest.fixture(params=["hard links", "no hard links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no hard links":

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "link", refuse)


def write_aside(hook: Path, aside: Path) -> None:
    with opened_folder(str(hook.parent)) as folder:
        was = read_hook(str(hook)), read_hook(str(aside))
        folder.write(hook.name, b"labgate", 0o777, lambda: set_aside(folder, *was))


@pytest.mark.usefixtures("links")
def test_a_second_name_that_is_taken_is_not_taken_away(tmp_path: Path) -> None:
    """Another `labgate install` was faster, or somebody put a hook there between the look and the move."""
    hook, aside = tmp_path / "pre-push", tmp_path / "pre-push.before-labgate"
    hook.write_text("newer")
    aside.write_text("older")
    with pytest.raises(LabgateError, match="has just appeared"):
        write_aside(hook, aside)
    assert (hook.read_text(), aside.read_text()) == ("newer", "older")
    assert sorted(path.name for path in tmp_path.iterdir()) == [hook.name, aside.name]


@pytest.mark.usefixtures("links")
def test_a_hook_gets_its_second_name(tmp_path: Path) -> None:
    hook, aside = tmp_path / "pre-push", tmp_path / "pre-push.before-labgate"
    hook.write_text("mine")
    write_aside(hook, aside)
    assert (hook.read_text(), aside.read_text()) == ("labgate", "mine")


def test_a_hook_that_has_both_names_already_is_no_obstacle(tmp_path: Path) -> None:
    """So an `install` leaves it that is stopped between the link and the rename."""
    hook, aside = tmp_path / "pre-push", tmp_path / "pre-push.before-labgate"
    hook.write_text("mine")
    os.link(hook, aside)
    write_aside(hook, aside)
    assert (hook.read_text(), aside.read_text()) == ("labgate", "mine")


def test_what_takes_the_place_of_the_folder_meanwhile_is_not_touched(tmp_path: Path) -> None:
    """Between the look at the folder of hooks and the moves in it somebody puts a link in its place."""
    hooks, outside = tmp_path / "hooks", tmp_path / "outside"
    hooks.mkdir()
    outside.mkdir()
    (hooks / "pre-push").write_text("mine")
    (outside / "pre-push").write_text("theirs")
    with opened_folder(str(hooks)) as folder:
        hooks.rename(tmp_path / "moved")
        hooks.symlink_to(outside)
        folder.write("commit-msg", b"labgate", 0o777)
        folder.move("pre-push", "pre-push.before-labgate")
        folder.link("commit-msg", "second")
        folder.remove("commit-msg")
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"pre-push": "theirs"}
    assert sorted(os.listdir(tmp_path / "moved")) == ["pre-push.before-labgate", "second"]


def test_a_folder_that_is_a_link_by_now_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "hooks").symlink_to(tmp_path / "outside")
    with pytest.raises(RefusedFileError, match="symbolic link"), opened_folder(str(tmp_path / "hooks"), make=True):
        pass


def test_a_lock_behind_a_link_stays(tmp_path: Path) -> None:
    """A ref's name leads through folders that somebody else may have made."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "git/refs/mine").mkdir(parents=True)
    (tmp_path / "git/refs/theirs").symlink_to(tmp_path / "outside")
    for folder in ("outside", "git/refs/mine"):
        (tmp_path / folder / "x.lock").write_text("")
    remove_below(str(tmp_path / "git"), "refs/mine/x.lock")
    with pytest.raises(NotADirectoryError):
        remove_below(str(tmp_path / "git"), "refs/theirs/x.lock")
    assert [(tmp_path / folder / "x.lock").exists() for folder in ("outside", "git/refs/mine")] == [True, False]
