"""The pipelines that init writes: what starts them, what they may do, and that nothing in them can be turned round."""

from __future__ import annotations

import re
import shlex
from importlib.resources import files
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate.setup.pipelines import GITHUB, GITHUB_REVIEW, GITLAB, SYSTEMS, github, gitlab, new_root, root_lines
from labgate.setup.source import Source
from support.data import ROOT

OID = "0123456789abcdef0123456789abcdef01234567"
#: YAML 1.1, which PyYAML reads, takes the key ``on`` for the truth value.
ON = True
PINNED = re.compile(r"^ *- uses: \S+@[0-9a-f]{40}  # v\d+\.\d+\.\d+$")


def workflow(name: str, trunk: str = "main", source: Source | None = None) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(github(trunk, source or Source())[name])
    return found


def install_line(text: str) -> list[str]:
    """Return the words of the one line that installs labgate, as a shell reads them."""
    (line,) = (line for line in text.splitlines() if "pip install" in line)
    return shlex.split(line)


def test_every_form_belongs_to_a_pipeline() -> None:
    forms = {path.name for path in (files("labgate.setup") / "pipelines").iterdir()}
    assert len(forms) == sum(len(write("main", Source())) for write in SYSTEMS.values())


def test_the_check_starts_for_pull_requests_queues_and_what_landed_on_the_trunk() -> None:
    assert workflow(GITHUB)[ON] == {
        "pull_request": {"types": ["opened", "synchronize", "reopened", "edited"]},
        "merge_group": None,
        "push": {"branches": ["main"]},
    }


def test_the_check_may_read_and_nothing_else() -> None:
    found = workflow(GITHUB)
    assert found["permissions"] == {"contents": "read", "pull-requests": "read"}
    assert "permissions" not in found["jobs"]["labgate"]


def test_the_check_is_never_skipped() -> None:
    """GitHub reports a skipped job as passed ("Troubleshooting required status checks")."""
    (job,) = workflow(GITHUB)["jobs"].values()
    assert "if" not in job
    assert not any("if" in step or "continue-on-error" in step for step in job["steps"])


def test_no_push_and_no_merge_group_waits_for_another_or_is_cancelled() -> None:
    group = workflow(GITHUB)["concurrency"]
    assert group["group"].endswith("${{ github.event.pull_request.number || github.sha }}")
    assert group["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"


def test_the_change_is_never_checked_out() -> None:
    checkout, *_ = workflow(GITHUB)["jobs"]["labgate"]["steps"]
    assert checkout["with"] == {
        "ref": "${{ github.event.repository.default_branch }}",
        "fetch-depth": 0,
        "persist-credentials": True,
    }


def test_the_token_stands_in_the_environment_of_the_one_step_that_needs_it() -> None:
    _, install, judge = workflow(GITHUB)["jobs"]["labgate"]["steps"]
    assert "env" not in install
    assert judge["env"] == {"GITHUB_TOKEN": "${{ github.token }}"}


@pytest.mark.parametrize("name", [GITHUB, GITHUB_REVIEW])
def test_every_action_is_pinned_to_a_commit(name: str) -> None:
    lines = [line for line in github("main", Source())[name].splitlines() if "uses:" in line]
    assert [line for line in lines if not PINNED.match(line)] == []


@pytest.mark.parametrize("name", [GITHUB, GITHUB_REVIEW])
def test_no_script_has_an_expression_in_it(name: str) -> None:
    for job in workflow(name)["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")


def test_after_a_review_the_run_is_started_again_without_a_second_check_of_the_same_name() -> None:
    found = workflow(GITHUB_REVIEW)
    assert found[ON] == {"pull_request_review": {"types": ["submitted", "dismissed"]}}
    assert found["permissions"] == {}
    (name,) = found["jobs"]
    assert name not in workflow(GITHUB)["jobs"]
    assert found["jobs"][name]["permissions"] == {"actions": "write"}
    assert not any("uses" in step for step in found["jobs"][name]["steps"])


@pytest.mark.parametrize(
    ("trunk", "branches"),
    [
        ("main", ["main"]),
        ("release/1.0", ["release/1.0"]),
        ("c++", [r"c\+\+"]),
        ("!main", [r"\!main"]),
        ("a]b", [r"a\]b"]),
        ('a"b', ['a"b']),
        ("größe-😀", ["größe-😀"]),
        ("a\x85jobs:", ["a\x85jobs:"]),
        ("%{x}", ["%{x}"]),
        ("yes", ["yes"]),
    ],
    ids=["plain", "slash", "plus", "bang", "bracket", "quote", "letters", "a line end of YAML", "percent", "a truth"],
)
def test_any_trunk_is_named_as_it_is(trunk: str, branches: list[str]) -> None:
    found = workflow(GITHUB, trunk)
    assert found[ON]["push"]["branches"] == branches
    assert set(found) == {"name", ON, "permissions", "concurrency", "jobs"}


@pytest.mark.parametrize(
    ("source", "requirement"),
    [
        (Source(), Source().requirement),
        (Source("https://example.org/t/labgate", OID), f"git+https://example.org/t/labgate@{OID}"),
        (Source("https://example.org/$(id)", OID), f"git+https://example.org/$(id)@{OID}"),
    ],
    ids=["the package index", "a repository", "a hostile address"],
)
@pytest.mark.parametrize("name", [GITHUB, GITLAB])
def test_labgate_is_installed_at_this_version(name: str, source: Source, requirement: str) -> None:
    text = (github if name == GITHUB else gitlab)("main", source)[name]
    assert yaml.safe_load(text)
    assert install_line(text)[-1] == requirement


def test_the_job_of_gitlab_runs_for_merge_requests_and_what_landed() -> None:
    job = yaml.safe_load(gitlab("main", Source())[GITLAB])["labgate"]
    assert job["rules"] == [
        {"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'},
        {"if": '$CI_PIPELINE_SOURCE == "push" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH'},
    ]
    assert job["variables"] == {"GIT_DEPTH": "0"}
    assert job["artifacts"] == {"when": "always", "reports": {"codequality": "gl-code-quality-report.json"}}
    assert not {"allow_failure", "when"} & set(job)


def test_python_is_isolated_from_the_tree_that_is_judged() -> None:
    """``python -m`` would look for modules where the job stands, in what somebody proposes."""
    texts = [*github("main", Source()).values(), *gitlab("main", Source()).values()]
    texts.append((ROOT / "action.yml").read_text(encoding="utf-8"))
    started = [line for text in texts for line in text.splitlines() if re.search(r"python3?\"? -|PYTHON\" -", line)]
    assert started
    assert [line for line in started if not re.search(r"(?:python3?\"?|PYTHON\") -I -m ", line)] == []


def test_a_new_root_takes_the_job_in() -> None:
    assert yaml.safe_load(new_root()) == {"include": [{"local": GITLAB}]}


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("stages: [test]\n", (".gitlab-ci.yml", ("include:", "  - local: .gitlab/labgate.yml"))),
        ("", (".gitlab-ci.yml", ("include:", "  - local: .gitlab/labgate.yml"))),
        ("include:\n  - template: x.yml\n", (".gitlab-ci.yml, under include:", ("- local: .gitlab/labgate.yml",))),
        ("# include: .gitlab/labgate.yml\n", (".gitlab-ci.yml", ("include:", "  - local: .gitlab/labgate.yml"))),
        ("include:\n  - local: /.gitlab/labgate.yml\n", None),
        ("include: .gitlab/labgate.yml\n", None),
    ],
    ids=["no include", "empty", "others", "commented out", "there", "there on one line"],
)
def test_a_root_that_is_there_gets_what_it_lacks_by_hand(text: str, missing: object) -> None:
    assert root_lines(text) == missing


#: What is one line by its nature: a pinned action, an expression, a command of a script.
ONE_LINE = ("uses: ", "${{", "-m pip ", "-m labgate ", "$CI_")


def test_what_can_be_broken_fits_a_terminal() -> None:
    texts = [*github("main", Source()).values(), *gitlab("main", Source()).values()]
    long = [line for text in texts for line in text.splitlines() if len(line) > 80]
    assert [line for line in long if not any(part in line for part in ONE_LINE)] == []
