"""Two patches have one id when they change the same lines, and some changes are nobody's work."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from labgate.fingerprints.patch_ids import PatchIds, patch_ids
from labgate.fingerprints.patches import FILE_LINES
from labgate.fingerprints.text import LINE_BYTES
from support.generated import PROTOCOL, TABLE
from support.provenance import code, document_of, patch_of
from support.repo import Repo

Files = Mapping[str, str | bytes]


def ids(repo: Repo, revision: str = "HEAD") -> PatchIds:
    return patch_ids(patch_of(repo, revision))


def on_two_sides(repo: Repo, start: Files, mine: Files, theirs: Files) -> tuple[PatchIds, PatchIds]:
    """Commit one thing on each of two branches and return the ids of both."""
    repo.commit("Start", start)
    repo.branch("side").commit("Mine", mine)
    repo.checkout("main").commit("Theirs", theirs)
    return ids(repo, "side"), ids(repo, "main")


BODY = code("alpha", "beta", "gamma", "delta", "zeta", "theta")


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (BODY, BODY.replace("    ", "\t")),
        (BODY, BODY.replace("\n", "  \n")),
        (BODY, BODY.replace("\n", "\r\n")),
        (BODY, BODY.removesuffix("\n")),
    ],
    ids=["tabs", "blanks at the end", "CRLF", "no line feed at the end"],
)
def test_blanks_make_no_other_patch(repo: Repo, mine: str, theirs: str) -> None:
    one, other = on_two_sides(repo, {"x": "1"}, {"a.py": mine}, {"a.py": theirs})
    assert (one.exact, one.core) == (other.exact, other.core)


def test_a_patch_keeps_its_id_wherever_its_lines_move(repo: Repo) -> None:
    start = repo.commit("Start", {"a.py": BODY})
    repo.branch("side").commit("Edit", {"a.py": BODY.replace("beta_total / max", "beta_total // min")})
    before = ids(repo)
    repo.git("checkout", "--quiet", "-B", "main", start)
    repo.commit("Above", {"a.py": code("other", "thing") + BODY.replace("(records, limit):", "(records, limit=9):")})
    repo.git("cherry-pick", "side")
    assert ids(repo).exact == before.exact


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ({"a.py": BODY}, {"b.py": BODY}),
        ({"a.py": BODY}, {"a.py": BODY + "more()\n"}),
        ({"a.py": BODY}, {"a.py": BODY.replace("alpha", "omega")}),
        ({"a.py": BODY}, {"a.py": BODY, "b.py": BODY}),
        ({"old.py": ""}, {"old.py": "\n"}),
        ({"bin": b"\0\1"}, {"bin": b"\0\2"}),
        ({"one.json": "[" + "1," * LINE_BYTES + "1]"}, {"one.json": "[" + "1," * LINE_BYTES + "2]"}),
        ({"many.py": "x = 1\n" * FILE_LINES + "end = 1\n"}, {"many.py": "x = 1\n" * FILE_LINES + "end = 2\n"}),
    ],
    ids=[
        *("another path", "one line more", "another name", "one file more", "an empty line", "another binary file"),
        *("beyond what is kept of a line", "beyond what is kept of a patch"),
    ],
)
def test_another_change_has_another_id(repo: Repo, mine: Files, theirs: Files) -> None:
    one, other = on_two_sides(repo, {"old.py": "keep\n"}, mine, theirs)
    assert one.exact != other.exact
    assert one.exact is not None


def test_adding_is_not_deleting(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    repo.commit("Add", {"b.py": BODY})
    added = ids(repo)
    (repo.path / "b.py").unlink()
    repo.commit("Delete")
    assert added.exact != ids(repo).exact
    assert added.blobs
    assert not ids(repo).blobs


def test_a_commit_that_changes_nothing_has_no_id(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    repo.commit("Empty")
    found = ids(repo)
    assert (found.exact, found.inverse, found.core, found.blobs) == (None, None, None, ())


@pytest.mark.parametrize(
    "change",
    [
        {"new.py": BODY},
        {"a.py": BODY.replace("alpha", "omega")},
        {"a.py": code("alpha") + code("gamma") + "end = 1\n"},
        {"a.py": ""},
        {"a.py": BODY.removesuffix("\n")},
        {"bin": b"\0\5"},
        {"a.py": b"\0 binary now"},
    ],
    ids=["a new file", "edits", "cuts", "emptied", "the last line feed", "binary", "text to binary"],
)
def test_the_inverse_is_the_id_of_the_revert(repo: Repo, change: Files) -> None:
    repo.commit("Start", {"a.py": BODY, "bin": b"\0\1"})
    repo.commit("Change", change)
    done = ids(repo)
    repo.git("revert", "--no-edit", "HEAD")
    assert (ids(repo).exact, ids(repo).inverse) == (done.inverse, done.exact)


def test_the_inverse_of_a_rename_is_the_rename_back(repo: Repo) -> None:
    repo.commit("Start", {"a.py": BODY})
    (repo.path / "a.py").rename(repo.path / "b.py")
    repo.commit("Rename", {"b.py": BODY + "more = 1\n"})
    done = ids(repo)
    repo.git("revert", "--no-edit", "HEAD")
    assert (ids(repo).exact, ids(repo).inverse) == (done.inverse, done.exact)


def test_the_inverse_of_edits_in_real_code_is_that_of_the_revert(repo: Repo) -> None:
    chance = random.Random(7)  # noqa: S311  (it must repeat)
    lines = code(*(f"name_{number}" for number in range(12))).splitlines()
    repo.commit("Start", {"a.py": "\n".join(lines) + "\n"})
    for number in range(25):
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(lines))
            lines[at : at + chance.randint(0, 2)] = [f"    step_{number} = {at}"] * chance.randint(0, 2)
        lines.append(f"end_{number} = 1")
        repo.commit(f"Edit {number}", {"a.py": "\n".join(lines) + "\n"})
        done = ids(repo)
        repo.git("revert", "--no-edit", "HEAD")
        assert ids(repo).exact == done.inverse
        repo.git("reset", "--quiet", "--hard", "HEAD~1")


LICENCE = "# Copyright 2024 The Authors\n# Licensed under the Apache License, Version 2.0\n"
START: Files = {
    "a.py": BODY,
    "requirements.txt": "numpy==1.0\nscipy>=2\n",
    "setup.cfg": "[options]\ninstall_requires =\n    numpy>=1.0\n",
    "ci.yml": "image: python:3.9\nsteps: 4\n",
    "poetry.lock": "numpy 1.0\n",
    "vendor/lib.py": "x = 1\n",
    "CHANGES.md": "# Changes\n",
}


@pytest.mark.parametrize(
    ("change", "significant"),
    [
        ({"requirements.txt": "numpy==1.1\nscipy>=3\n"}, False),
        ({"requirements.txt": "numpy==1.0\nscipy>=2\npandas==3\n"}, False),
        ({"setup.cfg": "[options]\ninstall_requires =\n    numpy>=1.1\n"}, False),
        ({"ci.yml": "image: python:3.10\nsteps: 4\n"}, False),
        ({"poetry.lock": "numpy 1.1\nscipy 3\n"}, False),
        ({"package-lock.json": '{"name": "something", "dependencies": {"left": 1}}\n'}, False),
        ({"vendor/lib.py": BODY}, False),
        ({"third_party/lib.c": BODY}, False),
        ({"static/app.min.js": "function a(b){return b*3};" * 99}, False),
        ({"a_pb2.py": PROTOCOL}, False),
        ({"gen.py": TABLE}, False),
        ({"a.py": LICENCE + BODY}, False),
        ({"a.py": BODY.replace("    ", "  ")}, False),
        ({"a.py": BODY.replace('"', "'")}, False),
        ({"_version.py": 'version = "1.2.3"\n'}, False),
        ({}, False),
        ({"setup.cfg": "[options]\ninstall_requires =\n    numpy>=1.0\n[tool:x]\nshould_check = everything\n"}, True),
        ({"ci.yml": "image: python:3.9\nsteps: 4\nrun: make everything\n"}, True),
        ({"requirements.txt": "numpy==1.1\nscipy>=3\n", "a.py": BODY + "more = compute()\n"}, True),
        ({"vendored.py": BODY}, True),
        ({"static/app.min.js": BODY}, True),
        ({"b_pb2.py": BODY}, True),
        ({"gen.py": "# Generated by a tool. DO NOT EDIT.\n" + BODY}, True),
        ({"uv.lock": BODY}, True),
        ({"LICENSE": BODY}, True),
        ({"lock.py": BODY}, True),
        ({"a.py": LICENCE + BODY + "more = compute()\n"}, True),
        ({"a.py": "# A note on how this works, and why\n" + BODY}, True),
        ({"a.py": BODY.replace("* 3", "* 4")}, True),
        ({"model.bin": b"\0weights"}, True),
        ({"ci.yml": "image: python:3.9\nsteps: 400\n"}, True),
    ],
    ids=[
        *("pinned versions", "a package more", "versions in settings", "a version in CI", "a lock file"),
        *("another lock file", "vendored code", "code of a third party", "minified", "protocol buffers"),
        *("generated code", "a licence header", "indentation", "quotes", "its own version", "nothing"),
        *("a new setting", "a new step in CI", "code beside versions", "code that is called vendored"),
        *("code that is called minified", "code that is called protocol buffers", "code under a mark"),
        *("code in a lock file", "code in a licence"),
        *("code that is called lock", "code below a licence", "a comment that is no licence", "one number in code"),
        *("a binary file", "a value in settings"),
    ],
)
def test_what_tells_who_made_it(repo: Repo, change: Files, significant: bool) -> None:
    repo.commit("Start", START)
    repo.commit("Change", change)
    assert document_of(repo).significant is significant


def test_a_submodule_is_a_version_of_somebody_elses_code(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    for number in "12":
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{number * 40},lib")
        repo.git("commit", "--quiet", "-m", "Bump")
    assert not document_of(repo).significant


def test_a_mode_says_nothing(repo: Repo) -> None:
    repo.commit("Start", START)
    (repo.path / "a.py").chmod(0o755)
    repo.commit("Mode")
    assert not document_of(repo).significant
    assert document_of(repo).lines == 0


def test_a_rename_alone_says_nothing(repo: Repo) -> None:
    repo.commit("Start", START)
    (repo.path / "a.py").rename(repo.path / "b.py")
    repo.commit("Rename")
    assert not document_of(repo).significant


def test_the_core_is_the_code_alone(repo: Repo) -> None:
    edited = BODY.replace("* 3", "* 4")
    one, other = on_two_sides(
        repo,
        START,
        {"a.py": edited, "CHANGES.md": "# Changes\n- faster\n"},
        {"a.py": edited, "poetry.lock": "numpy 2\n"},
    )
    assert one.core == other.core is not None
    assert one.exact != other.exact


def test_ids_do_not_depend_on_the_locale(repo: Repo, tmp_path: Path) -> None:
    path = b"caf\xe9 \xc3\xa9.py".decode("utf-8", "surrogateescape")
    repo.commit("Start", {"a": "1"})
    repo.commit("Add", {path: BODY})
    assert document_of(repo).paths == (path,)
    script = tmp_path / "ids.py"
    script.write_text(
        "import os, sys\n"
        "from labgate.git.repository import discover\n"
        "from labgate.fingerprints.patch_ids import patch_ids\n"
        "from labgate.fingerprints.patches import commit_patches\n"
        "(patch,) = commit_patches(discover(os.environ), [sys.argv[1]])\n"
        "print(sys.getfilesystemencoding(), patch_ids(patch).exact.hex(), file=sys.stdout)\n"
    )
    answers = {
        repo.run("python", "-X", f"utf8={mode}", str(script), repo.head(), LC_ALL=locale, PYTHONCOERCECLOCALE="0").out
        for mode, locale in ((1, "C.UTF-8"), (0, "C"))
    }
    assert len({answer.split()[0] for answer in answers}) == len(answers)
    assert len({answer.split()[1] for answer in answers}) == 1
