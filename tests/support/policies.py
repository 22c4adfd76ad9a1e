"""Policies that several tests share."""

from __future__ import annotations

from functools import cache

from labgate.checks.registry import policy_reader
from labgate.policy.model import Policy

#: The least that knows research and somebody who may review it.
LEAST = """\
version = 1
trunk = "main"
[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[reviews.people.lin]
emails = ["lin@example.org"]
"""

#: A team with all kinds of branches. Sizes are small, so that tests can exceed them by hand.
TEAM = """
version = 1
trunk = "main"

[kinds.protected]
names = ["main", "release/{version}", "refs/tags/v*"]
[kinds.bot]
names = ["dependabot/**"]
[kinds.research]
names = ["research/{topic}"]
base = ["protected"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
fields = { service = ["housing", "ranker"], handle = "[a-z0-9-]+" }
base = ["protected"]
[kinds.topic]
names = ["{type}/{slug}", "{issue}-{slug}"]
fields = { type = ["feature", "fix", "docs"] }

[commit-size]
ignore = ["*.lock", "vendor/**"]
[commit-size.limits.protected]
lines = 10
files = 4
file-bytes = 1000
bytes = 2000
series-lines = 25
series-commits = 3
[commit-size.limits.topic]
lines = 30
"""

#: A team whose topic branches start with a word of a list and nothing else, so that most names are of no kind at all.
STRICT = """
version = 1
trunk = "main"

[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.feature]
names = ["feature/{slug}"]
[kinds.fix]
names = ["fix/{ticket}/{slug}"]
fields = { ticket = "[A-Z]+-[0-9]+" }
"""


#: Reads every policy of these tests, as labgate itself does.
READER = policy_reader()


def parse_policy(text: str | bytes, file: str = "labgate.toml") -> Policy:
    """Return the policy in a text."""
    return READER.parse(text, file)


@cache
def policy(text: str = TEAM) -> Policy:
    """Return the policy in a text, parsed once."""
    return parse_policy(text)
