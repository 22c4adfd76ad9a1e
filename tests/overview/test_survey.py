"""The table of all branches, in real repositories: what landed and how, what is reviewed, and what is not known."""

from __future__ import annotations

from pathlib import Path
from shutil import which

from support.people import by, reviewed
from support.pipeline import code
from support.repo import Repo
from support.standing import POLICY, asked, rows, share


def tried(repo: Repo, name: str, *parts: str, who: str = "lin") -> None:
    """Make a pushed research branch from main with a commit for each part."""
    repo.checkout("main").branch(f"research/{name}")
    for part in parts:
        repo.commit(f"Try {part}", {f"{part}.py": code(part)}, **by(who))
    repo.push(f"research/{name}")
    repo.checkout("main")


def landed(repo: Repo, message: str) -> None:
    repo.commit(message)
    repo.push("main")


def test_a_merge_a_squash_and_a_rebase_have_landed_and_a_part_in_part(team: Repo) -> None:
    for name in ("merged", "squashed", "rebased", "picked", "open"):
        tried(team, name, f"{name}_one", f"{name}_two")
    team.merge("research/merged", "Merge it")
    team.git("merge", "--quiet", "--squash", "research/squashed")
    landed(team, "Add squashed")
    team.git("cherry-pick", "research/rebased~1", "research/rebased")
    team.git("cherry-pick", "research/picked~1")
    team.push("main")
    found = {name: row["landed"] for name, row in rows(team).items()}
    assert found == {
        "origin/research/merged": share(2, 2),
        "origin/research/squashed": share(2, 2),
        "origin/research/rebased": share(2, 2),
        "origin/research/picked": share(1, 2),
        "origin/research/open": share(0, 2),
    }


def test_a_squash_that_cancels_a_step_has_all_of_the_branch(team: Repo) -> None:
    team.branch("research/steps").commit("Try a", {"a.py": code("alpha"), "tmp.py": code("tmp")}, **by("lin"))
    team.git("rm", "--quiet", "tmp.py")
    team.commit("Drop it", None, **by("lin"))
    team.commit("Rename", {"a.py": code("alpha").replace("window", "span")}, **by("lin"))
    team.push("research/steps")
    team.checkout("main").commit("Meanwhile", {"model.py": "size = 2\nrate = 1\n"})
    team.git("merge", "--quiet", "--squash", "research/steps")
    landed(team, "Add steps")
    assert rows(team)["origin/research/steps"]["landed"] == share(3, 3)


def test_one_commit_lands_for_every_branch_that_has_the_same_patch(team: Repo) -> None:
    tried(team, "x0", "one")
    tree, base = team.git("rev-parse", "research/x0^{tree}").strip(), team.head("main")
    for number in range(1, 12):
        copy = team.git("commit-tree", tree, "-p", base, "-m", f"Take one {number}", **by("lin")).strip()
        team.git("update-ref", f"refs/remotes/origin/research/x{number}", copy)
    team.commit("Go on", {"model.py": "size = 2\n"})
    team.git("cherry-pick", "research/x0")
    team.push("main")
    assert [row["landed"] for row in rows(team).values()] == [share(1, 1)] * 12


def test_what_only_looks_alike_has_not_landed(team: Repo) -> None:
    tried(team, "alike", "gamma")
    landed_text = code("gamma").replace("window", "span") + "extra = 1\n"
    team.commit("Write it again", {"gamma.py": landed_text})
    team.push("main")
    assert rows(team)["origin/research/alike"]["landed"] == share(0, 1)


def test_a_branch_that_goes_on_after_its_merge_counts_what_is_new(team: Repo) -> None:
    tried(team, "long", "one", "two")
    team.merge("research/long", "Merge it")
    team.push("main")
    team.checkout("research/long").merge("main", "Catch up")
    team.commit("Try three", {"three.py": code("three")}, **by("lin"))
    team.push("research/long")
    row = rows(team)["origin/research/long"]
    assert (row["landed"], row["ahead"], row["behind"]) == (share(0, 1), 2, 0)


def test_ahead_and_behind_are_those_of_git(team: Repo) -> None:
    tried(team, "far", "one", "two")
    tried(team, "merged", "three")
    team.merge("research/merged", "Merge it")
    team.commit("Go on", {"model.py": "size = 3\n"})
    team.push("main")
    found = rows(team)
    for name in ("far", "merged"):
        asks = ("rev-list", "--count", "--left-right", f"origin/research/{name}...origin/main")
        ahead, behind = map(int, team.git(*asks).split())
        row = found[f"origin/research/{name}"]
        assert (row["ahead"], row["behind"]) == (ahead, behind)


def test_the_owner_wrote_most_and_the_age_is_that_of_the_own_commits(team: Repo) -> None:
    tried(team, "ours", "one", who="ada")
    team.checkout("research/ours")
    team.commit("Two", {"two.py": code("two")}, **by("max"))
    team.commit("Three", {"three.py": code("three")}, **by("max"))
    team.push("research/ours")
    row = rows(team)["origin/research/ours"]
    dates = [int(date) for date in team.git("log", "--format=%ct", "main..research/ours").split()]
    assert row["owner"] == "Max"
    iso = team.git("log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd", "research/ours", TZ="UTC0")
    assert row["age"]["last"] == iso.strip()
    assert row["age"]["first"] < row["age"]["last"] or min(dates) == max(dates)


def test_the_trunks_mailmap_makes_one_owner_of_several_addresses(team: Repo) -> None:
    tried(team, "ours", "one", who="ada")
    team.checkout("research/ours")
    for number, who in enumerate(("Maxim <m@home.example>", "max m. <M@lab.example>", "L <l@home.example>")):
        team.commit(f"Try {number}", {f"{number}.py": code(f"try_{number}")}, f"--author={who}")
    team.push("research/ours")
    assert rows(team)["origin/research/ours"]["owner"] == "L"
    mailmap = "Max Mir <max@example.org> <m@home.example>\nMax Mir <max@example.org> <m@lab.example>\n"
    team.checkout("main").commit("Who is who", {".mailmap": mailmap})
    team.push("main")
    assert rows(team)["origin/research/ours"]["owner"] == "Max Mir"
    team.commit("Who is who", {".mailmap": "Ada <ada@example.org> <l@home.example>\n"})
    team.push("main")
    assert rows(team)["origin/research/ours"]["owner"] == "ada"


def test_reviewed_are_commits_below_a_marker_of_somebody_else(team: Repo) -> None:
    tried(team, "seen", "one", "two")
    team.checkout("research/seen").commit(reviewed("ada"), None, "--allow-empty")
    team.commit("Try three", {"three.py": code("three")}, **by("lin"))
    team.push("research/seen")
    tried(team, "own", "four")
    team.checkout("research/own").commit(reviewed("lin"), None, "--allow-empty")
    team.push("research/own")
    tried(team, "stranger", "five")
    team.checkout("research/stranger").commit(reviewed("max"), None, "--allow-empty")
    team.push("research/stranger")
    found = {name.rpartition("/")[2]: row["reviewed"] for name, row in rows(team).items()}
    assert found == {"seen": share(2, 3), "own": share(0, 1), "stranger": share(0, 1)}


def squashed(repo: Repo, name: str, message: str) -> None:
    repo.git("merge", "--quiet", "--squash", f"research/{name}")
    repo.git("commit", "--quiet", "--message", message)


def test_reviewed_are_commits_whose_landing_was_reviewed_on_the_trunk(team: Repo) -> None:
    names = ("squashed", "own", "mine", "stranger", "merged", "picked", "below", "late", "twice", "edited")
    for name in names:
        tried(team, name, f"{name}_one", f"{name}_two")
    squashed(team, "squashed", reviewed("ada"))
    squashed(team, "own", reviewed("lin"))
    team.checkout("research/mine").commit("Try mine_three", {"mine_three.py": code("mine_three")}, **by("ada"))
    team.push("research/mine")
    team.checkout("main")
    squashed(team, "mine", reviewed("ada"))
    squashed(team, "stranger", reviewed("max"))
    squashed(team, "below", "Add below")
    team.merge("research/merged", reviewed("ada"))
    team.git("cherry-pick", "research/picked~1", "research/picked")
    team.commit(reviewed("ada"), None, "--allow-empty")
    squashed(team, "late", "Add late")
    late = team.head()
    team.git("cherry-pick", "research/twice~1")
    squashed(team, "twice", reviewed("ada"))
    squashed(team, "edited", reviewed("ada"))
    team.write({"edited_one.py": code("edited_one").replace("window", "span")})
    team.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    team.push("main")

    def shares() -> dict[str, tuple[str, str]]:
        found = {name.rpartition("/")[2]: row for name, row in rows(team).items()}
        cells = {name: (found[name]["landed"], found[name]["reviewed"]) for name in names}
        return {
            name: (f"{one['commits']}/{one['of']}", f"{two['commits']}/{two['of']}")
            for name, (one, two) in cells.items()
        }

    expected = {
        "squashed": ("2/2", "2/2"),
        "own": ("2/2", "0/2"),
        "mine": ("3/3", "0/3"),
        "stranger": ("2/2", "0/2"),
        "merged": ("2/2", "2/2"),
        "picked": ("2/2", "2/2"),
        "below": ("2/2", "0/2"),  # a merge ends what the marker above the picks covers
        "late": ("2/2", "0/2"),
        "twice": ("2/2", "1/2"),
        "edited": ("1/2", "1/2"),
    }
    assert shares() == expected
    assert shares() == expected
    team.commit(f"{reviewed('ada')}\nReviewed-landing: {late}", None, "--allow-empty")
    team.push("main")
    assert shares() == expected | {"late": ("2/2", "2/2")}
    team.git("reset", "--quiet", "--hard", "HEAD~1")
    team.git("push", "--quiet", "--force", "origin", "main")
    assert shares() == expected


def test_approvals_on_a_host_are_not_known(team: Repo) -> None:
    tried(team, "x", "one")
    policy = POLICY.replace("[reviews.people.ada]", '[reviews]\nassurance = "forge"\n[reviews.people.ada]')
    team.commit("Ask the host", {"labgate.toml": policy})
    team.push("main")
    found = rows(team)["origin/research/x"]["reviewed"]
    assert found == {"commits": None, "of": None, "reason": "approvals are on the code host, which is not asked"}


def test_conflicts_come_first_and_what_has_landed_last(team: Repo) -> None:
    tried(team, "landed", "one")
    team.merge("research/landed", "Merge it")
    tried(team, "waits", "two")
    team.checkout("main").branch("research/clash").commit("Try 5", {"model.py": "size = 5\nrate = 1\n"})
    team.push("research/clash")
    team.checkout("main").commit("Try 6", {"model.py": "size = 6\nrate = 1\n"})
    team.push("main")
    found = rows(team)
    assert [name.rpartition("/")[2] for name in found] == ["clash", "waits", "landed"]
    assert found["origin/research/clash"]["conflicts"] == {"files": ["model.py"], "reason": None}
    assert found["origin/research/waits"]["conflicts"] == {"files": [], "reason": None}


def test_forks_and_other_remotes_and_what_only_this_clone_has(team: Repo) -> None:
    tried(team, "x", "one")
    team.with_remote("grace")
    team.git("config", "remote.grace.url", "https://example.org/grace/models.git")
    team.git("update-ref", "refs/remotes/grace/anything", team.head("research/x"))
    team.checkout("main").branch("research/mine").commit("Try it", {"mine.py": code("mine")})
    team.checkout("main").branch("feature/none").commit("A feature", {"f.py": code("feature")})
    team.push("feature/none")
    team.checkout("main").branch("experiment--housing--big").commit("Run", {"run.py": code("run")})
    team.push("experiment--housing--big")
    kinds = {name: row["kind"] for name, row in rows(team).items()}
    assert kinds == {
        "origin/research/x": "research",
        "grace/anything": None,
        "research/mine": "research",
        "origin/experiment--housing--big": "experiment",
    }


def test_a_branch_says_what_it_is_about(team: Repo) -> None:
    tried(team, "readme", "one")
    team.checkout("research/readme").commit("Describe it", {"README.md": "<!-- x -->\n\n# Sparse attention\n"})
    team.push("research/readme")
    tried(team, "plain", "two")
    tried(team, "config", "three")
    team.git("config", "branch.research/config.description", "Larger windows\nand more")
    team.checkout("main").commit("Reword", {"README.md": "# All models\n"})
    team.push("main")
    said = team.labgate("status", "--all", "--format", "markdown", status=0).out
    about = {
        line.split("|")[1].strip(): line.split("|")[-2].strip() for line in said.splitlines() if "research/" in line
    }
    assert about == {
        "<code>origin/research/readme</code>": "Sparse attention",
        "<code>origin/research/config</code>": "Larger windows",
        "<code>origin/research/plain</code>": "",
    }


def test_a_branch_that_shares_nothing_and_one_just_made(team: Repo) -> None:
    team.git("checkout", "--quiet", "--orphan", "research/alone")
    team.commit("Alone", {"model.py": "size = 9\n"})
    team.checkout("main").branch("research/new")
    team.push("research/alone", "research/new")
    found = rows(team)
    alone, new = found["origin/research/alone"], found["origin/research/new"]
    assert alone["conflicts"] == {"files": None, "reason": "the branches have no common history"}
    assert (new["ahead"], new["landed"], new["age"]["first"]) == (0, share(0, 0), None)


def test_a_shallow_clone_says_so_in_each_cell(team: Repo, tmp_path: Path) -> None:
    tried(team, "x", "one", "two")
    team.git(
        "clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{team.path}-origin.git", str(tmp_path / "c")
    )
    clone = Repo(tmp_path / "c", team.env)
    row = rows(clone)["origin/research/x"]
    assert (row["ahead"], row["behind"], row["age"]["first"]) == (None, None, None)
    assert {row[name]["reason"] for name in ("conflicts", "landed", "reviewed")} == {"this clone is shallow"}
    assert row["owner"] == "Lin"
    assert "? every branch: this clone is shallow" in clone.labgate("status", "--all", status=0).out


def test_one_branch_with_missing_history_does_not_hide_the_others(team: Repo) -> None:
    tried(team, "broken", "one", "two")
    tried(team, "whole", "three")
    lost = team.head("research/broken~1")
    team.git("branch", "--quiet", "-D", "research/broken")
    (team.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    found = rows(team)
    assert found["origin/research/whole"]["landed"] == share(0, 1)
    broken = found["origin/research/broken"]
    assert broken["landed"]["reason"] == "its history is not all in this clone"
    assert broken["owner"] == "Lin"


def test_an_old_git_makes_no_merge_and_says_so(team: Repo, tmp_path: Path) -> None:
    tried(team, "x", "one")
    team.commit("Go on", {"model.py": "size = 3\n"})
    team.push("main")

    real = which("git", path=team.env["PATH"])
    old = tmp_path / "old" / "git"
    old.parent.mkdir()
    old.write_text(f'#!/bin/sh\ncase "$*" in *--write-tree*) exit 129;; *) exec {real} "$@";; esac\n')
    old.chmod(0o755)
    path = team.env["PATH"]
    team.env["PATH"] = f"{old.parent}:{path}"
    row = rows(team)["origin/research/x"]
    assert row["conflicts"] == {"files": None, "reason": "git below 2.38 cannot make a merge without a work tree"}
    assert (row["ahead"], row["landed"]) == (1, share(0, 1))
    team.env["PATH"] = path
    assert rows(team)["origin/research/x"]["conflicts"] == {"files": [], "reason": None}


def test_without_all_there_are_no_rows_and_with_it_no_current(team: Repo) -> None:
    tried(team, "x", "one")
    assert asked(team)["branches"] == []
    assert asked(team, "--all")["current"] is None
