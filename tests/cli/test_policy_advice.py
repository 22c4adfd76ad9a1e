"""Gaps of a policy are seen alike by ``policy check`` and ``doctor``: nobody who can review, kinds without a review."""

from __future__ import annotations

import json

import pytest

from support.people import by
from support.repo import Repo

KINDS = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
"""
ADA, LIN, KIM = (f'[reviews.people.{name}]\nemails = ["{name}@example.org"]\n' for name in ("ada", "lin", "kim"))
LOGINS = ADA + 'github = "ada"\n' + LIN + 'github = "lin"\n'
OTHERS = "nobody reviews their own work, and too few others are listed"
ANYBODY = f"out of reach (total): {OTHERS}"
UNGUARDED = "; so LG210 only warns of a change of the policy"


def said(repo: Repo, text: str) -> str:
    """Return what ``policy check`` warns of; ``doctor`` has the first of it."""
    repo.write({"labgate.toml": text})
    lines = repo.labgate("policy", "check", status=0).err.splitlines()
    alone = repo.labgate("policy", "check", "labgate.toml", status=0).err.splitlines()
    assert [line for line in lines if "here" not in line.split()] == alone
    report = json.loads(repo.labgate("doctor", "--format", "json").out)
    (item,) = (item for item in report["items"] if item["name"] == "policy")
    if not alone:
        assert (item["state"], item["message"]) == ("ok", "labgate.toml")
        return ""
    first, *more = (line.removeprefix("labgate: warning: labgate.toml: ") for line in alone)
    assert item["state"] == "advice"
    assert item["message"] == f"labgate.toml: {first}" + (f" (and {len(more)} more)" if more else "")
    return "\n".join((first, *more))


@pytest.mark.parametrize(
    ("reviews", "expected"),
    [
        (ADA, f"[reviews] quorum: {ANYBODY}"),
        (ADA + LIN, None),
        (
            "[reviews]\nquorum = { total = 2 }\n" + ADA + LIN,
            f"[reviews] quorum: {ANYBODY}",
        ),
        ("[reviews]\nquorum = { total = 2 }\n" + ADA + LIN + KIM, None),
        (
            "[reviews]\npolicy-quorum = { total = 2 }\n" + ADA + LIN,
            f"[reviews] policy-quorum: {ANYBODY}",
        ),
    ],
    ids=["one", "two", "two of two", "two of three", "two of two for the policy"],
)
def test_a_quorum_that_nobodys_change_can_meet(repo: Repo, reviews: str, expected: str | None) -> None:
    assert said(repo, KINDS + reviews) == ("" if expected is None else expected + UNGUARDED)


def test_a_group_of_one_cannot_review_its_own_member(repo: Repo) -> None:
    group = "[reviews]\nquorum = { groups = { core = 1 } }\n[reviews.groups.core]\npeople = [%s]\n" + ADA + LIN + KIM
    assert said(repo, KINDS + group % '"ada"') == (
        f"[reviews] quorum: out of reach (groups.core) for changes by ada: {OTHERS}"
    )
    assert said(repo, KINDS + group % '"ada", "lin"') == ""


def test_people_without_an_account_cannot_approve(repo: Repo) -> None:
    forge = KINDS + '[reviews]\nassurance = "forge"\n'
    assert "too few people have reviews that can count at this assurance" in said(repo, forge + ADA + LIN)
    assert said(repo, forge + LOGINS) == ""
    signed = forge.replace("forge", "signed")
    assert "too few people have reviews that can count at this assurance" in said(repo, signed + LOGINS)


def test_where_nothing_needs_a_review_nobody_is_missed(repo: Repo) -> None:
    assert said(repo, KINDS + "[research-gate]\nsources = []\n" + ADA) == ""


def test_nobody_at_all_is_a_mistake_and_the_doctor_says_it(repo: Repo) -> None:
    repo.write({"labgate.toml": KINDS})
    mistake = "[reviews] people: there is nobody to review, so no research can reach a protected branch"
    assert mistake in repo.labgate("policy", "check", status=2).err
    assert mistake in " ".join(repo.labgate("doctor").out.split())


@pytest.mark.parametrize("kind", ['experiment]\nnames = ["e/{slug}"]', 'try]\nnames = ["try--{service}--{handle}"]'])
def test_a_kind_of_experiments_that_is_not_a_source(repo: Repo, kind: str) -> None:
    name = kind.partition("]")[0]
    kinds = f"{KINDS}[kinds.{kind}\n"
    people = ADA + LIN
    assert said(repo, kinds + '[research-gate]\nsources = ["research"]\n' + people) == (
        f'[research-gate] sources: [kinds.{name}] is not in it, so its code needs no review; if it should, add "{name}"'
    )
    assert said(repo, kinds + f'[research-gate]\nsources = ["research", "{name}"]\n' + people) == ""
    assert said(repo, kinds + '[research-gate]\nrequire-review = "all"\nsources = ["research"]\n' + people) == ""


def test_a_quorum_that_is_called_out_of_reach_refuses_a_change_that_the_other_reviewed(repo: Repo) -> None:
    group = "[reviews]\nquorum = { total = 2 }\n" + ADA + LIN
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": KINDS + group})
    repo.push("main")
    repo.run("labgate", "install", status=0)
    assert "out of reach (total)" in repo.labgate("policy", "check", status=0).err
    repo.branch("research/x").commit("Try", {"x.py": "x = 1\n"}, **by("ada"))
    repo.git("commit", "--quiet", "--allow-empty", "--no-verify", "-m", "Review\n\nReviewed-by: Lin <lin@example.org>")
    refused = repo.run("git", "push", "origin", "HEAD:main", status=1).text
    assert "LG205 error" in refused
