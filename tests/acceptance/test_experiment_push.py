"""The push hook pins the code of artifacts, and never what its author has not published or may be refused."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.pushing import hook
from support.repo import Repo
from support.runs import METRICS, laboratory, pins
from support.tools import require_tool

BRANCH = "experiment--ranker--wide"
#: Seconds in which a pin is on the remote after a push.
SOON = 10.0


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    repo = laboratory(tmp_path)
    repo.labgate("install", status=0)
    return repo


def origin(lab: Repo) -> Repo:
    return Repo(lab.path.parent / "lab-origin.git", lab.env)


def pinned(lab: Repo, prefix: str = "refs/experiments") -> dict[str, str]:
    rows = origin(lab).git("for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
    return dict(row.split(" ") for row in rows)


def eventually(holds: Callable[[], bool], seconds: float = SOON) -> bool:
    limit = time.monotonic() + seconds
    while not holds() and time.monotonic() < limit:
        time.sleep(0.1)
    return holds()


def quiet_after(lab: Repo) -> dict[str, str]:
    """Return the pins once the process of the last push must have done what it does."""
    time.sleep(3)
    return pinned(lab)


def measure(lab: Repo, value: int = 1) -> str:
    return lab.commit(f"Measure {value}", {METRICS: json.dumps({"value": value}), "model.py": f"VALUE = {value}\n"})


@pytest.mark.parametrize("way", ["native", "pre-commit", "prek"])
def test_hooks_alone_keep_the_code(tmp_path: Path, way: str) -> None:
    """Acceptance row 1."""
    lab = laboratory(tmp_path)
    hook(lab, way)
    oid = measure(lab)
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert eventually(lambda: pinned(lab) == {f"refs/experiments/ranker/wide/{oid[:12]}": oid})
    tree = lab.git("rev-parse", "HEAD^{tree}")
    for repo in (lab, origin(lab)):
        if repo is lab:
            repo.checkout("main")
        repo.git("branch", "--quiet", "-D", BRANCH)
        repo.git("reflog", "expire", "--expire=now", "--all")
        repo.git("gc", "--quiet", "--prune=now")
    fresh = tmp_path / "fresh"
    lab.git("clone", "--quiet", "--depth=1", f"file://{origin(lab).path}", str(fresh))
    place = Repo(fresh, lab.env).labgate("experiment", "checkout", "ranker/wide", status=0).out.strip()
    assert Repo(Path(place), lab.env).git("rev-parse", "HEAD^{tree}") == tree


def test_the_push_does_not_wait_for_the_pin_and_a_dry_run_makes_none(lab: Repo) -> None:
    measure(lab)
    for option in ("--dry-run", "-n", "-qn", "--dry"):
        lab.run("git", "push", option, "origin", BRANCH)
    assert quiet_after(lab) == {}
    lab.run("git", "push", "-o", "n", "origin", BRANCH, status=None)
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert eventually(lambda: len(pinned(lab)) == 1)


def inner_pushes(lab: Repo) -> int:
    """Return how often the remote has received something."""
    log = origin(lab).path / "received"
    return len(log.read_text().splitlines()) if log.exists() else 0


def count_pushes(lab: Repo) -> None:
    path = origin(lab).path / "hooks/post-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\necho >>received\n")
    path.chmod(0o755)


def test_many_commits_take_one_push_and_then_none(lab: Repo) -> None:
    """Acceptance row 12."""
    count_pushes(lab)
    oids = {measure(lab, value) for value in range(100)}
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert eventually(lambda: set(pinned(lab).values()) == oids)
    # The hook that counts runs after the refs have moved.
    assert eventually(lambda: inner_pushes(lab) >= 2)
    assert inner_pushes(lab) == 2
    lab.commit("More code", {"model.py": "VALUE = 100\n"})
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    quiet_after(lab)
    assert inner_pushes(lab) == 3


def test_what_a_later_hook_refuses_is_not_published(lab: Repo) -> None:
    """Acceptance row 10."""
    oid = measure(lab)
    path = lab.path / ".git/hooks/pre-push"
    ours = path.read_text()
    path.with_name("ours").write_text(ours)
    path.with_name("ours").chmod(0o755)
    path.write_text('#!/bin/sh\n"$(dirname "$0")/ours" "$@" || exit\nexit 1\n')
    lab.run("git", "push", "--quiet", "origin", BRANCH, status=1)
    assert quiet_after(lab) == {}
    origin(lab).run("git", "cat-file", "-e", oid, status=1)


def test_what_the_server_refuses_is_not_published(lab: Repo) -> None:
    """Acceptance row 10."""
    oid = measure(lab)
    path = origin(lab).path / "hooks/pre-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n! grep --quiet refs/heads/\n")
    path.chmod(0o755)
    lab.run("git", "push", "--quiet", "origin", BRANCH, status=1)
    assert quiet_after(lab) == {}
    origin(lab).run("git", "cat-file", "-e", oid, status=1)
    path.unlink()
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert eventually(lambda: set(pinned(lab).values()) == {oid})


def test_a_later_push_pins_what_was_pushed_without_hooks_also_by_deleting_it(lab: Repo) -> None:
    oid = measure(lab)
    lab.git("push", "--quiet", "--no-verify", "origin", BRANCH)
    lab.run("git", "push", "--quiet", "origin", f":{BRANCH}")
    assert set(pinned(lab).values()) == {oid}


def test_what_a_rewrite_leaves_behind_is_kept(lab: Repo) -> None:
    first = measure(lab)
    lab.run("git", "push", "--quiet", "--no-verify", "origin", BRANCH)
    lab.write({METRICS: "{}\n"})
    lab.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    lab.run("git", "push", "--quiet", "--force", "origin", BRANCH)
    assert eventually(lambda: set(pinned(lab).values()) == {first, lab.head()})


def test_neither_snapshots_nor_amended_commits_nor_other_branches_are_pinned(lab: Repo) -> None:
    amended = measure(lab)
    lab.labgate("experiment", "pin", status=0)
    lab.git("commit", "--quiet", "--amend", "--message", "Measure again")
    lab.write({".env": "TOKEN=1\n"})
    lab.labgate("experiment", "pin", status=0)
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert eventually(lambda: set(pinned(lab).values()) == {lab.head()})
    assert quiet_after(lab) == {f"refs/experiments/ranker/wide/{lab.head()[:12]}": lab.head()}
    origin(lab).run("git", "cat-file", "-e", amended, status=1)


def test_off_pins_nothing_and_refuse_names_the_command(lab: Repo) -> None:
    lab.checkout("main")
    text = (lab.path / "labgate.toml").read_text()
    for value in ("off", "refuse"):
        lab.checkout("main").commit(value, {"labgate.toml": f'{text}pins-on-push = "{value}"\n'})
        lab.git("push", "--quiet", "--no-verify", "origin", "main")
        lab.checkout(BRANCH)
        oid = measure(lab, len(value))
        if value == "off":
            lab.run("git", "push", "--quiet", "origin", BRANCH)
            assert quiet_after(lab) == {}
            continue
        said = lab.run("git", "push", "--quiet", "origin", BRANCH, status=1).text
        assert f"LG304 error: {oid[:12]}, the code of {METRICS}, is not pinned on origin" in said
        lab.run("sh", "-c", said.partition("help: ")[2].splitlines()[0])
        lab.run("git", "push", "--quiet", "origin", BRANCH)
        assert set(pinned(lab).values()) == {oid}


def test_a_remote_that_refuses_custom_refs_is_named_and_takes_tags(lab: Repo) -> None:
    """Acceptance row 12."""
    path = origin(lab).path / "hooks/update"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\ncase $1 in refs/heads/*|refs/tags/*) exit 0;; esac\nexit 1\n")
    path.chmod(0o755)
    oid = measure(lab)
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert quiet_after(lab) == {}
    lab.commit("More", {"model.py": "VALUE = 7\n"})
    said = lab.run("git", "push", "--quiet", "origin", BRANCH).text
    assert f"LG304 warning: {oid[:12]}, the code of {METRICS}, is not pinned on origin, which refuses it" in said
    assert 'once the policy has pins = "refs/tags/experiment"' in said
    lab.checkout("main")
    text = (lab.path / "labgate.toml").read_text()
    lab.commit("Pin as tags", {"labgate.toml": f'{text}pins = "refs/tags/experiment"\n'})
    lab.git("push", "--quiet", "--no-verify", "origin", "main")
    lab.checkout(BRANCH).commit("More still", {"model.py": "VALUE = 8\n"})
    assert "LG304" not in lab.run("git", "push", "--quiet", "origin", BRANCH).text
    assert pinned(lab, "refs/tags") == {f"refs/tags/experiment/ranker/wide/{oid[:12]}": oid}


def test_two_clones_of_one_experiment_both_pin(lab: Repo) -> None:
    """Acceptance row 13."""
    path = lab.path.parent / "other"
    lab.git("clone", "--quiet", str(origin(lab).path), str(path))
    other = Repo(path, lab.env)
    other.checkout(BRANCH).labgate("install", status=0)
    first, second = measure(lab, 1), measure(other, 2)
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    other.run("git", "push", "--quiet", "origin", BRANCH, status=1)
    other.git("pull", "--quiet", "--no-rebase", "--strategy-option=ours", "origin", BRANCH)
    other.run("git", "push", "--quiet", "origin", BRANCH)
    assert eventually(lambda: {first, second} <= set(pinned(lab).values()))


def test_a_taken_name_is_not_moved(lab: Repo) -> None:
    """Acceptance row 13."""
    oid = measure(lab)
    other = lab.git("commit-tree", "-m", "Other", "HEAD^{tree}")
    ref = f"refs/experiments/ranker/wide/{oid[:12]}"
    lab.git("push", "--quiet", "--no-verify", "origin", f"{other}:{ref}")
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert quiet_after(lab) == {ref: other}


def refuse_pins(lab: Repo) -> Path:
    """Let the remote take branches and tags only; return the hook."""
    path = origin(lab).path / "hooks/update"
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\ncase $1 in refs/heads/*|refs/tags/*) exit 0;; esac\nexit 1\n")
    path.chmod(0o755)
    return path


def vanish_after_a_push(lab: Repo) -> Path:
    """Let the remote be away as soon as it has received a push; return where it is then."""
    path = origin(lab).path / "hooks/post-receive"
    path.parent.mkdir(exist_ok=True)
    path.write_text('#!/bin/sh\nmv "$PWD" "$PWD.away"\n')
    path.chmod(0o755)
    return origin(lab).path.with_name("lab-origin.git.away")


@pytest.mark.parametrize("fault", [refuse_pins, vanish_after_a_push])
@pytest.mark.parametrize("by", ["publish", "push"])
def test_a_pin_that_failed_is_kept_here_and_made_and_said_later(
    lab: Repo, fault: Callable[[Repo], Path], by: str
) -> None:
    oid, path = measure(lab), fault(lab)
    lab.run("git", "push", "--quiet", "origin", BRANCH, status=None)
    ref = f"refs/experiments/ranker/wide/{oid[:12]}"
    assert eventually(lambda: pins(lab) == {ref: oid})
    if fault is vanish_after_a_push:
        path.rename(origin(lab).path)
        path = origin(lab).path / "hooks/post-receive"
    path.unlink()
    assert pinned(lab) == {}
    lab.git("fetch", "--quiet", "origin")
    assert (
        f"origin is not known to have 1 pin of commits that it has: {ref}"
        in lab.labgate("doctor", "--format", "json").out
    )
    if by == "publish":
        lab.labgate("experiment", "publish", status=0)
    else:
        lab.branch("research/other", "main").commit("Elsewhere", {"note.txt": "1\n"})
        said = lab.run("git", "push", "origin", "research/other").err
        assert f"labgate: pinned a commit that origin had without a pin: {ref}" in said
    assert pinned(lab) == {ref: oid}
    assert "is not known to have" not in lab.labgate("doctor", "--format", "json").out


def test_publish_pins_what_a_push_could_not(lab: Repo) -> None:
    """As where the process that pins was killed; what the remote has no more is not published again."""
    oid = measure(lab)
    lab.git("push", "--quiet", "--no-verify", "origin", BRANCH)
    lab.labgate("experiment", "publish", status=0)
    assert pinned(lab) == {f"refs/experiments/ranker/wide/{oid[:12]}": oid}
    lab.branch("experiment--ranker--gone")
    measure(lab, 2)
    lab.git("push", "--quiet", "--no-verify", "origin", "experiment--ranker--gone")
    origin(lab).git("branch", "--quiet", "-D", "experiment--ranker--gone")
    assert "nothing to publish" in lab.labgate("experiment", "publish", status=0).err
    assert len(pinned(lab)) == 1


def test_a_hook_that_sees_no_push_above_it_says_what_it_leaves(lab: Repo) -> None:
    row = f"refs/heads/{BRANCH} {measure(lab)} refs/heads/{BRANCH} {'0' * 40}\n"
    said = lab.run(".git/hooks/pre-push", "origin", str(origin(lab).path), stdin=row).err
    assert "no git push is seen above this hook; after the push: labgate experiment publish" in said
    assert pinned(lab) == {}


def test_files_of_lfs_follow_the_pin(lab: Repo, tmp_path: Path) -> None:
    """A hook of git-lfs is not installed: what was pushed without its files is checked out all the same."""
    require_tool("git-lfs")
    lab.git("lfs", "install", "--local", "--skip-repo")
    lab.git("lfs", "track", "*.bin")
    lab.write({"weights.bin": b"w" * 999, "old.bin": b"o" * 999})
    oid = measure(lab)
    gone = hashlib.sha256(b"o" * 999).hexdigest()
    (lab.path / f".git/lfs/objects/{gone[:2]}/{gone[2:4]}/{gone}").unlink()  # as in a clone that never fetched it
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    stored = origin(lab).path / "lfs/objects"
    assert eventually(lambda: any(path.is_file() for path in stored.rglob("*")))
    assert set(pinned(lab).values()) == {oid}
    fresh = Repo(tmp_path / "fresh", lab.env)
    lab.git("clone", "--quiet", "--depth=1", f"file://{origin(lab).path}", str(fresh.path))
    fresh.git("lfs", "install", "--local")
    fresh.git("config", "lfs.skipdownloaderrors", "true")
    said = fresh.labgate("experiment", "checkout", "ranker/wide", status=0)
    assert (Path(said.out.strip()) / "weights.bin").read_bytes() == b"w" * 999


def test_a_push_that_cannot_pin_says_so(lab: Repo) -> None:
    """The remote is read at another place than it is written, which cannot be reached."""
    lab.branch("research/other").commit("Elsewhere", {"note.txt": "1\n"})
    lab.push("research/other")
    lab.labgate("experiment", "pin", status=0)
    lab.checkout(BRANCH).commit("More", {"model.py": "VALUE = 7\n"})
    lab.git("config", "remote.origin.pushurl", str(origin(lab).path))
    lab.git("config", "remote.origin.url", "/nowhere")
    said = lab.run("git", "push", "origin", BRANCH).err
    assert "labgate: experiment-hash could not pin the code of artifacts: cannot ask origin" in said
    assert "labgate experiment publish" in said


def test_a_withdrawn_commit_is_not_pinned_again(lab: Repo, tmp_path: Path) -> None:
    """The newest version of a record counts, also in a clone that has never seen the pin."""
    lab.labgate("experiment", "record", "model.py", status=0)
    code = lab.head()
    lab.commit("Record it")
    path = lab.path / "model.py.labgate.json"
    found = json.loads(path.read_text())
    found["predicate"]["buildDefinition"]["resolvedDependencies"][0]["annotations"] = {"withdrawn": "a court order"}
    path.write_text(json.dumps(found))
    withdrawn = lab.commit("Take it back")
    lab.git("push", "--quiet", "--no-verify", "origin", BRANCH)
    other = Repo(tmp_path / "other", lab.env)
    lab.git("clone", "--quiet", str(origin(lab).path), str(other.path))
    other.checkout(BRANCH).labgate("install", status=0)
    other.labgate("experiment", "pin", code, status=0)
    oid = measure(other)
    other.run("git", "push", "--quiet", "origin", BRANCH)
    assert eventually(lambda: oid in pinned(lab).values())
    assert quiet_after(lab) == {f"refs/experiments/ranker/wide/{oid[:12]}": oid}
    assert withdrawn != code


@pytest.mark.parametrize("deleted", [True, False], ids=["deleted", "there"])
def test_what_was_deleted_on_the_remote_is_not_published_again(lab: Repo, deleted: bool) -> None:
    """A clone that has not fetched since believes that the remote has it."""
    lab.branch("research/secret")
    oid = lab.commit("Password", {"password.txt": "1\n"})
    lab.push("research/secret")
    lab.labgate("experiment", "pin", status=0)
    if deleted:
        origin(lab).git("branch", "--quiet", "-D", "research/secret")
        origin(lab).git("gc", "--quiet", "--prune=now")
    lab.checkout(BRANCH)
    lab.commit("More", {"model.py": "VALUE = 7\n"})
    lab.run("git", "push", "--quiet", "origin", BRANCH)
    assert (oid in quiet_after(lab).values()) is not deleted
    assert (origin(lab).run("git", "cat-file", "-e", oid, status=None).status == 0) is not deleted


def test_ci_pins_on_a_push_what_no_hook_has(lab: Repo, tmp_path: Path) -> None:
    base, oid = lab.head(), measure(lab)
    lab.git("push", "--quiet", "--no-verify", "origin", BRANCH)
    job = tmp_path / "job"
    lab.git("clone", "--quiet", str(origin(lab).path), str(job))
    event = {"ref": f"refs/heads/{BRANCH}", "before": base, "after": oid, "repository": {"full_name": "org/lab"}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    environ = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REF": f"refs/heads/{BRANCH}",
        "GITHUB_SHA": oid,
        "GITHUB_REPOSITORY": "org/lab",
    }
    Repo(job, lab.env).labgate("ci", status=0, **environ)
    assert set(pinned(lab).values()) == {oid}
