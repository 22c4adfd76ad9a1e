"""``labgate status``: what a person reads of the current branch, widths, formats, names that are not ours, statuses."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from labgate.report.status import columns
from support.gfm import GFM
from support.people import by, reviewed
from support.pipeline import code
from support.repo import Repo
from support.standing import POLICY, asked, rows, share
from support.templates import prepared


@prepared
def team(repo: Repo) -> Repo:
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY, "README.md": "# Models\n", "model.py": "size = 1\nrate = 1\n"})
    repo.push("main")
    repo.git("remote", "set-head", "origin", "main")
    return repo


def test_a_research_branch_says_what_it_lacks_and_the_printed_command_mends_it(team: Repo) -> None:
    team.branch("research/x").commit("Try x", {"x.py": code("x"), "model.py": "size = 2\nrate = 1\n"}, **by("lin"))
    team.checkout("main").commit("Go on", {"model.py": "size = 3\nrate = 1\n"})
    team.push("main", "research/x")
    team.checkout("research/x")
    said = team.labgate("status", status=0).out
    lines = dict(line.split(maxsplit=1) for line in said.splitlines())
    assert lines["branch"] == "research/x, research"
    assert lines["base"].startswith("origin/main, from ")
    assert lines["base"].endswith(": 1 ahead, 1 behind")
    assert (lines["target"], lines["conflicts"], lines["gate"]) == ("main", "1 file: model.py", "failed")
    assert lines["review"] == "missing: more reviewers; ada can review"
    assert lines["budget"] == "5 of 400 lines, 1 of 20 commits"
    assert lines["rules"] == "docs/research.md"
    assert lines["error"].startswith("LG201 ")
    command = lines["help:"].partition("  #")[0]
    assert command == "labgate review approve research/x --by ada"
    team.labgate(*shlex.split(command)[1:], status=0)
    assert "LG201" not in team.labgate("status", status=0).out


def test_what_was_reviewed_and_conflicts_with_nothing_passes(team: Repo) -> None:
    team.branch("research/x").commit("Try x", {"x.py": code("x")}, **by("lin"))
    team.commit(reviewed("ada"), None, "--allow-empty")
    current = asked(team)["current"]
    assert (current["gate"]["outcome"], current["review"]) == ("passed", {"missing": [], "people": []})
    assert current["conflicts"] == {"files": [], "reason": None}
    assert current["base"] == "refs/remotes/origin/main"
    assert "review     done by ada" in team.labgate("status", status=0).out
    assert (current["landed"], current["reviewed"]) == (share(0, 1), share(1, 1))
    team.checkout("main").git("cherry-pick", "research/x~1")
    team.push("main")
    said = team.checkout("research/x").labgate("status", status=0).out
    assert "landed     1 of 1 commit\nreviewed   1 of 1 commit\n" in said
    assert len(rows(team)) == 1


def test_the_gate_is_the_one_of_check(team: Repo) -> None:
    team.branch("research/x").commit("wip", {"x.py": code("x")}, **by("lin"))
    current = asked(team)["current"]
    check = json.loads(team.labgate("check", "--target", "main", "--offline", "--format", "json").out)
    assert [item["rule"] for item in current["gate"]["findings"]] == [item["rule"] for item in check["findings"]]
    assert current["gate"]["outcome"] == check["outcome"] == "failed"


def test_a_topic_branch_lands_on_the_experiment_that_it_starts_from(team: Repo) -> None:
    team.branch("experiment--housing--big").commit("Run", {"run.py": code("run")}, **by("lin"))
    team.push("experiment--housing--big")
    team.branch("feature/step").commit("A step", {"step.py": code("step")}, **by("ada"))
    current = asked(team)["current"]
    assert (current["base"], current["target"]) == (
        "refs/remotes/origin/experiment--housing--big",
        "experiment--housing--big",
    )
    assert (current["ahead"], current["behind"]) == (1, 0)
    team.checkout("main").branch("feature/other").commit("Another", {"other.py": code("other")})
    assert asked(team)["current"]["target"] == "main"


def test_an_experiment_shows_its_last_record(team: Repo) -> None:
    team.branch("experiment--housing--big").commit("Run", {"run.py": code("run")}, **by("lin"))
    assert asked(team)["current"]["record"] is None
    team.write({"metrics.json": "{}\n"})
    team.labgate("experiment", "record", "metrics.json", status=0)
    team.git("add", "--force", "metrics.json", "metrics.json.labgate.json")
    team.git("commit", "--quiet", "--message", "Keep the metrics")
    current = asked(team)["current"]
    assert current["experiment"] == "housing/big"
    assert current["record"]["path"] == "metrics.json.labgate.json"
    assert len(current["record"]["commit"]) == 40
    assert "record      metrics.json.labgate.json, code " in team.labgate("status", status=0).out


def test_on_main_and_on_no_branch_and_before_the_first_commit(team: Repo) -> None:
    current = asked(team)["current"]
    assert (current["kind"], current["target"], current["ahead"]) == ("protected", "main", 0)
    team.git("checkout", "--quiet", "-b", "research/made")
    assert "0 of 0" not in team.labgate("status", status=0).out
    team.git("checkout", "--quiet", "--detach")
    current = asked(team)["current"]
    assert (current["ref"], current["kind"], current["target"]) == (None, None, "main")
    team.git("checkout", "--quiet", "--orphan", "research/new")
    assert asked(team)["current"] is None
    assert team.labgate("status", status=0).out == "there is no commit here yet\n"


def test_without_a_remote_the_trunk_of_this_clone_is_the_base(repo: Repo) -> None:
    repo.commit("Start", {"labgate.toml": POLICY, "README.md": "# Models\n"})
    repo.branch("research/x").commit("Try x", {"x.py": code("x")}, **by("lin"))
    repo.checkout("main").git("merge", "--quiet", "--squash", "research/x")
    repo.commit(reviewed("ada"))
    repo.branch("research/y").commit("Try y", {"y.py": code("y")}, **by("lin"))
    current = asked(repo)["current"]
    assert (current["base"], current["ahead"], current["behind"]) == ("refs/heads/main", 1, 0)
    assert [finding["rule"] for finding in current["gate"]["findings"]] == ["LG201"]
    found = rows(repo)
    assert (found["research/x"]["landed"], found["research/x"]["reviewed"]) == (share(1, 1), share(1, 1))
    assert found["research/y"]["landed"] == share(0, 1)


def test_a_shallow_clone_shows_what_it_can(team: Repo, tmp_path: Path) -> None:
    team.commit("Go on", {"model.py": "size = 3\n"})
    team.push("main")
    team.git("clone", "--quiet", "--depth=1", f"file://{team.path}-origin.git", str(tmp_path / "c"))
    clone = Repo(tmp_path / "c", team.env)
    current = asked(clone)["current"]
    assert (current["ahead"], current["gate"]) == (None, None)
    assert "shallow" in current["problem"]
    assert current["conflicts"] == {"files": None, "reason": "this clone is shallow"}


def test_branches_that_were_never_fetched_are_said_to_be_missing(team: Repo, tmp_path: Path) -> None:
    team.branch("research/x").commit("Try", {"x.py": code("x")})
    team.push("research/x")
    team.git("clone", "--quiet", "--single-branch", "--branch=main", f"{team.path}-origin.git", str(tmp_path / "c"))
    clone = Repo(tmp_path / "c", team.env)
    total, more, help_ = clone.labgate("status", "--all", status=0).out.splitlines()[:3]
    assert total == "0 branches of research and experiments"
    assert more == "? there may be more: the research refs of origin are not fetched here"
    command = help_.removeprefix("  help: ")
    assert asked(clone, "--all")["incomplete"] == {"reason": more.partition(": ")[2], "help": command}
    clone.run("sh", "-euc", command)
    assert asked(clone, "--all")["incomplete"] is None
    assert "there may be more" not in clone.labgate("status", "--all", status=0).out


def test_without_a_policy_or_a_repository_it_could_not(repo: Repo, tmp_path: Path) -> None:
    repo.commit("Start", {"a.py": "a = 1\n"})
    said = repo.labgate("status", status=2)
    assert said.err.startswith("error: there is no labgate.toml")
    outside = Repo(tmp_path, repo.env)
    assert outside.labgate("status", "--all", status=2).out == ""


@pytest.fixture
def odd(team: Repo) -> Repo:
    """Branches and people with names that break tables, terminals and pages."""
    names = ("a" * 150, "x|y`z<b>_", "日本語の研究" * 9, "ok")
    for number, name in enumerate(names):
        team.checkout("main").branch(f"research/{name}")
        who = {"GIT_AUTHOR_NAME": f"\x1b[31mEve | {'名' * 30} <script>@x", "GIT_AUTHOR_EMAIL": f"e{number}@example.org"}
        team.commit("Try", {f"f{number}.py": code(f"f{number}"), "README.md": f"# {'| <img> ' * 40}{number}\n"}, **who)
        team.push(f"research/{name}")
    team.checkout("main")
    return team


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_no_line_of_the_table_is_too_wide(odd: Repo, width: int) -> None:
    said = odd.labgate("status", "--all", status=0, COLUMNS=str(width)).out
    table = said.splitlines()[:5]
    assert max(map(columns, table)) <= width
    assert ("about" in table[0]) != ("descriptions do not fit" in said)
    assert "\x1b" not in said
    assert [line.split()[0][-2:] for line in table[1:]].count("ok") == 1


def test_the_markdown_is_one_table_whatever_the_names(odd: Repo) -> None:
    said = odd.labgate("status", "--all", "--format", "markdown", status=0).out
    tokens = GFM.parse(said)
    assert [token.type for token in tokens].count("table_open") == 1
    heads = [token.type for token in tokens].count("th_open")
    cells = [token.type for token in tokens].count("td_open")
    assert (heads, cells) == (9, 4 * 9)
    html = GFM.render(said)
    assert "<script>" not in html
    assert "<img" not in html
    assert "<b>" not in html


def test_the_json_has_the_names_as_they_are(odd: Repo) -> None:
    found = rows(odd)
    assert "origin/research/x|y`z<b>_" in found
    assert (
        found["origin/research/ok"]["owner"].startswith("\x1b[31mEve | ")
        or "Eve" in found["origin/research/ok"]["owner"]
    )


def test_findings_link_the_merge_rules_of_the_kind_and_a_pass_does_not(team: Repo) -> None:
    team.branch("research/x").commit("Try x", {"x.py": code("x")}, **by("lin"))
    rules = "merge rules of research branches: docs/research.md"
    assert rules in team.labgate("check", "--target", "main", "--offline", status=1).text
    report = json.loads(team.labgate("check", "--target", "main", "--offline", "--format", "json").out)
    assert rules in report["notices"]
    team.commit(reviewed("ada"), None, "--allow-empty")
    assert rules not in team.labgate("check", "--target", "main", "--offline", "--verbose", status=0).text


@pytest.mark.parametrize("good", ["docs/research.md", "https://example.org/a%20b?c=d#e", "a..b/c.md"])
def test_a_readme_is_a_path_or_a_url(repo: Repo, good: str) -> None:
    repo.commit("Start", {"labgate.toml": POLICY.replace("docs/research.md", good)})
    assert repo.labgate("policy", "check").status == 0


@pytest.mark.parametrize(
    "bad", ["/etc/passwd", "../x.md", "a/../../x", "a b.md", "javascript:alert", "C:x", "", "a\\\\b"]
)
def test_any_other_readme_is_refused(repo: Repo, bad: str) -> None:
    repo.commit("Start", {"labgate.toml": POLICY.replace("docs/research.md", bad)})
    said = repo.labgate("policy", "check")
    assert said.status != 0
    assert "[kinds.research] readme" in said.text
