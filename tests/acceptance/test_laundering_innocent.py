"""What only looks like research is not called so: reverts, bumps, sweeps, and what main had first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from support import edits
from support.codewriter import Codewriter
from support.generated import PROTOCOL, TABLE
from support.lab import FEATURES, LOCK, MODULES, PACKAGE, PYPROJECT, REQUIREMENTS, SOURCE, TRAINER, Lab
from support.laundering import assert_innocent, commit_paths, patch_id, pick, squash
from support.people import by
from support.pushing import title

SAME = "research/same"
HEADER = """\
# Copyright 2024 The Forecast Authors
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0

"""


def on_both_sides(lab: Lab, change: Callable[[], object], *, equal: bool = True) -> list[str]:
    """Make a change on a research branch with work of its own, and again for main; return the latter."""
    repo, paths = lab.repo, []
    for branch, person in ((SAME, "ada"), ("feature/landing", "kim")):
        repo.branch(branch, "origin/main")
        if branch == SAME:
            repo.commit("Try it", {f"{PACKAGE}/trial.py": Codewriter("trial").module(3)}, **by("ada"))
        change()
        paths.append(repo.commit(f"Change it ({person})", None, **by(person)))
        if branch == SAME:
            lab.publish(SAME)
    assert (patch_id(repo, paths[0]) == patch_id(repo, paths[1])) == equal
    return paths[1:]


def substitute(lab: Lab, old: str, new: str, *paths: str) -> None:
    """Replace a text in files that all have it."""
    for path in paths:
        text = lab.read(path)
        assert old in text
        lab.repo.write({path: text.replace(old, new)})


def modules(lab: Lab) -> list[str]:
    return lab.repo.git("ls-files", "*.py").split()


# The same file.


def another_change_in_the_same_functions(lab: Lab) -> list[str]:
    lab.repo.branch("feature/landing", "origin/main")
    for path in (FEATURES, TRAINER):
        text = lab.read(path)
        for place in (0, 2):
            text = edits.insert(text, edits.functions(text)[place], 4, Codewriter(f"other {place}").statements(4))
        lab.repo.write({path: text})
    return [commit_paths(lab.repo, "Change it otherwise", FEATURES, TRAINER, **by("kim"))]


def another_change_at_the_very_same_place(lab: Lab) -> list[str]:
    lab.repo.branch("feature/landing", "origin/main")
    text = lab.read(TRAINER)
    for place in (0, 1, 2):
        text = edits.insert(text, edits.functions(text)[place], 1, Codewriter(f"same place {place}").statements(3))
    lab.repo.write({TRAINER: text})
    return [commit_paths(lab.repo, "Train it otherwise", TRAINER, **by("kim"))]


def another_change_by_the_author_of_the_research(lab: Lab) -> list[str]:
    return [*another_change_in_the_same_functions(lab), commit_again_as_ada(lab)]


def commit_again_as_ada(lab: Lab) -> str:
    text = edits.append(lab.read(FEATURES), Codewriter("sibling").function())
    lab.repo.write({FEATURES: text})
    return commit_paths(lab.repo, "Feed it", FEATURES, **by("ada"))


def a_file_of_mains_under_another_name(lab: Lab) -> list[str]:
    """Every line of it is new to that path, and research has edited the file."""
    lab.repo.branch("feature/landing", "origin/main")
    new = f"{PACKAGE}/inputs.py"
    lab.repo.git("mv", FEATURES, new)
    text = lab.read(new)
    lab.repo.write({new: edits.append(text, Codewriter("moved").function())})
    return [commit_paths(lab.repo, "Call it inputs", FEATURES, new, **by("kim"))]


def a_file_of_mains_in_two_parts(lab: Lab) -> list[str]:
    lab.repo.branch("feature/landing", "origin/main")
    text, new = lab.read(FEATURES), f"{PACKAGE}/inputs.py"
    name = edits.functions(text)[3]
    cut = text.rindex("\n\n\n", 0, text.index(f"def {name}"))
    lab.repo.write({FEATURES: text[:cut].rstrip() + "\n", new: '"""More features."""\n' + text[cut:]})
    return [commit_paths(lab.repo, "Divide the features", FEATURES, new, **by("kim"))]


# Reverts, and what main had first.


def a_revert_that_research_made_too(lab: Lab) -> list[str]:
    old = lab.repo.head("origin/main~1")
    return on_both_sides(lab, lambda: lab.repo.git("revert", "--no-commit", old))


def a_revert_that_research_did_not_make(lab: Lab) -> list[str]:
    old = lab.repo.head("origin/main~2")
    assert lab.repo.git("diff-tree", "--no-commit-id", "--name-only", "-r", old) == FEATURES
    lab.repo.branch("feature/landing", "origin/main").git("revert", "--no-edit", old)
    return [lab.repo.head()]


def research_copies_main(lab: Lab) -> str:
    """Pick a commit of main's to a research branch that was cut before it; return that commit."""
    old = lab.repo.head("origin/main~2")
    lab.repo.branch(SAME, "origin/main~4")
    pick(lab.repo, old)
    assert lab.repo.head() != old
    lab.repo.commit("Try it", {f"{PACKAGE}/trial.py": Codewriter("trial").module(3)}, **by("ada"))
    lab.publish(SAME)
    return old


def work_on_what_research_copied_from_main(lab: Lab) -> list[str]:
    research_copies_main(lab)
    lab.repo.branch("feature/landing", "origin/main")
    return [lab.neighbour("before"), lab.neighbour("after")]


def own_code_reverted_and_applied_again(lab: Lab) -> list[str]:
    old = research_copies_main(lab)
    lab.repo.branch("feature/landing", "origin/main").git("revert", "--no-edit", old)
    reverted = lab.repo.head()
    lab.repo.clock += 60
    lab.repo.git("revert", "--no-edit", reverted)
    assert lab.repo.git("diff", "origin/main", "HEAD") == ""
    assert patch_id(lab.repo, lab.repo.head()) == patch_id(lab.repo, old)
    return [reverted, lab.repo.head()]


def work_after_research_merged_main(lab: Lab) -> list[str]:
    lab.repo.branch(SAME, "origin/main~4")
    lab.repo.commit("Try it", {f"{PACKAGE}/trial.py": Codewriter("trial").module(3)}, **by("ada"))
    lab.repo.merge("origin/main", "Merge branch 'main' into research/same", **by("ada"))
    lab.publish(SAME)
    lab.repo.branch("feature/landing", "origin/main").git("revert", "--no-edit", "origin/main~1")
    return [lab.repo.head(), lab.neighbour("before")]


# A topic branch that research merged.


def merged_topic(lab: Lab) -> list[str]:
    repo = lab.repo.branch("feature/tidy", "origin/main")
    landed = [lab.neighbour("before"), lab.neighbour("after")]
    repo.push("feature/tidy")
    repo.labgate("check", "--target", "main", "--head", "origin/main", status=0)  # the topic is seen first
    repo.branch(SAME, "origin/main~1")
    repo.commit("Try it", {f"{PACKAGE}/trial.py": Codewriter("trial").module(3)}, **by("ada"))
    repo.merge("feature/tidy", "Merge branch 'feature/tidy' into research/same", **by("ada"))
    lab.publish(SAME)
    return landed


def a_topic_that_research_merged_lands_itself(lab: Lab) -> list[str]:
    landed = merged_topic(lab)
    lab.repo.checkout("feature/tidy")
    return landed


def a_topic_that_research_merged_lands_as_one_commit(lab: Lab) -> list[str]:
    merged_topic(lab)
    lab.repo.branch("feature/landing", "origin/main")
    return [squash(lab.repo, "feature/tidy", "Tidy up")]


# The same on both sides.


def bump_in_pyproject(lab: Lab) -> list[str]:
    assert "torch==2.1.0" in PYPROJECT
    return on_both_sides(lab, lambda: substitute(lab, "torch==2.1.0", "torch==2.2.1", "pyproject.toml"))


def bump_in_requirements(lab: Lab) -> list[str]:
    new = REQUIREMENTS.replace("torch==2.1.0", "torch==2.2.1").replace("1.24.4", "1.26.4").replace("4.66.1", "4.66.4")
    return on_both_sides(lab, lambda: lab.repo.write({"requirements.txt": new}))


def bump_in_a_lock_file(lab: Lab) -> list[str]:
    new = LOCK.replace("2.1.0", "2.2.1").replace("1.24.4", "1.26.4")
    return on_both_sides(lab, lambda: lab.repo.write({"uv.lock": new}))


def bump_everywhere(lab: Lab) -> list[str]:
    paths = ("pyproject.toml", "requirements.txt", "uv.lock")
    return on_both_sides(lab, lambda: substitute(lab, "2.1.0", "2.2.1", *paths))


def the_next_version(lab: Lab) -> list[str]:
    def change() -> None:
        substitute(lab, '"1.2.0"', '"1.3.0"', "pyproject.toml")
        lab.repo.write({f"{PACKAGE}/_version.py": '__version__ = "1.3.0"\n', "CHANGELOG.md": "## 1.3.0\n"})

    return on_both_sides(lab, change)


def a_vendored_file(lab: Lab) -> list[str]:
    text = Codewriter("vendored").module(5)
    return on_both_sides(lab, lambda: lab.repo.write({"vendor/rolling/stats.py": text}))


def a_generated_file(lab: Lab) -> list[str]:
    return on_both_sides(lab, lambda: lab.repo.write({f"{PACKAGE}/window_pb2.py": PROTOCOL}))


def a_generated_file_under_a_name_like_any(lab: Lab) -> list[str]:
    return on_both_sides(lab, lambda: lab.repo.write({f"{PACKAGE}/window_tables.py": TABLE}))


def a_licence_header_in_every_file(lab: Lab) -> list[str]:
    def change() -> None:
        lab.repo.write({path: HEADER + lab.read(path) for path in modules(lab)})

    assert len(modules(lab)) > 10
    return on_both_sides(lab, change, equal=False)


def users_of_an_api(lab: Lab, count: int) -> list[str]:
    """Let main have modules that call ``window_score``, all in the same line: else its change is somebody's own."""
    paths = [f"{PACKAGE}/reports/report_{number}.py" for number in range(count)]
    repo = lab.repo.branch("feature/reports", "origin/main")
    for path in paths:
        call = "score = windows.window_score(rows)\n"
        text = f"from forecast import windows\n\nrows = [1.0]\n{call}\n{Codewriter(path).statements(3)}"
        repo.write({path: text})
    lab.format(*paths)
    commit_paths(repo, "Add reports", *paths)
    repo.push("HEAD:main")
    return paths


def a_mass_rename_by_sed(lab: Lab) -> list[str]:
    paths = users_of_an_api(lab, 40)
    return on_both_sides(lab, lambda: substitute(lab, "window_score", "score_window", *paths))


def a_mass_rename_that_covers_more_on_one_side(lab: Lab) -> list[str]:
    paths = users_of_an_api(lab, 44)

    def change() -> None:
        research = lab.repo.git("branch", "--show-current") == SAME
        substitute(lab, "window_score", "score_window", *(paths[:40] if research else paths))

    return on_both_sides(lab, change, equal=False)


def a_run_of_the_formatter(lab: Lab) -> list[str]:
    paths = [f"{PACKAGE}/{name}.py" for name in MODULES]
    return on_both_sides(lab, lambda: lab.format(*paths, style=("--line-length", "120")))


def an_empty_file(lab: Lab) -> list[str]:
    return on_both_sides(lab, lambda: lab.repo.write({f"{PACKAGE}/models/__init__.py": ""}))


Case = Callable[[Lab], list[str]]
CASES: Sequence[Case] = (
    another_change_in_the_same_functions,
    another_change_at_the_very_same_place,
    another_change_by_the_author_of_the_research,
    a_file_of_mains_under_another_name,
    a_file_of_mains_in_two_parts,
    a_revert_that_research_made_too,
    a_revert_that_research_did_not_make,
    work_on_what_research_copied_from_main,
    own_code_reverted_and_applied_again,
    work_after_research_merged_main,
    a_topic_that_research_merged_lands_itself,
    a_topic_that_research_merged_lands_as_one_commit,
    bump_in_pyproject,
    bump_in_requirements,
    bump_in_a_lock_file,
    bump_everywhere,
    the_next_version,
    a_vendored_file,
    a_generated_file,
    a_generated_file_under_a_name_like_any,
    a_licence_header_in_every_file,
    a_mass_rename_by_sed,
    a_mass_rename_that_covers_more_on_one_side,
    a_run_of_the_formatter,
    an_empty_file,
)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_what_only_looks_like_research_is_not_called_so(lab: Lab, case: Case) -> None:
    landed = case(lab)
    assert lab.repo.git("rev-parse", SOURCE)
    assert_innocent(lab, landed)
