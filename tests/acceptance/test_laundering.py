"""Research that was rewritten on its way to main is found with its source, and the honest work beside it is not."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from support import edits
from support.codewriter import Codewriter
from support.lab import CONFIG, FEATURES, NEW, NEW_CONFIG, NEW_TEST, PACKAGE, SOURCE, STYLE, TRAINER, Lab
from support.laundering import (
    Claim,
    backdated,
    commit_index,
    commit_paths,
    hunks,
    judge,
    kept,
    patch_id,
    pick,
    rebase,
    squash,
    stage,
    undo,
)
from support.pushing import title

WIDE = ("--line-length", "120", "--config", 'format.quote-style="single"')
NARROW = ("--line-length", "48", "--config", "format.skip-magic-trailing-comma=true")


def one_to_one(lab: Lab, landed: Sequence[str], research: Sequence[str]) -> Claim:
    """Each landed commit comes from the research commit at its place."""
    return Claim({new: [old] for new, old in zip(landed, research, strict=True)}, lab.research)


# Row 4, in its order.


def rebased_under_another_name(lab: Lab) -> Claim:
    landed = rebase(lab.repo, SOURCE)
    moved = [patch_id(lab.repo, new) != patch_id(lab.repo, old) for new, old in zip(landed, lab.research, strict=True)]
    assert moved == [False, True, True, False], "main has moved what stands around two of the commits"
    return one_to_one(lab, landed, lab.research)


def cherry_picked(lab: Lab) -> Claim:
    return one_to_one(lab, pick(lab.repo, *lab.research[:2]), lab.research[:2])


def cherry_picked_one_from_the_middle(lab: Lab) -> Claim:
    return one_to_one(lab, pick(lab.repo, lab.research[2]), lab.research[2:3])


def cherry_picked_naming_its_source(lab: Lab) -> Claim:
    landed = pick(lab.repo, *lab.research[1:3], options=["-x"])
    return Claim(
        {new: [old] for new, old in zip(landed, lab.research[1:3], strict=True)}, lab.research, method="trailer"
    )


def squashed_under_its_own_message(lab: Lab) -> Claim:
    return Claim({squash(lab.repo, SOURCE, "Add mixtures"): lab.research}, lab.research, whole=True)


def squashed_under_the_message_of_git(lab: Lab) -> Claim:
    landed = squash(lab.repo, SOURCE, None)
    message = lab.repo.git("log", "-1", "--format=%B", landed)
    assert message.startswith("Squashed commit of the following:")
    assert all(oid in message for oid in lab.research)
    return Claim({landed: lab.research}, lab.research, whole=True, method="trailer")


def reordered(lab: Lab) -> Claim:
    first, second, third, fourth = lab.research
    order = [third, second, first, fourth]
    return one_to_one(lab, rebase(lab.repo, SOURCE, todo=[f"pick {oid}" for oid in order]), order)


def split_into_three_commits(lab: Lab) -> Claim:
    repo = lab.repo
    undo(repo, pick(repo, lab.research[2]))
    landed = [commit_paths(repo, "Test mixtures", NEW_TEST)]
    assert len(hunks(repo, TRAINER)) == 3
    stage(repo, hunks(repo, TRAINER)[1])
    landed.append(commit_index(repo, "Prepare the trainer"))
    landed.append(commit_paths(repo, "Use it in the trainer", TRAINER))
    assert [len(repo.git("diff-tree", "--name-only", "--no-commit-id", "-r", oid).split()) for oid in landed] == [1] * 3
    return Claim({oid: [lab.research[2]] for oid in landed}, lab.research)


def fixed_up(lab: Lab) -> Claim:
    repo, base = lab.repo, lab.repo.head()
    landed = rebase(repo, SOURCE)
    for path, oid, place in ((NEW, landed[0], 3), (FEATURES, landed[1], -1)):
        text = lab.read(path)
        changed = edits.insert(text, edits.functions(text)[place], 1, Codewriter(f"fixup {path}").statements(2))
        repo.write({path: changed}).git("commit", "--quiet", "--no-verify", "--all", f"--fixup={oid}")
    repo.git("rebase", "--quiet", "--interactive", "--autosquash", base, GIT_SEQUENCE_EDITOR="true")
    landed = repo.git("rev-list", "--reverse", f"{base}..HEAD").split()
    changed_ones = [lab.read(path, "HEAD") != lab.read(path, SOURCE) for path in (NEW, NEW_TEST)]
    assert changed_ones == [True, False]
    return one_to_one(lab, landed, lab.research)


def rolled_into_one_by_fixups(lab: Lab) -> Claim:
    first, *rest = lab.research
    (landed,) = rebase(lab.repo, SOURCE, todo=[f"pick {first}", *(f"fixup {oid}" for oid in rest)])
    return Claim({landed: lab.research}, lab.research, whole=True)


def checked_out_as_a_new_file(lab: Lab) -> Claim:
    lab.repo.git("checkout", SOURCE, "--", NEW)
    landed = commit_paths(lab.repo, "Add mixtures", NEW)
    sources = [lab.research[0], lab.research[3]]
    return Claim({landed: sources}, lab.research, method="blob")


def checked_out_over_an_edited_file(lab: Lab) -> Claim:
    """The file as research had it: what main did to it since is undone by the way."""
    lab.repo.git("checkout", SOURCE, "--", FEATURES)
    landed = commit_paths(lab.repo, "Feed mixtures", FEATURES)
    assert lab.repo.git("rev-parse", f"{landed}:{FEATURES}") == lab.repo.git("rev-parse", f"{SOURCE}:{FEATURES}")
    assert "\n-" in lab.repo.git("show", "--format=", landed, "--", FEATURES)
    return Claim({landed: [lab.research[1]]}, lab.research)


def reformatted(lab: Lab, style: tuple[str, ...], most: float) -> Claim:
    """Pick three commits and run ruff over the files of each before it is committed."""
    landed = []
    for oid in lab.research[:3]:
        lab.repo.git("cherry-pick", "--no-commit", oid)
        paths = lab.repo.git("diff", "--cached", "--name-only").split()
        before = {path: lab.read(path) for path in paths}
        lab.format(*paths, style=style)
        assert all(lab.read(path) != text for path, text in before.items()), "ruff has found work in every file"
        landed.append(commit_paths(lab.repo, f"Work on {paths[-1]}", *paths))
    assert kept(lab.read(NEW, lab.research[0]), lab.read(NEW)) < most
    return one_to_one(lab, landed, lab.research[:3])


def reformatted_in_the_projects_style(lab: Lab) -> Claim:
    return reformatted(lab, STYLE, 0.85)


def reformatted_with_other_quotes_and_width(lab: Lab) -> Claim:
    return reformatted(lab, WIDE, 0.98)


def rewrapped_to_narrow_lines(lab: Lab) -> Claim:
    return reformatted(lab, NARROW, 0.6)


def retyped_without_comments(lab: Lab) -> Claim:
    text = ast.unparse(ast.parse(lab.read(NEW, SOURCE))) + "\n"
    assert "#" not in text
    lab.repo.write({NEW: text})
    return Claim({commit_paths(lab.repo, "Add mixtures", NEW): [lab.research[0], lab.research[3]]}, lab.research)


def renamed(text: str, seed: str, count: int = 8) -> str:
    """Give the names that a module uses most other ones."""
    author = Codewriter(seed)
    names = edits.top_names(text, count)
    assert len(names) == count
    return edits.renamed(text, {name: f"{author.topic[at % 9]}_{at}" for at, name in enumerate(names)})


def copied_to_another_path_with_other_names(lab: Lab) -> Claim:
    old = lab.read(NEW, SOURCE)
    new = renamed(old, "renamed")
    compile(new, "blend.py", "exec")
    assert kept(old, new) < 0.7
    lab.repo.write({f"{PACKAGE}/blend.py": new})
    landed = commit_paths(lab.repo, "Add blends", f"{PACKAGE}/blend.py")
    return Claim({landed: [lab.research[0], lab.research[3]]}, lab.research)


def renamed_in_its_place(lab: Lab) -> Claim:
    lab.repo.write({NEW: renamed(lab.read(NEW, SOURCE), "in place", 12)})
    return Claim({commit_paths(lab.repo, "Add mixtures", NEW): [lab.research[0], lab.research[3]]}, lab.research)


# More ways.


def stacked_as_two_squashes(lab: Lab) -> Claim:
    first = squash(lab.repo, lab.research[1], "Prepare mixtures")
    lab.repo.git("cherry-pick", "--no-commit", *lab.research[2:])
    second = commit_index(lab.repo, "Add mixtures")
    return Claim({first: lab.research[:2], second: lab.research[2:]}, lab.research, whole=True)


def squashed_and_split_across_the_commits(lab: Lab) -> Claim:
    """Together what lands is the research, but no commit of it is one of the research's."""
    repo = lab.repo
    whole = squash(repo, SOURCE, "All")
    undo(repo, [whole])
    text = lab.read(NEW)
    half = text.index(f"def {edits.functions(text)[3]}")
    repo.write({NEW: text[:half].rstrip() + "\n"}).git("add", NEW, NEW_CONFIG)
    stage(repo, hunks(repo, FEATURES)[0])
    landed = [commit_index(repo, "First")]
    repo.write({NEW: text}).git("add", NEW)
    stage(repo, hunks(repo, TRAINER)[0])
    stage(repo, hunks(repo, CONFIG)[0])
    landed += [commit_index(repo, "Second"), commit_paths(repo, "Third", FEATURES, TRAINER, CONFIG, NEW_TEST)]
    assert repo.git("diff", whole, "HEAD") == ""
    assert not {patch_id(repo, oid) for oid in landed} & {patch_id(repo, oid) for oid in lab.research}
    return Claim(dict.fromkeys(landed, lab.research), lab.research, whole=True, method="squash", traced=False)


def backdated_by_five_years(lab: Lab) -> Claim:
    """Main has none of it, whatever its date says; who traces the commit alone has nothing else to go by."""
    oid = lab.research[1]
    pick(lab.repo, oid)
    then = backdated(lab.repo)
    lab.repo.git("commit", "--quiet", "--amend", "--no-edit", "--reset-author", **then)
    assert lab.repo.git("log", "-1", "--format=%ad %cd", "--date=format:%Y") == "2018 2018"
    return replace(one_to_one(lab, [lab.repo.head()], [oid]), traced=False)


def reformatted_and_backdated(lab: Lab) -> Claim:
    """The research was seen here before, by an earlier run."""
    assert lab.check()["findings"] == []
    lab.repo.write({NEW: lab.read(NEW, SOURCE)})
    lab.format(NEW)
    landed = commit_paths(lab.repo, "Add mixtures", NEW, **backdated(lab.repo))
    return Claim({landed: [lab.research[0], lab.research[3]]}, lab.research, traced=False)


def adopted_in_part(lab: Lab) -> Claim:
    """One function of the new module, under the module's name."""
    text = lab.read(NEW, SOURCE)
    lab.repo.write({NEW: '"""Mixtures."""\n\nimport math\n\n\n' + function_of(text, 4)})
    lab.format(NEW)
    return Claim({commit_paths(lab.repo, "Add mixtures", NEW): [lab.research[0], lab.research[3]]}, lab.research)


def adopted_in_part_elsewhere(lab: Lab) -> Claim:
    """One function of the new module, in a module of main's, beside a change of its own."""
    path = f"{PACKAGE}/losses.py"
    text = edits.append(lab.read(path), function_of(lab.read(NEW, SOURCE), 2))
    text = edits.insert(text, edits.functions(text)[0], 2, Codewriter("beside").statements(1))
    lab.repo.write({path: text})
    lab.format(path)
    return Claim({commit_paths(lab.repo, "Extend the losses", path): [lab.research[0], lab.research[3]]}, lab.research)


def function_of(text: str, place: int) -> str:
    """Return the source of a function of a module; a method's as if it were none."""
    lines = edits.source_of(text, edits.functions(text)[place]).splitlines(keepends=True)
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "".join(line[indent:] if line.strip() else line for line in lines)


def hidden_by_attributes_that_come_along(lab: Lab) -> Claim:
    """The change itself says that the file is generated, vendored and no text."""
    lab.repo.write({".gitattributes": f"{NEW} linguist-generated linguist-vendored -diff binary\n"})
    commit_paths(lab.repo, "Mark what is generated", ".gitattributes")
    lab.repo.write({NEW: lab.read(NEW, SOURCE)})
    lab.format(NEW)
    return Claim({commit_paths(lab.repo, "Add mixtures", NEW): [lab.research[0], lab.research[3]]}, lab.research)


def hidden_by_a_mark_of_a_generator(lab: Lab) -> Claim:
    """The first line of the copy says that a tool wrote it."""
    lab.repo.write({NEW: "# Code generated by a tool. DO NOT EDIT.\n" + lab.read(NEW, SOURCE)})
    lab.format(NEW)
    return Claim({commit_paths(lab.repo, "Add mixtures", NEW): [lab.research[0], lab.research[3]]}, lab.research)


Case = Callable[[Lab], Claim]
CASES: Sequence[Case] = (
    rebased_under_another_name,
    cherry_picked,
    cherry_picked_one_from_the_middle,
    cherry_picked_naming_its_source,
    squashed_under_its_own_message,
    squashed_under_the_message_of_git,
    reordered,
    split_into_three_commits,
    fixed_up,
    rolled_into_one_by_fixups,
    checked_out_as_a_new_file,
    checked_out_over_an_edited_file,
    reformatted_in_the_projects_style,
    reformatted_with_other_quotes_and_width,
    rewrapped_to_narrow_lines,
    retyped_without_comments,
    copied_to_another_path_with_other_names,
    renamed_in_its_place,
    stacked_as_two_squashes,
    squashed_and_split_across_the_commits,
    backdated_by_five_years,
    reformatted_and_backdated,
    adopted_in_part,
    adopted_in_part_elsewhere,
    hidden_by_attributes_that_come_along,
    hidden_by_a_mark_of_a_generator,
)


@pytest.mark.parametrize("case", CASES, ids=title)
def test_laundered_research_is_found_and_honest_work_beside_it_is_not(lab: Lab, case: Case) -> None:
    lab.open()
    claim = case(lab)
    lab.neighbour("after")
    judge(lab, claim)
