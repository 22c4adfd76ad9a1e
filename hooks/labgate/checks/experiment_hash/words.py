"""What people read of experiment-hash's findings."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote

from labgate.values.finding import Finding
from labgate.values.phrases import count, short_oid

_MOST_NAMED = 3


def _missing_trailer(finding: Finding) -> tuple[str, str | None]:
    data = finding.data
    commits = data["commits"]
    named = ", ".join(f"{short_oid(commit['oid'])} ({commit['subject']})" for commit in commits[:_MOST_NAMED])
    more = f" and {len(commits) - _MOST_NAMED} more" if len(commits) > _MOST_NAMED else ""
    do_not = "does not say" if len(commits) == 1 else "do not say"
    message = f"{count(len(commits), 'commit')} {do_not} `Experiment: {data['experiment']}`: {named}{more}"
    return message, _rebase(finding) if data["linear"] else _filter(finding)


def _rebase(finding: Finding) -> str:
    """Return the command that walks over the commits and adds the line to those that lack it.

    The line is looked for first: ``commit --trailer`` knows only git's trailer block and would add it a second time.
    Amending an empty commit needs ``--allow-empty``.
    """
    data = finding.data
    trailer = f"Experiment: {data['experiment']}"
    line = f"[Ee]xperiment: {data['experiment']}".replace(".", "[.]")
    amend = f"git commit --amend --no-edit --allow-empty --trailer {quote(trailer)}"
    step = f"git log -1 --format=%B | grep -qx {quote(line)} || {amend}"
    start = "--root" if data["parent"] is None else data["parent"]
    return f"git rebase {start} --exec {quote(step)} {_branch(data['branch'])}"


def _filter(finding: Finding) -> str:
    """Return the command that rewrites only these commits and keeps the merges among them.

    A rebase would copy the commits that a merge brought in, or give them the line too; filter-branch leaves alone
    what it is not told to change. Without ``-f`` it refuses to run a second time.
    """
    data = finding.data
    oids = "|".join(commit["oid"] for commit in data["commits"])
    add = f"git interpret-trailers --trailer {quote('Experiment: ' + data['experiment'])}"
    script = f"case $GIT_COMMIT in {oids}) {add};; *) cat;; esac"
    since = "" if data["parent"] is None else f"{data['parent']}.."
    branch = quote(f"{since}{data['branch']}")
    return f"FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f --msg-filter {quote(script)} -- {branch}"


def _branch(name: str) -> str:
    return quote(f"refs/heads/{name}") if name.startswith("-") else quote(name)


WORDS: dict[str, Callable[[Finding], tuple[str, str | None]]] = {"LG301": _missing_trailer}
