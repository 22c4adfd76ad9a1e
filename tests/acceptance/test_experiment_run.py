"""``labgate experiment run`` with real commands, real git and real processes."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from support.provable import require_valid
from support.repo import Repo
from support.runs import (
    METRICS,
    code,
    dependencies,
    inside,
    invocation,
    laboratory,
    outside,
    pins,
    read,
    record,
    result,
    run,
    run_folders,
    started,
    train,
    whole,
)
from support.supervised import until
from support.thorough import tried
from support.tools import require_tool

OID = re.compile(r"[0-9a-f]{40}")


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    return laboratory(tmp_path)


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def helped(text: str) -> str:
    """Return the command of the only help line."""
    (line,) = (line for line in text.splitlines() if line.startswith("  help: "))
    return line.removeprefix("  help: ").partition("  #")[0]


def changes(repo: Repo) -> list[str]:
    """Return what git status says, but for artifacts."""
    lines = repo.git("status", "--porcelain", "--untracked-files=all").splitlines()
    return [line for line in lines if " experiments/" not in line and " models/" not in line]


class TestRecord:
    def test_says_which_code_made_an_artifact(self, lab: Repo) -> None:
        lab.git("remote", "set-url", "origin", "https://ada:secret@host.example/org/lab.git")
        train(lab)
        found = record(lab)
        head = lab.head()
        assert found["subject"] == [{"name": "metrics.json", "digest": {"sha256": digest(lab.path / METRICS)}}]
        assert dependencies(found) == [
            {
                "name": "code",
                "uri": "git+https://host.example/org/lab",
                "digest": {"gitCommit": head, "gitTree": lab.git("rev-parse", "HEAD^{tree}")},
            }
        ]
        assert outside(found) == {
            "experiment": "ranker/wide",
            "branch": "experiment--ranker--wide",
            "command": [sys.executable, "train.py"],
            "directory": ".",
        }
        assert inside(found) == {
            "how": "run",
            "exact": True,
            "head": head,
            "snapshot": False,
            "changed": 0,
            "untracked": 0,
            "left_out": [],
        }
        assert result(found) == "ended 0"
        assert pins(lab) == {f"refs/experiments/ranker/wide/{head[:12]}": head}

    def test_of_a_dirty_tree_names_a_snapshot_with_the_untracked_module(self, lab: Repo) -> None:
        lab.write({"model.py": "from extra import VALUE\n", "extra.py": "VALUE = 7\n"})
        before = changes(lab)
        train(lab)
        found = record(lab)
        assert json.loads((lab.path / METRICS).read_text()) == {"value": 7, "commit": code(found)}
        assert lab.git("show", f"{code(found)}:extra.py") == "VALUE = 7"
        assert inside(found) | {"head": None} == inside(found) | {
            "snapshot": True,
            "changed": 1,
            "untracked": 1,
            "head": None,
        }
        assert changes(lab) == before

    def test_keeps_all_output_and_the_record_of_the_run(self, lab: Repo) -> None:
        done = run(
            lab, "sh", "-c", "echo out; echo err >&2; mkdir -p models; echo m > models/m", options=("--dir", "kept")
        )
        assert done.out == "out\n"
        assert done.err.startswith("err\n")
        (folder,) = run_folders(lab)
        assert sorted((folder / "log").read_text().split()) == ["err", "out"]
        assert [item["name"] for item in whole(lab)["subject"]] == ["models/m"]
        assert invocation(whole(lab)) == invocation(record(lab, "models/m")) == folder.name
        for name in ("log", "record.json"):
            assert (lab.path / "kept" / name).read_bytes() == (folder / name).read_bytes()
        # What labgate itself wrote makes no tree dirty.
        run(lab, "true", options=("--dir", "kept"))
        assert pins(lab) == {f"refs/experiments/ranker/wide/{lab.head()[:12]}": lab.head()}

    def test_has_no_secrets(self, lab: Repo) -> None:
        line = "mkdir -p models; echo m > models/m; : TOKEN=abc123"
        run(lab, "sh", "-c", line, "--api-key", "k3y", "https://ada:pw@host.example/x")
        text = (lab.path / "models/m.labgate.json").read_text()
        assert not [secret for secret in ("abc123", "k3y", "ada:", "pw@") if secret in text]
        assert outside(record(lab, "models/m"))["command"][3:] == ["--api-key", "***", "https://***@host.example/x"]

    def test_of_the_same_artifact_and_code_stays_byte_for_byte(self, lab: Repo) -> None:
        train(lab)
        before, stat = (
            (lab.path / f"{METRICS}.labgate.json").read_bytes(),
            (lab.path / f"{METRICS}.labgate.json").stat(),
        )
        train(lab)
        assert (lab.path / f"{METRICS}.labgate.json").read_bytes() == before
        assert (lab.path / f"{METRICS}.labgate.json").stat().st_mtime_ns == stat.st_mtime_ns
        assert len(run_folders(lab)) == 2
        lab.write({"model.py": "VALUE = 2\n"})
        train(lab)
        assert (lab.path / f"{METRICS}.labgate.json").read_bytes() != before

    def test_of_a_run_without_artifacts_is_of_its_output(self, lab: Repo) -> None:
        run(lab, "echo", "hi")
        (folder,) = run_folders(lab)
        assert whole(lab)["subject"] == [{"name": "log", "digest": {"sha256": digest(folder / "log")}}]

    def test_has_an_md5_only_beside_a_dvc_folder(self, lab: Repo) -> None:
        train(lab)
        assert set(record(lab)["subject"][0]["digest"]) == {"sha256"}
        (lab.path / ".dvc").mkdir()
        train(lab, "models/m")
        assert set(record(lab, "models/m")["subject"][0]["digest"]) == {"sha256", "md5"}


class TestArtifacts:
    def test_are_those_of_the_policy_and_of_the_command_line_ignored_ones_too(self, lab: Repo) -> None:
        line = "mkdir -p out models; echo 1 > out/w.pt; echo 2 > models/m; echo 3 > other.txt"
        run(lab, "sh", "-c", line, options=("--artifact", "out/*.pt"))
        assert sorted(item["name"] for item in whole(lab)["subject"]) == ["models/m", "out/w.pt"]
        assert code(record(lab, "out/w.pt")) == code(record(lab, "models/m"))
        assert not (lab.path / "other.txt.labgate.json").exists()

    def test_typed_ones_do_not_make_the_next_run_dirty(self, lab: Repo) -> None:
        for _ in range(2):
            run(lab, "sh", "-c", "echo $$ > w.pt", options=("--artifact", "w.pt"))
        assert list(pins(lab).values()) == [lab.head()]

    def test_a_typed_glob_hides_no_edit_of_the_code(self, lab: Repo) -> None:
        lab.write({"model.py": "from extra import VALUE\n", "extra.py": "VALUE = 7\n"})
        for glob in ("**", "*", ".", "./"):
            train(lab, options=("--artifact", glob))
            (commit,) = pins(lab).values()
            assert code(record(lab)) == commit != lab.head()
            assert lab.git("show", f"{commit}:extra.py") == "VALUE = 7"
            lab.run("rm", "-r", "experiments")
            lab.git("update-ref", "-d", f"refs/experiments/ranker/wide/{commit[:12]}")
        train(lab, options=("--artifact", "*.py"))
        assert lab.git("show", f"{code(record(lab))}:model.py") == "from extra import VALUE"

    def test_one_with_a_record_is_no_code_for_any_command(self, lab: Repo) -> None:
        run(lab, "sh", "-c", "echo 1 > w.pt", options=("--artifact", "w.pt"))
        assert lab.run("labgate", "experiment", "pin").out.strip() == lab.head()
        run(lab, "true")
        assert list(pins(lab).values()) == [lab.head()]

    def test_are_only_those_that_the_run_made_or_changed(self, lab: Repo) -> None:
        lab.commit("Models", {"models/old": "1", "models/new": "1"})
        run(lab, "sh", "-c", "cat models/old; echo 2 > models/new")
        assert [item["name"] for item in whole(lab)["subject"]] == ["models/new"]
        assert not (lab.path / "models/old.labgate.json").exists()

    def test_one_whose_time_stamp_was_put_back_is_seen(self, lab: Repo) -> None:
        lab.commit("Models", {"models/m": "1"})
        run(lab, "sh", "-c", "touch -r models/m stamp; printf 2 > models/m; touch -r stamp models/m")
        assert [item["name"] for item in whole(lab)["subject"]] == ["models/m"]

    def test_globs_are_relative_to_where_they_are_typed(self, lab: Repo, tmp_path: Path) -> None:
        lab.write({"deep/x": ""})
        elsewhere = tmp_path / "bucket"
        elsewhere.mkdir()
        here = Repo(lab.path / "deep", lab.env)
        globs = ("--artifact", "res/*.pt", "--artifact", f"{elsewhere}/*.pt", "--artifact", "../top.pt")
        run(here, "sh", "-c", f"mkdir res; touch res/a.pt {elsewhere}/b.pt ../top.pt", options=globs)
        places = (lab.path / "deep/res/a.pt", elsewhere / "b.pt", lab.path / "top.pt")
        assert [path.with_name(f"{path.name}.labgate.json").exists() for path in places] == [True] * 3
        assert outside(json.loads((lab.path / "top.pt.labgate.json").read_text()))["directory"] == "deep"

    def test_a_folder_stands_for_all_that_is_in_it(self, lab: Repo) -> None:
        run(lab, "sh", "-c", "mkdir -p out/x; touch out/x/a out/b", options=("--artifact", "out/"))
        assert sorted(item["name"] for item in whole(lab)["subject"]) == ["out/b", "out/x/a"]

    def test_a_glob_without_a_match_is_a_warning(self, lab: Repo) -> None:
        globs = ("--artifact", "out/*.pt", "--input", "data/*.csv")
        done = run(lab, "true", options=globs)
        assert "warning: --artifact out/*.pt matches no file" in done.err
        assert "warning: --input data/*.csv matches no file" in done.err

    def test_50_of_one_run_have_one_invocation(self, lab: Repo) -> None:
        run(lab, "sh", "-c", "mkdir -p models; for n in $(seq 50); do echo $n > models/$n; done")
        assert {invocation(record(lab, f"models/{number}")) for number in range(1, 51)} == {invocation(whole(lab))}

    @pytest.mark.parametrize("name", ["a\nb.json", "\x1b[2J.json", "n" * 246 + ".json"], ids=["line", "escape", "long"])
    def test_a_name_that_no_record_can_have_is_said_and_costs_nothing(self, lab: Repo, name: str) -> None:
        script = 'printf 1 >"out/$1" && printf 2 >out/good.json && exit 3'
        (lab.path / "out").mkdir()
        done = run(lab, "sh", "-c", script, "-", name, options=("--artifact", "out/*.json"), status=3)
        assert "cannot have a record: its name " in done.err
        assert "\x1b" not in done.err
        assert record(lab, "out/good.json")["subject"][0]["name"] == "good.json"
        assert len(whole(lab)["subject"]) == 2

    def test_a_long_name_has_a_record(self, lab: Repo) -> None:
        name = "n" * 242
        run(lab, "sh", "-c", f"printf 1 >{name}", options=("--artifact", name))
        assert record(lab, name)["subject"][0]["name"] == name

    def test_records_of_failed_runs_are_kept_too(self, lab: Repo) -> None:
        run(lab, "sh", "-c", "mkdir models; echo half > models/m; exit 7", status=7)
        assert result(record(lab, "models/m")) == "failed 7"


class TestInputs:
    def test_a_resumed_run_names_both_codes(self, lab: Repo) -> None:
        train(lab, "models/last.pt")
        first = code(record(lab, "models/last.pt"))
        lab.commit("Next", {"model.py": "VALUE = 2\n"})
        lab.write({"out/train.csv": "1,2\n"})
        train(lab, "models/next.pt", options=("--input", "models/last.pt", "--input", "out/*.csv"))
        found = record(lab, "models/next.pt")
        assert code(found) != first
        assert dependencies(found)[1:] == [
            {
                "name": "input:models/last.pt",
                "digest": {"sha256": digest(lab.path / "models/last.pt"), "gitCommit": first},
            },
            {"name": "input:out/train.csv", "digest": {"sha256": digest(lab.path / "out/train.csv")}},
        ]

    def test_are_digested_before_the_command_changes_them(self, lab: Repo) -> None:
        lab.write({"out/state": "1"})
        run(lab, "sh", "-c", "echo 2 > out/state; mkdir models; touch models/m", options=("--input", "out/state"))
        assert dependencies(record(lab, "models/m"))[1]["digest"]["sha256"] == sha256(b"1").hexdigest()

    def test_a_record_of_another_file_is_not_believed(self, lab: Repo) -> None:
        train(lab, "models/last.pt")
        lab.write({"models/last.pt": "another"})
        done = train(lab, "models/next.pt", options=("--input", "models/last.pt"))
        assert "the record of models/last.pt is not used" in done.err
        assert "gitCommit" not in dependencies(record(lab, "models/next.pt"))[1]["digest"]


class TestVariables:
    def test_reach_the_command(self, lab: Repo) -> None:
        line = "import json, os, sys; json.dump(dict(os.environ), sys.stdout)"
        env = json.loads(run(lab, sys.executable, "-c", line).out)
        (folder,) = run_folders(lab)
        assert env["LABGATE_COMMIT"] == env["WANDB_GIT_COMMIT"] == lab.head()
        assert (env["LABGATE_EXPERIMENT"], env["LABGATE_RUN"]) == ("ranker/wide", folder.name)
        assert env["PYTHONUNBUFFERED"] == "1"
        assert json.loads(env["MLFLOW_RUN_CONTEXT"])["labgate.run"] == folder.name
        assert f"vcs.ref.head.revision={lab.head()}" in env["OTEL_RESOURCE_ATTRIBUTES"]

    def test_of_the_caller_win(self, lab: Repo) -> None:
        given = {"PYTHONUNBUFFERED": "x", "MLFLOW_RUN_CONTEXT": '{"labgate.run": "mine", "a": "b"}'}
        line = "import os; print(os.environ['PYTHONUNBUFFERED'], os.environ['MLFLOW_RUN_CONTEXT'])"
        out = lab.run("labgate", "experiment", "run", "--", sys.executable, "-c", line, status=0, **given).out
        unbuffered, _, tags = out.partition(" ")
        assert unbuffered == "x"
        assert json.loads(tags)["labgate.run"] == "mine"
        assert json.loads(tags)["mlflow.source.git.commit"] == lab.head()

    def test_of_wandb_are_not_set_for_a_snapshot(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 3\n"})
        assert run(lab, "sh", "-c", "echo ${WANDB_GIT_COMMIT-none}").out == "none\n"

    def test_no_json_object_is_left_alone(self, lab: Repo) -> None:
        done = run(lab, "sh", "-c", "echo $MLFLOW_RUN_CONTEXT", MLFLOW_RUN_CONTEXT="[1]")
        assert done.out == "[1]\n"
        assert "MLFLOW_RUN_CONTEXT" in done.err


class TestStatedCode:
    """Row 7 of the issue's table: a job that starts later runs what was meant, or does not run."""

    def test_code_that_changed_since_is_not_run(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 5\n"})
        meant = lab.run("labgate", "experiment", "pin").out.strip()
        lab.write({"model.py": "VALUE = 6\n"})
        done = train(lab, status=125, LABGATE_COMMIT=meant)
        assert "model.py" in done.err
        assert "unset LABGATE_COMMIT" in done.err
        assert not (lab.path / METRICS).exists()
        assert list(pins(lab).values()) == [meant]
        # The first way out, as it is printed.
        lab.run("sh", "-c", helped(done.err), LABGATE_COMMIT=meant)
        assert json.loads((lab.path / METRICS).read_text())["value"] == 5
        # The second one.
        train(lab, "models/m")
        assert json.loads((lab.path / "models/m").read_text())["value"] == 6

    def test_at_runs_old_code_elsewhere_and_brings_its_artifacts(self, lab: Repo) -> None:
        meant = lab.head()
        lab.write({"model.py": "VALUE = 6\n", "out/ignored": "x"})
        before = changes(lab)
        done = train(lab, options=("--at", meant), LABGATE_COMMIT=meant)
        assert "ignored files are not" in done.err
        assert json.loads((lab.path / METRICS).read_text()) == {"value": 1, "commit": meant}
        assert code(record(lab)) == meant
        assert (lab.path / "model.py").read_text() == "VALUE = 6\n"
        assert changes(lab) == before
        assert len(lab.git("worktree", "list").splitlines()) == 1
        place = re.search(r"running \w+ in (\S+),", done.err)
        assert place is not None
        assert not Path(place[1]).exists()

    def test_at_runs_here_where_the_tree_is_it(self, lab: Repo) -> None:
        lab.write({"out/ignored": "x"})
        assert run(lab, "cat", "out/ignored", options=("--at", "HEAD")).out == "x"

    def test_committing_just_that_content_is_the_same_code(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 5\n"})
        meant = lab.run("labgate", "experiment", "pin").out.strip()
        assert meant != lab.commit("Five")
        train(lab, LABGATE_COMMIT=meant)
        assert code(record(lab)) == meant

    def test_a_worktree_goes_when_labgate_is_told_to_end(self, lab: Repo) -> None:
        lab.commit("Next", {"model.py": "VALUE = 2\n"})
        process = started(lab, "sh", "-c", 'pwd > "$HOME/where"; exec sleep 600', options=("--at", "HEAD~1"))
        where = Path(lab.env["HOME"]) / "where"
        until(lambda: where.exists() and where.read_text().endswith("\n"), "the command")
        place = Path(where.read_text().strip())
        assert place.exists()
        process.terminate()
        process.communicate()
        assert process.returncode == 143
        assert not place.exists()
        assert len(lab.git("worktree", "list").splitlines()) == 1

    def test_a_worktree_of_a_killed_labgate_goes_with_the_next_one(self, lab: Repo) -> None:
        lab.commit("Next", {"model.py": "VALUE = 2\n"})
        process = started(lab, "sh", "-c", 'pwd > "$HOME/where"; exec sleep 600', options=("--at", "HEAD~1"))
        where = Path(lab.env["HOME"]) / "where"
        until(lambda: where.exists() and where.read_text().endswith("\n"), "the command")
        place = Path(where.read_text().strip())
        process.kill()
        process.communicate()
        assert place.exists()
        run(lab, "true", options=("--at", "HEAD~1"))
        assert not place.exists()
        assert len(lab.git("worktree", "list").splitlines()) == 1

    def test_a_folder_that_the_code_lacks_is_an_error(self, lab: Repo) -> None:
        lab.commit("Folder", {"new/x.py": ""})
        here = Repo(lab.path / "new", lab.env)
        done = run(here, "true", options=("--at", "HEAD~1"), status=125)
        assert "there is no folder new" in done.err
        assert len(lab.git("worktree", "list").splitlines()) == 1


def test_every_kind_of_record_is_one_for_in_totos_tools(lab: Repo, tmp_path: Path) -> None:
    """Row 16 of the issue's table."""
    require_tool("in-toto-attestation")
    lab.write({"model.py": "VALUE = 3\n", "extra.py": "", "out/big": "x" * 20_000_000, "big": "x" * 20_000_000})
    train(lab, options=("--input", "out/*"))
    train(lab, "models/next", options=("--input", METRICS, "--at", "HEAD"))
    run(lab, "sh", "-c", "echo 'a b' > 'models/a b'; echo 1 > models/\u00e9; exit 3", status=3)
    run(lab, sys.executable, "-c", "print('no artifact')\n", "tab\t", "\u2028")
    image = tmp_path / "image"
    image.mkdir()
    lab.run("sh", "-c", f"git archive HEAD | tar -x -C {image}")
    train(Repo(image, lab.env), options=("--dir", "kept"), LABGATE_COMMIT=lab.head())
    found = [*lab.path.rglob("*.labgate.json"), *lab.path.rglob("record.json"), *image.rglob("*.json")]
    records = [path for path in found if path.name == "record.json" or path.name.endswith(".labgate.json")]
    assert len(records) == 10
    for path in records:
        require_valid(read(path))


class TestOnce:
    """Row 8 of the issue's table: whoever starts a command, one record is written."""

    def test_a_run_in_a_run_is_part_of_it(self, lab: Repo) -> None:
        inner = shlex.join(["labgate", "experiment", "run", "--", sys.executable, "train.py"])
        run(lab, "sh", "-c", f"{inner}; exit 3", status=3)
        assert len(run_folders(lab)) == 1
        assert invocation(record(lab)) == run_folders(lab)[0].name

    @pytest.mark.parametrize("name", ["RANK", "SLURM_PROCID"])
    def test_of_four_ranks_one_records(self, lab: Repo, name: str) -> None:
        argv = ("labgate", "experiment", "run", "--", "env", f"LABGATE_COMMIT={lab.head()}", sys.executable, "train.py")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda rank: lab.run(*argv, status=0, **{name: str(rank)}), range(4)))
        assert len(run_folders(lab)) == 1
        assert invocation(record(lab)) == run_folders(lab)[0].name

    def test_the_exit_status_and_the_standard_streams_are_the_commands(self, lab: Repo) -> None:
        done = lab.run("labgate", "experiment", "run", "--", "sh", "-c", "cat; exit 4", stdin="in", status=4, RANK="1")
        assert done.text == "in"

    def test_a_closed_pipe_ends_the_command_as_without_labgate(self, lab: Repo) -> None:
        line = "labgate experiment run -- yes | head -1"
        assert lab.run("sh", "-c", line, RANK="1").out == "y\n"


class TestSubmodules:
    @pytest.fixture
    def nested(self, lab: Repo, tmp_path: Path) -> Repo:
        """A laboratory whose model is in a submodule."""
        lib = Repo.init(tmp_path / "lib")
        lib.commit("Lib", {"value.py": "VALUE = 11\n"})
        lab.env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "protocol.file.allow", "GIT_CONFIG_VALUE_0": "always"}
        lab.git("submodule", "--quiet", "add", "../lib", "lib")
        lab.commit("Model", {"model.py": "import sys; sys.path.insert(0, 'lib'); from value import VALUE\n"})
        lab.git("config", "-f", ".gitmodules", "submodule.lib.url", "../lib.git")
        lab.commit("Place")
        lab.git("remote", "set-url", "origin", "https://host.example/org/lab.git")
        return lab

    def test_are_named_with_their_commits(self, nested: Repo) -> None:
        train(nested)
        found = [item for item in dependencies(record(nested)) if item["name"] == "submodule:lib"]
        oid = nested.git("rev-parse", "HEAD:lib")
        assert found == [
            {"name": "submodule:lib", "uri": "git+https://host.example/org/lib", "digest": {"gitCommit": oid}}
        ]

    def test_are_in_the_worktree_of_old_code_without_the_network(self, nested: Repo) -> None:
        meant = nested.head()
        nested.commit("Next", {"model.py": "VALUE = 12\n"})
        train(nested, options=("--at", meant))
        assert json.loads((nested.path / METRICS).read_text())["value"] == 11
        assert len(nested.git("worktree", "list").splitlines()) == 1


class TestWithoutRepository:
    def test_a_variable_is_believed(self, lab: Repo, tmp_path: Path) -> None:
        told = lab.head()
        image = tmp_path / "image"
        image.mkdir()
        lab.run("sh", "-c", f"git archive HEAD | tar -x -C {image}")
        container = Repo(image, lab.env)
        done = train(
            container, options=("--dir", "kept"), LABGATE_COMMIT=told, GITHUB_HEAD_REF="experiment--ranker--wide"
        )
        found = record(container)
        assert code(found) == told
        assert inside(found)["how"] == "told"
        assert "gitTree" not in dependencies(found)[0]["digest"]
        assert outside(found)["experiment"] == "ranker/wide"
        assert (image / "kept/record.json").exists()
        assert "1 artifact" in done.err

    def test_without_it_nothing_runs(self, lab: Repo, tmp_path: Path) -> None:
        image = tmp_path / "image"
        image.mkdir()
        (image / "train.py").write_text("print('ran')")
        container = Repo(image, lab.env)
        done = run(container, sys.executable, "train.py", status=125)
        assert done.out == ""
        container.run("sh", "-c", helped(done.err))
        assert run(container, sys.executable, "train.py").out == "ran\n"


class TestBadInput:
    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--", "nowhere"), "cannot start nowhere"),
            (("--", "./train.py"), "it is not executable"),
            (("--", "./models"), "it is a folder"),
            (("--", "./plain"), "its first line names no program"),
            (("--", "./lost"), "names /nowhere/python"),
            (("--",), "there is no command after --"),
            (("python", "train.py", "--epochs"), "help: labgate experiment run -- python train.py --epochs\n"),
            (("--artifact", "a*", "python", "x"), "help: labgate experiment run --artifact 'a*' -- python x\n"),
            (("--timeout", "soon", "--", "true"), "'soon' is not a time"),
            (("--grace", "0", "--", "true"), "'0' is not a time"),
            (("--artifact", "", "--", "true"), "'--artifact': it is empty"),
            (("--dir", "", "--", "true"), "'--dir': it is empty"),
            (("--at", "", "--", "true"), "'--at': it is empty"),
            (("--at", "nowhere", "--", "true"), "'nowhere' names no commit"),
            (("--experiment", "wide", "--", "true"), "not of the form SERVICE/HANDLE"),
            (("--no-such", "--", "true"), "--no-such"),
        ],
    )
    def test_is_125_and_nothing_is_pinned(self, lab: Repo, words: tuple[str, ...], told: str) -> None:
        lab.commit("Files", {"plain": "echo hi\n", "lost": "#!/nowhere/python\n", "models/x": ""})
        (lab.path / "plain").chmod(0o755)
        (lab.path / "lost").chmod(0o755)
        done = lab.run("labgate", "experiment", "run", *words, status=125)
        assert told in done.err
        assert "help: " in done.err
        assert pins(lab) == {}
        assert not (lab.path / ".git/labgate/runs").exists()

    @pytest.mark.parametrize("value", ["HEAD", "abc1234", "x" * 40])
    def test_of_the_variable_names_it(self, lab: Repo, value: str) -> None:
        done = run(lab, "true", status=125, LABGATE_COMMIT=value)
        assert "LABGATE_COMMIT" in done.err
        assert pins(lab) == {}

    def test_a_commit_that_is_not_here_is_named(self, lab: Repo) -> None:
        done = run(lab, "true", status=125, LABGATE_COMMIT="1" * 40)
        assert f"LABGATE_COMMIT is {'1' * 40}, which is not in this clone" in done.err

    def test_no_commit_yet(self, repo: Repo) -> None:
        repo.write({"train.py": ""})
        done = run(repo, "true", status=125)
        repo.run("sh", "-c", helped(done.err))
        run(repo, "true")

    def test_a_bare_repository(self, lab: Repo, tmp_path: Path) -> None:
        bare = Repo(tmp_path / "lab-origin.git", lab.env)
        assert "bare" in run(bare, "true", status=125).err

    def test_a_pin_that_is_another_commit(self, lab: Repo) -> None:
        other = lab.head()
        head = lab.commit("Next", {"model.py": "VALUE = 2\n"})
        ref = f"refs/experiments/ranker/wide/{head[:12]}"
        lab.git("update-ref", ref, other)
        done = run(lab, "true", status=125)
        assert other in done.err
        assert head in done.err
        assert pins(lab) == {ref: other}

    def test_a_policy_that_wants_committed_code(self, lab: Repo) -> None:
        lab.write({"labgate.toml": (lab.path / "labgate.toml").read_text() + 'dirty = "refuse"\n'})
        lab.commit("Policy")
        train(lab)
        lab.write({"model.py": "VALUE = 2\n"})
        assert "model.py" in train(lab, status=125).err
        train(lab, options=("--at", "HEAD"))


class TestPush:
    """``--push``, and row 14 of the issue's table."""

    @pytest.fixture
    def remote(self, lab: Repo, tmp_path: Path) -> Repo:
        return Repo(tmp_path / "lab-origin.git", lab.env)

    def test_pins_committed_code(self, lab: Repo, remote: Repo) -> None:
        done = run(lab, "true", options=("--push",))
        assert "warning" not in done.err
        assert pins(remote) == pins(lab) == {f"refs/experiments/ranker/wide/{lab.head()[:12]}": lab.head()}

    def test_without_it_there_is_no_network(self, lab: Repo, remote: Repo) -> None:
        run(lab, "true")
        assert pins(remote) == {}

    def test_of_a_snapshot_is_a_warning(self, lab: Repo, remote: Repo) -> None:
        lab.write({"model.py": "VALUE = 3\n", ".env": "TOKEN=1\n"})
        done = run(lab, "true", options=("--push",))
        (pin,) = pins(lab).values()
        assert f"labgate experiment publish {pin[:12]}" in done.err
        assert pins(remote) == {}

    def test_of_a_commit_that_no_remote_has_asks_the_hooks(self, lab: Repo, remote: Repo) -> None:
        lab.commit("Secret", {"model.py": "VALUE = 3\n"})
        hook = lab.path / ".git/hooks/pre-push"
        hook.write_text("#!/bin/sh\necho found a secret >&2\nexit 1\n")
        hook.chmod(0o755)
        done = run(lab, "true", options=("--push",))
        assert "warning: not pinned on the remote" in done.err
        assert pins(remote) == {}
        assert remote.run("git", "cat-file", "-e", lab.head(), status=None).status != 0
        hook.unlink()
        run(lab, "true", options=("--push",))
        assert pins(remote) == pins(lab)

    def test_a_remote_that_is_gone_is_a_warning(self, lab: Repo, remote: Repo) -> None:
        remote.path.rename(remote.path.with_suffix(".away"))
        done = run(lab, "sh", "-c", "exit 3", options=("--push",), status=3)
        assert "warning: not pinned on the remote" in done.err

    def test_a_pull_requests_merge_is_pinned_and_lives(self, lab: Repo, remote: Repo, tmp_path: Path) -> None:
        head = lab.commit("Wider", {"model.py": "VALUE = 4\n"})
        lab.push("experiment--ranker--wide")
        lab.git("checkout", "--quiet", "--detach", "main")
        merge = lab.merge("experiment--ranker--wide", "Merge")
        lab.push(f"{merge}:refs/pull/7/merge")
        job = Repo.init(tmp_path / "job")
        job.git("remote", "add", "origin", str(remote.path))
        job.git("fetch", "--quiet", "--depth=1", "origin", "+refs/pull/7/merge:refs/remotes/pull/7/merge")
        job.git("checkout", "--quiet", "--detach", "refs/remotes/pull/7/merge")
        event = {
            "number": 7,
            "pull_request": {
                "head": {"ref": "experiment--ranker--wide", "sha": head, "repo": {"full_name": "org/lab"}},
                "base": {"ref": "main", "sha": lab.head("main"), "repo": {"full_name": "org/lab"}},
            },
        }
        (tmp_path / "event.json").write_text(json.dumps(event))
        github = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_SHA": merge,
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_HEAD_REF": "experiment--ranker--wide",
            "GITHUB_BASE_REF": "main",
            "GITHUB_REPOSITORY": "org/lab",
            "GITHUB_SERVER_URL": "https://github.example",
        }
        argv = ("labgate", "experiment", "run", "--push", "--", sys.executable, "train.py")
        job.run(*argv, status=0, **github)
        found = record(job)
        assert (code(found), outside(found)["branch"]) == (merge, "experiment--ranker--wide")
        assert pins(remote) == {f"refs/experiments/ranker/wide/{merge[:12]}": merge}
        remote.git("update-ref", "-d", "refs/pull/7/merge")
        remote.git("gc", "--quiet", "--prune=now")
        assert remote.git("show", f"{merge}:model.py") == "VALUE = 4"


class TestMany:
    """Row 5 of the issue's table."""

    @pytest.mark.slow
    def test_many_runs_of_one_dirty_tree_are_one_snapshot_and_one_pin(self, lab: Repo) -> None:
        many = tried(40, 200)  # 20 of them at once
        lab.write({"model.py": "VALUE = 9\n", "extra.py": "X = 1\n"})
        argv = ("labgate", "experiment", "run", "--", "sh", "-c", 'mkdir -p models; echo "$1" > "models/$1"', "sh")
        with ThreadPoolExecutor(20) as pool:
            done = list(pool.map(lambda number: lab.run(*argv, str(number), status=None), range(many)))
        assert [result for result in done if result.status] == []
        ((_, commit),) = pins(lab).items()
        assert lab.git("rev-parse", f"{commit}^") == lab.head()
        assert len(run_folders(lab)) == many
        assert {code(record(lab, f"models/{number}")) for number in range(many)} == {commit}
        snapshots = lab.git("rev-list", "--all", "--not", "HEAD", "--objects").splitlines()
        assert sum(lab.git("cat-file", "-t", line.split()[0]) == "commit" for line in snapshots) == 1
        lab.git("fsck", "--strict")

    def test_a_run_beside_another_says_so(self, lab: Repo) -> None:
        wait = "mkdir -p models; echo 1 > models/one; until [ -e models/two ]; do sleep 0.05; done"
        with started(lab, "sh", "-c", wait) as process:
            until((lab.path / "models/one").exists, "the first run")
            done = run(lab, "sh", "-c", "echo 2 > models/two")
            err = process.communicate()[1].decode()
        for said in (err, done.err):
            assert "other runs were active in this work tree" in said
        noted = record(lab, "models/two")["predicate"]["runDetails"]["byproducts"][1]["annotations"]
        assert noted["concurrent"] is True

    def test_a_run_after_another_or_after_a_killed_one_does_not(self, lab: Repo) -> None:
        process = started(lab, "sh", "-c", "mkdir -p models; echo 1 > models/one; exec sleep 600")
        until((lab.path / "models/one").exists, "the first run")
        process.kill()
        process.communicate()
        for number in range(2):
            assert "other runs" not in run(lab, "sh", "-c", f"echo {number} > models/two").err
        assert list((lab.path / ".git/labgate/running").iterdir()) == []


class TestEndings:
    def test_a_stalled_run_is_recorded_with_what_it_made(self, lab: Repo) -> None:
        line = "mkdir models; echo half > models/m; exec sleep 600"
        done = run(lab, "sh", "-c", line, options=("--stall-timeout", "2s", "--grace", "1s"), status=124)
        assert "no output for 1s; the command is stopped after 2s without" in done.err
        assert "stopped: no output for 2s" in done.err
        assert result(record(lab, "models/m")) == "stalled 143"

    def test_a_run_that_takes_too_long_is_recorded(self, lab: Repo) -> None:
        done = run(lab, "sleep", "600", options=("--timeout", "1", "--grace", "1"), status=124)
        assert "stopped after 1s" in done.err
        assert result(whole(lab)) == "timed-out 143"

    def test_unflushed_prints_of_python_are_seen(self, lab: Repo) -> None:
        text = "import time\nfor n in range(12): print(n); time.sleep(0.5)"
        run(lab, sys.executable, "-c", text, options=("--stall-timeout", "4s"))

    def test_a_run_that_is_told_to_end_is_recorded(self, lab: Repo) -> None:
        line = "mkdir models; echo half > models/m; echo up; exec sleep 600"
        with started(lab, "sh", "-c", line) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            process.terminate()
            process.communicate()
        assert process.returncode == 143
        assert result(record(lab, "models/m")) == "killed 143"

    def test_a_kill_at_any_moment_leaves_nothing_half(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 2\n"})
        line = "mkdir -p models; for n in 1 2 3 4 5 6 7 8; do echo $n > models/$n; done; echo done"
        argv = ("sh", "-c", line)
        start = time.monotonic()
        run(lab, *argv)
        took = time.monotonic() - start
        for moment in range(12):
            lab.run("sh", "-c", "rm -f models/?")
            process = started(lab, *argv)
            time.sleep(took * moment / 10)
            process.kill()
            process.communicate()
            for path in (lab.path / "models").glob("*.labgate.json"):
                json.loads(path.read_text())
            for path in (lab.path / ".git/labgate/runs").glob("*/record.json"):
                json.loads(path.read_text())
            assert set(pins(lab).values()) <= set(lab.git("rev-list", "--all").split())
        for path in lab.path.glob("models/*.tmp"):
            os.utime(path, (0, 0))
        run(lab, *argv)
        assert len(pins(lab)) == 1
        assert not list((lab.path / ".git/labgate/index-copies").glob("*/index"))
        assert not list(lab.path.glob("models/*.tmp"))
        lab.git("fsck", "--strict")

    def test_nobody_who_reads_its_messages_is_no_failure(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 3\n"})
        reading, writing = os.pipe()
        os.close(reading)
        argv = ("labgate", "experiment", "run", "--input", "none", "--", "sh", "-c", "mkdir models; echo 1 > models/m")
        done = subprocess.run(argv, cwd=lab.path, env=lab.env, stderr=writing, check=False)
        os.close(writing)
        assert done.returncode == 0
        assert result(record(lab, "models/m")) == "ended 0"

    def test_a_full_disk_costs_the_records_only(self, lab: Repo) -> None:
        """RLIMIT_FSIZE is a disk that is full at 2,000 bytes: what is larger cannot be written (setrlimit(2))."""
        code_ = (
            "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1500, resource.RLIM_INFINITY));"
            "from labgate.cli.main import main; main(sys.argv[1:])"
        )
        line = "ulimit -f unlimited; mkdir models; head -c 9000 /dev/zero > models/m; head -c 5000 /dev/zero; exit 3"
        argv = (sys.executable, "-c", code_, "experiment", "run", "--", "sh", "-c", line)
        train(lab)
        done = lab.run(*argv, status=125)
        assert len(done.out) == 5000
        assert (lab.path / "models/m").stat().st_size == 9000
        assert not (lab.path / "models/m.labgate.json").exists()
        assert "models/m has no record: File too large" in done.err
        assert "status 3" in done.err
        run(lab, "sh", "-c", "echo again > models/m")
        assert result(record(lab, "models/m")) == "ended 0"
