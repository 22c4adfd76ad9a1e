from __future__ import annotations

import random

import pytest
from tracing import diffs, evasion
from tracing.clone import Clone
from tracing.diffs import Run
from tracing.evasion import Text

from support.repo import Repo

OLD = tuple(f"old {number}" for number in range(30))


def changed(*runs: Run) -> Text:
    return Text("a.py", "a.py", "100644", OLD, runs)


RUNS = tuple(Run(at, 1, at, (f"new {at}", f"more {at}")) for at in (3, 9, 15, 21))


def chance() -> random.Random:
    return random.Random(1)  # noqa: S311  (a draw that repeats)


def test_a_real_change_is_read_as_it_was_made(repo: Repo) -> None:
    long = "".join(f"line {number}\n" for number in range(40))
    repo.commit("one", {"kept.py": long, "renamed.py": long, "gone.py": "x\n", "end.txt": "a\nb", "é.py": "1\n"})
    repo.git("mv", "renamed.py", "other.py")
    (repo.path / "gone.py").unlink()
    new = {
        "kept.py": "first\n" + long.replace("line 7\n", "").replace("line 20\n", "twenty\n\n-- a\n++ b\n"),
        "other.py": long + "last",
        "end.txt": "a\nb\n",
        "new.py": "one\ntwo\n",
        "é.py": "1\nfour\n",
        "empty.py": "",
    }
    commit = repo.commit("two", new)
    clone = Clone(repo.path / ".git")
    [(named, files)] = diffs.changes(clone, [commit])
    content = clone.objects(blob for file in files for blob in (file.old_blob, file.new_blob) if blob)
    texts = [text for file in files if (text := evasion.read_text(file, content)) is not None]
    assert named == commit
    assert {text.new_path: text.content() for text in texts} == {
        path: text for path, text in new.items() if path != "empty.py"
    }
    assert {text.new_path: text.old_path for text in texts}["other.py"] == "renamed.py"
    # first, twenty, last, one, two and four: the others have too few letters
    assert diffs.distinct_lines(files) == 6


def test_half_of_the_lines_stay() -> None:
    [text] = evasion.half_of_lines([changed(*RUNS)], chance())
    assert sum(len(run.added) for run in text.runs) == 4
    assert [run.deleted for run in text.runs] == [1, 1, 1, 1]


def test_a_quarter_of_the_runs_stays_and_the_rest_is_as_before() -> None:
    [text] = evasion.quarter_of_runs([changed(*RUNS)], chance())
    [run] = text.runs
    assert run in RUNS
    assert len(set(OLD) - set(text.content().split("\n"))) == 1


def test_elsewhere_nothing_is_deleted_and_all_context_differs() -> None:
    [text] = evasion.elsewhere([changed(*RUNS)], chance())
    lines = text.content().rstrip("\n").split("\n")
    assert [line for line in lines if line in OLD] == list(OLD)
    for run in RUNS:
        place = lines.index(run.added[0])
        assert lines[place + 1] == run.added[1]
        near = {f"old {run.old + step}" for step in range(-2, 2)}
        assert not near & {lines[place - 1], lines[place + 2]}


def test_at_other_paths_only_new_text_stands() -> None:
    [text] = evasion.other_paths([changed(*RUNS)], chance())
    assert (text.old_path, text.new_path) == (None, "elsewhere/part1.py")
    assert text.content().split("\n") == [*(line for run in RUNS for line in run.added), ""]


@pytest.mark.parametrize("edit", evasion.EDITS)
def test_an_edit_is_a_real_commit_beside_its_original(repo: Repo, edit: str) -> None:
    lines = [f"old_{number} = 1\n" for number in range(30)]
    repo.commit("one", {"a.py": "".join(lines)})
    for number in (25, 15, 5):
        lines.insert(number, f"new_value_{number} = compute('new', 'value', {number})  # why\n")
    original = repo.commit("two", {"a.py": "".join(lines)})
    clone = Clone(repo.path / ".git")
    [(copy, source)] = evasion.make(clone, {original: 7}, 1)[edit].items()
    assert source == original
    assert repo.git("rev-parse", f"{evasion.PREFIX}{edit}/7") == copy
    people = "--format=%P %an %ae %at %ct"
    assert repo.git("show", "--no-patch", people, copy) == repo.git("show", "--no-patch", people, original)
    assert (repo.git("rev-parse", f"{copy}:") == repo.git("rev-parse", f"{original}:")) == (edit == "none")
    assert evasion.make(clone, {original: 7}, 1)[edit] == {copy: original}
