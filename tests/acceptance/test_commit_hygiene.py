"""What lands is finished, without short-lived files, and with its tests; each printed command fixes its finding."""

from __future__ import annotations

import pytest

from support.people import adopt, by
from support.pipeline import Pipeline, code, rules
from support.repo import Repo
from support.sdg import POLICY
from support.verdicts import Verdict, judge

HYGIENE = """
[commit-hygiene]
ci-authors = ["*[bot]@ci.example.org"]
short-lived = ["**/*.dvc"]
[[commit-hygiene.tests]]
source = ["runtime/**"]
tests = ["tests/**"]
"""
BOT = {"GIT_AUTHOR_NAME": "Results", "GIT_AUTHOR_EMAIL": "results[bot]@ci.example.org"}
CONFLICT = "a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> other\n"
#: The recorded event is of a research branch.
FROM_TOPIC = {"research/bigger-batches": "feature/x"}
CHECK = ("commit-hygiene", "--target", "main", "--head", "HEAD")


@pytest.fixture
def topic(sdg: Repo) -> Repo:
    """The sdg project, on a topic branch of its own with one good commit."""
    adopt(sdg, POLICY + HYGIENE)
    sdg.branch("feature/x").commit("Add a", {"a.py": "a = 1\n"})
    return sdg


def judged(repo: Repo, status: int, *options: str) -> Verdict:
    return judge(repo, *CHECK, *options, status=status)


def paste(repo: Repo, verdict: Verdict, editor: str = "true") -> None:
    """Run the one help line of a report, as a person would who has an editor for lists of a rebase."""
    [finding] = verdict.report["findings"]
    repo.run("sh", "-c", finding["help"], GIT_EDITOR=editor, GIT_SEQUENCE_EDITOR="true")


def subjects(repo: Repo) -> list[str]:
    return repo.git("log", "--reverse", "--format=%s", "origin/main..HEAD").splitlines()


# LG501.


@pytest.mark.parametrize("subject", ["WIP", " Tmp ", ".", "[wip]", "WIP..."])
def test_a_subject_that_says_nothing_is_folded_into_the_commit_before(topic: Repo, subject: str) -> None:
    topic.git("config", "rebase.abbreviateCommands", "true")
    topic.commit(subject, {"a.py": "a = 2\n"}, "--cleanup=verbatim")
    topic.commit("Add b", {"b.py": "b = 1\n"})
    verdict = judged(topic, 1)
    assert verdict.rules == ["LG501"]
    paste(topic, verdict)
    assert judged(topic, 0).rules == []
    assert subjects(topic) == ["Add a", "Add b"]
    assert topic.git("show", "HEAD:a.py") == "a = 2"


@pytest.mark.parametrize("subject", ["Try the wide grid", "Add wip.py", "Fixup the loss", "WIP: a better loss"])
def test_a_subject_that_says_something_passes(topic: Repo, subject: str) -> None:
    topic.commit(subject, {"a.py": "a = 2\n"})
    assert judged(topic, 0).rules == []


@pytest.mark.parametrize("branch", ["HEAD", "feature/x"])
def test_a_rebase_that_has_stopped_is_ended_first(topic: Repo, branch: str) -> None:
    topic.commit("wip", {"a.py": "a = 2\n"})
    topic.commit("Add b", {"b.py": "b = 1\n"})
    topic.git("rebase", "--quiet", "--interactive", "HEAD~1", GIT_SEQUENCE_EDITOR="sed -i.bak s/^pick/edit/")
    verdict = judge(topic, *CHECK[:-1], branch, status=1)
    assert verdict.finding("LG501")["help"].startswith("git rebase --continue && ")
    paste(topic, verdict)
    assert topic.git("symbolic-ref", "--short", "HEAD") == "feature/x"
    assert (judged(topic, 0).rules, subjects(topic)) == ([], ["Add a", "Add b"])


@pytest.mark.parametrize("prefix", ["fixup!", "squash!", "amend!"])
def test_what_is_to_be_squashed_is_squashed(topic: Repo, prefix: str) -> None:
    topic.commit("Add b", {"b.py": "b = 1\n"})
    topic.commit(f"{prefix} Add a", {"a.py": "a = 3\n"})
    verdict = judged(topic, 1)
    assert verdict.finding("LG501")["help"] == "git rebase --interactive --autosquash --keep-base origin/main feature/x"
    paste(topic, verdict)
    assert judged(topic, 0).rules == []
    assert len(subjects(topic)) == 2


@pytest.mark.parametrize("subject", ["fixup! SDG", "squash! Landed long ago", "amend! fixup! Add b"])
def test_what_has_nothing_to_be_squashed_into_is_reworded(topic: Repo, subject: str) -> None:
    topic.commit(subject, {"c.py": "c = 1\n"})
    topic.commit("fixup! Add a", {"a.py": "a = 3\n"})
    topic.commit("Add b", {"b.py": "b = 1\n"})
    paste(topic, judged(topic, 1), editor="sed -i.bak -E '1s/^.*!.*$/Add c/'")
    assert (judged(topic, 0).rules, subjects(topic)) == ([], ["Add a", "Add c", "Add b"])
    assert topic.git("show", "HEAD:a.py", "HEAD:c.py").splitlines() == ["a = 3", "c = 1"]


def test_the_first_commit_is_reworded(topic: Repo) -> None:
    topic.checkout("main").branch("feature/y").commit("wip", {"y.py": "y = 1\n"})
    verdict = judged(topic, 1)
    paste(topic, verdict, editor="sed -i.bak 's/^wip$/Add y/'")
    assert (judged(topic, 0).rules, subjects(topic)) == ([], ["Add y"])


def test_conflict_markers_are_found_and_the_rebase_stops_there(topic: Repo) -> None:
    topic.commit("Merge by hand", {"a b.py": CONFLICT})
    topic.commit("Add b", {"b.py": "b = 1\n"})
    verdict = judged(topic, 1)
    finding = verdict.finding("LG501")
    assert finding["location"]["path"] == "a b.py"
    assert finding["message"].endswith("conflict markers in a b.py)")
    paste(topic, verdict)
    topic.write({"a b.py": "a = 1\nb = 2\n"}).git("commit", "--quiet", "--no-verify", "-a", "--amend", "--no-edit")
    topic.git("rebase", "--continue")
    assert (judged(topic, 0).rules, subjects(topic)) == ([], ["Add a", "Merge by hand", "Add b"])


@pytest.mark.parametrize(
    "text",
    [
        "Title\n=======\n\ntext\n",
        ">>>>>>> one\n=======\n<<<<<<< two\n",
        "  <<<<<<< HEAD\n  =======\n  >>>>>>> x\n",
        "<<<<<<< HEAD\n>>>>>>> x\n",
    ],
    ids=["a heading", "another order", "indented", "without the middle"],
)
def test_what_only_looks_like_a_conflict_passes(topic: Repo, text: str) -> None:
    topic.commit("Write", {"a.rst": text})
    assert judged(topic, 0).rules == []


def test_a_file_about_conflicts_may_be_renamed_and_edited(topic: Repo) -> None:
    topic.checkout("main").commit("A page", {"a.md": CONFLICT + "text\n" * 30})
    topic.push("main")
    topic.branch("docs/y").git("mv", "a.md", "b.md")
    topic.commit("Move it", {"b.md": f"first\n{CONFLICT}" + "text\n" * 30})
    assert judged(topic, 0).rules == []


def test_markers_that_two_commits_add_are_those_of_the_last(topic: Repo) -> None:
    first, rest = CONFLICT.split("b = 2")
    topic.commit("Ours", {"a.py": first})
    topic.commit("Theirs", {"a.py": f"{first}b = 2{rest}"})
    topic.commit("Add b", {"b.py": "b = 1\n"})
    assert "(Theirs, conflict markers in a.py)" in judged(topic, 1).finding("LG501")["message"]
    topic.git("reset", "--quiet", "--hard", "HEAD~2")
    topic.commit("Solve it", {"a.py": "a = 1\nb = 2\n"})
    assert judged(topic, 0).rules == []


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_markers_in_utf_16_are_found_where_they_are_new(topic: Repo, encoding: str) -> None:
    mark = "" if encoding == "utf-16" else "\ufeff"
    (topic.path / "page.txt").write_bytes(f"{mark}{CONFLICT}".encode(encoding))
    topic.commit("A page")
    topic.git("mv", "page.txt", "first.txt")
    (topic.path / "first.txt").write_bytes(f"{mark}text\n{CONFLICT}".encode(encoding))
    topic.commit("Move it")
    [finding] = judged(topic, 1).report["findings"]
    assert finding["message"].endswith("(A page, conflict markers in page.txt)")


def test_conflict_markers_that_a_merge_leaves_are_found(topic: Repo) -> None:
    topic.checkout("main").commit("Another a", {"a.py": "a = 9\n"})
    topic.push("main")
    topic.checkout("feature/x")
    assert topic.run("git", "merge", "--quiet", "origin/main", status=1).status == 1
    topic.commit("Merge main")
    assert "conflict markers in a.py" in judged(topic, 1).finding("LG501")["message"]


def test_an_empty_commit_is_a_note_and_a_review_is_none(topic: Repo) -> None:
    topic.commit("Start the job again")
    [finding] = judged(topic, 0).report["findings"]
    assert (finding["rule"], finding["level"]) == ("LG501", "note")
    topic.git("reset", "--quiet", "--hard", "HEAD~1")
    topic.commit("Review\n\nReviewed-by: Lin <lin@example.org>")
    assert judged(topic, 0).rules == []


def test_research_is_free_and_what_lands_of_it_is_not(sdg: Repo) -> None:
    adopt(sdg, POLICY)
    sdg.branch("research/free").commit("wip", {"r.py": "r = 1\n"})
    sdg.labgate("install", status=0)
    assert "LG501" not in sdg.run("git", "push", "origin", "research/free").text
    assert "LG501" in sdg.run("git", "push", "origin", "research/free:main", status=1).text


def test_no_help_forces_a_protected_branch(topic: Repo) -> None:
    topic.labgate("install", status=0)
    topic.checkout("main").commit("Add b", {"b.py": "b = 1\n"})
    topic.commit("wip", {"b.py": "b = 2\n"})
    command = topic.run("git", "push", "origin", "main", status=1).text.partition("help: ")[2].splitlines()[0]
    assert "force" not in command
    topic.run("sh", "-c", command, GIT_EDITOR="true", GIT_SEQUENCE_EDITOR="true")
    topic.git("push", "--quiet", "origin", "main")
    assert topic.git("log", "-1", "--format=%s", "origin/main") == "Add b"


def test_a_branch_that_the_remote_has_is_pushed_again_by_the_command_in_the_help(topic: Repo) -> None:
    topic.commit("wip", {"a.py": "a = 2\n"})
    topic.git("push", "--quiet", "origin", "feature/x")
    verdict = judged(topic, 1, "--source", "feature/x")
    paste(topic, verdict)
    assert topic.run("git", "push", "origin", "feature/x", status=1).status == 1
    topic.run("sh", "-c", verdict.finding("LG501")["help"].split("  # then: ")[1])
    assert topic.head("origin/feature/x") == topic.head("feature/x")


def test_a_branch_that_is_not_checked_out_is_the_one_that_is_rewritten(topic: Repo) -> None:
    topic.commit("wip", {"a.py": "a = 2\n"})
    topic.checkout("main")
    verdict = judge(
        topic, "commit-hygiene", "--target", "main", "--head", "feature/x", "--source", "feature/x", status=1
    )
    paste(topic, verdict)
    assert topic.git("symbolic-ref", "--short", "HEAD") == "feature/x"
    assert subjects(topic) == ["Add a"]


def test_what_landed_is_reported_by_audit(topic: Repo) -> None:
    topic.commit("wip", {"a.py": "a = 2\n"})
    topic.checkout("main").merge("feature/x", "Merge feature/x")
    topic.push("main")
    report = topic.labgate("audit", "main", "--format", "json", status=1).out
    assert "LG501" in report
    said = topic.labgate("audit", "main", status=1).text
    command = next(line.split("help: ")[1] for line in said.splitlines() if "help: labgate audit" in line)
    assert topic.labgate(*command.split("  #")[0].split()[1:], status=0).status == 0


# LG502.


def test_a_file_of_a_ci_job_does_not_land_unless_a_person_keeps_it(topic: Repo) -> None:
    topic.commit("Results of run 7", {"models/m.dvc": "md5: 1\n"}, **BOT)
    verdict = judged(topic, 1)
    finding = verdict.finding("LG502")
    assert (finding["data"]["paths"], finding["location"]["path"]) == (["models/m.dvc"], "models/m.dvc")
    topic.branch("feature/kept").commit("Keep the model\n\nKeep-Artifact: models/m.dvc")
    assert "LG502" not in judged(topic, 0).rules
    topic.checkout("feature/x")
    paste(topic, verdict)
    assert judged(topic, 0).rules == []
    assert not (topic.path / "models/m.dvc").exists()


@pytest.mark.parametrize("said", ["./models/m.dvc ", '"models/m.dvc"', "`./Models/M.dvc`", "m.dvc"])
def test_a_file_to_keep_is_named_as_people_write_it(topic: Repo, said: str) -> None:
    topic.commit("Results of run 7", {"models/m.dvc": "md5: 1\n"}, **BOT)
    topic.commit(f"Keep the model\n\nKeep-Artifact: {said}", None, "--cleanup=verbatim")
    judged(topic, int(said == "m.dvc"))


def test_an_audit_lists_what_was_kept(topic: Repo) -> None:
    topic.commit("Results of run 7", {"models/m.dvc": "md5: 1\n"}, **BOT)
    topic.commit("Keep the model\n\nKeep-Artifact: models/m.dvc", {}, **by("ada"))
    topic.checkout("main").merge("feature/x", "Merge x")
    topic.push("main")
    said = topic.labgate("audit", "main", status=0).text
    assert "LG502 note" in said
    assert "ada@example.org kept what results[bot]@ci.example.org committed: models/m.dvc" in said


def test_a_job_cannot_keep_its_own_file_and_a_person_may_commit_one(topic: Repo) -> None:
    topic.commit("Results\n\nKeep-Artifact: m.dvc", {"m.dvc": "md5: 1\n"}, **BOT)
    assert judged(topic, 1).rules == ["LG502"]
    topic.commit("Train it myself", {"m.dvc": "md5: 2\n"}, **by("ada"))
    assert judged(topic, 0).rules == []


def test_a_file_that_the_target_has_comes_back(topic: Repo) -> None:
    topic.checkout("main").commit("A model", {"m.dvc": "md5: 0\n"}, **by("ada"))
    topic.push("main")
    topic.branch("feature/y").commit("Results", {"m.dvc": "md5: 1\n"}, **BOT)
    paste(topic, judged(topic, 1))
    assert judged(topic, 0).rules == []
    assert (topic.path / "m.dvc").read_text() == "md5: 0\n"


# LG503.


@pytest.fixture
def series(sdg: Repo) -> Repo:
    """A research branch from a main that has source and tests."""
    adopt(sdg, POLICY + HYGIENE)
    source = "".join(f"value_{number} = compute(value_{number * 7}, rate_{number})\n" for number in range(30))
    sdg.commit("Source", {"runtime/realm.py": source, "tests/test_realm.py": "def test(): ...\n"})
    sdg.push("main")
    return sdg.branch("research/realm")


def test_source_from_research_needs_tests_or_a_reason(series: Repo) -> None:
    series.commit("Go faster", {"runtime/fast.py": "fast = True\n"})
    verdict = judged(series, 1, "--source", "research/realm")
    assert verdict.rules == ["LG503"]
    assert "runtime/fast.py changed without a test in tests/**" in verdict.text
    series.run("sh", "-c", verdict.finding("LG503")["help"], stdin="REASON\n")
    assert judged(series, 1, "--source", "research/realm").rules == ["LG503"]
    series.run("sh", "-c", verdict.finding("LG503")["help"], stdin="It's generated\n")
    [note] = judged(series, 0, "--source", "research/realm").report["findings"]
    assert (note["rule"], note["level"], note["data"]["excuse"]) == ("LG503", "note", "It's generated")
    series.git("reset", "--quiet", "--hard", "HEAD~1")
    series.git("reset", "--quiet", "--hard", "HEAD~1")
    series.commit("Test it", {"tests/test_fast.py": "def test_fast(): ...\n"})
    assert judged(series, 0, "--source", "research/realm").rules == []


@pytest.mark.parametrize("how", ["deleted", "moved", "comment", "elsewhere"])
def test_source_that_is_not_changed_needs_none(series: Repo, how: str) -> None:
    source = (series.path / "runtime/realm.py").read_text()
    if how == "deleted":
        series.git("rm", "--quiet", "runtime/realm.py")
    elif how == "moved":
        series.git("mv", "runtime/realm.py", "runtime/other.py")
    elif how == "comment":
        series.write({"runtime/realm.py": f"# What it is for.\n\n{source}"})
    else:
        series.write({"notes.md": "text\n"})
    series.commit("Change")
    assert judged(series, 0, "--source", "research/realm").rules == []


def test_topics_are_trusted_with_their_tests(series: Repo) -> None:
    series.checkout("main").branch("feature/y").commit("Go faster", {"runtime/fast.py": "fast = True\n"})
    assert judged(series, 0).rules == []


# Callers.


def test_a_pull_request_is_warned_unless_changes_land_with_their_commits(pipeline: Pipeline) -> None:
    repo = pipeline.repo
    repo.checkout("feature/x").commit("wip", {"w.py": code("wip")})
    said = pipeline.job("github-pull-request", pipeline.propose("feature/x"), changes=FROM_TOPIC)
    assert "LG501" in rules(said, "warning")
    assert "LG501" not in rules(said)
    adopt(repo, (repo.path / "labgate.toml").read_text() + '[commit-hygiene]\nlands = "commits"\n')
    said = pipeline.job("github-pull-request", pipeline.propose("feature/x"), changes=FROM_TOPIC)
    assert "LG501" in rules(said)
