"""Which names are research: those of its kinds, those that only begin so, and those that another kind would take."""

from __future__ import annotations

import pytest

from labgate.values.refnames import HEADS
from support.policies import READER, TEAM, parse_policy, policy

LAB = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main", "research/stable"]
[kinds.bot]
names = ["research/bot-{n}"]
fields = { n = "[0-9]+" }
[kinds.research]
names = ["research/{topic}", "lab", "team/exp{n}", "xp{n}", "{who}/research"]
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["feature", "Research", "fix"] }
[research-gate]
sources = ["research"]
"""

SHADOWED = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main", "research/stable"]
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["feature", "fix"] }
[kinds.research]
names = ["research/{topic}"]
"""


@pytest.mark.parametrize(
    ("branch", "kind"),
    [
        ("research/ada/x", "research"),
        ("Research/Ada/x", "research"),
        ("RESEARCH/x", "research"),
        ("research/bad~topic", "research"),
        ("Research/x", "topic"),  # it fits a kind, field by field
        ("researchers/list", "topic"),
        ("research", "research"),  # the folder of research's names, in their place
        ("Research", "research"),
        ("research-ada/x", "topic"),
        ("LAB", "research"),
        ("lab/x", "topic"),
        ("labs", None),
        ("team/other", "research"),  # the last separator of team/exp{n} is the slash
        ("teams/other", "topic"),
        ("xp7", "research"),
        ("Xp7", None),  # xp{n} has no separator of its own
        ("ada/Research", "topic"),  # no literal text at its beginning
        ("research/stable", "protected"),
        ("research/bot-7", "bot"),
        ("research/bot-x", "research"),  # a field of the bot's name is illegal
    ],
)
def test_a_name_that_begins_as_research_is_research_unless_it_fits_a_kind(branch: str, kind: str | None) -> None:
    assert policy(LAB).classify(HEADS + branch).name == kind


@pytest.mark.parametrize(
    ("branch", "kind"),
    [
        ("experiment--x", "experiment"),
        ("Experiment--housing--tree", "experiment"),
        ("experiment-x", "topic"),
        ("experiments/list", "topic"),
    ],
)
def test_the_last_separator_may_be_a_hyphen(branch: str, kind: str | None) -> None:
    assert policy(TEAM).classify(HEADS + branch).name == kind


ISSUES = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main", "release-{version}"]
fields = { version = "[0-9.]+" }
[kinds.bot]
names = ["{login}-patch-{number}"]
fields = { login = "[a-z]+", number = "[0-9]+" }
[kinds.experiment]
names = ["experiment--{service}--{handle}", "{issue}-exp-{slug}"]
[kinds.issue]
names = ["{issue}-{slug}"]
[research-gate]
sources = ["experiment", "issue"]
"""


@pytest.mark.parametrize(
    ("branch", "kind", "bad_field"),
    [
        ("release-1.0", "protected", None),
        ("release-x", "protected", "version"),  # an issue's name has no text of its own that it could begin with
        ("12-patch-loader", "issue", None),  # an illegal name of a bot, but a legal one of an issue
        ("ada-patch-x", "bot", "number"),
        ("12-x", "issue", None),
        ("x-y", "issue", "issue"),
    ],
)
def test_an_illegal_name_is_of_the_first_kind_unless_it_begins_as_research(
    branch: str, kind: str, bad_field: str | None
) -> None:
    found = policy(ISSUES).classify(HEADS + branch)
    assert (found.name, found.bad_field) == (kind, bad_field)


def test_a_name_that_only_begins_as_research_is_not_legal() -> None:
    found = policy(LAB).classify(f"{HEADS}research/ada/x")
    assert (found.template, found.values, found.fields, found.bad_field) == (None, None, None, None)


@pytest.mark.parametrize("names", ['["refs/heads/{topic}"]', '["{topic}--lab"]', '["*/research"]'])
def test_an_empty_beginning_makes_nothing_research(names: str) -> None:
    text = LAB.replace('["research/{topic}", "lab", "team/exp{n}", "xp{n}", "{who}/research"]', names)
    assert policy(text).classify(f"{HEADS}feature/a/b").name is None


def test_a_full_refname_begins_below_its_namespace() -> None:
    lab = policy(LAB.replace('"lab"', '"refs/pull/{n}/head"'))
    assert lab.classify("refs/pull/7/merge").name == "research"
    assert lab.classify("refs/pulls/7/merge").name is None


@pytest.mark.parametrize(
    ("branch", "kind"),
    [
        ("research/x", "research"),
        ("research/ada/x", "research"),
        ("Research/x", "research"),
        ("feature/x", "topic"),
        ("other/x", "topic"),
        ("research/stable", "protected"),
        ("main", "protected"),
    ],
)
def test_research_comes_before_a_kind_that_shadows_it(branch: str, kind: str) -> None:
    assert policy(SHADOWED).classify(HEADS + branch).name == kind


def test_a_shadow_is_told_once_with_the_way_out() -> None:
    assert policy(SHADOWED).shadows == {"topic": "research"}
    assert READER.lint(parse_policy(SHADOWED))[0] == (
        "labgate.toml: [kinds.topic] names: [kinds.topic] comes before [kinds.research] and would take its branches, "
        "so research comes first; move [kinds.research] up"
    )


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ('["{type}/{slug}"]', '["research/{topic}"]'),
        ('["{a}/{b}/{c}"]', '["research/**"]'),
        ('["**"]', '["research/{topic}"]'),
        ('["*"]', '["experiment--{topic}"]'),
        ('["{a}-{b}"]', '["research/*", "experiment-{topic}"]'),
    ],
)
def test_a_kind_shadows_research_by_a_hole(before: str, names: str) -> None:
    text = SHADOWED.replace('["{type}/{slug}"]\nfields = { type = ["feature", "fix"] }', before)
    assert policy(text.replace('["research/{topic}"]', names)).shadows == {"topic": "research"}


@pytest.mark.parametrize(
    "before",
    ['["{type}-{slug}"]', '["research/bot-{n}", "research/stable"]', '["topic/{slug}"]', '["research/{a}/{b}"]'],
)
def test_a_kind_beside_research_or_an_exception_of_it_is_no_shadow(before: str) -> None:
    text = SHADOWED.replace('["{type}/{slug}"]\nfields = { type = ["feature", "fix"] }', before)
    assert policy(text).shadows == {}
    assert policy(TEAM).shadows == {}
