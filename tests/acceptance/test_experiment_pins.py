"""Pins, and the commands that hand them out, publish them and bring their code back: two clones and a bare remote."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.moments import tree_on_disk, untouched
from support.repo import Repo, Result
from support.runs import laboratory, pins


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    return laboratory(tmp_path)


def remote_pins(lab: Repo) -> dict[str, str]:
    rows = lab.git("ls-remote", "origin", "refs/experiments/*", "refs/tags/experiment/*").splitlines()
    return {ref: oid for oid, ref in (row.split("\t") for row in rows)}


def experiment(repo: Repo, *args: str, status: int | None = 0, **env: str) -> Result:
    return repo.labgate("experiment", *args, status=status, **env)


def pin(repo: Repo, *args: str) -> str:
    return experiment(repo, "pin", *args).out.strip()


def helped(said: Result) -> str:
    """Return the command of the only help line."""
    (line,) = (line for line in said.err.splitlines() if line.startswith("  help: "))
    return line.removeprefix("  help: ").partition("  #")[0]


def fresh(lab: Repo, name: str = "fresh", *options: str) -> Repo:
    """Return a new clone of the remote, of depth one unless options say otherwise."""
    path = lab.path.parent / name
    url = lab.git("remote", "get-url", "origin")
    lab.git("clone", "--quiet", *(options or ("--depth=1",)), f"file://{url}", str(path))
    return Repo(path, lab.env)


def dirty(lab: Repo) -> str:
    """Edit a file, add one, and return the pinned snapshot."""
    lab.write({"model.py": "from extra import VALUE\n", "extra.py": "VALUE = 2\n"})
    return pin(lab)


class TestPin:
    def test_prints_the_oid_alone_and_keeps_it(self, lab: Repo) -> None:
        said = experiment(lab, "pin")
        assert (said.out, said.err) == (f"{lab.head()}\n", "")
        assert pins(lab) == {f"refs/experiments/ranker/wide/{lab.head()[:12]}": lab.head()}

    def test_takes_a_revision(self, lab: Repo) -> None:
        first = lab.head()
        lab.commit("More", {"model.py": "VALUE = 3\n"})
        assert pin(lab, "HEAD~1") == first
        assert set(pins(lab).values()) == {first}

    def test_is_alive_after_the_branch_and_a_collection_are_gone(self, lab: Repo) -> None:
        commit = dirty(lab)
        lab.git("checkout", "--quiet", "--force", "main")
        lab.git("branch", "-D", "experiment--ranker--wide")
        lab.git("reflog", "expire", "--expire=now", "--all")
        lab.git("gc", "--quiet", "--prune=now")
        assert lab.git("show", f"{commit}:extra.py") == "VALUE = 2"

    def test_a_taken_name_moves_nothing(self, lab: Repo) -> None:
        """Acceptance row 13."""
        other = lab.git("commit-tree", "-m", "Other", "HEAD^{tree}")
        ref = f"refs/experiments/ranker/wide/{lab.head()[:12]}"
        lab.git("update-ref", ref, other)
        said = experiment(lab, "pin", status=2)
        assert other in said.err
        assert lab.head() in said.err
        assert pins(lab) == {ref: other}

    def test_a_ref_in_the_way_is_named_and_moved_by_the_command(self, lab: Repo) -> None:
        lab.git("update-ref", "refs/experiments/ranker", "HEAD~0")
        said = experiment(lab, "pin", status=2)
        assert "'refs/experiments/ranker' exists" in said.err
        lab.run("sh", "-c", helped(said))
        assert pin(lab) == lab.git("rev-parse", "refs/kept/experiments/ranker")

    def test_many_at_once_make_one_pin(self, lab: Repo) -> None:
        lab.write({"extra.py": "VALUE = 2\n"})
        before = untouched(lab)
        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda _: lab.run("labgate", "experiment", "pin").out, range(16)))
        assert len(set(said)) == 1
        assert len(pins(lab)) == 1
        assert untouched(lab) == before

    @pytest.mark.parametrize("command", [("pin",), ("env",), ("record", "README.md")])
    def test_without_a_repository_there_is_one_line(self, lab: Repo, tmp_path: Path, command: tuple[str, ...]) -> None:
        (tmp_path / "none").mkdir()
        (tmp_path / "none/README.md").write_text("1\n")
        said = experiment(Repo(tmp_path / "none", lab.env), *command, status=2)
        assert said.err.count("\n") == 2
        lab.run("sh", "-c", f"cd {tmp_path / 'none'} && {helped(said)}")
        experiment(Repo(tmp_path / "none", lab.env), *command)

    @pytest.mark.parametrize("command", [("pin",), ("env",), ("record", "a.txt")])
    def test_without_a_commit_the_command_that_mends_it_is_named(self, repo: Repo, command: tuple[str, ...]) -> None:
        repo.write({"a.txt": "1\n"})
        said = experiment(repo, *command, status=2)
        assert "there is no commit yet" in said.err
        repo.run("sh", "-c", helped(said))
        experiment(repo, *command)

    @pytest.mark.parametrize("command", [("pin",), ("env",)])
    def test_a_bare_repository_has_no_code(self, lab: Repo, command: tuple[str, ...]) -> None:
        bare = Repo(lab.path.parent / "lab-origin.git", lab.env)
        said = experiment(bare, *command, status=2)
        assert "bare" in said.err
        bare.run("sh", "-c", helped(said).replace("DIR", "../site") + " main")
        pin(Repo(lab.path.parent / "site", lab.env))

    def test_a_bare_repository_can_pin_a_commit(self, lab: Repo) -> None:
        bare = Repo(lab.path.parent / "lab-origin.git", lab.env)
        assert pin(bare, "refs/heads/experiment--ranker--wide") == lab.head()
        assert set(pins(bare).values()) == {lab.head()}

    def test_an_unknown_revision_is_named(self, lab: Repo) -> None:
        said = experiment(lab, "pin", "nope", status=2)
        assert "'nope' names no commit" in said.err
        assert pins(lab) == {}


class TestEnv:
    def test_has_the_variables_that_tools_read(self, lab: Repo) -> None:
        lab.git("remote", "set-url", "origin", "https://ada:secret@host.example/org/lab.git")
        found = json.loads(experiment(lab, "env", "--format", "json").out)
        url, head = "https://host.example/org/lab", lab.head()
        assert found["LABGATE_COMMIT"] == found["WANDB_GIT_COMMIT"] == head
        assert found["LABGATE_EXPERIMENT"] == "ranker/wide"
        assert json.loads(found["MLFLOW_RUN_CONTEXT"])["mlflow.source.git.commit"] == head
        assert f"vcs.ref.head.revision={head}" in found["OTEL_RESOURCE_ATTRIBUTES"].split(",")
        assert "secret" not in json.dumps(found)
        assert found["WANDB_GIT_REMOTE_URL"] == url
        assert json.loads(found["MLFLOW_RUN_CONTEXT"])["mlflow.source.git.repoURL"] == url
        assert f"vcs.repository.url.full={url}" in found["OTEL_RESOURCE_ATTRIBUTES"].split(",")
        assert pins(lab)

    def test_a_shell_reads_it(self, lab: Repo) -> None:
        told = lab.run("sh", "-c", 'eval "$(labgate experiment env)" && echo "$LABGATE_COMMIT"')
        assert told.out.strip() == lab.head()

    def test_says_nothing_to_wandb_of_a_snapshot(self, lab: Repo) -> None:
        dirty(lab)
        assert "WANDB" not in experiment(lab, "env").out

    def test_variables_of_other_code_are_not_kept_in_silence(self, lab: Repo) -> None:
        told = json.loads(experiment(lab, "env", "--format", "json").out)
        experiment(lab, "env", **told)
        dirty(lab)
        said = experiment(lab, "env", status=2, **told)
        assert helped(said).startswith("unset LABGATE_COMMIT ")


class TestPublish:
    def test_pins_a_commit_on_the_remote_once(self, lab: Repo) -> None:
        commit = pin(lab)
        said = experiment(lab, "publish")
        assert said.out == f"{commit} refs/experiments/ranker/wide/{commit[:12]}\n"
        assert remote_pins(lab) == pins(lab)
        lab.git("remote", "set-url", "origin", "/nowhere")
        assert "nothing to publish" in experiment(lab, "publish").err, "what is there is remembered"

    def test_runs_no_hook(self, lab: Repo) -> None:
        pin(lab)
        hook = lab.path / ".git/hooks/pre-push"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        experiment(lab, "publish")
        assert remote_pins(lab)

    def test_lists_untracked_files_secrets_first_and_needs_a_yes(self, lab: Repo) -> None:
        lab.write({"a.py": "1\n", ".env": "S=1\n", "keys/id_rsa": "1\n", "b/credentials.json": "1\n", "z.PEM": "1\n"})
        commit = pin(lab)
        said = experiment(lab, "publish", commit[:12], status=2)
        listed = [line.strip() for line in said.err.splitlines() if line.startswith("  ") and "help:" not in line]
        note = "(looks like a secret)"
        assert listed == [
            f".env  {note}",
            f"b/credentials.json  {note}",
            f"keys/id_rsa  {note}",
            f"z.PEM  {note}",
            "a.py",
        ]
        assert remote_pins(lab) == {}
        assert helped(said) == f"labgate experiment publish {commit[:12]} --yes"
        lab.run("sh", "-c", helped(said))
        assert remote_pins(lab) == pins(lab)

    def test_says_what_history_comes_along_and_asks_for_what_looks_like_a_secret(self, lab: Repo) -> None:
        lab.commit("Edit", {"model.py": "VALUE = 4\n"})
        lab.commit("Edit more", {"model.py": "VALUE = 5\n"})
        pin(lab)
        said = experiment(lab, "publish")
        assert "labgate: with 1 commit below, which origin is not known to have" in said.err
        lab.commit("Leak", {".env": "TOKEN=1\n"})
        lab.git("rm", "--quiet", ".env")
        lab.git("commit", "--quiet", "--message", "Hide it")
        commit = pin(lab)
        said = experiment(lab, "publish", status=2)
        assert "  .env  (committed, looks like a secret)" in said.err.splitlines()
        assert commit not in remote_pins(lab).values()
        lab.run("sh", "-c", helped(said))
        assert commit in remote_pins(lab).values()

    def test_leaves_out_what_a_record_calls_withdrawn_unless_it_is_named(self, lab: Repo) -> None:
        commit = pin(lab)
        experiment(lab, "record", "model.py")
        path = lab.path / "model.py.labgate.json"
        text = path.read_text().replace('"name": "code",', '"name": "code", "annotations": {"withdrawn": "a secret"},')
        lab.commit("Take it back", {path.name: text})
        said = experiment(lab, "publish")
        assert f"labgate: ranker/wide@{commit[:12]}: a record says that its pin was taken back" in said.err
        assert remote_pins(lab) == {}
        experiment(lab, "publish", commit[:12])
        assert set(remote_pins(lab).values()) == {commit}

    def test_a_snapshot_without_untracked_files_needs_no_yes(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 5\n"})
        commit = pin(lab)
        experiment(lab, "publish")
        assert set(remote_pins(lab).values()) == {commit}

    @pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 130), ("\n", 130)])
    def test_a_terminal_is_asked(self, lab: Repo, answer: str, status: int) -> None:
        dirty(lab)
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["labgate", "experiment", "publish"], cwd=lab.path, env=lab.env, stdin=theirs, stdout=-1, stderr=-1
        )
        os.close(theirs)
        os.write(ours, answer.encode())
        _, errors = process.communicate()
        os.close(ours)
        assert process.returncode == status, errors
        assert bool(remote_pins(lab)) == (status == 0)

    def test_a_dry_run_sends_nothing(self, lab: Repo) -> None:
        dirty(lab)
        said = experiment(lab, "publish", "--dry-run", "--yes")
        assert "extra.py" in said.err
        assert remote_pins(lab) == {}

    def test_a_taken_name_on_the_remote_moves_nothing(self, lab: Repo) -> None:
        commit = pin(lab)
        other = lab.git("commit-tree", "-m", "Other", "HEAD^{tree}")
        ref = f"refs/experiments/ranker/wide/{commit[:12]}"
        lab.git("push", "--quiet", "origin", f"{other}:{ref}")
        more = lab.commit("More", {"model.py": "VALUE = 4\n"})
        pin(lab)
        said = experiment(lab, "publish", status=2)
        assert commit in said.err
        assert other in said.err
        assert other in lab.run("sh", "-c", helped(said)).out
        assert remote_pins(lab) == {ref: other, f"refs/experiments/ranker/wide/{more[:12]}": more}

    def test_a_remote_that_refuses_custom_refs_takes_tags(self, lab: Repo) -> None:
        """Acceptance row 12, the pins."""
        hook = lab.path.parent / "lab-origin.git/hooks/update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(
            '#!/bin/sh\ncase $1 in refs/heads/*|refs/tags/*) exit 0;; esac\necho "no such refs" >&2; exit 1\n'
        )
        hook.chmod(0o755)
        commit = pin(lab)
        said = experiment(lab, "publish", status=2)
        assert 'pins = "refs/tags/experiment"' in said.err
        policy = lab.path / "labgate.toml"
        policy.write_text(policy.read_text() + 'pins = "refs/tags/experiment"\n')
        experiment(lab, "publish")
        assert remote_pins(lab) == {f"refs/tags/experiment/ranker/wide/{commit[:12]}": commit}

    def test_a_remote_that_is_gone_is_exit_2(self, lab: Repo) -> None:
        commit = pin(lab)
        lab.git("remote", "set-url", "origin", "/nowhere")
        said = experiment(lab, "publish", status=2)
        assert "origin" in said.err
        assert set(pins(lab).values()) == {commit}

    def test_without_a_remote_there_is_nowhere_to_publish(self, repo: Repo) -> None:
        repo.commit("Start", {"a.py": "1\n"})
        said = experiment(repo, "publish", status=2)
        assert helped(said).startswith("git remote add")

    def test_of_several_remotes_the_command_names_one(self, lab: Repo) -> None:
        commit = pin(lab)
        lab.git("remote", "rename", "origin", "theirs")
        lab.git("remote", "add", "mine", str(lab.path.parent / "nowhere.git"))
        lab.run("git", "config", "--unset", "branch.experiment--ranker--wide.remote", status=None)
        said = experiment(lab, "publish", status=2)
        assert "which remote is meant: theirs, mine" in said.err
        lab.run("sh", "-c", helped(said))
        experiment(lab, "publish")
        assert commit in lab.git("ls-remote", "theirs", "refs/experiments/*")

    def test_many_pins_are_one_push(self, lab: Repo, tmp_path: Path) -> None:
        for number in range(30):
            lab.commit(f"Step {number}")
            pin(lab)
        trace = tmp_path / "pushes"
        hook = lab.path.parent / "lab-origin.git/hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho push >>{trace}\n")
        hook.chmod(0o755)
        experiment(lab, "publish")
        assert trace.read_text() == "push\n"
        assert len(remote_pins(lab)) == 30

    def test_a_pin_that_another_push_has_just_made_is_no_refusal(self, lab: Repo) -> None:
        """The remote creates the ref itself before it takes the push, as a faster push of another process would."""
        commit = pin(lab)
        ref = f"refs/experiments/ranker/wide/{commit[:12]}"
        lab.commit("Elsewhere", {"note.txt": "1\n"})
        hook = lab.path.parent / "lab-origin.git/hooks/update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f'#!/bin/sh\nenv -u GIT_QUARANTINE_PATH git update-ref {ref} "$3"\n')
        hook.chmod(0o755)
        said = experiment(lab, "publish")
        assert said.out == f"{commit} {ref}\n"
        assert remote_pins(lab) == {ref: commit}

    def test_settings_of_the_remote_do_not_make_it_another_push(self, lab: Repo) -> None:
        for key, value in (
            ("remote.origin.mirror", "true"),
            ("push.followTags", "true"),
            ("push.gpgSign", "true"),
            ("push.useForceIfIncludes", "true"),
            ("remote.origin.push", "refs/heads/*:refs/heads/copy/*"),
            ("push.recurseSubmodules", "on-demand"),
        ):
            lab.git("config", key, value)
        lab.git("tag", "-a", "-m", "Tag", "v1")
        before = set(lab.git("ls-remote", "origin").splitlines())
        commit = pin(lab)
        experiment(lab, "publish")
        after = set(lab.git("ls-remote", "origin").splitlines())
        assert after - before == {f"{commit}\trefs/experiments/ranker/wide/{commit[:12]}"}
        assert before <= after

    def test_no_program_of_the_repositorys_own_settings_runs(self, lab: Repo, tmp_path: Path) -> None:
        """They may come with a copied folder: at the other end, for signatures, for credentials."""
        ran = tmp_path / "ran"
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\necho $0 $* >>{ran}\nexit 1\n")
        program.chmod(0o755)
        for key in ("remote.origin.receivepack", "remote.origin.uploadpack", "gpg.program", "core.askPass"):
            lab.git("config", key, str(program))
        lab.git("config", "core.fsmonitor", str(program))
        lab.write({"model.py": "VALUE = 5\n"})
        commit = pin(lab)
        experiment(lab, "publish")
        experiment(lab, "list")
        experiment(lab, "show", "ranker/wide")
        experiment(lab, "checkout", commit)
        assert not ran.exists()
        assert set(pins(Repo(lab.path.parent / "lab-origin.git", lab.env)).values()) == {commit}

    def test_a_remote_may_be_a_relative_path_seen_from_a_folder(self, lab: Repo) -> None:
        lab.git("remote", "set-url", "origin", "../lab-origin.git")
        (lab.path / "deep/er").mkdir(parents=True)
        inside = Repo(lab.path / "deep/er", lab.env)
        commit = pin(inside)
        experiment(inside, "publish")
        assert set(remote_pins(lab).values()) == {commit}
        assert json.loads(experiment(inside, "list", "--format", "json").out)["experiments"][0]["pins"][0]["remote"]

    def test_two_clones_may_pin_one_experiment(self, lab: Repo) -> None:
        """Acceptance row 13."""
        other = fresh(lab, "other", "--branch", "experiment--ranker--wide")
        lab.write({"model.py": "VALUE = 2\n"})
        other.write({"model.py": "VALUE = 3\n"})
        commits = {pin(lab), pin(other)}
        experiment(lab, "publish")
        experiment(other, "publish")
        assert set(remote_pins(lab).values()) == commits
        assert len(commits) == 2


class TestCheckout:
    def test_brings_a_snapshot_back_from_a_fresh_clone(self, lab: Repo) -> None:
        commit = dirty(lab)
        files = tree_on_disk(lab.path)
        experiment(lab, "publish", "--yes")
        clone = fresh(lab)
        before = untouched(clone)
        said = experiment(clone, "checkout", "ranker/wide")
        folder = Path(said.out.strip())
        assert tree_on_disk(folder) == files
        assert clone.git("-C", str(folder), "rev-parse", "HEAD") == commit
        after = untouched(clone)
        assert (after.index, after.head, after.status, after.stamps) == (
            before.index,
            before.head,
            before.status,
            before.stamps,
        )
        assert experiment(clone, "checkout", "ranker/wide").out == said.out, "again"

    @pytest.mark.parametrize("form", ["{oid}", "{short}", "ranker/wide@{short}", "ranker/wide@{oid}", "ranker/wide"])
    @pytest.mark.parametrize("options", [("--depth=1",), ("--no-single-branch",)])
    def test_takes_every_form(self, lab: Repo, form: str, options: tuple[str, ...]) -> None:
        commit = dirty(lab)
        experiment(lab, "publish", "--yes")
        clone = fresh(lab, "fresh", *options)
        what = form.format(oid=commit, short=commit[:8])
        said = experiment(clone, "checkout", what, "--worktree", "../wide")
        assert said.out.strip() == str(lab.path.parent / "wide")
        assert (lab.path.parent / "wide/extra.py").read_text() == "VALUE = 2\n"

    def test_a_shallow_clone_keeps_the_history_it_has(self, lab: Repo) -> None:
        lab.commit("Second", {"model.py": "VALUE = 2\n"})
        lab.commit("Third", {"model.py": "VALUE = 3\n"})
        lab.push("experiment--ranker--wide")
        pin(lab, "HEAD~1")
        dirty(lab)
        experiment(lab, "publish", "--yes")
        clone = fresh(lab, "fresh", "--depth=3", "--branch=experiment--ranker--wide")
        history = clone.git("log", "--format=%H")
        for what in ("ranker/wide", f"ranker/wide@{lab.head('HEAD~1')[:9]}"):
            experiment(clone, "checkout", what)
            experiment(clone, "show", what)
            experiment(clone, "list")
        assert clone.git("log", "--format=%H") == history

    def test_a_folder_of_the_same_name_is_no_artifact(self, lab: Repo) -> None:
        commit = dirty(lab)
        (lab.path / "ranker/wide").mkdir(parents=True)
        said = experiment(lab, "checkout", "ranker/wide")
        assert lab.git("-C", said.out.strip(), "rev-parse", "HEAD") == commit

    def test_the_newest_pin_is_the_one_of_the_last_code(self, lab: Repo) -> None:
        pin(lab)
        lab.commit("More", {"model.py": "VALUE = 2\n"})
        pin(lab)
        newest = dirty(lab)
        experiment(lab, "publish", "--yes")
        clone = fresh(lab)
        said = experiment(clone, "checkout", "ranker/wide")
        assert clone.git("-C", said.out.strip(), "rev-parse", "HEAD") == newest
        assert said.err == ""

    def test_two_snapshots_of_one_commit_are_said_to_be_equally_new(self, lab: Repo) -> None:
        dirty(lab)
        lab.write({"extra.py": "VALUE = 3\n"})
        pin(lab)
        assert "name one: ranker/wide@SHA" in experiment(lab, "checkout", "ranker/wide").err.replace("to name", "name")

    def test_what_is_not_known_is_exit_3(self, lab: Repo) -> None:
        for what in ("nope", "nope/none", "abcdef0123", "a" * 40):
            said = experiment(lab, "checkout", what, status=3)
            lab.run("sh", "-c", helped(said))

    def test_a_missing_pin_is_exit_4(self, lab: Repo) -> None:
        commit = dirty(lab)
        lab.write({"experiments/a/metrics.json": "1\n"})
        experiment(lab, "record", "experiments/a/metrics.json")
        lab.commit("Artifact", {})
        lab.git("reset", "--quiet", "--soft", "HEAD~1")
        lab.git("reset", "--quiet")
        lab.git("add", "experiments")
        lab.git("commit", "--quiet", "-m", "Only the artifact")
        lab.push("experiment--ranker--wide")
        clone = fresh(lab, "fresh", "--branch=experiment--ranker--wide")
        said = experiment(clone, "checkout", "experiments/a/metrics.json", status=4)
        assert commit in said.err
        lab.run("sh", "-c", helped(said) + " --yes")
        experiment(clone, "checkout", "experiments/a/metrics.json")
        assert "ranker/wide has no pin" in experiment(clone, "checkout", "ranker/wide@1234567", status=4).err

    def test_a_remote_that_cannot_be_asked_is_exit_2(self, lab: Repo) -> None:
        clone = fresh(lab)
        clone.git("remote", "set-url", "origin", "/nowhere")
        for what in ("ranker/wide", "ranker/wide@1234567", "b" * 40):
            assert "origin" in experiment(clone, "checkout", what, status=2).err

    def test_a_pin_of_this_clone_needs_no_remote(self, lab: Repo) -> None:
        dirty(lab)
        lab.git("remote", "set-url", "origin", "/nowhere")
        said = experiment(lab, "checkout", "ranker/wide")
        assert "only the pins in this clone" in said.err

    def test_a_tree_that_is_not_the_recorded_one_is_exit_5(self, lab: Repo) -> None:
        lab.write({"experiments/a/metrics.json": "1\n"})
        experiment(lab, "record", "experiments/a/metrics.json")
        path = lab.path / "experiments/a/metrics.json.labgate.json"
        tree = lab.git("rev-parse", "HEAD^{tree}")
        path.write_text(path.read_text().replace(tree, "1" * 40))
        said = experiment(lab, "checkout", "experiments/a/metrics.json", status=5)
        assert tree in said.err

    def test_an_artifact_without_a_record_is_of_the_commit_that_brought_it(self, lab: Repo) -> None:
        brought = lab.commit("Artifact", {"experiments/a/metrics.json": "1\n", "model.py": "VALUE = 7\n"})
        lab.commit("Later", {"model.py": "VALUE = 8\n"})
        said = experiment(lab, "checkout", "experiments/a/metrics.json")
        assert lab.git("-C", said.out.strip(), "rev-parse", "HEAD") == brought
        lab.push("experiment--ranker--wide")
        shallow = fresh(lab, "fresh", "--depth=1", "--branch=experiment--ranker--wide")
        refused = experiment(shallow, "checkout", "experiments/a/metrics.json", status=3)
        shallow.run("sh", "-c", helped(refused))
        again = experiment(shallow, "checkout", "experiments/a/metrics.json")
        assert shallow.git("-C", again.out.strip(), "rev-parse", "HEAD") == brought

    def test_a_folder_that_is_there_is_not_touched(self, lab: Repo) -> None:
        pin(lab)
        (lab.path.parent / "wide").mkdir()
        (lab.path.parent / "wide/mine.txt").write_text("1\n")
        said = experiment(lab, "checkout", "ranker/wide", "--worktree", "../wide", status=2)
        assert "is there already" in said.err
        assert [path.name for path in (lab.path.parent / "wide").iterdir()] == ["mine.txt"]

    def test_a_sparse_clone_gets_all_of_the_code(self, lab: Repo) -> None:
        dirty(lab)
        files = tree_on_disk(lab.path)
        lab.git("sparse-checkout", "set", "--no-cone", "/train.py")
        said = experiment(lab, "checkout", "ranker/wide")
        assert tree_on_disk(Path(said.out.strip())) == files

    def test_submodules_come_along(self, lab: Repo) -> None:
        library = Repo.init(lab.path.parent / "library")
        library.commit("Start", {"k.py": "k = 1\n"})
        lab.env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
        lab.git("submodule", "--quiet", "add", str(library.path), "lib/k")
        lab.commit("Use it")
        pin(lab)
        experiment(lab, "publish")
        clone = fresh(lab)
        said = experiment(clone, "checkout", "ranker/wide")
        clone.env = {name: value for name, value in lab.env.items() if not name.startswith("GIT_CONFIG_COUNT")}
        assert (Path(said.out.strip()) / "lib/k/k.py").read_text() == "k = 1\n"
        refused = experiment(clone, "checkout", "ranker/wide", "--worktree", "../again", status=2)
        lab.run("sh", "-c", helped(refused))
        assert (lab.path.parent / "again/lib/k/k.py").exists()
