"""``labgate experiment publish``: pin commits on the remote, also such as nobody would see otherwise: snapshots."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from labgate.entrypoints.experiment import Bench, find_bench, require_remote
from labgate.experiments.naming import stated_experiment
from labgate.experiments.pins import Pin, Pushed, pin_here, pins_here, push_pins, read_pins, remembered
from labgate.git.kept_refs import refs_below
from labgate.git.lfs import lfs_commits, push_lfs
from labgate.git.refs import resolve_commit
from labgate.git.snapshots import read_headers
from labgate.values.errors import LabgateError, UsageError
from labgate.values.phrases import quote
from labgate.values.value import Value

#: The default of ``pins``: pins under it stay outstanding where the policy has another prefix since.
_DEFAULT_PINS = "refs/experiments"
_TAGS = "refs/tags/experiment"
#: Names of files that look like secrets, in lower case.
_SECRETS = (".env*", "*.pem", "*.key", "id_*", ".netrc", "credentials*")
_HEX = frozenset("0123456789abcdef")


class Outstanding(Value):
    """A pin that is to be published.

    ``snapshot``: nobody has committed its code. ``untracked`` are the files that a snapshot has and its base has not,
    those that look like secrets first; ``secrets`` is the number of these.
    """

    pin: Pin
    snapshot: bool
    untracked: tuple[str, ...] = ()
    secrets: int = 0


class Plan(Value):
    """What is to be published, and on which remote."""

    bench: Bench
    remote: str
    pins: tuple[Outstanding, ...]

    @property
    def needs_consent(self) -> bool:
        """Whether a person has to see what becomes public: untracked files."""
        return any(item.untracked for item in self.pins)


def plan(revisions: Sequence[str], environ: Mapping[str, str] = os.environ) -> Plan:
    """Return what ``publish`` would do for some revisions; for none, all that the remote is not known to have.

    Raises: ``UsageError`` where there is no remote, or no commit of that name.
    """
    bench = find_bench(environ)
    remote = require_remote(bench)
    pins = [pin for text in revisions for pin in _named(bench, text)] if revisions else _all(bench, remote)
    return Plan(bench, remote, outstanding(bench, pins))


def outstanding(bench: Bench, pins: Sequence[Pin]) -> tuple[Outstanding, ...]:
    """Return what publishing some pins makes public, each once. Raises: ``GitError``."""
    headers = read_headers(bench.repository, [pin.commit for pin in pins])
    found = []
    for pin in dict.fromkeys(pins):
        base = headers[pin.commit].snapshot_of if pin.commit in headers else None
        files, secrets = ((), 0) if base is None else _untracked(bench, base, pin.commit)
        found.append(Outstanding(pin, base is not None, files, secrets))
    return tuple(found)


class Published(Value):
    """The result: what the remote has now, and why files of git-lfs are missing there, ``None`` if none are."""

    pushed: Pushed
    lfs_problem: str | None


def publish(what: Plan) -> Published:
    """Pin on the remote, in one push, and push files of git-lfs after it.

    Raises: ``UndecidedError`` when the remote cannot be reached.
    """
    bench = what.bench
    pushed = push_pins(bench.repository, bench.settings, what.remote, [item.pin for item in what.pins])
    commits = lfs_commits(bench.repository, [pin.commit for pin in pushed.there])
    problem = push_lfs(bench.repository, what.remote, commits) if commits else None
    return Published(pushed, problem)


def require_published(what: Plan, done: Published) -> None:
    """Check that everything is there. Raises: ``LabgateError`` with the reason and what helps."""
    remote = what.remote
    for pin in done.pushed.taken:
        message = f"{pin.ref} on {remote} is another commit than {pin.commit}; nothing was moved"
        raise LabgateError(message, f"git ls-remote {quote(remote)} {quote(pin.ref)}")
    for pin, reason in done.pushed.refused:
        message = f"{remote} refuses {pin.ref}: {reason or 'no reason given'}"
        raise LabgateError(message, _way_around(what.bench, remote))
    if done.lfs_problem is not None:
        commits = " ".join(pin.commit for pin in done.pushed.there)
        message = f"the pins are on {remote}, but not their files of git-lfs: {done.lfs_problem}"
        raise LabgateError(message, f"git lfs push {quote(remote)} {commits}")


def _way_around(bench: Bench, remote: str) -> str:
    if bench.settings.pins.startswith("refs/tags/"):
        return f"git push {quote(remote)} HEAD  # if that is refused too, you may not write to {remote}"
    return f'set pins = "{_TAGS}" in [experiment-hash] of the policy, then: labgate experiment publish'


def _all(bench: Bench, remote: str) -> list[Pin]:
    """Return every pin here that the remote is not known to have."""
    known = remembered(bench.repository, bench.settings, remote)
    return [pin for pin in pinned_here(bench) if known.get(pin.ref) != pin.commit]


def pinned_here(bench: Bench) -> list[Pin]:
    """Return the pins here; those under the default prefix are pinned under the policy's, too."""
    settings = bench.settings
    found = list(pins_here(bench.repository, settings))
    if settings.pins != _DEFAULT_PINS:
        before = settings.changed(pins=_DEFAULT_PINS)
        earlier = read_pins(before, refs_below(bench.repository, f"{_DEFAULT_PINS}/"))
        found += [pin_here(bench.repository, settings, pin.experiment, pin.commit) for pin in earlier]
    return list(dict.fromkeys(found))


def _named(bench: Bench, text: str) -> list[Pin]:
    """Return the pins that somebody names: by an experiment, by the beginning of a hash, or by a revision."""
    here = pinned_here(bench)
    digits = text.rpartition("@")[2] if "/" in text else text
    if len(digits) >= 7 and _HEX.issuperset(digits):
        found = [pin for pin in here if pin.commit.startswith(digits)]
        if found:
            return found
    if "/" in text and "@" not in text:
        experiment = stated_experiment(text)
        found = [pin for pin in here if pin.experiment == experiment]
        if found:
            return found
    try:
        commit = resolve_commit(bench.repository, text)
    except UsageError:
        message = f"{text!r} names no commit, no pin and no experiment here"
        raise UsageError(message, "labgate experiment list") from None
    return [pin_here(bench.repository, bench.settings, bench.experiment, commit)]


def _untracked(bench: Bench, base: str, snapshot: str) -> tuple[tuple[str, ...], int]:
    """Return the files that a snapshot adds, those that look like secrets first, and the number of these."""
    listing = bench.repository.objects.run(
        *("diff-tree", "-r", "-z", "--no-renames", "--name-only", "--diff-filter=A", base, snapshot)
    )
    paths = os.fsdecode(listing).split("\0")[:-1]
    secret = [path for path in paths if _looks_secret(path)]
    return (*secret, *(path for path in paths if path not in secret)), len(secret)


def _looks_secret(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return any(fnmatchcase(name, pattern) for pattern in _SECRETS)
