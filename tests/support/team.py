"""A team with a policy of every kind of rule, and what judges a change of theirs."""

from __future__ import annotations

from collections.abc import Callable

from support.people import by
from support.repo import Repo, Result

POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = ["main", "release/{version}", "refs/tags/v*"]
[kinds.research]
names = ["research/{topic}"]
targets = ["research", "protected"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
fields = { service = ["housing", "ranker"] }
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["feature", "fix", "docs"] }
base = ["protected"]

[reviews.people.ada]
emails = ["ada@example.org"]
[reviews.people.lin]
emails = ["lin@example.org"]
[reviews.people.kim]
emails = ["kim@example.org"]

[commit-size.limits.protected]
lines = 10
files = 4
file-bytes = 1000
series-lines = 20
[commit-size.limits.topic]
lines = 10
files = 4
"""

#: Judges the situation at hand, whatever that is by then.
Judge = Callable[[], Result]


def found(repo: Repo) -> Repo:
    """Give a repository a remote and the policy on its trunk; whose editor is asked for a message writes ``Part``."""
    repo.env["GIT_EDITOR"] = "sh -c 'echo Part >\"$1\"' -"
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": POLICY, "README.md": "Models.\n"})
    repo.push("main")
    return repo


def check(repo: Repo, *args: str) -> Judge:
    return lambda: repo.labgate("check", *(args or ("--target", "main")))


def research(repo: Repo, *, author: str = "ada") -> None:
    repo.branch("research/x").commit("Try it", {"try.py": "1\n"}, **by(author))
    repo.push("research/x")
