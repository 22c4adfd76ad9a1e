"""Records of artifacts: written, shown, listed, verified, and valid for the tools of others."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from support.provable import require_valid
from support.repo import Repo, Result
from support.runs import (
    METRICS,
    code,
    dependencies,
    inside,
    invocation,
    laboratory,
    outside,
    pins,
    record,
    run,
    train,
    whole,
)


@pytest.fixture
def lab(tmp_path: Path) -> Repo:
    return laboratory(tmp_path)


def experiment(repo: Repo, *args: str, status: int | None = 0, **env: str) -> Result:
    return repo.labgate("experiment", *args, status=status, **env)


def verified(repo: Repo, *args: str, status: int) -> list[dict[str, Any]]:
    said = experiment(repo, "verify", "--format", "json", *args, status=status)
    found: list[dict[str, Any]] = json.loads(said.out)["records"]
    return found


def made(lab: Repo, name: str = METRICS, content: str = "1\n") -> str:
    lab.write({name: content})
    return name


def published(lab: Repo) -> None:
    """Record an artifact of edited code, and publish that."""
    lab.write({"model.py": "VALUE = 2\n"})
    experiment(lab, "record", made(lab))
    experiment(lab, "publish", "--yes")


def helped(text: str) -> str:
    (line,) = (line for line in text.splitlines() if "help: " in line)
    return line.partition("help: ")[2].partition("  #")[0]


def printed(said: str) -> list[str]:
    """Return the commands of the help lines."""
    return [line.partition("help: ")[2] for line in said.splitlines() if "help: " in line]


class TestRecord:
    def test_states_the_code_that_is_here(self, lab: Repo) -> None:
        lab.git("remote", "set-url", "origin", "git@host.example:org/lab.git")
        lab.write({"model.py": "VALUE = 2\n", "extra.py": "1\n"})
        said = experiment(lab, "record", made(lab))
        assert said.out == f"{METRICS}.labgate.json\n"
        found = record(lab)
        assert found["subject"] == [{"name": "metrics.json", "digest": {"sha256": sha256(b"1\n").hexdigest()}}]
        commit = code(found)
        assert set(pins(lab).values()) == {commit}
        assert dependencies(found) == [
            {
                "name": "code",
                "uri": "git+ssh://host.example/org/lab",
                "digest": {"gitCommit": commit, "gitTree": lab.git("rev-parse", f"{commit}^{{tree}}")},
            }
        ]
        assert inside(found) == {
            "how": "stated",
            "exact": True,
            "head": lab.head(),
            "snapshot": True,
            "changed": 1,
            "untracked": 1,
            "left_out": [],
        }
        assert outside(found)["branch"] == "experiment--ranker--wide"

    def test_takes_a_commit(self, lab: Repo) -> None:
        commit = experiment(lab, "pin").out.strip()
        lab.write({"model.py": "VALUE = 2\n"})
        experiment(lab, "record", made(lab), "--commit", commit[:10])
        assert (code(record(lab)), inside(record(lab))["snapshot"]) == (commit, False)

    def test_of_a_snapshot_says_what_was_left_out(self, lab: Repo) -> None:
        lab.write({"data.bin": b"x" * 11_000_000, "model.py": "VALUE = 2\n", "extra.py": "1\n"})
        commit = experiment(lab, "pin").out.strip()
        lab.git("checkout", "--quiet", "--", "model.py")
        for name in ("data.bin", "extra.py"):
            (lab.path / name).unlink()
        experiment(lab, "record", made(lab), "--commit", commit)
        found = inside(record(lab))
        assert (found["exact"], found["left_out"]) == (False, ["data.bin"])
        assert (found["snapshot"], found["changed"], found["untracked"]) == (True, 1, 1)

    def test_a_variable_names_the_commit(self, lab: Repo) -> None:
        commit = experiment(lab, "pin").out.strip()
        lab.write({"model.py": "VALUE = 2\n"})
        experiment(lab, "record", made(lab), LABGATE_COMMIT=commit)
        assert code(record(lab)) == commit
        assert "full id" in experiment(lab, "record", METRICS, status=2, LABGATE_COMMIT="HEAD").err
        said = experiment(lab, "record", METRICS, status=2, LABGATE_COMMIT="1" * 40)
        assert "not in this clone" in said.err

    def test_without_a_repository_the_variable_is_believed(self, lab: Repo, tmp_path: Path) -> None:
        (tmp_path / "container").mkdir()
        place = Repo(tmp_path / "container", lab.env)
        place.write({"model.bin": "1\n"})
        experiment(place, "record", "model.bin", LABGATE_COMMIT=lab.head())
        found = record(place, "model.bin")
        assert (code(found), inside(found)["how"]) == (lab.head(), "told")
        require_valid(found)

    def test_several_artifacts_are_one_statement(self, lab: Repo) -> None:
        names = [made(lab, f"models/{number}.bin", f"{number}\n") for number in range(3)]
        experiment(lab, "record", *names)
        assert len({invocation(record(lab, name)) for name in names}) == 1

    def test_the_same_artifact_and_code_change_nothing(self, lab: Repo) -> None:
        experiment(lab, "record", made(lab))
        path = lab.path / f"{METRICS}.labgate.json"
        before = (path.read_bytes(), path.stat().st_mtime_ns)
        said = experiment(lab, "record", f"{METRICS}.labgate.json")
        assert (path.read_bytes(), path.stat().st_mtime_ns, said.out) == (*before, "")

    def test_what_cannot_be_recorded_is_named_before_anything_is_written(self, lab: Repo) -> None:
        lab.write({"a\nb": "1\n", "good": "1\n"})
        assert "control characters" in experiment(lab, "record", "good", "a\nb", status=2).err
        assert not (lab.path / "good.labgate.json").exists()
        made(lab)
        (lab.path / "models").mkdir()
        for name in ("nope.bin", "models", ".gitignore"):
            said = experiment(lab, "record", METRICS, name, status=2)
            assert name in said.err
            assert "help: " in said.err
        assert not (lab.path / f"{METRICS}.labgate.json").exists()
        assert pins(lab) == {}

    def test_a_pointer_of_lfs_is_what_it_stands_for(self, lab: Repo) -> None:
        oid = sha256(b"the real bytes").hexdigest()
        made(lab, "models/a.bin", f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 14\n")
        experiment(lab, "record", "models/a.bin")
        assert record(lab, "models/a.bin")["subject"][0]["digest"]["sha256"] == oid
        made(lab, "models/a.bin", "the real bytes")
        assert json.loads(experiment(lab, "show", "models/a.bin", "--format", "json").out)["digest"] == "ok"

    def test_what_only_begins_like_a_pointer_is_itself(self, lab: Repo) -> None:
        oid = sha256(b"the real bytes").hexdigest()
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 14\nmore\n"
        experiment(lab, "record", made(lab, "models/a.bin", text))
        found = record(lab, "models/a.bin")["subject"][0]["digest"]["sha256"]
        assert found == sha256(text.encode()).hexdigest()


class TestShow:
    def test_has_the_form_of_the_contract(self, lab: Repo) -> None:
        published(lab)
        commit = code(record(lab))
        found = json.loads(experiment(lab, "show", METRICS, "--format", "json").out)
        assert found == {
            "schema": 1,
            "artifact": METRICS,
            "commit": commit,
            "experiment": "ranker/wide",
            "digest": "ok",
            "exact": True,
            "pin": {"ref": f"refs/experiments/ranker/wide/{commit[:12]}", "here": True, "remote": True},
            "record": record(lab),
        }

    @pytest.mark.parametrize("what", ["nope", "ranker/nope", "a" * 40, "ranker/wide@1234567"])
    def test_of_what_is_not_known_is_exit_2(self, lab: Repo, what: str) -> None:
        assert "  help: labgate experiment list" in experiment(lab, "show", what, status=2).err

    def test_without_a_commit_says_so(self, repo: Repo) -> None:
        repo.write({"a.txt": "1\n"})
        said = experiment(repo, "show", "a.txt", status=2).err
        assert "there is no commit yet\n  help: git add --all && git commit" in said

    @pytest.mark.parametrize("name", ["a\nb.json", "\x1b[2J.json"], ids=["line", "escape"])
    def test_a_name_that_no_record_can_have_is_mended_by_the_help(self, lab: Repo, name: str) -> None:
        lab.write({name: "1\n"})
        (command,) = printed(experiment(lab, "record", name, status=2).err)
        lab.run("sh", "-ec", command.replace("NAME", "named.json"))
        experiment(lab, "record", "named.json")

    def test_verify_of_what_is_not_there_names_a_command_that_works(self, lab: Repo) -> None:
        (command,) = printed(experiment(lab, "verify", "gone.json", status=2).err)
        lab.run("sh", "-ec", command)

    def test_says_what_differs_and_what_is_not_there(self, lab: Repo) -> None:
        experiment(lab, "record", made(lab))
        made(lab, content="2\n")
        found = json.loads(experiment(lab, "show", METRICS, "--format", "json").out)
        assert (found["digest"], found["pin"]["remote"]) == ("differs", False)
        (lab.path / METRICS).unlink()
        lab.git("remote", "set-url", "origin", "/nowhere")
        found = json.loads(experiment(lab, "show", f"{METRICS}.labgate.json", "--format", "json").out)
        assert (found["digest"], found["pin"]["remote"]) == ("absent", None)

    def test_of_a_committed_artifact_without_a_record(self, lab: Repo) -> None:
        made(lab)
        commit = lab.commit("Artifact")
        found = json.loads(experiment(lab, "show", METRICS, "--format", "json").out)
        assert (found["commit"], found["digest"], found["exact"], found["record"]) == (commit, "ok", None, None)
        made(lab, content="2\n")
        assert json.loads(experiment(lab, "show", METRICS, "--format", "json").out)["digest"] == "differs"

    def test_text_and_the_output_of_the_run(self, lab: Repo) -> None:
        run(lab, "sh", "-c", f"mkdir -p experiments/a; echo out; echo 1 >{METRICS}; printf '\\377'")
        said = experiment(lab, "show", METRICS).out
        assert f"artifact    {METRICS}: ok\n" in said
        assert "pin         refs/experiments/ranker/wide/" in said
        assert lab.run("sh", "-c", f"labgate experiment show --log {METRICS} | od -c | head -1").out.split()[1:6] == [
            *("o", "u", "t", "\\n", "377")
        ]

    @pytest.mark.parametrize("details", [None, [], {"metadata": []}, {"metadata": {"invocationId": "../../x"}}])
    def test_a_record_of_others_may_say_anything_of_its_run(self, lab: Repo, details: object) -> None:
        experiment(lab, "record", made(lab))
        path = lab.path / f"{METRICS}.labgate.json"
        found = json.loads(path.read_text())
        found["predicate"]["runDetails"] = details
        found["predicate"]["buildDefinition"]["externalParameters"] |= {"command": ["\ud800", 1], "branch": "\x1b[2J"}
        path.write_text(json.dumps(found))
        said = lab.run("labgate", "experiment", "show", METRICS)
        assert "artifact    experiments" in said.out
        assert "\x1b" not in said.out
        shown = lab.run("labgate", "experiment", "show", METRICS, "--format", "json").out
        assert json.loads(shown)["record"] == found

    def test_a_log_that_is_not_here_is_exit_2(self, lab: Repo) -> None:
        experiment(lab, "record", made(lab))
        assert "not in this clone" in experiment(lab, "show", METRICS, "--log", status=2).err


class TestList:
    def test_has_the_form_of_the_contract(self, lab: Repo) -> None:
        published(lab)
        commit = code(record(lab))
        lab.git("tag", "-a", "-m", "Closed\n\nOutcome: rejected", "closed", "HEAD")
        tag = lab.git("rev-parse", "refs/tags/closed")
        lab.git("update-ref", f"refs/experiments/ranker/wide/closed-{tag[:12]}", tag)
        found = json.loads(experiment(lab, "list", "--format", "json").out)
        assert found == {
            "schema": 1,
            "experiments": [
                {
                    "experiment": "ranker/wide",
                    "branch": {"here": True, "remote": True},
                    "outcome": "rejected",
                    "pins": [
                        {
                            "ref": f"refs/experiments/ranker/wide/{commit[:12]}",
                            "commit": commit,
                            "snapshot": True,
                            "here": True,
                            "remote": True,
                        }
                    ],
                }
            ],
        }

    def test_knows_what_only_the_remote_has(self, lab: Repo) -> None:
        published(lab)
        lab.git("clone", "--quiet", "--depth=1", f"file://{lab.path.parent}/lab-origin.git", str(lab.path.parent / "c"))
        clone = Repo(lab.path.parent / "c", lab.env)
        (found,) = json.loads(experiment(clone, "list", "ranker", "--format", "json").out)["experiments"]
        assert found["branch"] == {"here": False, "remote": True}
        assert [(pin["here"], pin["remote"], pin["snapshot"]) for pin in found["pins"]] == [(False, True, None)]

    def test_without_the_remote_it_says_what_it_does_not_know(self, lab: Repo) -> None:
        published(lab)
        made(lab, "models/b.bin")
        lab.write({"model.py": "VALUE = 3\n"})
        experiment(lab, "record", "models/b.bin")
        lab.git("remote", "set-url", "origin", "/nowhere")
        said = experiment(lab, "list", "ranker/wide", "--format", "json")
        assert "warning: cannot ask origin" in said.err
        (found,) = json.loads(said.out)["experiments"]
        assert found["branch"]["remote"] is None
        assert sorted(str(pin["remote"]) for pin in found["pins"]) == ["None", "True"]

    def test_filters_by_service_and_handle(self, lab: Repo) -> None:
        for name in ("ranker/wide", "ranker/deep", "rank/x"):
            experiment(lab, "pin", "--experiment", name)
        for only, expected in (("ranker", 2), ("ranker/deep", 1), ("rank", 1), ("nope", 0)):
            found = json.loads(experiment(lab, "list", only, "--format", "json").out)["experiments"]
            assert len(found) == expected


class TestVerify:
    def test_is_0_for_what_is_true(self, lab: Repo) -> None:
        published(lab)
        (found,) = verified(lab, status=0)
        assert (found["record"], found["result"], found["problems"]) == (f"{METRICS}.labgate.json", "ok", [])
        assert [item["result"] for item in verified(lab, "--offline", METRICS, status=0)] == ["ok"]
        lab.write({"experiments/a/other.json": "1\n"})
        assert "1 of 1 record are true" in experiment(lab, "verify", "experiments").err.replace("is true", "are true")

    def test_names_an_artifact_that_was_made_anew(self, lab: Repo) -> None:
        published(lab)
        made(lab, content="2\n")
        said = experiment(lab, "verify", status=1)
        assert "is not what was recorded" in said.out
        lab.run("sh", "-c", helped(said.out))
        experiment(lab, "verify", status=0)

    @pytest.mark.parametrize("tracked", [True, False], ids=["tracked", "ignored"])
    def test_names_the_way_to_an_artifact_that_is_gone(self, lab: Repo, tracked: bool) -> None:
        published(lab)
        if tracked:
            lab.git("add", "--force", METRICS)
        (lab.path / METRICS).unlink()
        said = experiment(lab, "verify", status=2)
        place = lab.run("sh", "-c", helped(said.out)).out.strip()
        assert (lab.path / METRICS).is_file() is tracked
        assert tracked or (Path(place) / "model.py").is_file()

    def test_names_a_pin_that_the_remote_does_not_have(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 2\n"})
        experiment(lab, "record", made(lab))
        assert [item["result"] for item in verified(lab, "--offline", status=2)] == ["unknown"]
        said = experiment(lab, "verify", status=1)
        lab.run("sh", "-c", helped(said.out))
        experiment(lab, "verify", status=0)

    def test_a_pin_that_was_deleted_on_the_remote_is_not_remembered(self, lab: Repo) -> None:
        published(lab)
        (ref,) = pins(lab)
        lab.git("push", "--quiet", "origin", f":{ref}")
        experiment(lab, "verify", "--offline", status=0)
        experiment(lab, "verify", status=1)
        experiment(lab, "verify", "--offline", status=2)
        experiment(lab, "publish")
        experiment(lab, "verify", status=0)

    def test_a_pin_that_was_taken_back_is_a_note(self, lab: Repo) -> None:
        published(lab)
        (ref,) = pins(lab)
        lab.git("push", "--quiet", "origin", f":{ref}")
        path = lab.path / f"{METRICS}.labgate.json"
        found = record(lab)
        dependencies(found)[0]["annotations"] = {"withdrawn": "it had a password"}
        path.write_text(json.dumps(found))
        (item,) = verified(lab, status=0)
        assert item["notes"] == ["its pin was taken back: it had a password"]
        require_valid(found)

    def test_names_a_tree_that_is_not_the_recorded_one(self, lab: Repo) -> None:
        published(lab)
        path = lab.path / f"{METRICS}.labgate.json"
        path.write_text(path.read_text().replace(dependencies(record(lab))[0]["digest"]["gitTree"], "1" * 40))
        assert "the record says 1111" in experiment(lab, "verify", status=1).out

    def test_a_record_that_cannot_be_read_leaves_the_others_judged(self, lab: Repo) -> None:
        published(lab)
        lab.write({"models/a.bin": "1\n", "models/a.bin.labgate.json": "{"})
        found = {item["record"]: item["result"] for item in verified(lab, status=1)}
        assert found == {f"{METRICS}.labgate.json": "ok", "models/a.bin.labgate.json": "failed"}

    def test_a_record_under_another_name_is_false(self, lab: Repo) -> None:
        published(lab)
        for end in ("", ".labgate.json"):
            (lab.path / f"{METRICS}{end}").rename(lab.path / f"experiments/a/renamed.json{end}")
        assert [item["result"] for item in verified(lab, status=1)] == ["failed"]

    def test_what_is_not_here_is_not_true(self, lab: Repo) -> None:
        published(lab)
        (lab.path / METRICS).unlink()
        assert [item["result"] for item in verified(lab, status=2)] == ["unknown"]

    def test_a_clone_fetches_what_it_verifies(self, lab: Repo) -> None:
        published(lab)
        lab.git("checkout", "--quiet", "--", "model.py")
        lab.commit("Artifact")
        lab.push("experiment--ranker--wide")
        url = f"file://{lab.path.parent}/lab-origin.git"
        for options in (["--depth=1"], []):
            folder = lab.path.parent / f"c{len(options)}"
            lab.git("clone", "--quiet", "--branch=experiment--ranker--wide", *options, url, str(folder))
            clone = Repo(folder, lab.env)
            before = clone.git("log", "--format=%H")
            experiment(clone, "verify", "--offline", status=2)
            experiment(clone, "verify", status=0)
            assert clone.git("log", "--format=%H") == before

    def test_a_remote_that_cannot_be_asked_is_exit_2(self, lab: Repo) -> None:
        lab.write({"model.py": "VALUE = 2\n"})
        experiment(lab, "record", made(lab))
        lab.git("remote", "set-url", "origin", "/nowhere")
        assert "cannot ask origin" in experiment(lab, "verify", status=2).out

    def test_without_a_remote_the_pin_here_counts(self, repo: Repo) -> None:
        repo.commit("Start", {"a.py": "1\n"})
        repo.write({"a.bin": "1\n"})
        experiment(repo, "record", "a.bin")
        # Without a policy the artifact itself is code, untracked and pinned.
        experiment(repo, "verify", status=0)
        repo.git("update-ref", "-d", next(iter(pins(repo))))
        said = experiment(repo, "verify", status=1)
        assert "is not pinned" in said.out

    def test_a_path_without_a_record_is_a_mistake(self, lab: Repo) -> None:
        made(lab)
        for path in ("nope.bin", METRICS):
            assert helped(experiment(lab, "verify", path, status=2).err)
        assert "there are no records here" in experiment(lab, "verify", status=0).err


def test_every_record_is_valid_for_others(lab: Repo) -> None:
    """Acceptance row 16."""
    lab.write({"extra.py": "1\n", "data.bin": b"x" * 11_000_000})
    train(lab)
    experiment(lab, "record", made(lab, "models/a.bin"))
    for found in (record(lab), record(lab, "models/a.bin"), whole(lab)):
        require_valid(found)


@pytest.mark.slow
def test_ten_thousand_pins_and_a_thousand_records_take_two_seconds(lab: Repo) -> None:
    """Acceptance row 15, in processor time of labgate and its gits: the machine has other work."""
    head, tree = lab.head(), lab.git("rev-parse", "HEAD^{tree}")
    text = f"tree {tree}\nparent {head}\nauthor A <a@b> {{0}} +0000\ncommitter A <a@b> {{0}} +0000\n\nPin {{0}}\n"
    names = []
    for number in range(10_000):
        path = lab.path.parent / "commits" / str(number)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.format(1_700_000_000 + number))
        names.append(str(path))
    oids = lab.git("hash-object", "-t", "commit", "-w", "--stdin-paths", stdin="\n".join(names) + "\n").split()
    refs = "".join(f"create refs/experiments/ranker/wide/{oid[:12]} {oid}\n" for oid in oids)
    lab.git("update-ref", "--stdin", stdin=refs)
    lab.git("pack-refs", "--all")
    lab.git("push", "--quiet", "origin", "refs/experiments/*:refs/experiments/*")
    lab.git("-C", "../lab-origin.git", "pack-refs", "--all")
    started = spent()
    found = json.loads(experiment(lab, "list", "--format", "json").out)["experiments"]
    listing = spent() - started
    assert [len(item["pins"]) for item in found] == [10_000]
    experiment(lab, "record", made(lab))
    template = record(lab)
    digest = dependencies(template)[0]["digest"]
    for number, oid in enumerate(oids[:1000]):
        digest["gitCommit"] = oid
        template["subject"][0]["name"] = f"{number}.json"
        lab.write({f"models/{number}.json": "1\n", f"models/{number}.json.labgate.json": json.dumps(template)})
    started = spent()
    assert len(verified(lab, "models", status=0)) == 1000
    verifying = spent() - started
    assert max(listing, verifying) <= 2, (listing, verifying)


def spent() -> float:
    """Return the processor time of this process and of those that have ended below it, in seconds."""
    return sum(os.times()[:4])
