"""The project that stands in this repository: it is what its script makes, and all that landed from it is found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.repo import Repo
from support.sdg import POLICY
from support.synthetic import BUNDLE, HISTORY, LABELS, LANDED, TAKEN, make, pull_refs
from support.verdicts import schema

#: The largest that the bundle may become, in bytes.
MOST = 300_000
#: What shows each way to land; a merge is shown by the squash of what it brings where nothing but a trace is asked.
METHODS = {
    "merge": "squash",
    "squash": "squash",
    "rebase": "patch-id",
    "pick": "patch-id",
    "part": "similarity",
    "file": "blob",
}


@pytest.fixture(scope="module")
def labels() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(LABELS.read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The committed project with its pull requests, checked out."""
    repo = Repo.init(tmp_path_factory.mktemp("synthetic") / "work")
    refspecs = ("+refs/heads/main:refs/heads/main", "+refs/pull/*:refs/pull/*")
    repo.git("fetch", "--quiet", "--update-head-ok", str(BUNDLE), *refspecs)
    repo.git("reset", "--quiet", "--hard")
    return repo


def test_the_bundle_and_the_labels_are_what_the_script_makes(project: Repo, labels: dict[str, Any]) -> None:
    made = make(project.path.parent)
    assert made.labels() == labels
    listed = dict(line.split()[::-1] for line in made.repo.git("bundle", "list-heads", str(BUNDLE)).splitlines())
    assert listed == {ref: made.repo.head(ref) for ref in ("refs/heads/main", *pull_refs(made.repo))}
    assert BUNDLE.stat().st_size < MOST


def test_every_landing_is_traced_to_its_pull_request_and_nothing_else_is(project: Repo, labels: dict[str, Any]) -> None:
    asked = [*labels["positive"], *labels["negative"]]
    said = project.labgate("trace", "--sources", "refs/pull/*/head", "--format", "jsonl", *asked, status=0)
    rows = {row["commit"]: row for row in map(json.loads, said.out.splitlines())}
    found = {oid: row["evidence"][0]["source_ref"] for oid, row in rows.items() if row["derived"]}
    assert found == {oid: f"refs/pull/{number}/head" for oid, number in labels["positive"].items()}
    ways = {number: way for way, number in HISTORY if way in LANDED}
    seen = {(ways.get(labels["positive"][oid]), rows[oid]["evidence"][0]["method"]) for oid in found}
    whole = {(way, METHODS[way]) for way in LANDED}
    parts = {(None, METHODS[way]) for way in TAKEN}
    assert seen == whole | parts


def test_an_audit_lists_every_landing_of_a_pull_request(project: Repo, labels: dict[str, Any], tmp_path: Path) -> None:
    """Pull requests are research here, and the policy came last."""
    repo = Repo.init(tmp_path / "audited")
    repo.with_remote()
    refspecs = ("+refs/heads/main:refs/heads/main", "+refs/pull/*/head:refs/remotes/origin/research/pr-*")
    repo.git("fetch", "--quiet", "--update-head-ok", str(project.path), *refspecs)
    repo.git("reset", "--quiet", "--hard")
    repo.commit("Ask for reviews", {"labgate.toml": POLICY})
    repo.push("main", "refs/remotes/origin/research/*:refs/heads/research/*")
    since = repo.git("rev-list", "--max-parents=0", "main")
    said = repo.labgate("audit", "main", "--since", since, "--format", "json", status=1)
    report = json.loads(said.out)
    schema().validate(report)
    landed = {
        report["updates"][item["update"]]["new"]: item["rule"]
        for item in report["findings"]
        if item["rule"] in ("LG201", "LG202")
    }
    part = {oid for oid, rule in landed.items() if rule == "LG202"}
    assert set(landed) == set(labels["positive"])
    assert {repo.git("show", "-s", "--format=%s", oid).split()[0] for oid in part} == {"Add"}
    assert {labels["positive"][oid] for oid in part} == {72}
