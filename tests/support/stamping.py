"""Experiments whose commits git, pre-commit or prek let labgate stamp, and what the stamps leave of the messages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from support.isolated import install
from support.policies import TEAM
from support.repo import Repo

BRANCH = "experiment--housing--ada"
OWN, OTHER = "housing/ada", "ranker/wide"
STAGES = ("prepare-commit-msg", "commit-msg")
FRAMEWORKS = ("pre-commit", "prek")

CONFIG = """
repos:
  - repo: local
    hooks:
      - id: labgate-prepare-message
        name: labgate-prepare-message
        entry: labgate-hook prepare-commit-msg
        language: system
        always_run: true
        require_serial: true
        stages: [prepare-commit-msg]
      - id: labgate-message
        name: labgate-message
        entry: labgate-hook commit-msg
        language: system
        always_run: true
        require_serial: true
        stages: [commit-msg]
"""


def build(path: Path) -> Repo:
    """``main`` with the policy, a feature branch, another experiment, and the experiment ``BRANCH`` checked out."""
    repo = Repo.init(path)
    repo.commit("Start", {"labgate.toml": TEAM, ".pre-commit-config.yaml": CONFIG, "a.py": "a\n"})
    repo.branch("feature/x").commit("A feature", {"x.py": "x\n"})
    repo.branch("experiment--ranker--wide", "main")
    repo.commit(f"Widen\n\nExperiment: {OTHER}", {"wide.py": "w\n"})
    repo.branch(BRANCH, "main")
    return repo


def copy(template: Repo, path: Path) -> Repo:
    """Return a copy of a repository, which goes on where that one stands."""
    shutil.copytree(template.path, path)
    home = path.parent / f"{path.name}-home"
    home.mkdir()
    twin = Repo(path, template.env | {"HOME": str(home)})
    twin.clock = template.clock
    return twin


def hook(repo: Repo, way: str, python: str) -> Repo:
    """Have git start labgate's message stages: itself (``native``) or through a framework."""
    if way == "native":
        install(repo, python, *STAGES)
    else:
        repo.run(way, "install", *(word for stage in STAGES for word in ("-t", stage)))
    return repo


def change(repo: Repo, name: str = "b.py", content: str = "b\n") -> Repo:
    repo.clock += 60
    repo.write({name: content})
    repo.git("add", "--all")
    return repo


def commit(repo: Repo, *options: str, name: str = "b.py", content: str = "b\n", **env: str) -> Repo:
    change(repo, name, content).git("commit", "--quiet", *options, **env)
    return repo


def editor(repo: Repo, text: str) -> dict[str, str]:
    """Return the environment in which the editor puts a text above all that it is given."""
    script = repo.path.parent / f"{repo.path.name}-editor"
    script.write_text(
        f'#!/bin/sh\ncat - "$1" > "$1.edited" <<\'END\'\n{text}\nEND\ncat "$1.edited" > "$1"\nrm "$1.edited"\n'
    )
    script.chmod(0o755)
    return {"GIT_EDITOR": str(script)}


def todo(*commands: str) -> dict[str, str]:
    """Return the environment in which the second, third, ... line of a rebase's list becomes these commands."""
    script = "; ".join(f"{number}s/^pick/{command}/" for number, command in enumerate(commands, 1))
    return {"GIT_SEQUENCE_EDITOR": f"sed -i '{script}'"}


def messages(repo: Repo) -> list[bytes]:
    """Return the messages of this branch, newest first, with object ids made the same."""
    oids = repo.git("rev-list", "--topo-order", "HEAD").split()
    raw = [repo.run("git", "cat-file", "commit", oid).out for oid in oids]
    return [re.sub("[0-9a-f]{40}", "OID", text.partition("\n\n")[2]).encode("utf-8", "surrogateescape") for text in raw]


def without_stamps(message: bytes) -> bytes:
    kept: list[bytes] = []
    lines = message.splitlines(keepends=True)
    for line, following in zip(lines, [*lines[1:], b""], strict=True):
        if line.strip() != f"Experiment: {OWN}".encode():
            kept.append(line)
        elif kept and not kept[-1].strip() and not following.strip():
            kept.pop()
    return b"".join(kept)


def stamps(repo: Repo, revision: str = "HEAD") -> list[str]:
    """Return what git itself reads in the last trailer block."""
    return repo.git("log", "-1", "--format=%(trailers:key=Experiment,valueonly)", revision).split()


def others_in_block(repo: Repo) -> list[str]:
    """Return the other lines that git reads in the last trailer block of HEAD, object ids made the same."""
    block = repo.git("log", "-1", "--format=%(trailers)", "HEAD").splitlines()
    return [re.sub("[0-9a-f]{40}", "OID", line) for line in block if line and line != f"Experiment: {OWN}"]
