"""In a clone that lacks something the verdict is right, or it is none and the command that brings the rest is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from inline_snapshot import snapshot

from support.people import adopt, by, reviewed
from support.repo import Repo
from support.sdg import LIMITS, POLICY
from support.verdicts import Verdict, assert_passes, judge

WIDEN = "git config --add remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'"
RESEARCH = ("--target", "main", "--head", "origin/research/pr-72")

PULL_REQUEST_72 = snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")


def clone(origin: Repo, folder: Path, *options: str) -> Repo:
    """Clone the remote of a repository as over a network, so that git leaves out what the options leave out."""
    remote = origin.git("remote", "get-url", "origin")
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        origin.git(f"--git-dir={remote}", "config", name, "true")
    origin.git("clone", "--quiet", "--no-local", *options, f"file://{remote}", str(folder))
    return Repo(folder, origin.env)


def helps(text: str) -> set[str]:
    """Return the commands of all ``help:`` lines."""
    return {line.partition("help: ")[2] for line in text.splitlines() if line.lstrip().startswith("help: ")}


def mend(repo: Repo, text: str) -> None:
    """Do what the one ``help:`` line says, as a person would: in a shell."""
    (command,) = helps(text)
    repo.run("sh", "-ec", command)


def finds_all_of_pull_request_72(repo: Repo, *args: str) -> Verdict:
    verdict = judge(repo, *args, status=1)
    assert verdict.summary == PULL_REQUEST_72
    assert verdict.rules == ["LG201"]
    assert len(verdict.finding("LG201")["commits"]) == 8
    assert verdict.outcome() == "failed"
    assert verdict.report["view"]["sources_complete"] is True
    return verdict


# Row 7: shallow.


def test_t28_a_shallow_clone_is_undecided_until_its_history_is_fetched(sdg: Repo, tmp_path: Path) -> None:
    shallow = clone(sdg, tmp_path / "clone", "--depth=1", "--branch=research/pr-72")
    verdict = judge(shallow, "--target", "main", "--head", "HEAD", status=2)
    assert verdict.summary == snapshot("""\
problem: this clone is shallow: history that decides is missing
    help: git config --add remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*' && git fetch
        --unshallow origin
""")
    assert verdict.report["problems"] == [
        {
            "message": "this clone is shallow: history that decides is missing",
            "help": f"{WIDEN} && git fetch --unshallow origin",
        }
    ]
    mend(shallow, verdict.text)
    finds_all_of_pull_request_72(shallow, *RESEARCH)


def test_t28_a_shallow_clone_of_all_branches_is_undecided_until_its_history_is_fetched(
    sdg: Repo, tmp_path: Path
) -> None:
    shallow = clone(sdg, tmp_path / "clone", "--depth=1", "--no-single-branch")
    said = shallow.labgate("check", *RESEARCH, status=2)
    assert helps(said.text) == {"git fetch --unshallow origin"}
    mend(shallow, said.text)
    finds_all_of_pull_request_72(shallow, *RESEARCH)


# Row 7: one branch.


def test_without_the_research_refs_silence_is_undecided_until_they_are_fetched(sdg: Repo, tmp_path: Path) -> None:
    narrow = clone(sdg, tmp_path / "clone", "--single-branch", "--branch=main")
    narrow.git("fetch", "--quiet", "origin", sdg.head("research/pr-72"))
    head = narrow.head("FETCH_HEAD")
    verdict = judge(narrow, "--target", "main", "--head", head, status=2)
    assert verdict.summary == snapshot("""\
undecided main research-gate: the research refs of origin are not fetched here
    help: git config --add remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*' && git fetch origin
""")
    assert (verdict.rules, verdict.outcome()) == ([], "undecided")
    assert verdict.report["view"]["sources_complete"] is False
    mend(narrow, verdict.text)
    finds_all_of_pull_request_72(narrow, "--target", "main", "--head", head)


def test_once_fetched_silence_means_that_all_is_well(sdg: Repo, tmp_path: Path) -> None:
    narrow = clone(sdg, tmp_path / "clone", "--single-branch", "--branch=main")
    narrow.branch("feature/x").commit("A thing", {"a": "1\n"})
    change = ("--target", "main", "--head", "feature/x")
    said = narrow.labgate("check", *change, status=2)
    assert narrow.labgate("check", *change, "--fetch", status=0).text == ""
    # --fetch is for one run; the command holds.
    assert narrow.labgate("check", *change, status=2) == said
    mend(narrow, said.text)
    assert narrow.labgate("check", *change, status=0).text == ""


def test_fetch_brings_the_research_refs(sdg: Repo, tmp_path: Path) -> None:
    narrow = clone(sdg, tmp_path / "clone", "--single-branch", "--branch=main")
    narrow.git("fetch", "--quiet", "origin", sdg.head("research/pr-72"))
    change = ("--target", "main", "--head", narrow.head("FETCH_HEAD"))
    finds_all_of_pull_request_72(narrow, *change, "--fetch")


def test_fetch_brings_the_target_too(sdg: Repo, tmp_path: Path) -> None:
    narrow = clone(sdg, tmp_path / "clone", "--single-branch", "--branch=research/pr-72")
    verdict = finds_all_of_pull_request_72(narrow, "--target", "main", "--head", "HEAD", "--fetch")
    assert verdict.report["policy"]["origin"] == "trunk"


def test_fetch_brings_the_topic_branches_that_exempt_their_commits(sdg: Repo, tmp_path: Path) -> None:
    sdg.branch("feature/tool", "main").commit("A tool", {"tool.py": "pass\n"})
    sdg.push("feature/tool")
    sdg.checkout("research/pr-72").merge("feature/tool", "Merge branch 'feature/tool' into research/pr-72")
    sdg.push("research/pr-72")
    narrow = clone(sdg, tmp_path / "clone", "--single-branch", "--branch=main")
    narrow.git("fetch", "--quiet", "origin", sdg.head("feature/tool"))
    head = narrow.head("FETCH_HEAD")
    said = narrow.labgate("check", "--target", "main", "--head", head, "--fetch", status=0).text
    # A fresh clone cannot know who had them first, so they are believed with a warning (docs/adr/0022).
    assert "LG202 warning: 1 commit of feature/tool is on origin/research/pr-72 (same commit)" in said
    assert "LG201" not in said


def test_fetch_from_a_remote_that_is_gone_is_undecided(sdg: Repo, tmp_path: Path) -> None:
    sdg.git("remote", "set-url", "origin", str(tmp_path / "gone.git"))
    said = sdg.labgate("check", *RESEARCH, "--fetch", status=2)
    assert "error: cannot fetch from origin: " in said.text
    assert helps(said.text) == {"git fetch origin"}


# Row 7: parts.


@pytest.mark.parametrize("options", [("--no-checkout",), ()], ids=["nothing checked out", "main checked out"])
@pytest.mark.parametrize("without", ["blob:none", "tree:0", "blob:limit=100"])
def test_a_partial_clone_is_right_or_undecided_until_the_rest_is_fetched(
    sdg: Repo, tmp_path: Path, without: str, options: tuple[str, ...]
) -> None:
    adopt(sdg, POLICY + LIMITS)
    whole = finds_all_of_pull_request_72(clone(sdg, tmp_path / "whole"), *RESEARCH)
    partial = clone(sdg, tmp_path / "clone", f"--filter={without}", *options)
    before = partial.git("count-objects", "-v")
    said = partial.labgate("check", *RESEARCH, "--offline")
    assert partial.git("count-objects", "-v") == before, "something was fetched unasked"
    if said.status == 1:
        # Research was found by commits alone; what it weighs is still to be decided.
        assert "main: LG201 error: 8 unreviewed commits from origin/research/pr-72" in said.text
        assert "main: commit-size undecided: " in said.text
    else:
        assert said.status == 2
    assert "git fetch --refetch --no-filter origin" in helps(said.text)
    partial.git("fetch", "--quiet", "--refetch", "--no-filter", "origin")
    assert finds_all_of_pull_request_72(partial, *RESEARCH) == whole


def test_in_a_partial_clone_a_merge_that_cannot_be_made_is_undecided(sdg: Repo, tmp_path: Path) -> None:
    sdg.checkout("main").commit("main", {"a": "1\n2\n3\n4\n5\n6\n7\n8\n9\n"})
    sdg.push("main")
    sdg.branch("feature/x").commit("x", {"a": "one\n2\n3\n4\n5\n6\n7\n8\n9\n"})
    sdg.checkout("main").commit("on", {"a": "1\n2\n3\n4\n5\n6\n7\n8\nnine\n"})
    sdg.push("main")
    sdg.checkout("feature/x").merge("main", "Merge branch 'main' into feature/x")
    sdg.push("feature/x")
    change = ("--target", "main", "--head", "origin/feature/x")
    partial = clone(sdg, tmp_path / "clone", "--filter=blob:none")
    adopt(sdg, POLICY + LIMITS)
    partial.git("fetch", "--quiet", "origin")
    said = partial.labgate("check", *change, "--offline", status=2)
    mend(partial, said.text)
    assert partial.labgate("check", *change, "--offline", status=0).text == ""


# Row 7: SHA-256, and T35.


@pytest.fixture
def sha256(tmp_path: Path) -> Repo:
    """A SHA-256 repository with a policy on ``main`` and unreviewed research, and its SHA-256 remote."""
    repo = Repo.init(tmp_path / "modern", "--object-format=sha256")
    repo.with_remote("origin", "--object-format=sha256")
    repo.commit("Add a policy", {"labgate.toml": POLICY + LIMITS})
    repo.branch("research/x").commit("Try it", {"a.py": "pass\n"})
    repo.push("main", "research/x")
    return repo


def test_t35_a_sha256_repository_is_judged_like_any_other(sha256: Repo) -> None:
    verdict = judge(sha256, "--target", "main", "--head", "research/x", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from origin/research/x (same commit): <Try it> Try it
    help: labgate review approve research/x --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/x
""")
    assert verdict.rules == ["LG201"]
    assert verdict.finding("LG201")["commits"] == [sha256.head("research/x")]
    assert len(sha256.head("research/x")) == 64
    sha256.checkout("research/x").commit(reviewed("ada"), None, **by("ada"))
    verdict = assert_passes(sha256, "--target", "main", "--head", "research/x")
    assert verdict.counted == ["ada"]


def test_t35_reverts_and_picks_name_their_commits_by_longer_oids(sha256: Repo) -> None:
    big = sha256.checkout("main").commit("Big", {"big.txt": "x\n" * 5000})
    picked = sha256.head("research/x")
    sha256.push("main")
    sha256.branch("feature/x").git("revert", "--no-edit", big)
    assert sha256.labgate("check", "--target", "main", "--head", "HEAD", status=0).text == ""
    sha256.git("cherry-pick", "-x", picked)
    verdict = judge(sha256, "--target", "main", "--head", "feature/x", status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 1 unreviewed commit from origin/research/x (its message points to <Try it>; same change):
        <Try it> Try it
    help: labgate review approve feature/x --by ada  # once ada has reviewed it
    evidence: trailer origin/research/x
    evidence: patch-id origin/research/x
""")
    assert verdict.finding("LG201")["evidence"][0]["method"] == "trailer"


# Rows T26 and T27: what git shows by name, and what it shows instead.


def test_t26_a_tag_or_a_branch_that_takes_anothers_name_changes_nothing(sdg: Repo) -> None:
    head = sdg.head("research/pr-72")
    plain = sdg.labgate("check", "--target", "main", "--head", "research/pr-72", status=1)
    for name in ("main", "origin/main", "research/pr-72", "HEAD", head):
        sdg.git("update-ref", f"refs/tags/{name}", "main" if name != "main" else head)
    for name in ("refs/heads/main", "refs/heads/research/pr-72", "HEAD", "@", head):
        sdg.git("update-ref", f"refs/heads/{name}", "refs/remotes/origin/main")
    for word in ("research/pr-72", "refs/heads/research/pr-72"):
        assert sdg.labgate("check", "--target", "main", "--head", word, status=1) == plain
    for word in (head, "HEAD", "@"):
        sdg.git("symbolic-ref", "HEAD", "refs/heads/research/pr-72")
        assert sdg.labgate("check", "research-gate", "--target", "main", "--head", word, status=1) == plain


@pytest.mark.parametrize("way", ["a replacement", "a graft"])
def test_t27_history_that_is_shown_otherwise_is_judged_as_it_is(sdg: Repo, way: str) -> None:
    head, base = sdg.head("research/pr-72"), sdg.head("main")
    if way == "a replacement":
        sdg.git("replace", "--graft", head, base)
        sdg.git("replace", "--graft", sdg.head("research/pr-72~1"), base)
    else:
        (sdg.path / ".git/info").mkdir(exist_ok=True)
        (sdg.path / ".git/info/grafts").write_text(f"{head} {base}\n")
    assert sdg.git("rev-list", "--count", "main..research/pr-72") == "1"
    finds_all_of_pull_request_72(sdg, *RESEARCH)


# The same verdict from everywhere.


def test_a_linked_work_tree_is_judged_like_the_main_one(sdg: Repo, tmp_path: Path) -> None:
    sdg.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "research/pr-72")
    linked = Repo(tmp_path / "linked", sdg.env)
    finds_all_of_pull_request_72(linked, *RESEARCH)
    assert linked.labgate("check", "--target", "main", status=1).text == sdg.labgate("check", *RESEARCH).text


def test_a_bare_clone_with_remote_tracking_refs_is_judged_like_any_other(sdg: Repo, tmp_path: Path) -> None:
    bare = Repo.init(tmp_path / "bare.git", "--bare")
    bare.git("remote", "add", "origin", sdg.git("remote", "get-url", "origin"))
    bare.git("fetch", "--quiet", "origin")
    finds_all_of_pull_request_72(bare, *RESEARCH)


@pytest.mark.parametrize("kind", ["--bare", "--mirror"])
def test_t14_a_clone_without_them_is_undecided_and_never_judged_by_the_change_itself(
    sdg: Repo, tmp_path: Path, kind: str
) -> None:
    weak = POLICY.partition("[kinds.research]")[0] + '[kinds.anything]\nnames = ["**"]\n'
    sdg.branch("feature/x", "research/pr-72").commit("Weaken the policy", {"labgate.toml": weak})
    sdg.push("feature/x")
    bare = clone(sdg, tmp_path / "bare.git", kind)
    for base in ((), ("--base", "main")):
        said = bare.labgate("check", "--target", "main", "--head", "feature/x", *base, status=2)
    assert helps(said.text) == {f"{WIDEN} && git fetch origin"}
    mend(bare, said.text)
    verdict = judge(bare, *RESEARCH, status=1)
    assert len(verdict.finding("LG201")["commits"]) == 8
    assert verdict.report["view"]["sources_complete"] is True
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more; origin/feature/x holds them too: research
        wins (they came from research, or the other way round)
    help: labgate review approve research/pr-72 --by ada  # once ada has reviewed it
    evidence: ancestry origin/research/pr-72
""")


def test_the_verdict_does_not_depend_on_who_asks(sdg: Repo) -> None:
    plain = sdg.labgate("check", *RESEARCH)
    ada = {"GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_EMAIL": "ada@example.org", "EMAIL": "ada@example.org"}
    other = Repo(sdg.path, sdg.env | ada | {"TZ": "Asia/Tokyo", "LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.UTF-8"})
    assert other.labgate("check", *RESEARCH) == plain
