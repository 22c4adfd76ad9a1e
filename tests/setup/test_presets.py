"""Presets are policies without a mistake, filled in for any repository, and the one that fits best is proposed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from labgate.checks.branch_name.check import Facts, check
from labgate.git.repository import discover
from labgate.research.section import ResearchGate
from labgate.reviews.section import Reviews
from labgate.setup.presets import PRESETS, SCHEMA, fill, propose
from labgate.setup.survey import MOST_PEOPLE, People, Somebody, Survey, grouped, take_survey
from labgate.values.errors import LabgateError
from labgate.values.refnames import HEADS
from support.data import HISTORIES
from support.policies import READER, parse_policy
from support.repo import Repo
from support.thorough import tried


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
        (("faster", "py312", "q/x/y"), "trunk", ("q/x/y",)),
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


#: What git, code hosts, bots and coding agents call branches.
USUAL = (
    *("gh-pages", "wip/x", "wip/ada/x", "backport/1.2/x", "revert-12-fix/typo", "revert-fix", "ada-patch-1"),
    *("ada-l-patch-12", "dependabot/pip/x-1.2", "renovate/x", "pre-commit-ci-update-config", "copilot/fix-1"),
    *("release-please--branches--main", "release-please--branches--release/1.0", "codex/x", "claude/x-1"),
    "gh-readonly-queue/main/pr-1-ab",
)


@pytest.mark.parametrize("name", USUAL)
def test_every_preset_knows_the_usual_branches(name: str, repo: Repo) -> None:
    found = survey(repo)
    for preset in PRESETS:
        policy = fill(preset, found).policy
        assert list(check(Facts(HEADS + name, created=True), policy)) == []
        assert policy.classify(HEADS + name).name not in policy.section(ResearchGate).sources


@pytest.mark.parametrize(
    ("preset", "name"),
    [
        ("research-branch", "research/x-patch-1"),
        ("experiment-branches", "experiment--housing--wide-patch-1"),
        ("experiment-branches", "12-loader"),
    ],
)
def test_a_usual_name_takes_nothing_from_research(preset: str, name: str, repo: Repo) -> None:
    policy = fill(preset, survey(repo)).policy
    assert policy.classify(HEADS + name).name in policy.section(ResearchGate).sources


def test_an_issue_of_an_experiment_is_never_taken_for_a_button_s_branch(repo: Repo) -> None:
    policy = fill("experiment-branches", survey(repo)).policy
    assert policy.classify(f"{HEADS}12-patch-loader").name == "issue"
    assert list(check(Facts(f"{HEADS}12-patch-loader", created=True), policy)) == []


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


@pytest.mark.parametrize("preset", PRESETS)
def test_a_branch_before_the_trunk_is_a_hint_that_holds(preset: str, repo: Repo) -> None:
    assert "landed" not in fill(preset, survey(repo)).text
    text = fill(preset, survey(repo, "develop")).text
    hinted = text.replace("# landed = ", "landed = ").replace('"main"', '"main", "develop"', 2)
    hinted = hinted.replace('trunk = "main", "develop"', 'trunk = "main"')
    policy = READER.parse(hinted, "labgate.toml")
    assert policy.section(ResearchGate).has_landed("refs/heads/develop")
    assert not [line for line in READER.lint(policy) if "landed" in line]


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


LONG = ("grace.brewster.murray.hopper@compilers.research.example.org", "grace@naval-reserve.laboratory.example.org")


@pytest.mark.parametrize("me", [True, False], ids=["who runs it", "somebody else"])
def test_two_long_addresses_are_a_list_that_can_be_read(me: bool, repo: Repo) -> None:
    one = Somebody("Grace", LONG, 3)
    found = survey(repo).changed(people=People(one, ()) if me else People(None, (one,)))
    text = fill("research-branch", found).text
    assert (f"# also seen under this name; add what is really theirs: {LONG[1]}\n" in text) is me
    (person,) = parse_policy(uncommented(text), "labgate.toml").section(Reviews).people
    assert person.emails == LONG[:1] if me else LONG


def uncommented(text: str) -> str:
    """Take away the # before everybody who is proposed, as the file asks for."""
    head, mark, people = text.partition("stand together.\n")
    people, blank, tail = people.partition("\n\n")
    return head + mark + re.sub("^# ", "", people, flags=re.MULTILINE) + blank + tail


@pytest.mark.slow
@pytest.mark.parametrize("name", HISTORIES)
def test_everybody_of_a_real_history_is_proposed_as_toml(name: str, repo: Repo, history: Callable[[str], Repo]) -> None:
    found = survey(repo)
    log = history(name).git("log", "-z", "--glob=refs/theirs", "--no-mailmap", "--format=%an%x00%ae")
    everybody = grouped(log.split("\0"))
    assert len(everybody) > 20
    step = tried(MOST_PEOPLE, 1)  # everybody but the first one is one of the others either way
    for at, me in list(enumerate(everybody))[::step]:
        others = everybody[at + 1 : at + 1 + MOST_PEOPLE]
        text = uncommented(fill("research-branch", found.changed(people=People(me, others))).text)
        people = parse_policy(text, "labgate.toml").section(Reviews).people
        proposed = [me.emails[:1], *(one.emails for one in others)]
        assert [person.emails for person in people] == [tuple(map(str.lower, emails)) for emails in proposed]


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
