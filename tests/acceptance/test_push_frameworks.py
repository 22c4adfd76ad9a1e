"""What pre-commit and prek alone stop at ``git push``: advice, from the first ref of a push that they look into.

They start no hook for a deletion, nor where the remote has every commit of a ref already; of several refs they show
one. labgate says so (partial view), and ``labgate install`` closes the gap. prek moreover takes the new tip of a
rewritten ref for a new ref, so the first case does not reach it either.
"""

from __future__ import annotations

import pytest

from support.hooks import FRAMEWORKS
from support.isolated import age
from support.people import adopt
from support.pushing import (
    CASES,
    CONFIG,
    Case,
    among_all,
    by_force,
    by_merge,
    by_oid,
    deleted,
    hook,
    new_annotated_tag,
    new_release,
    new_tag,
    over_an_unknown_tip,
    push,
    renamed,
    second_of_two,
    title,
)
from support.repo import Repo

REFUSED, PASSED, NOT_STARTED = "refused", "passed", "not started"

#: Without a review: what holds under pre-commit, under prek, and the errors where it is refused. "passed" always goes
#: with the words "partial view".
UNREVIEWED: dict[Case, tuple[str, str, set[str]]] = {
    by_force: (REFUSED, NOT_STARTED, {"LG201", "LG210", "LG211"}),  # it has no policy
    by_merge: (REFUSED, REFUSED, {"LG201"}),
    by_oid: (REFUSED, REFUSED, {"LG201"}),
    renamed: (REFUSED, REFUSED, {"LG201"}),
    second_of_two: (PASSED, PASSED, set()),
    among_all: (PASSED, PASSED, set()),
    new_release: (NOT_STARTED, NOT_STARTED, set()),
    new_tag: (NOT_STARTED, NOT_STARTED, set()),
    new_annotated_tag: (NOT_STARTED, NOT_STARTED, set()),
    over_an_unknown_tip: (NOT_STARTED, NOT_STARTED, set()),
    deleted: (NOT_STARTED, NOT_STARTED, set()),
}
#: The same with a review. A rewrite stays one.
REVIEWED: dict[Case, tuple[str, str, set[str]]] = {
    **UNREVIEWED,
    by_force: (REFUSED, REFUSED, {"LG211"}),
    by_merge: (PASSED, PASSED, set()),
    by_oid: (PASSED, PASSED, set()),
    renamed: (PASSED, PASSED, set()),
}


def test_the_tables_have_every_case() -> None:
    assert set(UNREVIEWED) == set(REVIEWED) == set(CASES)


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def project(sdg: Repo, framework: str) -> Repo:
    """The sdg project with one framework's hook, which runs ``labgate-hook pre-push``."""
    return hook(sdg, framework)


# Row 1.


def test_research_goes_to_research(project: Repo) -> None:
    project.checkout("research/pr-72").commit("Try more", {"more.py": "1\n"})
    outcome = push(project, "research/pr-72")
    assert (outcome.verdict, outcome.partial, outcome.errors) == (PASSED, True, set())
    assert outcome.moved == {"refs/heads/research/pr-72"}


# Rows 2 and 3.


@pytest.mark.parametrize("review", [False, True], ids=["without a review", "with a review"])
@pytest.mark.parametrize("case", CASES, ids=title)
def test_research_on_its_way_to_a_protected_ref(project: Repo, framework: str, case: Case, review: bool) -> None:
    pre_commit, prek, errors = (REVIEWED if review else UNREVIEWED)[case]
    expected = pre_commit if framework == "pre-commit" else prek
    attempt = case(project, review=review)
    outcome = push(project, *attempt.arguments)
    assert outcome.verdict == expected, outcome.result.text
    assert outcome.partial == (expected != NOT_STARTED)
    if expected == REFUSED:
        assert (outcome.errors, outcome.moved) == (errors, frozenset())
    else:
        assert outcome.errors == set()
        assert attempt.ref in outcome.moved


def test_a_partial_view_is_said_once_a_day(project: Repo) -> None:
    project.branch("feature/x").commit("Work", {"x.py": "1\n"})
    assert push(project, "feature/x").partial
    project.commit("More", {"x.py": "2\n"})
    assert not push(project, "feature/x").partial
    age(project.path / ".git/labgate/partial-view", 25 * 3600)
    project.commit("Even more", {"x.py": "3\n"})
    assert push(project, "feature/x").partial


# Beside labgate's own hook.


@pytest.mark.parametrize("first", ["labgate", "the framework"])
def test_beside_labgate_s_own_hook_the_framework_s_says_that_it_stands_back(
    sdg: Repo, framework: str, first: str
) -> None:
    for way in ("native", framework) if first == "labgate" else (framework, "native"):
        hook(sdg, way)
    sdg.checkout("research/pr-72").commit("Try more", {"more.py": "1\n"})
    outcome = push(sdg, "research/pr-72")
    assert outcome.moved == {"refs/heads/research/pr-72"}
    assert "labgate: skipped: labgate's own pre-push hook judges this" in outcome.result.text
    assert "partial view" not in outcome.result.text


@pytest.mark.parametrize("case", [second_of_two, new_release, deleted], ids=title)
def test_beside_labgate_s_own_hook_nothing_gets_past(sdg: Repo, framework: str, case: Case) -> None:
    hook(hook(sdg, framework), "native")
    outcome = push(sdg, *case(sdg, review=False).arguments)
    assert outcome.verdict == REFUSED
    assert outcome.errors == ({"LG211"} if case is deleted else {"LG201"})
    assert outcome.moved == frozenset()


# What cannot be judged.


def test_without_a_policy_anywhere_the_hook_is_skipped_in_one_line(repo: Repo, framework: str) -> None:
    repo.with_remote()
    repo.commit("Start", {"a.py": "a\n"})
    hook(repo, framework)
    outcome = push(repo, "main")
    assert outcome.moved == {"refs/heads/main"}
    # prek indents what a hook says.
    said = [line.strip() for line in outcome.result.text.splitlines() if line.strip().startswith("labgate: ")]
    no_policy = "there is no labgate.toml on the trunk or in the judged commit"
    assert said == [f"labgate: skipped: {no_policy} (help: labgate init)"]


def test_where_a_policy_cannot_be_read_the_last_one_that_can_judges_the_push(project: Repo) -> None:
    adopt(project, "version = 1\nthis is no policy\n")
    project.branch("feature/x").commit("Work", {"x.py": "1\n"})
    outcome = push(project, "feature/x")
    assert outcome.result.status == 0
    assert "labgate: origin/main:labgate.toml: line 2" in outcome.result.text


def test_run_by_hand_the_hook_has_nothing_to_judge(project: Repo, framework: str) -> None:
    done = project.run(framework, "run", "--config", CONFIG, "--hook-stage", "pre-push", "--all-files")
    assert "labgate: skipped: no ref of a push is named to this hook" in done.text


def test_the_caller_s_own_variables_decide_nothing(project: Repo) -> None:
    attempt = by_merge(project, review=False)
    tip = project.head("research/pr-72")
    spoofed = {"FROM_REF": tip, "TO_REF": tip, "LOCAL_BRANCH": "refs/heads/main~1", "REMOTE_BRANCH": "refs/heads/x"}
    env = {f"PRE_COMMIT_{name}": value for name, value in spoofed.items()}
    outcome = push(project, *attempt.arguments, **env)
    assert (outcome.verdict, outcome.errors, outcome.moved) == (REFUSED, {"LG201"}, frozenset())
