"""experiment-hash judges values: which messages name their experiment, and what the one finding holds."""

from __future__ import annotations

import pytest

from labgate.checks.experiment_hash.check import Facts, check, names_experiment
from labgate.checks.experiment_hash.rules import MissingTrailer, Unstamped
from support.policies import policy


def facts(*messages: str, linear: bool = True) -> Facts:
    commits = [(f"{number:040x}", message.split("\n")[0], message) for number, message in enumerate(messages)]
    return Facts("housing", "ada", "experiment--housing--ada", tuple(commits), linear, root=f"{0:040x}")


@pytest.mark.parametrize(
    "message",
    [
        "Train\n\nExperiment: housing/ada\n",
        "Train\n\nExperiment: housing/ada",
        "Train\n\nexperiment: housing/ada  \n",
        "Train\n\nEXPERIMENT: housing/ada\r\n",
        "Train\n\nExperiment: housing/ada\n\nCo-authored-by: Ada <ada@example.org>\n",
        "Train\n\nExperiment: ranker/ada\nExperiment: housing/ada\n",
        "Experiment: housing/ada",
        "Train\n\nExperiment:housing/ada",
    ],
    ids=[
        "a trailer",
        "without a last newline",
        "another case and trailing blanks",
        "line ends of Windows",
        "in a paragraph before the trailers",
        "beside another experiment",
        "as the subject",
        "without a blank, as git takes it too",
    ],
)
def test_a_line_of_its_own_names_the_experiment(message: str) -> None:
    assert names_experiment(message, "housing/ada")
    assert list(check(facts(message), policy())) == []


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Train",
        "Train Experiment: housing/ada",
        "Train\n\n Experiment: housing/ada",
        "Train\n\nExperiment: housing/ada2",
        "Train\n\nExperiment: housing/Ada",
        "Train\n\nExperiment: ranker/ada",
        "Train\n\nExperiment-Id: housing/ada",
        "Train\n\nExperiment: housing/ada and more",
    ],
)
def test_anything_else_does_not(message: str) -> None:
    assert not names_experiment(message, "housing/ada")
    (finding,) = check(facts(message), policy())
    assert (finding.rule.code, finding.level) == ("LG301", "warning")


def test_one_finding_holds_all_the_commits() -> None:
    (finding,) = check(facts("one", "two\n\nExperiment: housing/ada", "three", linear=False), policy())
    assert finding.oids == (f"{0:040x}", f"{2:040x}")
    assert finding.ref == "refs/heads/experiment--housing--ada"
    assert finding.data == {
        "service": "housing",
        "handle": "ada",
        "experiment": "housing/ada",
        "branch": "experiment--housing--ada",
        "commits": (Unstamped(f"{0:040x}", "one"), Unstamped(f"{2:040x}", "three")),
        "parent": None,
        "linear": False,
        "local": None,
        "way": "",
        "push": "",
    }


def test_the_parent_is_that_of_the_oldest_commit_that_needs_the_line() -> None:
    (finding,) = check(facts("one\n\nExperiment: housing/ada", "two", "three"), policy())
    assert isinstance(finding, MissingTrailer)
    assert finding.parent == f"{1:040x}^"


def test_nothing_new_is_nothing_wrong() -> None:
    assert list(check(facts(), policy())) == []
