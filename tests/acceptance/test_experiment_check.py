"""LG302 to LG306 at commit and push, through pre-commit and labgate's own hooks, and in ``labgate check``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.repo import Repo, Result
from support.runs import METRICS, laboratory, pins, run, train, with_dvc
from support.tools import require_tool
from support.verdicts import Verdict, judge

RECORD = f"{METRICS}.labgate.json"
CHECK = ("experiment-hash", "--target", "main", "--head", "HEAD")


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    repo = laboratory(tmp_path)
    repo.labgate("install", status=0)
    return repo


def helped(said: str, code: str) -> str:
    """Return the command that the finding of a rule prints."""
    lines = said.splitlines()
    at = next(number for number, line in enumerate(lines) if code in line)
    return next(line for line in lines[at:] if "help: " in line).partition("help: ")[2].partition("  #")[0]


def commit(lab: Repo, message: str = "Measure", status: int = 0) -> Result:
    lab.git("add", "--all", "--force", "experiments")
    return lab.run("git", "commit", "--message", message, status=status)


def checked(lab: Repo, status: int) -> Verdict:
    return judge(lab, *CHECK, status=status)


def on_topic(lab: Repo) -> None:
    """Go to a branch that is neither research nor an experiment, with what is in the work tree."""
    text = (lab.path / "labgate.toml").read_text()
    lab.commit("Topics", {"labgate.toml": f'{text}[kinds.topic]\nnames = ["topic/{{slug}}"]\n'})
    lab.git("checkout", "--quiet", "-b", "topic/x")


class TestMismatch:
    def test_is_a_warning_on_an_experiment_branch_and_its_command_mends_it(self, lab: Repo) -> None:
        train(lab)
        assert "LG303" not in commit(lab).text
        lab.write({METRICS: "{}\n"})
        said = commit(lab, "Train anew")
        assert f"LG303 warning: {RECORD} is not true of {METRICS}: the content differs" in said.text
        pushed = lab.run("git", "push", "--quiet", "origin", "HEAD")
        assert "LG303 warning: " in pushed.text
        lab.run("sh", "-c", helped(pushed.text, "LG303"))
        assert "LG303" not in lab.run("git", "push", "--quiet", "origin", "HEAD").text

    def test_is_an_error_elsewhere_and_its_command_mends_the_commit(self, lab: Repo) -> None:
        train(lab)
        commit(lab)
        on_topic(lab)
        lab.write({METRICS: "{}\n"})
        said = commit(lab, "Train anew", status=1)
        assert "LG303 error: " in said.text
        lab.run("sh", "-c", helped(said.text, "LG303"))
        assert "LG303" not in commit(lab, "Train anew").text

    def test_is_an_error_on_the_way_to_main(self, lab: Repo) -> None:
        train(lab)
        commit(lab)
        lab.write({METRICS: "{}\n"})
        commit(lab, "Train anew")
        finding = checked(lab, 1).finding("LG303")
        assert (finding["level"], finding["location"]["path"]) == ("error", METRICS)
        lab.run("sh", "-c", finding["help"])
        assert "LG303" not in checked(lab, 0).rules

    def test_the_record_may_be_removed_instead(self, lab: Repo) -> None:
        train(lab)
        commit(lab)
        lab.write({METRICS: "{}\n"})
        said = commit(lab, "Train anew").text
        lab.run("sh", "-c", said.partition("# or: ")[2].splitlines()[0])
        lab.git("commit", "--quiet", "--message", "Without a record")
        assert checked(lab, 0).rules == []

    def test_the_record_may_be_removed_from_a_change(self, lab: Repo) -> None:
        train(lab)
        commit(lab)
        lab.write({METRICS: "{}\n"})
        commit(lab, "Train anew")
        lab.run("sh", "-c", checked(lab, 1).finding("LG303")["help"].partition("# or: ")[2])
        assert checked(lab, 0).rules == []

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            ("{", "it is not JSON"),
            ('{"_type": 1, "_type": 1}', "a key stands in it twice"),
            ("[]", "not a JSON object"),
        ],
    )
    def test_a_record_that_cannot_be_read_is_named_and_the_others_are_judged(
        self, lab: Repo, content: str, reason: str
    ) -> None:
        train(lab)
        train(lab, "experiments/b/metrics.json")
        lab.write({RECORD: content, "experiments/b/metrics.json": "{}\n"})
        said = commit(lab).text
        assert reason in said
        assert "experiments/b/metrics.json: the content differs" in said
        lab.run("sh", "-c", helped(said, f"{RECORD} is not true"))
        commit(lab, "Record it")
        assert reason not in checked(lab, 1).text

    def test_of_a_renamed_artifact(self, lab: Repo) -> None:
        train(lab)
        commit(lab)
        (lab.path / "models").mkdir()
        lab.git("mv", METRICS, "models/x.json")
        lab.git("mv", RECORD, "models/x.json.labgate.json")
        said = lab.run("git", "commit", "--message", "Rename").text
        assert "it is of a file with the name metrics.json" in said

    def test_a_tree_that_the_commit_has_not(self, lab: Repo) -> None:
        train(lab)
        text = (lab.path / RECORD).read_text()
        tree = lab.git("rev-parse", "HEAD^{tree}")
        lab.write({RECORD: text.replace(tree, "1" * 40)})
        assert f"it says {'1' * 40}" in commit(lab).text

    def test_an_artifact_that_moves_with_its_record_and_deletions_are_fine(self, lab: Repo) -> None:
        train(lab)
        commit(lab)
        (lab.path / "experiments/z").mkdir()
        lab.git("mv", METRICS, "experiments/z/metrics.json")
        lab.git("mv", RECORD, "experiments/z/metrics.json.labgate.json")
        assert "LG30" not in lab.run("git", "commit", "--message", "Move").text
        lab.git("rm", "-r", "--quiet", "experiments")
        assert "LG30" not in lab.run("git", "commit", "--message", "Delete").text
        assert checked(lab, 0).rules == []


class TestWithoutRecord:
    def required(self, lab: Repo) -> None:
        lab.checkout("main")
        text = (lab.path / "labgate.toml").read_text()
        lab.commit("Require records", {"labgate.toml": text + 'records = "required"\n'})
        lab.run("git", "push", "--no-verify", "--quiet", "origin", "main")
        lab.checkout("experiment--ranker--wide")
        lab.git("merge", "--quiet", "main")

    def test_is_an_error_and_its_command_mends_it(self, lab: Repo) -> None:
        self.required(lab)
        lab.write({METRICS: "{}\n"})
        said = commit(lab, status=1)
        assert f"LG302 error: {METRICS} has no record" in said.text
        lab.run("sh", "-c", helped(said.text, "LG302"))
        assert "LG302" not in commit(lab).text

    def test_in_a_change(self, lab: Repo) -> None:
        self.required(lab)
        lab.write({METRICS: "{}\n"})
        lab.git("add", "--all")
        lab.run("git", "commit", "--no-verify", "--quiet", "--message", "Measure")
        lab.run("sh", "-c", checked(lab, 1).finding("LG302")["help"])
        assert "LG302" not in checked(lab, 0).rules

    def test_its_command_works_in_any_folder_for_any_name(self, lab: Repo) -> None:
        self.required(lab)
        lab.write({"models/-m [1].bin": "1\n", "other/x": ""})
        lab.git("add", "--all")
        said = lab.run("git", "commit", "--message", "Measure", status=1).text
        lab.run("sh", "-c", f"cd other && {helped(said, 'LG302')}")
        assert "LG302" not in lab.run("git", "commit", "--message", "Measure").text

    def test_is_nothing_where_records_are_optional(self, lab: Repo) -> None:
        lab.write({METRICS: "{}\n", "models/.gitkeep": "", "models/.gitignore": "*.tmp\n"})
        assert "LG30" not in commit(lab).text
        assert checked(lab, 0).rules == []


class TestDirtyCode:
    def test_is_a_warning_here_an_error_there_and_its_command_mends_it(self, lab: Repo) -> None:
        text = (lab.path / "labgate.toml").read_text()
        lab.commit("Small", {"labgate.toml": text + 'snapshot-file-bytes = "1kB"\n'})
        lab.write({"big.py": "#" * 2000})
        train(lab)
        assert "LG305 warning: " in commit(lab).text
        finding = checked(lab, 1).finding("LG305")
        assert finding["level"] == "error"
        lab.commit("All of it", {"big.py": "#" * 2000})
        lab.run("sh", "-c", finding["help"])
        assert "LG305" not in checked(lab, 0).rules


class TestSubmodule:
    def test_on_no_remote_is_an_error_there_and_its_command_mends_it(self, lab: Repo, tmp_path: Path) -> None:
        library = Repo.init(tmp_path / "library")
        library.with_remote()
        library.commit("Start", {"l.py": "1\n"})
        library.push("main")
        allow = ("-c", "protocol.file.allow=always")
        lab.git(*allow, "submodule", "--quiet", "add", str(tmp_path / "library-origin.git"), "lib/x")
        lab.commit("Add the library")
        inner = Repo(lab.path / "lib/x", lab.env)
        inner.commit("More", {"l.py": "2\n"})
        lab.commit("Use it", {"model.py": "VALUE = 3\n"})
        train(lab)
        assert "LG306 warning: " in commit(lab).text
        finding = checked(lab, 1).finding("LG306")
        lab.run("sh", "-c", f"cd experiments && {finding['help']}")
        assert checked(lab, 0).rules == []


class TestPointers:
    """Acceptance row 9: what stands for an artifact is compared in its place, and other bytes are LG303."""

    @pytest.fixture
    def dvc(self, lab: Repo) -> Repo:
        return with_dvc(lab)

    def test_of_dvc_for_a_file(self, dvc: Repo) -> None:
        train(dvc, "models/a.json")
        self.added(dvc, "models/a.json")
        assert "LG30" not in dvc.run("git", "commit", "--message", "Add").text
        dvc.write({"models/a.json": "{}\n"})
        self.added(dvc, "models/a.json")
        said = dvc.run("git", "commit", "--message", "Train anew").text
        assert "LG303 warning: models/a.json.labgate.json is not true of models/a.json: the content differs" in said
        dvc.run("sh", "-c", helped(said, "LG303"))
        assert "LG303" not in dvc.run("git", "commit", "--message", "Record").text
        assert checked(dvc, 0).rules == []

    def test_of_dvc_for_a_folder(self, dvc: Repo) -> None:
        dvc.write({"models/data/one.csv": "1\n", "models/data/two.csv": "2\n"})
        dvc.run("dvc", "add", "--quiet", "models/data")
        dvc.labgate("experiment", "record", "models/data.dvc", status=0)
        dvc.git("add", "models")
        assert "LG30" not in dvc.run("git", "commit", "--message", "Add").text
        dvc.write({"models/data/one.csv": "9\n"})
        dvc.run("dvc", "add", "--quiet", "models/data")
        dvc.git("add", "models")
        assert "LG303 warning: " in dvc.run("git", "commit", "--message", "Other data").text

    def added(self, dvc: Repo, path: str) -> None:
        dvc.run("dvc", "add", "--quiet", path)
        dvc.git("add", "--force", f"{path}.dvc", f"{path}.labgate.json", "models/.gitignore")

    def test_of_lfs(self, lab: Repo) -> None:
        require_tool("git-lfs")
        lab.git("lfs", "install", "--local", "--skip-repo")
        lab.git("lfs", "track", "models/*.bin")
        lab.commit("LFS")
        run(lab, "sh", "-c", "mkdir -p models && echo 1 >models/a.bin")
        lab.git("add", "models")
        assert lab.git("cat-file", "blob", ":models/a.bin").startswith("version https://git-lfs")
        assert "LG30" not in lab.run("git", "commit", "--message", "Add").text
        lab.write({"models/a.bin": "2\n"})
        lab.git("add", "models")
        said = lab.run("git", "commit", "--message", "Train anew").text
        assert "LG303 warning: " in said
        lab.run("sh", "-c", helped(said, "LG303"))
        assert "LG303" not in lab.run("git", "commit", "--message", "Record").text


class TestPins:
    def test_an_unpublished_snapshot_is_refused_at_push_and_published_by_the_command(self, lab: Repo) -> None:
        """Acceptance row 10."""
        lab.write({".env": "TOKEN=1\n", "model.py": "VALUE = 9\n"})
        train(lab)
        (snapshot,) = pins(lab).values()
        commit(lab)
        said = lab.run("git", "push", "--quiet", "origin", "HEAD", status=1).text
        assert f"LG304 error: {snapshot[:12]}, the code of {METRICS}, is not pinned on origin" in said
        command = helped(said, "LG304")
        assert command == f"labgate experiment publish {snapshot[:12]}"
        shown = lab.run("sh", "-c", command, status=2).err.splitlines()
        assert next(line for line in shown if line.startswith("  ")).strip().startswith(".env ")
        origin = Repo(lab.path.parent / "lab-origin.git", lab.env)
        origin.run("git", "cat-file", "-e", snapshot, status=1)
        lab.run("sh", "-c", f"{command} --yes")
        lab.run("git", "push", "--quiet", "origin", "HEAD")

    @pytest.mark.parametrize(
        "words", [("--mirror",), ("refs/*:refs/*",), ("refs/experiments/*:refs/experiments/*",)], ids=" ".join
    )
    def test_no_push_brings_an_unpublished_snapshot(self, lab: Repo, words: tuple[str, ...]) -> None:
        lab.write({".env": "TOKEN=1\n"})
        snapshot = lab.labgate("experiment", "pin").out.strip()
        said = lab.run("git", "push", "--quiet", "origin", *words, status=1).text
        assert f"LG304 error: this push brings the snapshot {snapshot[:12]}" in said
        assert lab.git("ls-remote", "origin", "refs/experiments/*") == ""

    def test_nor_a_branch_on_top_of_one(self, lab: Repo) -> None:
        lab.write({".env": "TOKEN=1\n"})
        snapshot = lab.labgate("experiment", "pin").out.strip()
        lab.git("branch", "experiment--ranker--top", snapshot)
        lab.run("git", "push", "--quiet", "origin", "experiment--ranker--top", status=1)
        lab.labgate("experiment", "publish", "--yes", status=0)
        lab.run("git", "push", "--quiet", "origin", "experiment--ranker--top")

    def test_check_does_not_guess_and_fetch_knows(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 9\n"})
        train(lab)
        commit(lab)
        assert checked(lab, 1).finding("LG304")["level"] == "error"
        lab.labgate("experiment", "publish", "--yes", status=0)
        assert checked(lab, 0).rules == []
        lab.git("push", "--quiet", "origin", "HEAD")
        path = lab.path.parent / "other"
        lab.git("clone", "--quiet", lab.git("remote", "get-url", "origin"), str(path))
        other = Repo(path, lab.env)
        other.checkout("experiment--ranker--wide")
        verdict = checked(other, 2)
        assert (verdict.rules, verdict.outcome("experiment-hash")) == ([], "undecided")
        assert judge(other, *CHECK, "--fetch", status=0).rules == []

    def test_a_pin_that_was_taken_back_is_a_note(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 9\n"})
        train(lab)
        found = json.loads((lab.path / RECORD).read_text())
        build = found["predicate"]["buildDefinition"]
        build["resolvedDependencies"][0]["annotations"] = {"withdrawn": "it had a password"}
        lab.write({RECORD: json.dumps(found)})
        commit(lab)
        assert checked(lab, 0).finding("LG304")["level"] == "note"
        lab.run("git", "push", "--quiet", "origin", "HEAD")
