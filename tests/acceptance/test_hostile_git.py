"""A git directory that somebody else prepared: labgate writes nothing outside it, runs nothing, and ends."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import pytest

from labgate.checks.registry import STAGES as REGISTERED
from labgate.cli.main import labgate
from labgate.git.blocking import refuse_waiting
from support.env import hermetic
from support.isolated import make_interpreter
from support.obstacles import FILES, MOST_WORK, Obstacle, block, bounded, content_of, in_time, own_names, run_in_time
from support.policies import LEAST
from support.repo import Repo, Result

FILE = "".join(
    f"def stage_{n}(batch, rate): return [rate * item ** {n} + offset_{n} for item in batch]\n" for n in range(24)
)
POLICY = f"""{LEAST}
[kinds.experiment]
names = ["experiment--{{service}}--{{handle}}"]
[kinds.topic]
names = ["feature/{{slug}}"]
"""
#: Every command that reads or writes labgate's own files, and its exit status in a clean clone; ``None`` for any.
COMMANDS: tuple[tuple[tuple[str, ...], int | None], ...] = (
    (("check", "--target", "main"), 1),
    (("check", "--target", "main", "--head", "origin/main"), 0),
    (("audit", "main"), 0),
    (("trace", "HEAD"), 0),
    (("status",), 0),
    (("status", "--all"), 0),
    (("policy", "check"), 0),
    (("policy", "show"), 0),
    (("review", "status"), None),
    (("ci", "--explain-context"), None),
    (("doctor",), None),
    (("index", "status"), 0),
    (("index", "rebuild"), 0),
    (("experiment", "pin"), 0),
    (("experiment", "env"), 0),
    (("experiment", "list"), 0),
    (("experiment", "verify"), 0),
    (("install",), 0),
    (("init", "--repo", "https://example.org/labgate", "--rev", "a" * 40), 0),
    (("uninstall",), 0),
)

#: The other commands, which run with one obstacle only; ``demo`` makes a repository of its own.
OTHERS: tuple[tuple[str, ...], ...] = (
    ("ci",),
    ("review", "approve", "feature/a", "--by", "lin"),
    ("explain", "LG201"),
    ("rules",),
    ("policy", "schema"),
    ("experiment", "start", "rank", "--handle", "two"),
    ("experiment", "run", "--", "true"),
    ("experiment", "record", "x.py"),
    ("experiment", "publish", "HEAD"),
    ("experiment", "show", "x.py"),
    ("experiment", "checkout", "HEAD"),
    ("experiment", "close", "rank--two", "--outcome", "dropped"),
)

#: What copies the index into labgate's folder, and has no other place for it.
NEED_THE_FOLDER = (("experiment", "pin"), ("experiment", "env"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with a research branch, and a topic that copies from it without a review."""
    folder = tmp_path_factory.mktemp("hostile")
    repo = Repo.init(folder / "work")
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY})
    repo.push("main")
    repo.branch("research/x").commit("Try", {"x.py": FILE})
    repo.push("research/x")
    repo.branch("feature/a", "main").commit("Copy", {"x.py": FILE})
    repo.git("branch", "--quiet", "-D", "research/x")
    repo.git("fetch", "--quiet", "origin")
    repo.git("remote", "set-head", "origin", "main")
    return folder


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Repo:
    shutil.copytree(template, tmp_path / "here", symlinks=True)
    repo = Repo(tmp_path / "here" / "work", hermetic(tmp_path / "here" / "work-home"))
    repo.git("remote", "set-url", "origin", str(tmp_path / "here" / "work-origin.git"))
    return repo


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_interpreter(tmp_path_factory.mktemp("python"))


def refusals(result: Result) -> list[str]:
    return [line for line in result.err.splitlines() if line.startswith("labgate: not used: ")]


def commands(result: Result) -> list[str]:
    """Return the command below each refusal."""
    lines = result.err.splitlines()
    return [
        lines[at + 1].strip().removeprefix("help: ")
        for at, line in enumerate(lines)
        if line.startswith("labgate: not used: ")
    ]


def test_in_a_clean_clone_nothing_is_refused(repo: Repo) -> None:
    for args, status in COMMANDS:
        result = run_in_time(repo, *args)
        assert status in (None, result.status), f"{args}\n{result.text}"
        assert refusals(result) == []


@pytest.mark.parametrize("obstacle", FILES.values(), ids=list(FILES))
def test_a_strangers_file_in_the_place_of_each_of_ours(repo: Repo, outside: Path, obstacle: Obstacle) -> None:
    git_dir = repo.path / ".git"
    block(git_dir, obstacle, outside)
    before, ours = content_of(outside), content_of(git_dir / "labgate")
    for args, status in COMMANDS:
        result = run_in_time(repo, *args)
        assert status in (None, result.status), f"{args}\n{result.text}"
        assert len(set(refusals(result))) == len(refusals(result))
        assert content_of(outside) == before, args
    after = content_of(git_dir / "labgate")
    # A cache that only is too large may be labgate's, so it is made anew; the ledger never is.
    kept = ["ledger"] if obstacle is FILES["a terabyte"] else list(ours)
    assert {name: after.get(name) for name in kept} == {name: ours[name] for name in kept}
    said = run_in_time(repo, "check", "--target", "main")
    assert str(git_dir / "labgate" / "ledger") in said.err


def test_every_command_is_attacked() -> None:
    def paths(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
        if not isinstance(command, click.Group):
            yield path
            return
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from paths(found, *path, name)

    ran = [args for args, _ in COMMANDS] + [*OTHERS]
    missing = [path for path in paths(labgate) if not any(args[: len(path)] == path for args in ran)]
    assert missing == [("demo",)]
    assert {name for name, _ in STAGES} == set(REGISTERED)


def test_the_other_commands_beside_a_pipe(repo: Repo, outside: Path) -> None:
    repo.git("config", "--local", "core.hooksPath", "/dev/null")
    repo.write({"labgate.toml": POLICY}).branch("experiment--rank--one")
    block(repo.path / ".git", FILES["a pipe"], outside)
    (repo.path / ".git/config.worktree").symlink_to(outside / "config")
    before = content_of(outside)
    for args in OTHERS:
        result = run_in_time(repo, *args)
        assert "internal error" not in result.text, args
        assert content_of(outside) == before, args
    assert all((repo.path / ".git/labgate" / name).is_fifo() for name in ("ledger", "unlanded"))


@pytest.mark.parametrize("obstacle", FILES.values(), ids=list(FILES))
def test_the_commands_that_are_printed_put_it_right(repo: Repo, outside: Path, obstacle: Obstacle) -> None:
    block(repo.path / ".git", obstacle, outside)
    before = content_of(outside)
    for _ in own_names(repo.path / ".git"):
        said = commands(run_in_time(repo, "check", "--target", "main"))
        if not said:
            break
        repo.run("sh", "-c", said[0])
    said_now = run_in_time(repo, "check", "--target", "main")
    assert refusals(said_now) == []
    assert said_now.status == 1
    assert {name: found[2] for name, found in content_of(outside).items()} == {
        name: found[2] for name, found in before.items()
    }
    assert "refs/remotes/origin/research/x" in (repo.path / ".git/labgate/ledger").read_text()


@pytest.mark.parametrize("kind", ["a link", "a file", "a pipe", "a socket"])
def test_something_else_in_the_place_of_the_folder(repo: Repo, outside: Path, kind: str) -> None:
    folder = repo.path / ".git" / "labgate"
    shutil.rmtree(folder, ignore_errors=True)
    if kind == "a link":
        folder.symlink_to(outside)
    elif kind == "a file":
        folder.write_text("")
    else:
        FILES[kind](folder, outside)
    for args, status in COMMANDS:
        result = run_in_time(repo, *args)
        expected = 2 if args in NEED_THE_FOLDER else status
        assert expected in (None, result.status), f"{args}\n{result.text}"
        assert args not in NEED_THE_FOLDER or len(commands(result)) == 1
        assert list(outside.iterdir()) == []
    said = commands(run_in_time(repo, "check", "--target", "main"))
    assert len(said) == 1
    repo.run("sh", "-c", said[0])
    assert refusals(run_in_time(repo, "check", "--target", "main")) == []


#: Files that git opens whatever it is asked, and a loose ref.
GITS_OWN = (
    *("HEAD", "config", "config.worktree", "packed-refs", "shallow", "objects/info/alternates"),
    *("objects/info/commit-graph", "objects/info/commit-graphs/commit-graph-chain", "objects/pack/multi-pack-index"),
    *("refs/remotes/origin/research/x", "refs/heads/topic/y"),
)


def test_a_file_of_gits_own_that_would_hold_it_up(repo: Repo) -> None:
    for name in GITS_OWN:
        path = repo.path / ".git" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_bytes() if path.exists() else None
        path.unlink(missing_ok=True)
        if name == "packed-refs":
            path.symlink_to("/dev/zero")
        else:
            os.mkfifo(path)
        refused = run_in_time(repo, "check", "--target", "main")
        assert (refused.status, str(path) in refused.text) == (2, True), f"{name}\n{refused.text}"
        with in_time():
            repo.run("sh", "-c", refused.text.partition("help: ")[2].strip())
        if before is not None:
            path.write_bytes(before)
        assert run_in_time(repo, "check", "--target", "main").status == 1, name


def test_an_object_or_a_file_of_settings_that_would_hold_it_up(repo: Repo) -> None:
    """There are too many of them to look at before git is asked: it is ended where it waits."""
    head = repo.head()
    loose, settings = repo.path / ".git/objects" / head[:2] / head[2:], repo.path / "more"
    settings.write_text("")
    repo.git("config", "includeIf.gitdir:/.path", str(settings))
    for key in ("core.excludesFile", "core.attributesFile", "include.path"):
        repo.git("config", key, os.devnull)  # people do this, and git reads nothing
    refuse_waiting(str(repo.path / ".git"))
    for path in (repo.path / ".git/commondir", repo.path / ".gitignore"):
        os.mkfifo(path)
        refused = run_in_time(repo, "experiment", "pin")
        assert (refused.status, f"{path} is not a regular file" in refused.text) == (2, True), refused.text
        path.unlink()
    for path in (loose, settings):
        path.rename(repo.path.parent / "kept")
        os.mkfifo(path)
        refused = run_in_time(repo, "check", "--target", "main")
        assert (refused.status, f"{path} is not a regular file" in refused.text) == (2, True), refused.text
        with in_time():
            repo.run("sh", "-c", refused.text.partition("help: ")[2].strip())
        (repo.path.parent / "kept").rename(path)
        assert run_in_time(repo, "check", "--target", "main").status == 1


def test_a_list_of_other_objects_without_end(repo: Repo) -> None:
    path = repo.path / ".git/objects/info/alternates"
    path.write_text(f"{repo.path}/.git/objects\n" * 20_000)
    refused = run_in_time(repo, "check", "--target", "main")
    assert (refused.status, str(path) in refused.text) == (2, True)


def forge_parent(repo: Repo, child: str, parent: str) -> None:
    """Let the commit-graph say that a commit has another parent, which has none (git: gitformat-commit-graph)."""
    repo.git("commit-graph", "write", "--reachable")
    path = repo.path / ".git/objects/info/commit-graph"
    data = bytearray(path.read_bytes())
    rows = [struct.unpack(">4sQ", data[at : at + 12]) for at in range(8, 8 + 12 * data[6], 12)]
    starts = dict(rows)
    count = struct.unpack(">I", data[starts[b"OIDF"] + 1020 :][:4])[0]
    oids = [data[starts[b"OIDL"] + 20 * n :][:20].hex() for n in range(count)]
    for oid, number in ((child, oids.index(parent)), (parent, 0x70000000)):
        at = starts[b"CDAT"] + 36 * oids.index(oid) + 20
        data[at : at + 4] = struct.pack(">I", number)
    data[-20:] = hashlib.sha1(data[:-20], usedforsecurity=False).digest()
    path.chmod(0o644)
    path.write_bytes(data)


def test_a_check_and_an_audit_believe_no_commit_graph(repo: Repo) -> None:
    """By the forged one research was on main before somebody copied it there."""
    asked = repo.labgate("check", "--target", "main", status=1).text
    repo.push("feature/a:main")
    repo.git("fetch", "--quiet", "origin")
    start, research = repo.head("origin/main~1"), repo.head("origin/research/x")
    honest = repo.labgate("audit", "main", status=1).text
    forge_parent(repo, start, research)
    shutil.rmtree(repo.path / ".git/labgate", ignore_errors=True)
    assert research in repo.git("rev-list", start)
    assert "LG201" in honest
    assert repo.labgate("audit", "main", status=1).text == honest
    repo.git("update-ref", "refs/remotes/origin/main", start)
    assert repo.labgate("check", "--target", "main", status=1).text == asked


STAGES = (
    ("pre-commit", ()),
    ("pre-merge-commit", ()),
    ("prepare-commit-msg", (".git/COMMIT_EDITMSG", "message")),
    ("commit-msg", (".git/COMMIT_EDITMSG",)),
    ("pre-push", ("origin", "unused")),
)


def stage(repo: Repo, python: str, name: str, arguments: tuple[str, ...]) -> Result:
    """Run one hook as git does; it must end."""
    lines = (
        f"refs/heads/feature/a {repo.head()} refs/heads/main {repo.head('origin/main')}\n" if name == "pre-push" else ""
    )
    with bounded(name):
        done = subprocess.run(
            [python, "-I", "-m", "labgate.hook", name, "--native", *arguments],
            cwd=repo.path,
            env={**repo.env, "GIT_EDITOR": ":", "GIT_INDEX_FILE": ".git/index"},
            input=lines.encode(),
            capture_output=True,
            check=False,
        )
    return Result(done.returncode, os.fsdecode(done.stdout), os.fsdecode(done.stderr))


@pytest.mark.parametrize("obstacle", FILES.values(), ids=list(FILES))
def test_every_stage_of_a_hook(repo: Repo, outside: Path, python: str, obstacle: Obstacle) -> None:
    repo.branch("experiment--rank--one", "main")
    repo.write({"note.txt": "one\n"}).git("add", "note.txt")
    block(repo.path / ".git", obstacle, outside)
    before = content_of(outside)
    for name, arguments in STAGES:
        (repo.path / ".git/COMMIT_EDITMSG").write_text("Note\n")
        if name == "pre-push":
            repo.git("commit", "--quiet", "--no-verify", "-m", "Note")
            repo.git("checkout", "--quiet", "feature/a")
        result = stage(repo, python, name, arguments)
        assert result.status == (1 if name == "pre-push" else 0), f"{name}: {result.text}"
        assert "internal error" not in result.err
        assert content_of(outside) == before, name


@pytest.mark.parametrize("obstacle", FILES.values(), ids=list(FILES))
def test_a_real_commit_with_the_installed_hooks(repo: Repo, outside: Path, python: str, obstacle: Obstacle) -> None:
    repo.run(python, "-I", "-c", "from labgate.cli.main import main; main(['install'])")
    block(repo.path / ".git", obstacle, outside)
    before = content_of(outside)
    repo.branch("experiment--rank--one", "main").write({"note.txt": "one\n"}).git("add", "note.txt")
    # Each of two stages may read somebody else's list for a second.
    with bounded("commit", 2 * MOST_WORK):
        said = repo.run("git", "commit", "--quiet", "-m", "Note")
    assert "Killed" not in said.err
    # A list of no patterns under a second name is a list for the shell.
    assert ("Experiment: rank/one" in repo.git("log", "-1", "--format=%B")) == (obstacle is not FILES["a second name"])
    assert content_of(outside) == before


def test_a_ref_name_reaches_no_file_that_a_shell_reads(repo: Repo, outside: Path) -> None:
    """The case of the ledger that is a link to a shell's start file."""
    start = outside / "bashrc"
    start.write_text("# mine\n")
    (repo.path / ".git/labgate").mkdir(exist_ok=True)
    (repo.path / ".git/labgate/ledger").unlink(missing_ok=True)
    (repo.path / ".git/labgate/ledger").symlink_to(start)
    repo.git("update-ref", "refs/remotes/origin/research/z;touch${IFS}PWNED;", "origin/research/x")
    run_in_time(repo, "check", "--target", "main")
    assert start.read_text() == "# mine\n"
    patterns = repo.path / ".git/labgate/experiment-branches"
    assert not patterns.exists() or "PWNED" not in patterns.read_text()


def test_a_folder_of_hooks_that_is_a_link(repo: Repo, outside: Path) -> None:
    shutil.rmtree(repo.path / ".git/hooks", ignore_errors=True)
    (repo.path / ".git/hooks").symlink_to(outside)
    refused = repo.labgate("install", status=2)
    assert list(outside.iterdir()) == []
    help = refused.err.splitlines()[1].strip().removeprefix("help: ")
    command, _, again = help.partition(" && labgate ")
    repo.run("sh", "-c", command)
    repo.labgate(*again.split(), status=0)
    assert sorted(os.listdir(outside)) != []


def test_hooks_behind_a_link_are_not_removed(repo: Repo, outside: Path) -> None:
    repo.labgate("install", status=0)
    shutil.move(repo.path / ".git/hooks", outside / "hooks")
    (repo.path / ".git/hooks").symlink_to(outside / "hooks")
    before = content_of(outside)
    refused = repo.labgate("uninstall", status=2)
    assert content_of(outside) == before
    command, _, again = refused.err.splitlines()[1].strip().removeprefix("help: ").partition(" && labgate ")
    repo.run("sh", "-c", command)
    repo.labgate(*again.split(), status=0)


def test_a_configuration_that_is_a_link_is_not_written(repo: Repo, outside: Path) -> None:
    shutil.move(repo.path / ".git/config", outside / "config")
    (repo.path / ".git/config").symlink_to(outside / "config")
    before = content_of(outside)
    refused = repo.labgate("install", status=2)
    assert content_of(outside) == before
    assert "symbolic link" in refused.err


def test_a_message_file_behind_a_link_out_of_the_repository(repo: Repo, outside: Path, python: str) -> None:
    repo.branch("experiment--rank--one", "main")
    (outside / "message").write_text("Note\n")
    message = repo.path / ".git/COMMIT_EDITMSG"
    message.unlink(missing_ok=True)
    message.symlink_to(outside / "message")
    result = stage(repo, python, "commit-msg", (".git/COMMIT_EDITMSG",))
    assert (outside / "message").read_text() == "Note\n"
    assert result.status == 2
    assert "outside the repository" in result.err


@pytest.mark.parametrize(
    "name", ["labgate.toml", ".pre-commit-config.yaml", ".github/workflows/labgate.yml", ".github"]
)
def test_init_follows_no_link_of_the_work_tree(tmp_path: Path, outside: Path, name: str) -> None:
    repo = Repo.init(tmp_path / "new")
    repo.commit("Start", {"README.md": "Models.\n"})
    (repo.path / name).parent.mkdir(parents=True, exist_ok=True)
    (repo.path / name).symlink_to(outside / "target")
    result = run_in_time(repo, "init", "--ci", "github", "--repo", "https://example.org/labgate", "--rev", "a" * 40)
    assert list(outside.iterdir()) == [], result.text


def test_a_schema_that_is_a_link_is_kept(repo: Repo, outside: Path) -> None:
    from labgate.setup.presets import SCHEMA

    (outside / "mine").write_text("# mine\n")
    (repo.path / SCHEMA).parent.mkdir(parents=True, exist_ok=True)
    (repo.path / SCHEMA).symlink_to(outside / "mine")
    repo.write({"labgate.toml": f"#:schema ./{SCHEMA}\n{POLICY}"})
    run_in_time(repo, "init")
    assert (outside / "mine").read_text() == "# mine\n"


@contextmanager
def user(number: int) -> Iterator[None]:
    """Do something as another user; what is imported by then need not be readable to that one."""
    os.setegid(number)
    os.seteuid(number)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


@pytest.fixture
def theirs(template: Path) -> Iterator[Repo]:
    """The repository as a user's own, where every user can go."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(template, folder, symlinks=True, dirs_exist_ok=True)
        folder.chmod(0o755)
        repo = Repo(folder / "work", hermetic(folder / "work-home"))
        repo.git("remote", "set-url", "origin", str(folder / "work-origin.git"))
        run_in_time(repo, "check", "--target", "main")
        run_in_time(repo, "index", "status")
        yield repo


MINE, OTHER, GROUP = 65_533, 65_532, 65_531
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to another user")


@as_root
@pytest.mark.parametrize("what", ["", "ledger", "unlanded"], ids=["the folder", "the ledger", "a cache"])
def test_another_owner(theirs: Repo, what: str) -> None:
    """The repository is a user's, something of labgate's in it another one's."""
    theirs.run("chown", "-R", f"{MINE}:{MINE}", str(theirs.path.parent))
    target = theirs.path / ".git/labgate" / what
    theirs.run("chown", f"{OTHER}:{OTHER}", str(target))
    with user(MINE):
        refused = run_in_time(theirs, "check", "--target", "main")
    assert refused.status == 1, refused.text
    assert [line.split(";")[0] for line in refusals(refused)] == [
        f"labgate: not used: {target} belongs to user {OTHER}".rstrip()
    ]
    with user(MINE):
        theirs.run("sh", "-c", commands(refused)[0])
        assert refusals(run_in_time(theirs, "check", "--target", "main")) == []


@as_root
@pytest.mark.parametrize("trusted", ["by safe.directory", "as a shared repository", "root"])
def test_an_owner_whom_git_trusts(theirs: Repo, trusted: str) -> None:
    git_dir = theirs.path / ".git"
    owner = 0 if trusted == "root" else OTHER
    theirs.run("chown", "-R", f"{MINE}:{GROUP}", str(theirs.path.parent))
    theirs.run("chown", "-R", f"{owner}:{GROUP}", str(git_dir / "labgate"))
    if trusted == "as a shared repository":
        git_dir.chmod(0o2775)
    if trusted == "by safe.directory":
        theirs.run("chown", "-R", f"{OTHER}:{GROUP}", str(theirs.path))
        Path(theirs.env["HOME"], ".gitconfig").write_text("[safe]\n\tdirectory = *\n")
        theirs.env.pop("GIT_CONFIG_GLOBAL", None)
    with user(MINE):
        result = run_in_time(theirs, "check", "--target", "main")
    assert result.status == 1, result.text
    assert refusals(result) == []
