"""``labgate experiment publish``: pin commits on the remote, also such as nobody would see otherwise: snapshots."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase

from labgate.entrypoints.experiment import Bench, find_bench, require_remote
from labgate.experiments.artifacts import is_artifact
from labgate.experiments.naming import experiment_of, stated_experiment
from labgate.experiments.pins import (
    Pin,
    Pushed,
    listed,
    pin_here,
    pin_of,
    pins_here,
    push_pins,
    read_pins,
    remembered,
    taken_error,
)
from labgate.experiments.published import reached, remote_tips
from labgate.experiments.section import OFF
from labgate.experiments.withdrawn import withdrawn_commits
from labgate.git.commits import present, read_commits, rev_list, trees_with_parents
from labgate.git.diffs import brought_paths
from labgate.git.fetch import bring
from labgate.git.kept_refs import refs_below, remote_branches
from labgate.git.lfs import lfs_commits, push_lfs
from labgate.git.refs import read_refs, resolve_commit, tracking_refs
from labgate.git.snapshots import read_headers
from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.values.errors import LabgateError, UsageError
from labgate.values.phrases import quote
from labgate.values.refnames import branch_of
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


class History(Value):
    """What comes along with pins: how many other commits below them the remote is not known to have.

    ``secrets`` are the files that look like secrets and that those or the pinned commits, but no snapshot, bring.
    """

    commits: int = 0
    secrets: tuple[str, ...] = ()


class Plan(Value):
    """What is to be published, and on which remote.

    ``withdrawn`` are pins of this clone that are not, as records say that they were taken back: only their names
    publish them.
    """

    bench: Bench
    remote: str
    pins: tuple[Outstanding, ...]
    history: History = History()
    withdrawn: tuple[Pin, ...] = ()

    @property
    def needs_consent(self) -> bool:
        """Whether a person has to see what becomes public: untracked files, or what looks like a secret."""
        return bool(self.history.secrets) or any(item.untracked for item in self.pins)


def plan(revisions: Sequence[str], environ: Mapping[str, str] = os.environ) -> Plan:
    """Return what ``publish`` would do for some revisions; for none, all that the remote is not known to have.

    Raises: ``UsageError`` where there is no remote, or no commit of that name.
    """
    bench = find_bench(environ)
    remote = require_remote(bench)
    pins = [pin for text in revisions for pin in _named(bench, text)] if revisions else _all(bench, remote)
    withdrawn = frozenset[str]()
    if pins and not revisions:
        withdrawn = withdrawn_commits(bench.repository, _tips(bench, remote, pins))
    items = outstanding(bench, [pin for pin in pins if pin.commit not in withdrawn])
    taken_back = tuple(pin for pin in pins if pin.commit in withdrawn)
    return Plan(bench, remote, items, _history(bench, remote, items), taken_back)


def _tips(bench: Bench, remote: str, pins: Sequence[Pin]) -> list[str]:
    """Return the commits with the records that count: HEAD, protected branches, and those of the pins' experiments."""
    experiments = {pin.experiment for pin in pins}
    tracking = tracking_refs(read_refs(bench.repository), bench.repository.remotes)
    found = [ref.oid for ref in tracking if ref.remote == remote and _is_of(bench, ref.remote_ref, experiments)]
    with suppress(UsageError):
        found.append(resolve_commit(bench.repository, "HEAD"))
    return found


def _is_of(bench: Bench, ref: str, experiments: set[str]) -> bool:
    """Return whether a branch (full name) is protected, or that of one of some experiments."""
    protected = bench.policy is not None and bench.policy.is_protected(ref)
    return protected or experiment_of(bench.policy, branch_of(ref)) in experiments


def outstanding(bench: Bench, pins: Sequence[Pin]) -> tuple[Outstanding, ...]:
    """Return what publishing some pins makes public, each once. Raises: ``GitError``."""
    headers = read_headers(bench.repository, [pin.commit for pin in pins])
    found = []
    for pin in dict.fromkeys(pins):
        base = headers[pin.commit].snapshot_of if pin.commit in headers else None
        files, secrets = ((), 0) if base is None else _untracked(bench, base, pin.commit)
        found.append(Outstanding(pin, base is not None, files, secrets))
    return tuple(found)


def _history(bench: Bench, remote: str, items: Sequence[Outstanding]) -> History:
    """Return what else pins make public, as far as this clone knows what the remote has. Raises: ``GitError``."""
    repository = bench.repository
    tracking = tracking_refs(read_refs(repository), repository.remotes)
    known = [*remote_tips(tracking, remote), *remembered(repository, bench.settings, remote).values()]
    pinned = {item.pin.commit: item for item in items}
    along = rev_list(repository, list(pinned), present(repository, known)) if pinned else ()
    brought = brought_paths(repository, [oid for oid in along if oid not in pinned or not pinned[oid].snapshot])
    secrets = sorted({path for paths in brought.values() for path in paths if _looks_secret(path)})
    return History(sum(oid not in pinned for oid in along), tuple(secrets))


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
        raise taken_error(what.bench.repository, remote, pin)
    for pin, reason in done.pushed.refused:
        message = f"{remote} refuses {pin.ref}: {reason or 'no reason given'}"
        raise LabgateError(message, _way_around(what.bench, remote))
    if done.lfs_problem is not None:
        commits = " ".join(pin.commit for pin in done.pushed.there)
        message = f"the pins are on {remote}, but not their files of git-lfs: {done.lfs_problem}"
        raise LabgateError(message, f"git lfs push --all {quote(remote)} {commits}")


def _way_around(bench: Bench, remote: str) -> str:
    if bench.settings.pins.startswith("refs/tags/"):
        return f"git push {quote(remote)} HEAD  # if that is refused too, you may not write to {remote}"
    return f'set pins = "{_TAGS}" in [experiment-hash] of the policy, then: labgate experiment publish'


def _all(bench: Bench, remote: str) -> list[Pin]:
    """Return every pin that the remote is not known to have: those here, and of artifacts on its branches.

    Raises: ``UndecidedError`` when the remote must be asked for its pins, and cannot be.
    """
    known = remembered(bench.repository, bench.settings, remote)
    here = [pin for pin in pinned_here(bench) if known.get(pin.ref) != pin.commit]
    there = [] if bench.policy is None else _artifacts_there(bench, bench.policy, remote, {*known.values()})
    if there:
        # Others may have pinned them meanwhile, or deleted the branch.
        kept = {*listed(bench.repository, bench.settings, remote).values(), *(pin.commit for pin in here)}
        tips = remote_branches(bench.repository, remote).values()
        still = set(reached(bench.repository, [pin.commit for pin in there], tips))
        there = [pin for pin in there if pin.commit in still - kept]
    return [*here, *there]


def _artifacts_there(bench: Bench, policy: Policy, remote: str, known: set[str]) -> list[Pin]:
    """Return the pins of commits with artifacts on the remote's branches of research that are not known to be pinned.

    A push pins them, unless it was made without hooks or its pinning was interrupted.
    """
    repository, settings, kinds = bench.repository, bench.settings, policy.section(ResearchGate).sources
    if settings.pins_on_push == OFF or not settings.artifacts:
        return []
    refs = [ref for ref in tracking_refs(read_refs(repository), repository.remotes) if ref.remote == remote]
    landed = [ref.oid for ref in refs if policy.is_protected(ref.remote_ref)]
    branches = [ref for ref in refs if policy.classify(ref.remote_ref).name in kinds]
    commits = rev_list(repository, [ref.oid for ref in branches], landed)
    if repository.partial:  # a treeless clone has the trees of its checkout only
        trees = trees_with_parents(repository, read_commits(repository, commits))
        bring(repository.changed(online=True), trees.values())
    brought = brought_paths(repository, commits)
    left = [
        oid for oid, paths in brought.items() if oid not in known and any(is_artifact(settings, one) for one in paths)
    ]
    found: dict[str, Pin] = {}
    for ref in branches:
        mine = reached(repository, [oid for oid in left if oid not in found], [ref.oid])
        experiment = experiment_of(policy, branch_of(ref.remote_ref))
        found |= {oid: pin_of(settings, experiment, oid) for oid in mine}
    return list(found.values())


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
