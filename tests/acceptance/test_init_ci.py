"""``labgate init --ci``: the pipeline is written, and what stands in it judges a change of a real remote."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from labgate import __version__
from support.installed import from_git
from support.installed import recorded as pretend
from support.jobs import BRANCH, Runner, recorded
from support.people import reviewed
from support.policies import LEAST
from support.repo import Repo, Result
from support.templates import prepared
from support.wheels import Shelf

GITHUB, REVIEW = ".github/workflows/labgate.yml", ".github/workflows/labgate-review.yml"
GITLAB, ROOT_FILE = ".gitlab/labgate.yml", ".gitlab-ci.yml"
WRITTEN = {"github": (GITHUB, REVIEW), "gitlab": (GITLAB, ROOT_FILE)}


@pytest.fixture(params=list(WRITTEN))
def system(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(autouse=True)
def _installed_from_git(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, from_git())


@prepared
def adopted(repo: Repo) -> Repo:
    """A clone that is set up, without a pipeline, with its policy on the remote's main."""
    repo.with_remote()
    repo.write({"labgate.toml": LEAST})
    repo.labgate("init", status=0)
    repo.commit("Set up labgate")
    repo.push("main")
    return repo


def texts(repo: Repo, system: str) -> dict[str, bytes]:
    return {name: (repo.path / name).read_bytes() for name in WRITTEN[system]}


def status_lines(repo: Repo) -> list[str]:
    return repo.git("status", "--porcelain", "--untracked-files=all").splitlines()


@pytest.mark.parametrize("preset", ["research-branch", "experiment-branches", "trunk"])
def test_a_newcomer_gets_policy_hooks_and_pipeline_at_once(preset: str, system: str, repo: Repo) -> None:
    said = repo.labgate("init", "--preset", preset, "--ci", system, status=0).out
    for name in WRITTEN[system]:
        assert f"wrote    {name}: " in said
        assert yaml.safe_load((repo.path / name).read_text())
    (add,) = (line for line in said.splitlines() if "git add" in line)
    assert add.endswith(" ".join(("labgate.toml", "labgate.schema.json", ".pre-commit-config.yaml", *WRITTEN[system])))
    assert "Require the " in said
    repo.labgate("doctor", status=0)


def test_a_repository_that_is_set_up_gets_the_pipeline_alone(system: str, adopted: Repo) -> None:
    adopted.labgate("init", "--ci", system, status=0)
    assert sorted(status_lines(adopted)) == sorted(f"?? {name}" for name in WRITTEN[system])


def test_a_second_time_changes_nothing(system: str, adopted: Repo) -> None:
    adopted.labgate("init", "--ci", system, status=0)
    before = texts(adopted, system)
    again = adopted.labgate("init", "--ci", system, status=0).out
    assert again.splitlines()[-1].startswith("labgate: nothing to do")
    assert texts(adopted, system) == before


def test_a_source_that_no_job_can_fetch_is_said_as_init_alone_says_it(
    system: str, adopted: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    (adopted.path / ".pre-commit-config.yaml").unlink()
    folder = f"file://{adopted.path}"
    pretend(monkeypatch, from_git(folder))
    alone = adopted.labgate("init", "--dry-run", status=0).out
    said = adopted.labgate("init", "--ci", system, status=0).out
    for text in (alone, said.partition(WRITTEN[system][0])[2]):
        assert "a folder of this machine" in " ".join(text.split())
    command = next(line.strip() for line in said.splitlines() if "--repo URL --rev REV" in line)
    adopted.run("sh", "-c", command.replace("URL", "https://example.org/acme/labgate").replace("REV", "v1"), status=0)
    assert folder.encode() not in b"".join(texts(adopted, system).values())


def test_a_source_that_jobs_can_fetch_is_not_called_a_folder(system: str, adopted: Repo) -> None:
    said = adopted.labgate("init", "--ci", system, status=0).out
    assert "folder" not in said
    assert "--repo" not in said


def test_without_being_asked_no_pipeline_is_written(repo: Repo) -> None:
    repo.labgate("init", status=0)
    assert not any((repo.path / name).exists() for names in WRITTEN.values() for name in names)


def test_a_dry_run_shows_the_files_and_writes_none(system: str, adopted: Repo) -> None:
    shown = adopted.labgate("init", "--ci", system, "--dry-run", status=0).out
    assert status_lines(adopted) == []
    adopted.labgate("init", "--ci", system, status=0)
    for text in texts(adopted, system).values():
        for line in text.decode().splitlines():
            assert f"  {line}".rstrip() in shown.splitlines()


@pytest.mark.parametrize("name", [GITHUB, REVIEW, GITLAB])
def test_a_file_that_differs_is_kept_and_ours_is_shown(name: str, adopted: Repo) -> None:
    adopted.write({name: "# ours\n"})
    system = "gitlab" if name == GITLAB else "github"
    said = adopted.labgate("init", "--ci", system, status=0).out
    assert (adopted.path / name).read_text() == "# ours\n"
    assert f"Compare {name}, which was kept, with:" in said
    assert "labgate" in said.partition("which was kept, with:")[2]
    others = [other for other in WRITTEN[system] if other != name]
    assert all((adopted.path / other).is_file() for other in others)


def test_a_root_file_of_the_team_is_kept_and_the_include_is_said(adopted: Repo) -> None:
    adopted.write({ROOT_FILE: "stages: [test]\n"})
    said = adopted.labgate("init", "--ci", "gitlab", status=0).out
    assert (adopted.path / ROOT_FILE).read_text() == "stages: [test]\n"
    assert " 1. Add to .gitlab-ci.yml:\n      include:\n        - local: .gitlab/labgate.yml\n" in said
    adopted.write({ROOT_FILE: "stages: [test]\ninclude:\n  - local: .gitlab/labgate.yml\n"})
    assert "Add to" not in adopted.labgate("init", "--ci", "gitlab", status=0).out


@pytest.mark.parametrize("link", [GITHUB, ".github/workflows", ".github"], ids=["file", "folder", "folder above"])
def test_nothing_is_written_through_a_symbolic_link(link: str, adopted: Repo) -> None:
    outside = adopted.path.parent / "outside"
    outside.mkdir()
    path = adopted.path / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside / "missing" if link == GITHUB else outside)
    said = adopted.labgate("init", "--ci", "github", status=0).out
    assert list(outside.iterdir()) == []
    assert f"Compare {GITHUB}, which was kept, with:" in said


@pytest.fixture
def change(system: str, adopted: Repo) -> Repo:
    """The research branch of a pull request, on the remote, with the pipeline on its main."""
    adopted.labgate("init", "--ci", system, status=0)
    adopted.commit("Run labgate in CI")
    adopted.push("main")
    adopted.branch(BRANCH).commit("Bigger batches", {"batches.py": "SIZE = 512\nSTEPS = 100\n"})
    return adopted


def push(change: Repo, *refspecs: str) -> None:
    change.push(*(refspecs or (BRANCH, f"{BRANCH}:refs/pull/7/head", f"{BRANCH}:refs/merge-requests/7/head")))


def job(change: Repo, name: str, base: str, folder: Path) -> tuple[Repo, dict[str, str]]:
    """Return the clone of a job, as the pipeline asks for it, and the job's variables."""
    clone = folder / f"job-{name}-{change.head()[:7]}"
    change.git("clone", "--quiet", f"file://{change.path.parent / f'{change.path.name}-origin.git'}", str(clone))
    return Repo(clone, dict(change.env)), recorded(name, folder, change.head(), base)


def run_github(change: Repo, name: str, base: str, folder: Path) -> Result:
    """Run the last step of the workflow, with labgate where the step before it would have put it."""
    clone, environ = job(change, name, base, folder)
    steps: list[dict[str, Any]] = yaml.safe_load((clone.path / GITHUB).read_text())["jobs"]["labgate"]["steps"]
    temp = folder / f"temp-{clone.path.name}"
    temp.mkdir()
    (temp / "labgate").symlink_to(sys.prefix)
    return Runner(clone, temp, environ, {"github.token": "none"}).run(steps[-1], status=None)


def run_gitlab(change: Repo, name: str, base: str, folder: Path) -> Result:
    clone, environ = job(change, name, base, folder)
    found = yaml.safe_load((clone.path / GITLAB).read_text())["labgate"]
    (folder / f"labgate-{environ['CI_JOB_ID']}").unlink(missing_ok=True)
    (folder / f"labgate-{environ['CI_JOB_ID']}").symlink_to(sys.prefix)
    environ["CI_BUILDS_DIR"] = str(folder)
    done = clone.run("bash", "-e", "-c", found["script"][-1], status=None, **environ)
    clone.run("bash", "-e", "-c", found["after_script"][-1], status=None, **environ)
    assert (clone.path / "gl-code-quality-report.json").is_file()
    return done


RUN: dict[str, tuple[Callable[[Repo, str, str, Path], Result], str, str]] = {
    "github": (run_github, "github-pull-request", "github-push"),
    "gitlab": (run_gitlab, "gitlab-merge-request", "gitlab-push"),
}


def test_the_check_refuses_research_until_somebody_has_reviewed_it(system: str, change: Repo, tmp_path: Path) -> None:
    run, proposed, _ = RUN[system]
    main = change.head("main")
    push(change)
    refused = run(change, proposed, main, tmp_path)
    assert refused.status == 1, refused.text
    assert "LG201" in refused.text
    change.commit(reviewed("lin"))
    push(change)
    passed = run(change, proposed, main, tmp_path)
    assert passed.status == 0, passed.text


def test_what_landed_past_the_check_is_found_on_the_trunk(system: str, change: Repo, tmp_path: Path) -> None:
    run, _, landed = RUN[system]
    main = change.head("main")
    push(change, BRANCH, f"{BRANCH}:main")
    found = run(change, landed, main, tmp_path)
    assert found.status == 1, found.text
    assert "LG201" in found.text


@pytest.mark.parametrize("system", ["github"], indirect=True)
def test_a_merge_queue_is_judged_once_more(change: Repo, tmp_path: Path) -> None:
    main = change.head("main")
    for status in (1, 0):
        # As the host makes it: the target, and the change merged into it.
        change.branch(f"queued-{status}", main).merge(BRANCH, "Merge pull request #7")
        push(change, f"+HEAD:refs/heads/gh-readonly-queue/main/pr-7-{main}", BRANCH)
        found = run_github(change, "github-merge-group", main, tmp_path)
        assert found.status == status, found.text
        change.checkout(BRANCH).commit(reviewed("lin"))


@pytest.mark.parametrize("system", ["github"], indirect=True)
def test_modules_in_the_judged_tree_are_not_imported(change: Repo, tmp_path: Path) -> None:
    evil = f"open({str(tmp_path / 'owned')!r}, 'w')\n"
    change.commit("Help", {f"{name}.py": evil for name in ("labgate", "click", "json", "pip", "venv", "sitecustomize")})
    push(change)
    clone, environ = job(change, "github-pull-request", change.head("main"), tmp_path)
    # As if the change itself were checked out, as a workflow of the team's own may do.
    clone.git("checkout", "--quiet", change.head())
    steps = yaml.safe_load((clone.path / GITHUB).read_text())["jobs"]["labgate"]["steps"]
    (tmp_path / "labgate").symlink_to(sys.prefix)
    refused = Runner(clone, tmp_path, environ, {"github.token": "none"}).run(steps[-1], status=1)
    assert "LG201" in refused.text
    assert not (tmp_path / "owned").exists()


def test_the_pipeline_installs_labgate_by_itself(
    system: str, adopted: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shelf: Shelf
) -> None:
    environ = shelf.environ
    source = Repo(shelf.source, adopted.env)
    pretend(monkeypatch, from_git(source.path.as_uri(), source.head()))
    (adopted.path / ".pre-commit-config.yaml").unlink()
    adopted.labgate("init", "--ci", system, status=0)
    found = yaml.safe_load((adopted.path / WRITTEN[system][0]).read_text())
    if system == "github":
        runner = Runner(adopted, tmp_path, environ)
        steps: list[dict[str, Any]] = found["jobs"]["labgate"]["steps"]
        for step in steps[1:-1]:
            runner.run(step)
        labgate = tmp_path / "labgate" / "bin" / "labgate"
    else:
        environ |= {"CI_BUILDS_DIR": str(tmp_path), "CI_JOB_ID": "1"}
        for line in found["labgate"]["script"][:-1]:
            adopted.run("bash", "-e", "-c", line, status=0, **environ)
        labgate = tmp_path / "labgate-1" / "bin" / "labgate"
    assert adopted.run(str(labgate), "--version").out == f"labgate {__version__}\n"


#: Answers as gh does ("gh run list", "gh run rerun"), and writes down what it was asked.
GH = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$GH_LOG"
case "$1 $2" in
  "run list") printf '%s' "$GH_RUN" ;;
  "run rerun") left=$(cat "$GH_BUSY"); [ "$left" = 0 ] || { echo $((left - 1)) > "$GH_BUSY"; exit 1; } ;;
esac
"""


@pytest.mark.parametrize(
    ("run", "busy", "status", "asked"),
    [
        ("41\n", 0, 0, ["list", "rerun"]),
        ("41\n", 2, 0, ["list", "rerun", "rerun", "rerun"]),
        ("41\n", 99, 1, ["list", *["rerun"] * 6]),
        ("", 0, 0, ["list"]),
    ],
    ids=["done", "under way", "for ever under way", "none yet"],
)
@pytest.mark.parametrize("system", ["github"], indirect=True)
def test_a_review_starts_the_run_again(
    run: str, busy: int, status: int, asked: list[str], change: Repo, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {"gh": GH, "sleep": "#!/bin/sh\n"}.items():
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    (tmp_path / "busy").write_text(f"{busy}\n")
    env = {
        "PATH": os.pathsep.join([str(tools), change.env["PATH"]]),
        "GH_LOG": str(tmp_path / "log"),
        "GH_RUN": run,
        "GH_BUSY": str(tmp_path / "busy"),
    }
    (step,) = yaml.safe_load((change.path / REVIEW).read_text())["jobs"]["again"]["steps"]
    expressions = {
        "github.token": "none",
        "github.repository": "acme/models",
        "github.event.pull_request.head.sha": change.head(),
    }
    Runner(change, tmp_path, env, expressions).run(step, status=status)
    log = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[1] for line in log] == asked
    assert f"--workflow {os.path.basename(GITHUB)} --event pull_request --commit {change.head()}" in log[0]
    assert all(line == "run rerun 41" for line in log[1:])
