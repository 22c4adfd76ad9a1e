"""instructlab/sdg audited: every landing of research is listed, none is invented, and it takes less than a minute."""

from __future__ import annotations

import json
import re
import resource
import shutil
from pathlib import Path
from typing import Any

import pytest

from support.data import bundle
from support.env import hermetic
from support.pipeline import code
from support.repo import Repo
from support.sdg import POLICY
from support.thorough import tried
from support.verdicts import schema

#: How many landings back the audit begins.
LANDINGS = 60
#: How many of them are merged again.
AGAIN = tried(30, LANDINGS)
#: Seconds of one core that an audit may take, the first one in a clone that knows nothing yet, git included.
MOST = 60


@pytest.fixture(scope="module")
def sdg(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """All of sdg; every pull request is a research branch of the remote, and the policy stands on top of main."""
    repo = Repo.init(tmp_path_factory.mktemp("sdg") / "sdg")
    repo.with_remote()
    refspecs = ("+refs/heads/main:refs/heads/main", "+refs/pull/*/head:refs/remotes/origin/research/pr-*")
    repo.git("fetch", "--quiet", "--update-head-ok", str(bundle("sdg.bundle")), *refspecs)
    repo.git("reset", "--quiet", "--hard")
    repo.clock = int(repo.git("log", "-1", "--format=%ct")) + 60
    repo.git("push", "--quiet", "origin", "refs/remotes/origin/research/*:refs/heads/research/*")
    return repo


def audit(repo: Repo, since: str) -> dict[str, Any]:
    """Audit main, whose local and remote branch are the same here."""
    repo.git("update-ref", "refs/remotes/origin/main", "main")
    begun = spent()
    said = repo.labgate("audit", "main", "--since", since, "--format", "json")
    assert spent() - begun < MOST
    assert said.status == 1, said.err
    report: dict[str, Any] = json.loads(said.out)
    schema().validate(report)
    return report


def spent() -> float:
    """Return the processor time in seconds that the child processes of this one have taken, whatever else runs here."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def give_index(sdg: Repo, clone: Repo) -> None:
    """Give a clone what the first audit kept of commits, which is the same in all clones."""
    for name in sdg.path.glob(".git/labgate/index-*.sqlite"):
        (clone.path / ".git" / "labgate").mkdir(exist_ok=True)
        shutil.copy(name, clone.path / ".git" / "labgate")


def listed(report: dict[str, Any]) -> set[str]:
    found = {item["update"] for item in report["findings"] if item["rule"] == "LG201"}
    return {report["updates"][number]["new"] for number in found}


def landings(repo: Repo, since: str) -> list[str]:
    return repo.git("rev-list", "--first-parent", "--reverse", f"{since}..main").split()


#: The patch id of each commit that was asked for: the history is the same in all clones.
PATCH_IDS: dict[str, str] = {}


def patch_ids(repo: Repo, *revisions: str) -> set[str]:
    oids = repo.git("rev-list", "--no-merges", *revisions).split()
    new = [oid for oid in oids if oid not in PATCH_IDS]
    log = repo.git("log", "--patch", "--no-walk", "--stdin", "--format=commit %H", stdin="\n".join(new)) if new else ""
    rows = repo.git("patch-id", "--stable", stdin=log + "\n").splitlines()
    PATCH_IDS.update(dict.fromkeys(new, ""), **{oid: patch for patch, oid in map(str.split, rows)})
    return {PATCH_IDS[oid] for oid in oids} - {""}


def truth(repo: Repo, since: str) -> set[str]:
    """Return the landings of research as git alone tells: merges of what a pull request holds or has too, ``(#N)``.

    A pull request that holds the landing itself was cut from main after it.
    """
    under = "refs/remotes/origin/research"
    numbers = set(repo.git("for-each-ref", "--format=%(refname:lstrip=5)", under).split())
    copied = patch_ids(repo, f"--remotes={under.removeprefix('refs/remotes/')}", "--not", "main")
    found = set()
    for oid in landings(repo, since):
        first, *others = repo.git("show", "-s", "--format=%P", oid).split()
        brought = set(repo.git("rev-list", *others, f"^{first}").split()) if others else set()
        heads = repo.git("for-each-ref", "--format=%(objectname)", f"--no-contains={oid}", under).split()
        if brought.intersection(repo.git("rev-list", "--stdin", stdin="\n".join([*heads, f"^{first}"])).split()):
            found.add(oid)
        if others and not copied.isdisjoint(patch_ids(repo, *others, f"^{first}")):
            found.add(oid)
        squashed = re.search(r"\(#([0-9]+)\)$", repo.git("show", "-s", "--format=%s", oid))
        if squashed and f"pr-{squashed[1]}" in numbers:
            found.add(oid)
    return found


def test_what_landed_since_a_revision_is_listed(sdg: Repo) -> None:
    since = sdg.head(f"main~{LANDINGS}")
    expected = truth(sdg, since)
    assert len(expected) > LANDINGS * 0.9
    policy = sdg.commit("Ask for reviews", {"labgate.toml": POLICY})
    try:
        report = audit(sdg, since)
        assert [update["new"] for update in report["updates"]] == landings(sdg, since)
        assert listed(report) == expected
        assert policy not in listed(report)
    finally:
        sdg.git("reset", "--quiet", "--hard", "main~1")


def test_what_landed_since_the_policy_is_listed_and_honest_work_between_is_not(sdg: Repo, tmp_path: Path) -> None:
    """The policy stands on main where the audit begins; what was merged since is merged again, with work in between."""
    merges = [
        (oid, sdg.head(f"{oid}^2"))
        for oid in landings(sdg, f"main~{AGAIN}")
        if len(sdg.git("show", "-s", "--format=%P", oid).split()) == 2
    ]
    clone = Repo(tmp_path / "again", hermetic(sdg.path.parent / f"{sdg.path.name}-home"))
    sdg.git("clone", "--quiet", "--no-checkout", "--origin", "origin", f"{sdg.path}-origin.git", str(clone.path))
    clone.clock = sdg.clock
    clone.git("fetch", "--quiet", str(sdg.path), "main:refs/heads/old")
    clone.git("checkout", "--quiet", "-B", "main", f"old~{AGAIN}")
    since = clone.commit("Ask for reviews", {"labgate.toml": POLICY})
    honest = set()
    for number, (oid, head) in enumerate(merges):
        clone.merge(head, sdg.git("show", "-s", "--format=%s", oid), "-X", "theirs")
        if number % 6 == 0:
            name = f"honest_{number}"
            honest.add(clone.commit(f"Honest work {number}", {f"src/{name}.py": code(name)}))
    clone.git("branch", "--quiet", "-D", "old")
    give_index(sdg, clone)
    report = audit(clone, since)
    assert listed(report) == truth(clone, since)
    assert len(listed(report)) > AGAIN * 0.9
    assert listed(report).isdisjoint(honest)
    assert listed(report) | honest == {update["new"] for update in report["updates"]}


def test_only_what_is_research_is_listed(sdg: Repo, tmp_path: Path) -> None:
    """Every third pull request is one of a topic branch that was deleted."""
    clone = Repo(tmp_path / "third", hermetic(sdg.path.parent / f"{sdg.path.name}-home"))
    sdg.git("clone", "--quiet", "--no-checkout", f"{sdg.path}-origin.git", str(clone.path))
    clone.clock = sdg.clock
    clone.git("fetch", "--quiet", str(sdg.path), "main:refs/heads/base")
    clone.git("checkout", "--quiet", "-B", "main", "base")
    clone.git("branch", "--quiet", "-D", "base")
    refs = clone.git("for-each-ref", "--format=%(refname)", "refs/remotes/origin/research").split()
    gone = [ref for ref in refs if int(ref.rpartition("-")[2]) % 3 == 0]
    clone.git("update-ref", "--stdin", stdin="".join(f"delete {ref}\n" for ref in gone))
    since = clone.head(f"main~{LANDINGS}")
    give_index(sdg, clone)
    expected = truth(clone, since)
    assert LANDINGS / 3 < len(expected) < LANDINGS
    clone.commit("Ask for reviews", {"labgate.toml": POLICY})
    report = audit(clone, since)
    assert listed(report) == expected
