"""Which policy judges a run: the trunk's, as it was before the change (docs/adr/0005)."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping, Sequence

from labgate.git.fetch import bring
from labgate.git.missing import absent
from labgate.git.refs import symbolic_ref
from labgate.git.repository import Repository
from labgate.policy.model import FILES, OWN_FILE, PYPROJECT, Policy
from labgate.policy.reader import Reader
from labgate.values.errors import LabgateError, NoPolicyError, PolicyError, UndecidedError
from labgate.values.phrases import count
from labgate.values.refnames import HEADS, REMOTES, branch_of, tracking_ref
from labgate.values.report import PolicyOrigin
from labgate.values.value import Value

_REGULAR = ("100644", "100755")


class Judging(Value):
    """The judging policy, where it came from, the trunk's branch name, and the trunk's tip before the change.

    ``trunk_tip`` is ``None`` where the trunk does not exist yet.
    """

    policy: Policy
    origin: PolicyOrigin
    trunk_tip: str | None


def policy_at(repository: Repository, commit: str, reader: Reader) -> tuple[Policy, str] | None:
    """Return the policy in a commit's tree and its blob's oid, or ``None`` when the tree has none.

    Raised: ``PolicyError`` when it has one that cannot be used.
    """
    listing = os.fsdecode(repository.git.run("ls-tree", "-z", "--full-tree", commit, "--", *FILES))
    blobs = {}
    for line in listing.split("\0")[:-1]:
        head, _, name = line.partition("\t")
        mode, _, oid = head.split(" ")
        if mode not in _REGULAR:
            raise PolicyError((f"{name}: expected a regular file at {commit[:12]}, found mode {mode}",))
        blobs[name] = oid
    bring(repository, blobs.values())
    texts = {name: repository.git.run("cat-file", "blob", oid) for name, oid in blobs.items()}
    found = reader.find(texts)
    return None if found is None else (found[0], blobs[found[1]])


def has_policy(repository: Repository, commit: str) -> bool:
    """Say whether a commit's tree has a policy, of whatever use."""
    listing = repository.git.run("ls-tree", "-z", "--full-tree", "--name-only", commit, "--", *FILES).split(b"\0")
    if OWN_FILE.encode() in listing:
        return True
    return PYPROJECT.encode() in listing and b"tool.labgate" in repository.git.run(
        "cat-file", "blob", f"{commit}:{PYPROJECT}"
    )


def policies_at(
    repository: Repository, commits: Sequence[str], reader: Reader
) -> dict[str, Policy | LabgateError | None]:
    """Return the policy of each commit: ``None`` where its tree has none, and why where it has one that is no use.

    Few of many commits change it, so each one is read once; those that say the same are one.
    """
    _require_files(repository, commits)
    asked = "".join(f"{oid}:{name}\n" for oid in commits for name in FILES).encode()
    answers = repository.objects.run("cat-file", "--batch-check", "--buffer", stdin=asked).split(b"\n")
    known: dict[tuple[bytes, ...], Policy | LabgateError | None] = {}
    found = {}
    for at, oid in enumerate(commits):
        # A missing one is answered with the question, which names the commit: to all of these it is the same.
        here = (line if not line.endswith(b" missing") else b"" for line in answers[at * len(FILES) :][: len(FILES)])
        blobs = tuple(here)
        if blobs not in known:
            read = _policy_or_error(repository, oid, reader) if any(blobs) else None
            # A pyproject.toml changes for other reasons.
            known[blobs] = next((same for same in known.values() if isinstance(read, Policy) and same == read), read)
        found[oid] = known[blobs]
    return found


def _require_files(repository: Repository, commits: Sequence[str]) -> None:
    """Bring the policies of some commits, the newest last, to a partial clone: what is not here looks like none.

    Raises: ``MissingObjectError`` where they cannot be had.
    """
    if not repository.partial or not commits:
        return
    options = ("--first-parent", "--diff-merges=first-parent", "--raw", "--no-abbrev", "--no-renames", "--format=")
    listing = repository.objects.run("log", *options, commits[-1], "--", *FILES).decode("utf-8", "surrogateescape")
    blobs = {
        oid for line in listing.splitlines() if line.startswith(":") for oid in line.split(" ")[2:4] if oid.strip("0")
    }
    bring(repository, blobs)
    missing = absent(repository, blobs)
    if missing:
        message = f"this clone lacks policies of {count(len(missing), 'landed commit')}"
        raise repository.objects.missing(message)


def _policy_or_error(repository: Repository, commit: str, reader: Reader) -> Policy | LabgateError | None:
    try:
        found = policy_at(repository, commit, reader)
    except PolicyError as error:
        return error
    return None if found is None else found[0]


def worktree_policy(repository: Repository, reader: Reader) -> tuple[Policy, str] | None:
    """Return the work tree's policy and its file's path, or ``None``. Raised: ``PolicyError``."""
    if repository.top is None:
        return None
    texts = {}
    for name in FILES:
        path = os.path.join(repository.top, name)
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                texts[name] = stream.read()
    found = reader.find(texts)
    return None if found is None else (found[0], os.path.join(repository.top, found[1]))


def require_tracking(
    repository: Repository, refs: Mapping[str, str], remote: str | None, *, has_refs: bool = False
) -> None:
    """Raised: ``UndecidedError`` when no branch of the remote is ever kept here, as in a bare or a mirror clone.

    What is not known here must not be taken for what is not there: the change's own policy would judge it. ``has_refs``
    says that the remote has some: then one of its branches must be here.
    """
    known = next((item for item in repository.remotes if item.name == remote), None)
    if known is None or any(ref.startswith(f"{REMOTES}{known.name}/") for ref in refs):
        return
    if has_refs or not any(refspec.partition(":")[2].startswith(REMOTES) for refspec in known.fetch):
        message = f"the branches of {known.name} are not fetched here"
        raise UndecidedError(message, repository.fetching_branches(known.name))


def judging_policy(
    repository: Repository,
    refs: Mapping[str, str],
    remote: str | None,
    standing: Mapping[str, str | None],
    proposed: Sequence[str],
    reader: Reader,
    target: str | None = None,
) -> Judging:
    """Return the policy that judges a change.

    ``standing`` says where the changed refs of the remote (full names) stand before the change, ``None`` for one that
    is created; for all others the remote-tracking refs do. ``proposed`` are the commits whose trees may bring the first
    policy. ``target`` is the ref that a range is to land on; ``None`` at push, where any number of refs move.

    Raised: ``UndecidedError`` when the trunk cannot be told, ``NoPolicyError`` when there is no policy at all,
    ``PolicyError`` when one cannot be used or names another trunk.
    """
    trunk = trunk_name(repository, refs, remote, target, reader)
    tip = None if trunk is None else _tip(refs, remote, trunk, standing)
    found = policy_at(repository, tip, reader) if tip is not None else None
    if tip is not None and found is not None:
        return Judging(_of_trunk(found[0], trunk), PolicyOrigin("trunk", tip, found[1]), tip)
    for commit in proposed:
        found = policy_at(repository, commit, reader)
        if found is not None:
            return Judging(_of_trunk(found[0], trunk), PolicyOrigin("bootstrap", commit, found[1]), tip)
    message = "there is no labgate.toml on the trunk or in the proposed tree"
    raise NoPolicyError(message, "labgate init")


def _of_trunk(policy: Policy, trunk: str | None) -> Policy:
    """Return the policy. Raised: ``PolicyError`` when it names another trunk than the one that was found."""
    if trunk is not None and policy.trunk != trunk:
        problem = f'the judging policy says trunk = "{policy.trunk}", but the trunk here is {trunk}'
        raise PolicyError((problem,), f"git config labgate.trunk {shlex.quote(policy.trunk)}")
    return policy


def trunk_name(
    repository: Repository, refs: Mapping[str, str], remote: str | None, target: str | None, reader: Reader
) -> str | None:
    """Return the trunk's branch name by the contract's order, or ``None`` when the remote has no branches yet."""
    configured = repository.setting("labgate.trunk")
    if configured:
        return configured.removeprefix(HEADS)
    if remote is None:
        return None if target is None else target.removeprefix(HEADS)
    prefix = f"{REMOTES}{remote}/"
    there = frozenset(ref.removeprefix(prefix) for ref in refs if ref.startswith(prefix))
    for name in _trunk_names(repository, prefix, there, target, reader):
        if name in there:
            return name
    if there:
        message = f"cannot tell which branch of {remote} is the trunk"
        ask = f"git remote set-head {shlex.quote(remote)} -a"
        if not repository.fetches_all(remote):
            ask = f"{repository.fetching_branches(remote)} && {ask}"
        raise UndecidedError(message, ask)
    return None


def _trunk_names(
    repository: Repository, prefix: str, there: frozenset[str], target: str | None, reader: Reader
) -> Iterator[str]:
    """Yield what may be the trunk's name, in the contract's order, each only when the ones before are not there."""
    branch = None if target is None else branch_of(target)
    if branch is not None:
        yield branch
    head = symbolic_ref(repository, f"{prefix}HEAD")
    if head is not None and head.startswith(prefix):
        yield head.removeprefix(prefix)
    named = _worktree_trunk(repository, reader)
    if named is not None:
        yield named
    usual = there & {"main", "master"}
    if len(usual) == 1:
        yield from usual


def _worktree_trunk(repository: Repository, reader: Reader) -> str | None:
    try:
        found = worktree_policy(repository, reader)
    except LabgateError:
        return None
    return None if found is None else found[0].trunk


def _tip(refs: Mapping[str, str], remote: str | None, trunk: str, standing: Mapping[str, str | None]) -> str | None:
    """Return the trunk's commit before the change, ``None`` where it does not exist yet."""
    if HEADS + trunk in standing:
        return standing[HEADS + trunk]
    if remote is None:
        return refs.get(HEADS + trunk)
    tip = refs.get(tracking_ref(remote, trunk))
    if tip is None and any(ref.startswith(f"{REMOTES}{remote}/") for ref in refs):
        message = f"{remote} has no branch {trunk}, which labgate.trunk names"
        help = f"git config --unset labgate.trunk  # or, if it is only not fetched yet: git fetch {shlex.quote(remote)}"
        raise UndecidedError(message, help)
    return tip
