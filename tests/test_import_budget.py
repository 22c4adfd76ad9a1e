"""What a passing commit hook imports, module by module (docs/adr/0007)."""

from __future__ import annotations

import pytest

from labgate.checks.registry import ROWS
from support.hot import ALWAYS, HEAVY, HOT
from support.isolated import age, make_interpreter
from support.policies import TEAM
from support.repo import Repo

#: As the console script and the native hooks start labgate.
CALL = "from labgate.hook import main; main()"
#: What ``TEAM`` leaves out.
EVERYTHING = """
[mixed-components]
shared = ["docs/**"]
[mixed-components.components]
one = ["one/**"]
two = ["two/**"]
[experiment-hash]
artifacts = ["models/**"]
[branch-drift.limits.topic]
commits = 200
[reviews.people.lin]
emails = ["lin@example.org"]
"""


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
    # The policy's cache is JSON; this is the part of its reader that is written in C. ``gc`` is in the interpreter.
    assert ours <= {*HOT, *(row.folder for row in ROWS), "_json", "gc"}


def test_started_without_runpy_it_needs_no_heavy_module_at_all(working: Repo, python: str) -> None:
    """As the console script and the native hooks start it."""
    code = "from labgate.hook import main; main()"
    names = imported(working, python, "-I", "-X", "importtime", "-c", code, "pre-commit", "--native")
    assert "labgate.entrypoints.commit" in names
    assert HEAVY.isdisjoint(names)


def started(repo: Repo, python: str, *arguments: str, stdin: str | None = None) -> list[str]:
    """Return the command line of each process of git that a hook starts."""
    said = repo.run(python, "-I", "-c", SHOWING, *arguments, stdin=stdin, GIT_INDEX_FILE=".git/index").err
    return [words for words in said.splitlines() if words.startswith("started:")]


def test_a_commit_that_passes_starts_git_once(working: Repo, python: str) -> None:
    """With limits in bytes, too. Where a series has limits, git counts it only where HEAD is not what was just made."""
    repo, hook = working, ("pre-commit", "--native")
    wide = TEAM.replace("series-lines = 25", "series-lines = 250").replace("commits = 3", "commits = 30")
    repo.branch("feature/b").write({"labgate.toml": wide}).git("add", "--all")
    repo.git("write-tree")  # as git commit does before it starts the hook
    processes = [started(repo, python, *hook) for _ in range(2)]
    for name in "cd":
        repo.git("commit", "--quiet", "--no-verify", "--message", "Add a file")
        repo.write({f"{name}.py": "1\n"}).git("add", "--all")
        repo.git("write-tree")
        processes.append(started(repo, python, *hook))
    repo.git("reset", "--quiet", "--soft", "HEAD~1")
    repo.git("commit", "--quiet", "--no-verify", "--message", "Squash")
    repo.write({"e.py": "1\n"}).git("add", "--all")
    processes.append(started(repo, python, *hook))
    counting = [["--format=%H %P" in words for words in found] for found in processes]
    assert counting == [[False, True], [False], [False], [False], [False, True]]


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
    # Deleting a folder and finding one for temporary files takes shutil and tempfile, and random below them.
    slowest |= {"shutil", "tempfile", "random", "hashlib"}
    # What a push needs only for rare names, for a message, or for a clone without all objects.
    slowest |= {"copy", "heapq", "shlex", "unicodedata", "labgate.git.fetch", "labgate.report.text"}
    slowest |= {"labgate.derivation.first_holders", "labgate.derivation.replay", "labgate.scene.surroundings"}
    comparing = {"labgate.derivation.range_evidence", "sqlite3"}
    assert not slowest.intersection(names)
    assert comparing.intersection(names) == (comparing if compares else set())


#: Prints the command line of each process that labgate starts.
SHOWING = (
    "import sys; sys.addaudithook(lambda event, args: event == 'os.posix_spawn' and print('started:', args[1][-8:],"
    " file=sys.stderr)); from labgate.hook import main; main()"
)


@pytest.mark.parametrize(
    ("ref", "start", "judged", "most"),
    [
        pytest.param("refs/tags/nightly", "main", {"branch-name"}, 5, id="a tag of what is there"),
        pytest.param("refs/heads/research/d", "research/d", {"branch-name"}, 10, id="research"),
        pytest.param("refs/heads/feature/c", "feature/c", {"branch-name", "commit-size"}, 13, id="a topic with limits"),
        pytest.param(
            "refs/heads/main",
            "feature/c",
            {"branch-name", "research-gate", "commit-size", "commit-hygiene"},
            13,
            id="the trunk, past research",
        ),
    ],
)
def test_a_push_loads_the_checks_that_judge_it_and_starts_few_processes(
    working: Repo, python: str, ref: str, start: str, judged: set[str], most: int
) -> None:
    """Of another check it loads what tells that there is nothing to judge, and its section of the policy."""
    repo = working
    repo.with_remote()
    repo.push("main")
    repo.branch("research/d", "main").commit("Try d", {"d.py": "d = 1\n"})
    repo.branch("feature/c", "main").commit("Add c", {"c.py": "c = 1\n"})
    old = repo.head("main") if ref == "refs/heads/main" else "0" * 40
    line = f"{ref} {repo.head(start)} {ref} {old}\n"
    push = ("pre-push", "--native", "origin", "elsewhere")
    names = set(imported(repo, python, "-I", "-X", "importtime", "-c", CALL, *push, stdin=line))
    loaded = {row.name: {name for name in names if name.startswith(f"{row.folder}.")} for row in ROWS}
    light = {row.name: {f"{row.folder}.{part}" for part in ("facts", "brought", "files", "section")} for row in ROWS}
    assert {name for name, modules in loaded.items() if modules - light[name]} == judged
    processes = started(repo, python, *push, stdin=line)
    assert 0 < len(processes) <= most, "\n".join(processes)


def test_a_commit_that_passes_every_check_loads_no_more_than_the_listed_modules(working: Repo, python: str) -> None:
    """With limits of the series, exceptions, components and artifacts, and files of one component and of none."""
    repo = working
    policy = TEAM.replace("[commit-size]\n", '[commit-size]\nexceptions = ["lin"]\n')
    for limit in ("lines = 10", "files = 4", "file-bytes = 1000", "bytes = 2000", "lines = 25", "commits = 3"):
        policy = policy.replace(f"{limit}\n", f"{limit}0\n")
    repo.branch("feature/c", "main").write({"labgate.toml": policy + EVERYTHING})
    repo.write({f"one/{name}.py": "a = 1\n" for name in "abc"} | {"docs/a.md": "A\n"})
    repo.git("add", "--all")
    age(repo.path / "labgate.toml")
    (repo.path / ".git/message").write_text("Add a\n")
    for stage in (("pre-commit",), ("commit-msg", ".git/message")):
        repo.run(python, "-I", "-c", CALL, *stage, GIT_INDEX_FILE=".git/index")
        for cache in (repo.path / ".git/labgate").glob("policy.*.cache"):
            age(cache, -60)
        names = imported(repo, python, "-I", "-X", "importtime", "-c", CALL, *stage)
        ours = {name for name in names if name.startswith("labgate")}
        extra = {"labgate.checks.commit_size.budget", "labgate.git.direct", "labgate.entrypoints.message_sizes"}
        extra |= {
            "labgate.hook",
            "labgate.values.phrases",
            "labgate.values.size_exception",
            "labgate.values.statements",
        }
        # They are small with all their files, so nothing is read that says which of them count.
        loaded = {name for name in ours if name.startswith("labgate.checks.")}
        assert loaded >= {f"labgate.checks.{name}.staged" for name in ("commit_size", "mixed_components")}
        assert not loaded & {f"labgate.checks.{name}.section" for name in ("commit_size", "mixed_components")}
        assert ours <= {*HOT, *extra, *(row.folder for row in ROWS)}
        assert HEAVY.isdisjoint(names)


def test_a_message_off_experiment_branches_is_not_read(working: Repo, python: str) -> None:
    repo = working
    (repo.path / ".git/message").write_text("Add b\n")
    stamping = {"labgate.entrypoints.message_stamp", "labgate.experiments.stamp"}
    for branch, stamps in (("experiment--housing--ada", True), ("feature/c", False)):
        repo.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        names = imported(repo, python, "-I", "-X", "importtime", "-c", CALL, "prepare-commit-msg", ".git/message")
        assert stamping.intersection(names) == (stamping if stamps else set())
