"""``labgate ci`` from the command line: what it explains, writes beside the report, and exits with."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from labgate.checks.commit_size.reading import MOST_LINES
from labgate.ci.context import Context
from labgate.report import FORMATS
from support.jobs import BASE, HEAD, RECORDINGS, recorded
from support.pipeline import Pipeline
from support.repo import Repo, Result

RESEARCH, FEATURE = "research/bigger-batches", "feature/x"
NAMES = sorted(path.stem for path in RECORDINGS.glob("*.json"))
MEMBERS = [name for name in Context.__annotations__ if name != "origins"]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A folder without a repository."""
    path = tmp_path_factory.mktemp("outside")
    return Repo(path, {"PATH": "/usr/bin:/bin", "HOME": str(path)})


@pytest.mark.parametrize("name", NAMES)
def test_the_context_is_explained_member_by_member(outside: Repo, tmp_path: Path, name: str) -> None:
    expected = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    said = outside.labgate("ci", "--explain-context", status=None, **recorded(name, tmp_path, HEAD, BASE))
    if "error" in expected:
        assert (said.status, said.out) == (2, "")
        assert said.err.startswith("error: ")
        return
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == MEMBERS
    shown = dict(line.split(None, 1) for line in lines)
    assert shown["event"].split()[0] == expected["expected"]["event"]
    for member, origin in expected["expected"].get("origins", {}).items():
        assert shown[member].endswith(f"  ({origin})")
    for member in MEMBERS:
        if not expected["expected"].get(member) and member not in ("created", "base"):
            assert shown[member] == "-"


@pytest.mark.parametrize("name", ["evil\u202etxt", "evil\u0085x", "evil\u2028x"])
def test_hostile_names_are_escaped(outside: Repo, tmp_path: Path, name: str) -> None:
    environ = recorded("gitlab-merge-request", tmp_path, HEAD, BASE)
    environ["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"] = name
    said = outside.labgate("ci", "--explain-context", status=0, **environ)
    assert len(said.out.splitlines()) == len(MEMBERS)
    assert not re.search("[\u0085\u2028\u202e]", said.out)


def test_an_unknown_ci_is_explained_in_one_line_with_the_way_out(outside: Repo) -> None:
    said = outside.labgate("ci", "--explain-context", status=2, CI="true")
    assert said.out == ""
    first, help_, *rest = said.err.splitlines()
    assert "no CI system is recognised" in first
    assert "labgate check --target" in help_
    assert rest == []


def run(pipeline: Pipeline, branch: str, *args: str, **env: str) -> Result:
    environ = pipeline.environ(
        "github-pull-request", pipeline.propose(branch), pipeline.remote.head("main"), {RESEARCH: branch}
    )
    return pipeline.clone("--depth=1").labgate("ci", *args, status=None, **(environ | env))


def test_exit_statuses(pipeline: Pipeline) -> None:
    assert run(pipeline, FEATURE).status == 0
    refused = run(pipeline, RESEARCH)
    assert refused.status == 1
    assert refused.out.startswith("::error title=LG201 unreviewed-research")
    excused = run(pipeline, RESEARCH, "--exit-zero")
    assert (excused.status, excused.out) == (0, refused.out)
    pipeline.remote.git("update-ref", "-d", "refs/heads/main")
    pipeline.remote.git("symbolic-ref", "HEAD", f"refs/heads/{FEATURE}")
    environ = pipeline.environ("github-pull-request", pipeline.repo.head(RESEARCH), pipeline.repo.head("main"))
    undecided = pipeline.clone().labgate("ci", "--format", "text", "--exit-zero", status=2, **environ)
    assert "origin has no branch main" in undecided.text


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_tells_what_stopped_the_run(outside: Repo, format_: str) -> None:
    said = outside.labgate("ci", "--format", format_, status=2, CI="true")
    assert "no CI system is recognised" in said.text
    assert "internal error" not in said.text


def test_a_step_of_github_gets_a_page_and_outputs_after_what_is_there(pipeline: Pipeline, tmp_path: Path) -> None:
    page, outputs = tmp_path / "summary", tmp_path / "outputs"
    page.write_text("# Before\n")
    outputs.write_text("before=1\n")
    run(pipeline, RESEARCH, GITHUB_STEP_SUMMARY=str(page), GITHUB_OUTPUT=str(outputs))
    assert page.read_text().startswith("# Before\n")
    assert "LG201" in page.read_text()
    found = outputs.read_text()
    assert found.startswith("before=1\n")
    assert "protected" in found
    assert "research" in found
    once = page.read_text()
    run(pipeline, FEATURE, GITHUB_STEP_SUMMARY=str(page), GITHUB_OUTPUT=str(outputs))
    assert page.read_text().startswith(once)
    assert outputs.read_text().startswith(found)


def test_a_run_that_could_not_begin_has_a_page_and_outputs_too(outside: Repo, tmp_path: Path) -> None:
    page, outputs = tmp_path / "summary", tmp_path / "outputs"
    environ = {"CI": "true", "GITHUB_STEP_SUMMARY": str(page), "GITHUB_OUTPUT": str(outputs)}
    outside.labgate("ci", status=2, **environ)
    assert "no CI system is recognised" in page.read_text()
    assert "undecided" in outputs.read_text()


def test_a_page_may_be_asked_for_elsewhere(pipeline: Pipeline, tmp_path: Path) -> None:
    page, step = tmp_path / "page.md", tmp_path / "summary"
    run(pipeline, RESEARCH, "--summary", str(page), GITHUB_STEP_SUMMARY=str(step))
    assert "LG201" in page.read_text()
    assert not step.exists()


def test_a_page_that_cannot_be_written_is_one_line_after_the_report(pipeline: Pipeline, tmp_path: Path) -> None:
    said = run(pipeline, FEATURE, GITHUB_STEP_SUMMARY=str(tmp_path / "gone" / "summary"))
    assert said.status == 2
    assert said.err == f"error: {tmp_path}/gone/summary: No such file or directory\n"
    refused = run(pipeline, RESEARCH, "--format", "text", GITHUB_STEP_SUMMARY=str(tmp_path))
    assert refused.status == 2
    assert "LG201" in refused.out
    assert refused.err == f"error: {tmp_path}: Is a directory\n"


def test_a_report_is_written_whole_or_not_at_all(pipeline: Pipeline, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    said = run(pipeline, RESEARCH, "--format", "json", "--output", str(file))
    assert (said.status, said.text) == (1, "")
    report = json.loads(file.read_text())
    assert report["outcome"] == "failed"
    failed = run(pipeline, RESEARCH, "--format", "json", "--output", str(tmp_path / "gone" / "report.json"))
    assert failed.status == 2
    assert json.loads(file.read_text()) == report
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


@pytest.mark.parametrize("branch", [RESEARCH, FEATURE])
def test_no_token_is_shown(pipeline: Pipeline, tmp_path: Path, branch: str) -> None:
    page, outputs = tmp_path / "summary", tmp_path / "outputs"
    secret = dict.fromkeys(("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "LABGATE_TOKEN", "CI_JOB_TOKEN"), "sesame-1234")
    environ = {**secret, "GITHUB_STEP_SUMMARY": str(page), "GITHUB_OUTPUT": str(outputs)}
    texts = [run(pipeline, branch, "--format", format_, "--verbose", **environ).text for format_ in FORMATS]
    texts += [run(pipeline, branch, "--explain-context", **environ).text, page.read_text(), outputs.read_text()]
    assert not [text for text in texts if "sesame" in text]


def test_the_summary_has_the_size_class_and_says_what_was_counted_whole(pipeline: Pipeline, tmp_path: Path) -> None:
    page = tmp_path / "summary"
    run(pipeline, FEATURE, "--summary", str(page))
    assert "**Size**: XS, 9 lines to read" in page.read_text()
    moved = "".join(f"{number}\n" for number in range(MOST_LINES // 2 + 1))
    pipeline.repo.checkout("main").commit("Large", {"large.txt": moved})
    pipeline.repo.push("main")
    pipeline.repo.branch("feature/move").commit("Move", {"large.txt": "", "there.txt": moved})
    said = pipeline.job("github-pull-request", pipeline.propose("feature/move"), None, "--summary", str(page))
    assert said.status == 1
    assert (
        f"{2 * (MOST_LINES // 2 + 1):,} lines to read; 1 commit too large to look for moved lines" in page.read_text()
    )
