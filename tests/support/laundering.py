"""What a laundering of research should be found as, and the git operations that launder."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from support.env import START
from support.lab import SOURCE, Lab
from support.repo import Repo

FIVE_YEARS = 5 * 365 * 86_400


@dataclass(frozen=True)
class Claim:
    """What is to be found: for each landed commit the research commits of which at least one must be named.

    ``whole``: all of them must, together at least. ``method``: it must be among the decisive evidence. ``sources`` are
    all commits that may be named, ``ref`` where they are; ``None`` where no ref has them any more. ``traced``:
    ``labgate trace``, which sees each commit alone, must find it too.
    """

    derived: Mapping[str, Iterable[str]]
    sources: Sequence[str]
    whole: bool = False
    method: str | None = None
    ref: str | None = SOURCE
    traced: bool = True


def alarms(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the findings that say that something is research: a certainty, or a suspicion that is worth a warning."""
    found = report["findings"]
    return [item for item in found if (item["rule"], item["level"]) in {("LG201", "error"), ("LG202", "warning")}]


def accused(report: Mapping[str, Any]) -> set[str]:
    """Return the commits that alarms speak of."""
    return {oid for finding in alarms(report) for oid in finding["commits"]}


def assert_found(report: Mapping[str, Any], claim: Claim) -> None:
    """Hold a report against a claim: each derived commit with its source, and no commit beside them."""
    found = alarms(report)
    for oid, sources in claim.derived.items():
        items = [(finding, item) for finding in found for item in finding["evidence"] if oid in item["commits"]]
        _hold([item for _, item in items if item["decisive"]], set(sources), claim, oid)
        if claim.ref is not None:
            short = claim.ref.removeprefix("refs/remotes/")
            assert all(short in finding["message"] for finding, _ in items)
    assert accused(report) == set(claim.derived), f"beside them: {accused(report) - set(claim.derived)}"


def assert_traced(lab: Lab, claim: Claim, clean: Sequence[str]) -> None:
    """Hold ``labgate trace`` against a claim, each commit for itself."""
    if len(claim.derived) > 1:
        # What several commits show together none of them shows alone.
        claim = replace(claim, whole=False)
    asked = [*clean, *(claim.derived if claim.traced else ())]
    rows = lab.trace(*asked)
    wrong = [rows[oid] for oid in clean if rows[oid]["derived"]]
    assert wrong == [], wrong
    for oid in asked[len(clean) :]:
        assert rows[oid]["derived"], f"trace does not find {oid}"
        _hold([item for item in rows[oid]["evidence"] if item["decisive"]], set(claim.derived[oid]), claim, oid)


def _hold(evidence: list[dict[str, Any]], wanted: set[str], claim: Claim, oid: str) -> None:
    """Hold the decisive evidence for one landed commit against a claim."""
    assert evidence, f"nothing decisive was found for {oid}"
    refs = {item["source_ref"] for item in evidence}
    assert refs == {claim.ref}, f"{oid} is said to come from {refs}"
    named = {source for item in evidence for source in item["source_commits"]}
    assert named <= set(claim.sources), f"{oid} is said to come from {named}"
    right = named >= wanted if claim.whole else named & wanted
    assert right, f"{oid} is said to come from {named}, not {wanted}"
    methods = {item["method"] for item in evidence}
    assert claim.method is None or claim.method in methods, f"{oid} was found by {methods}"


def judge(lab: Lab, claim: Claim) -> dict[str, Any]:
    """Check what would land, and hold report and trace against the claim."""
    span = lab.span()
    assert set(claim.derived) <= set(span)
    report = lab.check()
    assert_found(report, claim)
    assert_traced(lab, claim, [oid for oid in span if oid not in claim.derived])
    return report


def assert_innocent(lab: Lab, landed: Sequence[str]) -> None:
    """Check that nothing of what would land is called research, and nothing that resembles it decides."""
    assert lab.span() == list(landed)
    report = lab.check()
    assert alarms(report) == [], alarms(report)
    for row in lab.trace(*landed).values():
        assert not row["derived"], row
        assert not any(item["decisive"] for item in row["evidence"]), row


# What git does.


def pick(repo: Repo, *oids: str, options: Sequence[str] = (), **env: str) -> list[str]:
    """Cherry-pick commits; return the new ones."""
    landed = []
    for oid in oids:
        repo.clock += 60
        repo.git("cherry-pick", *options, oid, **env)
        landed.append(repo.head())
    return landed


def squash(repo: Repo, revision: str, message: str | None) -> str:
    """Merge as one commit, with a message or (``None``) the one that git proposes."""
    repo.git("merge", "--quiet", "--squash", revision)
    repo.clock += 60
    repo.git("commit", "--quiet", "--no-verify", *(("--no-edit",) if message is None else ("-m", message)))
    return repo.head()


def rebase(repo: Repo, revision: str, *options: str, todo: Sequence[str] = (), **env: str) -> list[str]:
    """Rebase the commits of a revision that ``origin/main`` lacks onto HEAD, by a list of what to do; return them."""
    onto, branch = repo.head(), repo.git("branch", "--show-current")
    if todo:
        plan = Path(repo.git("rev-parse", "--absolute-git-dir"), "plan")
        plan.write_text("".join(f"{line}\n" for line in todo), encoding="ascii")
        env["GIT_SEQUENCE_EDITOR"] = f"cp {shlex.quote(str(plan))}"
    repo.clock += 60
    repo.git("checkout", "--quiet", "-B", branch, revision)
    repo.git("rebase", "--quiet", *(("--interactive",) if todo else ()), *options, "--onto", onto, "origin/main", **env)
    return repo.git("rev-list", "--reverse", f"{onto}..HEAD").split()


def commit_paths(repo: Repo, message: str, *paths: str, **env: str) -> str:
    """Commit some paths of the work tree and nothing else."""
    repo.git("reset", "--quiet")
    repo.git("add", "--", *paths)
    return commit_index(repo, message, **env)


def commit_index(repo: Repo, message: str, **env: str) -> str:
    """Commit what is staged."""
    repo.clock += 60
    repo.git("commit", "--quiet", "--no-verify", "-m", message, **env)
    return repo.head()


def hunks(repo: Repo, path: str) -> list[str]:
    """Return what is not yet staged of a file, as one patch a hunk."""
    head, *parts = ("\n" + repo.git("diff", "-U1", "--", path) + "\n").split("\n@@ ")
    return [f"{head.lstrip()}\n@@ {part.rstrip(chr(10))}\n" for part in parts]


def stage(repo: Repo, patch: str) -> None:
    """Stage one hunk, as ``git add -p`` does."""
    repo.git("apply", "--cached", stdin=patch)


def undo(repo: Repo, oids: Sequence[str]) -> None:
    """Take the last commits back and keep what they did in the work tree."""
    repo.git("reset", "--quiet", f"HEAD~{len(oids)}")
    repo.git("add", "--intent-to-add", "--all")


def backdated(repo: Repo) -> dict[str, str]:
    """Return the environment in which a commit claims to be five years older than it is."""
    then = f"{START - FIVE_YEARS + repo.clock % 86_400} +0000"
    return {"GIT_AUTHOR_DATE": then, "GIT_COMMITTER_DATE": then}


def patch_id(repo: Repo, oid: str) -> str:
    """Return what git itself tells equal changes by."""
    return repo.git("patch-id", "--stable", stdin=repo.git("show", oid) + "\n").partition(" ")[0]


def kept(old: str, new: str) -> float:
    """Return the share of lines with a word in them that a text kept."""
    lines = [line for line in old.splitlines() if any(letter.isalpha() for letter in line)]
    return sum(line in set(new.splitlines()) for line in lines) / len(lines)
