"""Which ids a framework's configuration asks for, read line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from labgate.checks.registry import stages_of_ids
from labgate.native.manifest import configured
from support.data import ROOT

REMOTE = "- repo: https://example.org/acme/labgate\n  rev: v1\n  hooks:\n"


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"repos:\n{REMOTE}  - id: labgate-commit\n  - id: labgate-push\n", ("labgate-commit", "labgate-push")),
        (f"repos:\n{REMOTE}  - id: 'labgate-push' # all refs\n", ("labgate-push",)),
        (f'repos:\n{REMOTE}  - {{id: "commit-size", verbose: true}}\n', ("commit-size",)),
        (f"repos:\n{REMOTE}  - name: size\n    id: commit-size\n", ("commit-size",)),
        ("repos: [{repo: https://example.org/labgate, rev: v1, hooks: [{id: branch-name}]}]\n", ("branch-name",)),
        (
            "repos:\n- repo: local\n  hooks:\n  - id: branch-name\n    entry: labgate-hook pre-commit\n",
            ("branch-name",),
        ),
        ("repos:\n- repo: https://example.org/other\n  hooks:\n  - id: branch-name\n", ()),
        (f"repos:\n{REMOTE}  - id: labgate-push\n- repo: other\n  hooks:\n  - id: commit-size\n", ("labgate-push",)),
        (f"repos:\n{REMOTE}#  - id: labgate-push\n", ()),
        (f"repos:\n{REMOTE}  - pkgid: labgate-push\n", ()),
        (f"repos:\n{REMOTE}  - id: labgate-pushes\n", ()),
        ("# labgate-push was here\nrepos: []\n", ()),
        ("", ()),
    ],
)
def test_yaml(tmp_path: Path, text: str, ids: tuple[str, ...]) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text(text)
    for framework in ("pre-commit", "prek"):
        found = configured(str(tmp_path), framework, stages_of_ids())
        assert found is not None
        assert tuple(found.ids) == ids


def test_prek_toml_comes_before_yaml_and_pre_commit_does_not_read_it(tmp_path: Path) -> None:
    (tmp_path / ".pre-commit-config.yaml").write_text("repos: []\n")
    (tmp_path / "prek.toml").write_text(
        '[[repos]]\nrepo = "https://example.org/labgate"\nrev = "v1"\nhooks = [{ id = "labgate-push" }]\n'
        '[[repos]]\nrepo = "https://example.org/other"\nrev = "v1"\nhooks = [{ id = "branch-name" }]\n'
    )
    found = configured(str(tmp_path), "prek", stages_of_ids())
    assert found is not None
    assert (found.file, found.at("pre-push"), found.at("pre-commit")) == ("prek.toml", ("labgate-push",), ())
    other = configured(str(tmp_path), "pre-commit", stages_of_ids())
    assert other is not None
    assert not other.ids


@pytest.mark.parametrize("text", ["repos = 1", "repos = [1]", "repos = [", '[[repos]]\nhooks = "labgate"', ""])
def test_a_broken_prek_toml_asks_for_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "prek.toml").write_text(text)
    found = configured(str(tmp_path), "prek", stages_of_ids())
    assert found is not None
    assert not found.ids


def test_without_a_configuration(tmp_path: Path) -> None:
    assert configured(str(tmp_path), "prek", stages_of_ids()) is None


def test_every_id_of_the_manifest_is_known_with_its_stage() -> None:
    blocks = (ROOT / ".pre-commit-hooks.yaml").read_text().split("- id: ")[1:]
    stages = {block.split("\n")[0]: block.partition("stages: [")[2].partition("]")[0] for block in blocks}
    assert stages == stages_of_ids()
