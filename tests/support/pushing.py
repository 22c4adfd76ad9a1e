"""Ways of bringing research to a protected ref by ``git push``, and of having git start labgate before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from support.people import by, reviewed
from support.repo import Repo, Result

RESEARCH = "research/pr-72"
#: Where a framework finds its hooks, out of reach of commits and checkouts: the project has a configuration of its own.
CONFIG = ".git/labgate-hooks.yaml"
LOCAL_HOOK = """\
repos:
  - repo: local
    hooks:
      - id: labgate-push
        name: labgate-push
        entry: labgate-hook pre-push
        language: system
        always_run: true
        pass_filenames: false
        verbose: true
        stages: [pre-push]
"""


@dataclass(frozen=True)
class Attempt:
    """What is to be pushed: the arguments, and which ref of the remote is protected from it."""

    arguments: tuple[str, ...]
    ref: str = "refs/heads/main"


@dataclass(frozen=True)
class Outcome:
    """What a push did and what was said. ``moved`` are the remote's refs that changed, by full name."""

    result: Result
    moved: frozenset[str]

    @property
    def errors(self) -> set[str]:
        """The rules with findings at level error."""
        return set(re.findall(r"\b(LG\d{3}) error:", self.result.text))

    @property
    def verdict(self) -> str:
        """Say what labgate's hook did: ``refused``, ``passed``, or ``not started``."""
        if self.result.status:
            return "refused"
        return "passed" if "labgate-push" in self.result.text else "not started"

    @property
    def partial(self) -> bool:
        return "labgate: partial view: 1 ref seen; run `labgate install`" in self.result.text


def hook(repo: Repo, way: str) -> Repo:
    """Have git start labgate before a push: itself (``native``) or through a framework alone."""
    if way == "native":
        repo.labgate("install", status=0)
        return repo
    home = repo.path.parent / f"{repo.path.name}-{way}"
    repo.env |= {"PRE_COMMIT_HOME": str(home), "PREK_HOME": str(home)}
    repo.write({CONFIG: LOCAL_HOOK})
    repo.run(way, "install", "--config", CONFIG, "-t", "pre-push")
    return repo


def push(repo: Repo, *arguments: str, remote: str = "origin", **env: str) -> Outcome:
    """Push with every hook that is installed, and see what moved."""
    server = repo.git("config", "remote.origin.url")
    before = refs(repo, server)
    result = repo.run("git", "push", remote, *arguments, status=None, **env)
    after = refs(repo, server)
    return Outcome(result, frozenset(name for name in before | after if before.get(name) != after.get(name)))


def refs(repo: Repo, server: str) -> dict[str, str]:
    """Return the refs of a bare repository and what they name."""
    listing = repo.git(f"--git-dir={server}", "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split(" ") for line in listing.splitlines())


def server_of(repo: Repo) -> Repo:
    """Return the remote ``origin``, which lets anybody delete any branch."""
    server = Repo(Path(repo.git("config", "remote.origin.url")), repo.env)
    server.git("config", "receive.denyDeleteCurrent", "ignore")
    return server


def sign(repo: Repo, branch: str, *, review: bool) -> None:
    """Let ada say in an empty commit that she has reviewed a branch, if she has."""
    if review:
        repo.checkout(branch).commit(reviewed("ada"), None, **by("ada"))


def merge(repo: Repo, branch: str, *, review: bool) -> str:
    """Merge a branch; the review, if any, stands in the merge."""
    subject = f"Merge branch '{branch}'"
    return repo.merge(branch, reviewed("ada", subject=subject) if review else subject)


def by_force(repo: Repo, *, review: bool) -> Attempt:
    sign(repo, RESEARCH, review=review)
    return Attempt(("--force", f"{RESEARCH}:main"))


def by_merge(repo: Repo, *, review: bool) -> Attempt:
    merge(repo.checkout("main"), RESEARCH, review=review)
    return Attempt(("HEAD:main",))


def by_oid(repo: Repo, *, review: bool) -> Attempt:
    return Attempt((f"{merge(repo.checkout('main'), RESEARCH, review=review)}:refs/heads/main",))


def renamed(repo: Repo, *, review: bool) -> Attempt:
    repo.git("branch", "-m", RESEARCH, "feature/x")
    # That merge brings main's commits to the research, so a review in it would cover main's.
    merge(repo.checkout("feature/x"), "main", review=False)
    sign(repo, "feature/x", review=review)
    return Attempt(("feature/x:main",))


def second_of_two(repo: Repo, *, review: bool) -> Attempt:
    """``docs/a`` sorts before ``main``, and git lists a remote's refs in that order whatever was typed first."""
    repo.branch("docs/a", "main").commit("Document it", {"docs/a.md": "a\n"})
    repo.push("docs/a")
    repo.commit("Document it better", {"docs/a.md": "b\n"})
    merge(repo.checkout("main"), RESEARCH, review=review)
    return Attempt(("main", "docs/a"))


def among_all(repo: Repo, *, review: bool) -> Attempt:
    second_of_two(repo, review=review)
    return Attempt(("--all",))


def new_release(repo: Repo, *, review: bool) -> Attempt:
    sign(repo, RESEARCH, review=review)
    repo.push(RESEARCH)
    return Attempt((f"{RESEARCH}:refs/heads/release/1.0",), "refs/heads/release/1.0")


def new_tag(repo: Repo, *, review: bool) -> Attempt:
    sign(repo, RESEARCH, review=review)
    repo.push(RESEARCH)
    repo.git("tag", "v1", RESEARCH)
    return Attempt(("v1",), "refs/tags/v1")


def new_annotated_tag(repo: Repo, *, review: bool) -> Attempt:
    sign(repo, RESEARCH, review=review)
    repo.push(RESEARCH)
    repo.git("tag", "--annotate", "-m", "One", "v1", RESEARCH)
    return Attempt(("v1",), "refs/tags/v1")


def over_an_unknown_tip(repo: Repo, *, review: bool) -> Attempt:
    """Somebody else has pushed to main, and nobody here has fetched it."""
    server = server_of(repo)
    tree = server.git("rev-parse", "main^{tree}")
    server.git("update-ref", "refs/heads/main", server.git("commit-tree", "-p", "main", "-m", "Elsewhere", tree))
    sign(repo, RESEARCH, review=review)
    repo.push(RESEARCH)
    return Attempt(("--force", f"{RESEARCH}:main"))


def deleted(repo: Repo, *, review: bool) -> Attempt:
    server_of(repo)
    sign(repo, RESEARCH, review=review)
    return Attempt(("--delete", "main"))


Case = Callable[..., Attempt]
CASES: Sequence[Case] = (
    by_force,
    by_merge,
    by_oid,
    renamed,
    second_of_two,
    among_all,
    new_release,
    new_tag,
    new_annotated_tag,
    over_an_unknown_tip,
    deleted,
)


def title(case: Case) -> str:
    """Return a case's name as words."""
    return case.__name__.replace("_", " ")
