"""Presets are policies without a mistake, filled in for any repository, and the one that fits best is proposed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from labgate.git.repository import discover
from labgate.research.section import ResearchGate
from labgate.reviews.section import Reviews
from labgate.setup.presets import PRESETS, SCHEMA, fill, propose
from labgate.setup.survey import Survey, take_survey
from labgate.values.errors import LabgateError
from support.policies import READER, parse_policy
from support.repo import Repo


def survey(repo: Repo, *branches: str, trunk: str = "main", url: str | None = None) -> Survey:
    """Give a repository these branches and return what init finds there."""
    repo.commit("Start")
    for name in branches:
        repo.git("update-ref", f"refs/heads/{name}", "HEAD")
    repo.git("config", "labgate.trunk", trunk)
    if url is not None:
        repo.git("remote", "add", "origin", url)
    return take_survey(discover(repo.env, str(repo.path)))


@pytest.mark.parametrize("trunk", ["main", "release", "a-\u00e9\"b'c", "dev/next"])
@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_a_policy_without_a_mistake(preset: str, trunk: str, repo: Repo) -> None:
    found = survey(repo, trunk=trunk, url="ssh://git@Example.org:22/acme/models.git")
    proposal = fill(preset, found)
    policy = parse_policy(proposal.text, "labgate.toml")
    assert READER.lint(policy) == ()
    assert policy.trunk == trunk
    assert policy.repository == "example.org/acme/models"
    assert [person.emails for person in policy.section(Reviews).people] == (
        [] if preset == "trunk" else [("grace@example.org",)]
    )
    assert proposal.text.startswith(f"#:schema ./{SCHEMA}\n")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_fits_a_terminal(preset: str, repo: Repo) -> None:
    text = fill(preset, survey(repo)).text
    assert [line for line in text.splitlines() if len(line) > 80] == []


@pytest.mark.parametrize("url", [None, "/srv/models.git", "https://example.org/models", 'https://e.org/a/b"c\nd'])
def test_without_a_name_of_the_repository_the_line_is_an_example(url: str | None, repo: Repo) -> None:
    text = fill("trunk", survey(repo, url=url)).text
    assert parse_policy(text, "labgate.toml").repository is None
    assert '# repository = "github.com/acme/models"' in text


@pytest.mark.parametrize(
    ("branches", "expected", "misfits"),
    [
        ((), "research-branch", ()),
        (("fix/a", "12-b"), "research-branch", ()),
        (("faster", "py312", "wip/x/y"), "trunk", ("wip/x/y",)),
        (("research/a", "faster", "py312"), "research-branch", ("faster", "py312")),
        (("experiment--ranker--beam", "research", "x"), "experiment-branches", ("research", "x")),
        (("release-1.0", "dependabot/pip/x", "feat/x"), "research-branch", ()),
        (("HEAD2", "-x"), "trunk", ("-x",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_the_preset_that_fits_best_is_proposed(
    branches: tuple[str, ...], expected: str, misfits: tuple[str, ...], repo: Repo
) -> None:
    best, others = propose(survey(repo, *branches), None)
    assert (best.preset, best.misfits) == (expected, misfits)
    assert best.accepted == 1 + len(branches) - len(misfits)
    assert {best.preset, *(one.preset for one in others)} == set(PRESETS)


def test_a_wish_wins(repo: Repo) -> None:
    best, _ = propose(survey(repo, "research/a"), "trunk")
    assert (best.preset, best.misfits) == ("trunk", ("research/a",))


def test_a_trunk_in_the_way_of_a_preset_leaves_the_others(repo: Repo) -> None:
    found = survey(repo, trunk="research")
    best, others = propose(found, None)
    assert "research-branch" not in {best.preset, *(one.preset for one in others)}
    with pytest.raises(LabgateError, match="git cannot hold"):
        propose(found, "research-branch")


@pytest.mark.parametrize("trunk", ["a{b", "-x"])
def test_a_trunk_that_no_policy_can_name_is_said(trunk: str, repo: Repo) -> None:
    with pytest.raises(LabgateError, match="no policy of the preset trunk"):
        propose(survey(repo, trunk=trunk), None)


def test_research_goes_only_where_the_preset_says(repo: Repo) -> None:
    policy = fill("research-branch", survey(repo)).policy
    kind = policy.kind("research")
    assert kind is not None
    assert (kind.base, kind.targets) == (("protected",), ("research", "protected"))
    assert policy.section(ResearchGate).sources == ("research",)
    issue = fill("experiment-branches", survey(repo)).policy.kind("issue")
    assert issue is not None
    assert (issue.base, issue.targets) == (("experiment",), ("experiment",))


def test_people_are_proposed_but_only_the_one_who_asks_counts(repo: Repo) -> None:
    for message in ("One", "Two"):
        repo.commit(message, GIT_AUTHOR_NAME="Ada\x1b Lovelace", GIT_AUTHOR_EMAIL="ada@example.org")
    repo.commit("Other address", GIT_AUTHOR_NAME="Grace", GIT_AUTHOR_EMAIL="grace@home.example")
    text = fill("research-branch", survey(repo)).text
    policy = parse_policy(text, "labgate.toml")
    assert [(person.name, person.emails) for person in policy.section(Reviews).people] == [
        ("grace", ("grace@example.org",))
    ]
    assert "# [reviews.people.ada]  # Ada\\x1b Lovelace, 2 commits\n" in text
    assert "# also seen under this name; add what is really theirs: grace@home.example\n" in text
    uncommented = text.replace("# [reviews.people", "[reviews.people").replace("# emails", "emails")
    assert [person.name for person in parse_policy(uncommented, "labgate.toml").section(Reviews).people] == [
        "grace",
        "ada",
    ]


def test_without_an_identity_it_still_parses_and_says_that_nobody_can_review(repo: Repo) -> None:
    repo.env |= {"GIT_AUTHOR_EMAIL": "", "GIT_COMMITTER_EMAIL": "a@example.org"}
    found = take_survey(discover(repo.env, str(repo.path)))
    policy = fill("research-branch", found).policy
    assert [line for line in READER.lint(policy) if "nobody to review" not in line] == []
    assert policy.section(Reviews).people == ()


def test_the_presets_stand_beside_the_code() -> None:
    folder = Path(__file__).parents[2] / "hooks" / "labgate" / "setup" / "presets"
    assert {path.stem for path in folder.iterdir()} == set(PRESETS)
    assert json.dumps(SCHEMA).isascii()
