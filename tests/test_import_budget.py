"""What a passing commit hook imports, module by module (docs/adr/0007)."""

from __future__ import annotations

import pytest

from labgate.checks.registry import ROWS
from support.hot import ALWAYS, HEAVY, HOT
from support.isolated import age, make_interpreter
from support.policies import TEAM
from support.repo import Repo


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_interpreter(tmp_path_factory.mktemp("python") / "venv")


def imported(repo: Repo, *command: str, stdin: str | None = None) -> list[str]:
    """Return the modules that a command imports, each once, in order."""
    listing = repo.run(*command, stdin=stdin, GIT_INDEX_FILE=".git/index").err
    rows = (line.split("|") for line in listing.splitlines() if line.startswith("import time:"))
    return list(dict.fromkeys(row[2].strip() for row in rows))


@pytest.fixture
def working(repo: Repo, python: str) -> Repo:
    """A work tree with something good staged, and a policy that labgate knows already."""
    repo.commit("Start", {"labgate.toml": TEAM})
    repo.branch("experiment--housing--ada").write({"b.py": "b\n"})
    repo.git("add", "--all")
    age(repo.path / "labgate.toml")
    repo.run(python, "-I", "-m", "labgate.hook", "pre-commit", GIT_INDEX_FILE=".git/index")
    # No one can set a file's ctime: the cache is made to look as if it had been written later.
    [cache] = (repo.path / ".git/labgate").glob("policy.*.cache")
    age(cache, -60)
    return repo


def test_passing_hooks_import_the_listed_modules_and_nothing_else(working: Repo, python: str) -> None:
    # What Python itself imports to run a module by its name differs from version to version, and is no doing of ours.
    before = set(imported(working, python, "-I", "-X", "importtime", "-c", "import runpy"))
    hook = (python, "-I", "-X", "importtime", "-m", "labgate.hook")
    (working.path / ".git/message").write_text("Add b\n")
    stages = (("pre-commit",), ("prepare-commit-msg", ".git/message"))
    names = {name for stage in stages for name in imported(working, *hook, *stage)}
    ours = names - before - {"imported package", "__future__"}
    assert ours >= set(ALWAYS)
    # The policy's cache is JSON; this is the part of its reader that is written in C.
    assert ours <= {*HOT, *(row.folder for row in ROWS), "_json"}


def test_started_without_runpy_it_needs_no_heavy_module_at_all(working: Repo, python: str) -> None:
    """As the console script and the native hooks start it."""
    code = "from labgate.hook import main; main()"
    names = imported(working, python, "-I", "-X", "importtime", "-c", code, "pre-commit", "--native")
    assert "labgate.entrypoints.commit" in names
    assert HEAVY.isdisjoint(names)


@pytest.mark.parametrize(
    ("target", "compares"),
    [
        pytest.param("refs/heads/main", True, id="to the trunk, past research"),
        pytest.param("refs/heads/feature/c", False, id="to a branch of its own"),
    ],
)
def test_a_push_that_passes_imports_none_of_the_slowest(
    working: Repo, python: str, target: str, compares: bool
) -> None:
    """What compares text with an index cannot do without some of the heavy ones; what does not, has none of it."""
    repo = working
    repo.with_remote()
    repo.push("main")
    repo.commit("Try b", {"b.py": "b = 1\n"})
    repo.branch("feature/c", "main").commit("Add c", {"c.py": "c = 1\n"})
    names = imported(
        repo,
        *(python, "-I", "-X", "importtime", "-c", "from labgate.hook import main; main()"),
        *("pre-push", "--native", "origin", "elsewhere"),
        stdin=f"refs/heads/feature/c {repo.head()} {target} {repo.head('main')}\n",
    )
    assert "labgate.research.research_commits" in names
    slowest = {"argparse", "click", "dataclasses", "git", "inspect", "json", "logging", "multiprocessing", "pathlib"}
    comparing = {"labgate.derivation.range_evidence", "sqlite3", "hashlib"}
    assert not slowest.intersection(names)
    assert comparing.intersection(names) == (comparing if compares else set())
