"""A CI job judges the change itself, against what the remote holds, by the trunk's policy: jobs in fresh clones."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from support.marker import Marker
from support.people import reviewed
from support.pipeline import LAX, MERGED, POLICY, STALE, Pipeline, code, commits, rules
from support.repo import Repo

RESEARCH, FEATURE = "research/bigger-batches", "feature/x"
GONE = "1234567890" * 4
#: A change of research/bigger-batches to main, in every system.
CHANGES = [
    "azure-pull-request",
    "bitbucket-pull-request",
    "buildkite-pull-request",
    "circleci-pull-request",
    "gitea-pull-request",
    "github-pull-request",
    "gitlab-merge-request",
    "gitlab-merge-train",
    "gitlab-merged-results",
    "jenkins-change",
]


# A change, in every system.


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        *((name, "--depth=1") for name in CHANGES),
        ("gitlab-merge-request", "--depth=20"),
        ("jenkins-change", "--no-tags"),
    ],
)
def test_research_on_its_way_to_main_is_refused(pipeline: Pipeline, name: str, depth: str) -> None:
    head = pipeline.propose(RESEARCH)
    result = pipeline.job(name, head, options=(depth,))
    assert result.status == 1, result.text
    assert rules(result) == ["LG201"]
    assert commits(result, "LG201") == pipeline.repo.git("rev-list", f"main..{RESEARCH}").split()
    report = json.loads(result.out)
    assert report["stage"] == "ci"
    assert report["policy"]["origin"] == "trunk"
    assert report["view"]["sources_complete"] is True
    [update] = report["updates"]
    assert (update["ref"], update["old"], update["new"]) == ("refs/heads/main", pipeline.remote.head("main"), head)


@pytest.mark.parametrize("name", CHANGES)
def test_research_with_a_review_passes(pipeline: Pipeline, name: str) -> None:
    pipeline.repo.checkout(RESEARCH).commit(reviewed("ada"))
    pipeline.repo.push(RESEARCH)
    result = pipeline.job(name, pipeline.propose(RESEARCH))
    assert (result.status, rules(result)) == (0, []), result.text


@pytest.mark.parametrize("name", ["azure-pull-request", "github-pull-request", "gitlab-merged-results"])
def test_the_merge_that_is_checked_out_is_not_judged(pipeline: Pipeline, name: str) -> None:
    """What the host's own merge brings, here a review, is none of the change."""
    pipeline.propose(RESEARCH)
    merge = pipeline.repo.checkout("main").merge(RESEARCH, reviewed("ada", subject="Merge pull request #7"))
    pipeline.repo.git("push", "--quiet", "origin", f"{merge}:refs/pull/7/merge")
    clone = pipeline.clone("--depth=1")
    clone.git("fetch", "--quiet", "--depth=1", "origin", f"+{merge}:refs/remotes/pull/7/merge")
    clone.git("checkout", "--quiet", "--detach", merge)
    head = pipeline.repo.head(RESEARCH)
    result = pipeline.job(name, head, clone=clone, changes={MERGED: merge})
    assert (result.status, rules(result)) == (1, ["LG201"])
    assert json.loads(result.out)["updates"][0]["new"] == head


@pytest.mark.parametrize("name", ["gitea-pull-request", "github-pull-request", "gitlab-merged-results"])
@pytest.mark.parametrize("stale", ["the-merge-base", "nowhere", "the-head"])
def test_the_base_that_is_told_is_only_a_hint(pipeline: Pipeline, name: str, stale: str) -> None:
    head = pipeline.propose(RESEARCH)
    base = {"the-merge-base": pipeline.repo.head("main~1"), "nowhere": GONE, "the-head": head}[stale]
    result = pipeline.job(name, head, base, changes={STALE: base})
    assert (result.status, rules(result)) == (1, ["LG201"])
    assert json.loads(result.out)["updates"][0]["old"] == pipeline.remote.head("main")


@pytest.mark.parametrize("name", ["github-pull-request-retargeted", "gitlab-merge-request-retargeted"])
def test_a_retargeted_change_is_judged_for_its_new_target(pipeline: Pipeline, name: str) -> None:
    result = pipeline.job(name, pipeline.propose(RESEARCH), changes={STALE: pipeline.repo.head("main~1")})
    assert (result.status, rules(result)) == (1, ["LG201"])
    update = json.loads(result.out)["updates"][0]
    assert (update["ref"], update["old"]) == ("refs/heads/release/2", pipeline.remote.head("release/2"))


def test_what_the_target_has_by_now_is_not_judged_again(pipeline: Pipeline) -> None:
    """Main has the first of three commits since the job was started."""
    head = pipeline.propose(RESEARCH)
    base = pipeline.remote.head("main")
    pipeline.repo.checkout("main").merge(f"{RESEARCH}~2", "Merge the first")
    pipeline.repo.push("main")
    result = pipeline.job("github-pull-request", head, base)
    assert commits(result, "LG201") == pipeline.repo.git("rev-list", f"main..{RESEARCH}").split()
    assert len(commits(result, "LG201")) == 2


def test_a_change_that_has_landed_by_now_leaves_nothing_to_judge(pipeline: Pipeline) -> None:
    head = pipeline.propose(FEATURE)
    pipeline.repo.checkout("main").merge(FEATURE, "Merge")
    pipeline.repo.push("main")
    result = pipeline.job("github-pull-request", head, changes={RESEARCH: FEATURE})
    assert (result.status, rules(result)) == (0, [])


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_is_fine_passes(pipeline: Pipeline, name: str) -> None:
    result = pipeline.job(name, pipeline.propose(FEATURE), changes={RESEARCH: FEATURE})
    assert (result.status, rules(result)) == (0, []), result.text


def test_every_commit_is_judged_and_not_what_they_come_to(pipeline: Pipeline) -> None:
    repo = pipeline.repo.checkout(FEATURE)
    big = repo.commit("Too much", {"big.txt": "line\n" * 11})
    repo.commit("Less again", {"big.txt": "line\n"})
    repo.commit("And more", {"more.txt": "line\n"})
    result = pipeline.job("github-pull-request", pipeline.propose(FEATURE), changes={RESEARCH: FEATURE})
    assert (result.status, rules(result)) == (1, ["LG401"])
    assert commits(result, "LG401") == [big]


def test_research_in_the_first_of_three_commits_is_found(pipeline: Pipeline) -> None:
    repo = pipeline.repo.branch("feature/y", "main")
    taken = repo.git("cherry-pick", f"{RESEARCH}~1") and repo.head()
    repo.commit("Take it back", {"research_2.py": ""})
    repo.commit("Something else", {"else.py": code("elsewhere")})
    result = pipeline.job("github-pull-request", pipeline.propose("feature/y"), changes={RESEARCH: "feature/y"})
    assert (result.status, rules(result)) == (1, ["LG201"])
    assert commits(result, "LG201") == [taken]


@pytest.mark.parametrize("name", ["github-pull-request", "gitlab-merge-request", "gitea-pull-request"])
def test_the_head_is_had_where_no_branch_leads_to_it(pipeline: Pipeline, name: str) -> None:
    """As in a pull request from a fork, and where the branch is gone or has moved on."""
    head = pipeline.propose(RESEARCH)
    pipeline.remote.git("update-ref", "-d", f"refs/heads/{RESEARCH}")
    result = pipeline.job(name, head)
    assert (result.status, rules(result)) == (1, ["LG201"])
    source = json.loads(result.out)["findings"][0]["evidence"][0]["source_ref"]
    assert source.startswith(("refs/pull/7/", "refs/merge-requests/7/"))


def test_a_branch_that_has_moved_on_is_one_source_not_two(pipeline: Pipeline) -> None:
    head = pipeline.propose(RESEARCH)
    pipeline.repo.checkout(RESEARCH).commit("Once more", {"more.py": code("more")})
    pipeline.repo.push(RESEARCH)
    result = pipeline.job("github-pull-request", head)
    assert rules(result) == ["LG201"]


def test_a_branch_that_was_rewritten_since_does_not_clear_the_change(pipeline: Pipeline) -> None:
    head = pipeline.propose(RESEARCH)
    pipeline.repo.git("push", "--quiet", "--force", "origin", f"main:refs/heads/{RESEARCH}")
    assert rules(pipeline.job("github-pull-request", head)) == ["LG201"]


@pytest.mark.parametrize("name", ["github-pull-request", "gitlab-merge-request", "bitbucket-pull-request"])
def test_a_head_that_the_remote_does_not_give_is_undecided(pipeline: Pipeline, name: str) -> None:
    result = pipeline.job(name, GONE)
    assert result.status == 2
    assert f"origin does not give the commit {GONE}" in result.text


def test_a_target_that_is_gone_is_undecided(pipeline: Pipeline) -> None:
    head = pipeline.propose(RESEARCH)
    pipeline.remote.git("update-ref", "-d", "refs/heads/release/2")
    result = pipeline.job("github-pull-request-retargeted", head)
    assert result.status == 2
    assert "origin has no branch release/2" in result.text


# Targets, and who decides what is judged by which policy.


def test_research_may_go_to_research_by_the_rules_of_the_trunk(pipeline: Pipeline) -> None:
    """The policy that stands on the target is not asked: by it, this would be a protected branch."""
    odd = POLICY.replace('"release/{version}"', '"release/{version}", "research/{topic}"')
    pipeline.repo.branch("research/y", "main").commit("Odd", {"labgate.toml": odd})
    pipeline.repo.push("research/y")
    given = pipeline.environ("gitlab-merge-request", pipeline.propose(RESEARCH), pipeline.remote.head("main"))
    given["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = "research/y"
    result = pipeline.clone("--depth=1").labgate("ci", "--format", "json", status=None, **given)
    assert (result.status, rules(result)) == (0, []), result.text
    assert json.loads(result.out)["policy"]["commit"] == pipeline.remote.head("main")
    assert json.loads(result.out)["updates"][0]["kind"] == "research"


def test_a_wrong_target_is_an_error(pipeline: Pipeline) -> None:
    name = "experiment--housing--a"
    pipeline.repo.branch(name, "main").commit(reviewed("ada"))
    result = pipeline.job("github-pull-request", pipeline.propose(name), changes={RESEARCH: name})
    assert result.status == 1
    assert "LG212" in rules(result)


def attack_by_policy(pipeline: Pipeline) -> Repo:
    """A change whose tree brings a policy by which it may land, on what it calls the trunk; it is checked out."""
    lax = LAX.replace('trunk = "main"', f'trunk = "{RESEARCH}"').replace('names = ["main"', f'names = ["{RESEARCH}"')
    lax = lax.replace('names = ["research/{topic}"]', 'names = ["r/{topic}"]')
    pipeline.repo.checkout(RESEARCH).commit("Be lax", {"labgate.toml": lax})
    pipeline.repo.push(RESEARCH)
    return pipeline.clone("--depth=1", f"--branch={RESEARCH}")


def test_a_lax_policy_in_the_change_does_not_judge_it(pipeline: Pipeline) -> None:
    clone = attack_by_policy(pipeline)
    result = pipeline.job("github-pull-request", pipeline.propose(RESEARCH), clone=clone)
    assert (result.status, rules(result)) == (1, ["LG210", "LG201"])
    assert json.loads(result.out)["policy"]["commit"] == pipeline.remote.head("main")


@pytest.mark.parametrize("head", ["detached", "unborn"])
def test_a_lax_policy_does_not_name_the_trunk_where_the_remote_names_none(pipeline: Pipeline, head: str) -> None:
    clone = attack_by_policy(pipeline)
    clone.git("remote", "set-head", "origin", "--delete")
    if head == "detached":
        pipeline.remote.git("update-ref", "--no-deref", "HEAD", pipeline.repo.head("main~1"))
    else:
        pipeline.remote.git("symbolic-ref", "HEAD", "refs/heads/nowhere")
    result = pipeline.job("github-pull-request", pipeline.propose(RESEARCH), clone=clone)
    assert (result.status, rules(result)) == (1, ["LG210", "LG201"])
    assert json.loads(result.out)["policy"]["commit"] == pipeline.remote.head("main")


def test_the_trunk_is_what_the_remote_says_now(pipeline: Pipeline) -> None:
    """Not what the clone believed once, nor the usual name."""
    strict = POLICY.replace('trunk = "main"', 'trunk = "release/2"').replace("lines = 10", "lines = 2")
    pipeline.repo.checkout("release/2").commit("Be the trunk", {"labgate.toml": strict})
    pipeline.repo.push("release/2")
    clone = pipeline.clone()
    pipeline.remote.git("symbolic-ref", "HEAD", "refs/heads/release/2")
    head = pipeline.propose(FEATURE)
    result = pipeline.job("github-pull-request", head, clone=clone, changes={RESEARCH: FEATURE})
    assert json.loads(result.out)["policy"]["commit"] == pipeline.remote.head("release/2")
    assert set(rules(result)) == {"LG401"}


def test_without_a_policy_nothing_is_judged(pipeline: Pipeline) -> None:
    repo = pipeline.repo.checkout("main")
    repo.git("rm", "--quiet", "labgate.toml")
    repo.commit("No policy")
    repo.push("main")
    repo.branch("feature/z").commit("Something", {"z.py": code("z")})
    result = pipeline.job("github-pull-request", pipeline.propose("feature/z"), changes={RESEARCH: "feature/z"})
    assert result.status == 2
    assert "no labgate.toml" in result.text


def test_the_change_that_brings_the_first_policy_is_judged_by_it(pipeline: Pipeline) -> None:
    repo = pipeline.repo.checkout("main")
    repo.git("rm", "--quiet", "labgate.toml")
    repo.commit("No policy")
    repo.push("main")
    repo.branch("feature/z").commit("A policy", {"labgate.toml": POLICY.replace("lines = 10", "lines = 99")})
    result = pipeline.job("github-pull-request", pipeline.propose("feature/z"), changes={RESEARCH: "feature/z"})
    assert (result.status, rules(result)) == (0, [])
    assert json.loads(result.out)["policy"]["origin"] == "bootstrap"


def test_a_policy_that_cannot_be_read_judges_nothing(pipeline: Pipeline) -> None:
    pipeline.repo.checkout("main").commit("Break it", {"labgate.toml": "version = 1\n"})
    pipeline.repo.push("main")
    assert pipeline.job("github-pull-request", pipeline.propose(RESEARCH)).status == 2


@pytest.mark.parametrize("remotes", [(), ("a", "b")], ids=["none", "two-and-no-origin"])
def test_without_a_remote_to_fetch_from_nothing_is_judged(pipeline: Pipeline, remotes: tuple[str, ...]) -> None:
    head = pipeline.propose(RESEARCH)
    clone = pipeline.clone()
    clone.git("remote", "remove", "origin")
    for name in remotes:
        clone.git("remote", "add", name, str(pipeline.remote.path))
    result = pipeline.job("github-pull-request", head, clone=clone)
    assert result.status == 2
    assert "to fetch from" in result.text


def test_a_remote_that_cannot_be_reached_is_undecided(pipeline: Pipeline) -> None:
    head = pipeline.propose(RESEARCH)
    clone = pipeline.clone()
    clone.git("remote", "set-url", "origin", str(pipeline.remote.path / "gone"))
    result = pipeline.job("github-pull-request", head, clone=clone)
    assert result.status == 2
    assert "cannot fetch from origin" in result.text


def test_outside_of_a_repository_nothing_is_judged(pipeline: Pipeline, tmp_path: Path) -> None:
    head = pipeline.propose(RESEARCH)
    outside = tmp_path / "outside"
    outside.mkdir()
    assert pipeline.job("github-pull-request", head, clone=Repo(outside, dict(pipeline.repo.env))).status == 2


def test_an_unknown_ci_is_undecided(pipeline: Pipeline) -> None:
    result = pipeline.clone().labgate("ci", CI="true")
    assert result.status == 2
    assert "no CI system is recognised" in result.text
    assert "labgate check --target" in result.text


# Nothing of the judged tree runs.


def test_nothing_of_the_tree_is_run_or_imported(pipeline: Pipeline, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    python = f"open({str(marker.file)!r}, 'a').write(__file__)\n"
    names = ("sitecustomize", "usercustomize", "conftest", "setup", "click", "labgate", "git", "json", "tomllib")
    files: dict[str, str] = {f"{name}.py": python for name in names}
    files |= {"labgate/__init__.py": python, "labgate/cli/__init__.py": python, "pyvenv.cfg": "home = .\n"}
    files |= {
        ".gitattributes": "* filter=evil diff=evil merge=evil\n",
        ".gitmodules": '[submodule "a"]\nurl = ext::x\n',
    }
    files |= {
        f".githooks/{hook}": f"#!/bin/sh\n{marker.command}\n" for hook in ("post-checkout", "reference-transaction")
    }
    files |= {"labgate-hook": f"#!/bin/sh\n{marker.command}\n", "git": f"#!/bin/sh\n{marker.command}\n"}
    files.pop("git.py")
    repo = pipeline.repo.checkout(RESEARCH)
    repo.commit("Take over", files)
    repo.push(RESEARCH)
    clone = pipeline.clone(f"--branch={RESEARCH}")
    for key in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv", "diff.evil.command", "core.fsmonitor"):
        clone.git("config", key, marker.command)
    clone.git("config", "merge.evil.driver", f"{marker.command} %O")
    clone.git("config", "core.hooksPath", ".githooks")
    environ = pipeline.environ("github-pull-request", pipeline.propose(RESEARCH), pipeline.remote.head("main"))
    done = subprocess.run(
        ["labgate", "ci", "--format", "json"],
        cwd=clone.path,
        env=clone.env | environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "LG201" in done.stdout
    assert marker.ran == ""
