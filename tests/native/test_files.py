"""Moves and writes in the folder of hooks: nothing that stood there is lost, whoever else is at work."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from labgate.native.install import set_aside, write_hook
from labgate.values.errors import LabgateError


@pytest.fixture(params=["hard links", "no hard links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "no hard links":

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError

        monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("links")
def test_a_second_name_that_is_taken_is_not_taken_away(tmp_path: Path) -> None:
    """Another `labgate install` was faster, or somebody put a hook there between the look and the move."""
    hook, aside = tmp_path / "pre-push", tmp_path / "pre-push.before-labgate"
    hook.write_text("newer")
    aside.write_text("older")
    with pytest.raises(LabgateError, match="has just appeared"):
        write_hook(str(hook), b"labgate", lambda: set_aside(str(hook), str(aside)))
    assert (hook.read_text(), aside.read_text()) == ("newer", "older")
    assert sorted(path.name for path in tmp_path.iterdir()) == [hook.name, aside.name]


@pytest.mark.usefixtures("links")
def test_a_hook_gets_its_second_name(tmp_path: Path) -> None:
    hook, aside = tmp_path / "pre-push", tmp_path / "pre-push.before-labgate"
    hook.write_text("mine")
    write_hook(str(hook), b"labgate", lambda: set_aside(str(hook), str(aside)))
    assert (hook.read_text(), aside.read_text()) == ("labgate", "mine")


def test_a_hook_that_has_both_names_already_is_no_obstacle(tmp_path: Path) -> None:
    """So an `install` leaves it that is stopped between the link and the rename."""
    hook, aside = tmp_path / "pre-push", tmp_path / "pre-push.before-labgate"
    hook.write_text("mine")
    os.link(hook, aside)
    write_hook(str(hook), b"labgate", lambda: set_aside(str(hook), str(aside)))
    assert (hook.read_text(), aside.read_text()) == ("labgate", "mine")
