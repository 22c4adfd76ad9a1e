"""What remote-policy judges: the rule of the remote that a push goes to, and what the canonical remote has."""

from __future__ import annotations

from collections.abc import Iterable

from labgate.checks.collected import Collected
from labgate.checks.remote_policy.check import Facts
from labgate.checks.remote_policy.rules import Flattened
from labgate.checks.remote_policy.section import RemotePolicy, RemoteRule
from labgate.git.commits import is_ancestor, read_commits, rev_list, tree_of
from labgate.git.refs import refs_with
from labgate.git.repository import Repository
from labgate.scene.scene import Scene
from labgate.values.errors import UndecidedError
from labgate.values.phrases import quote, short_oid
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import REMOTES, branch_of, short_ref
from labgate.values.repository_name import place_of

#: The most commits of the canonical remote that are searched for the tree of a code drop, and that are named.
_MOST_SEARCHED, _MOST_FLATTENED = 5000, 20


def gathered(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of a branch that is pushed. Raises: ``UndecidedError`` where a mirror cannot be judged."""
    section = scene.policy.section(RemotePolicy)
    kind = scene.policy.classify(update.ref).name
    if update.new is None or kind is None:
        return Collected(skipped="only what a kind of branch takes is judged")
    rule = section.rule(_places(scene.repository, scene.remote, scene.push_url))
    if rule is None:
        return Collected(skipped="the policy says nothing of this remote")
    facts = Facts(update.ref, update.new, kind, rule.match.text, taken=not rule.kinds or kind in rule.kinds)
    if not facts.taken:
        return Collected((_elsewhere(scene, update, facts, section),))
    return Collected((_mirrored(scene, update, facts, section) if rule.mirror else facts,))


def _places(repository: Repository, remote: str | None, url: str | None = None) -> tuple[str, ...]:
    """Return the casefolded names of a remote by each of its URLs; a local path stands for itself."""
    keys = (f"remote.{remote}.pushurl", f"remote.{remote}.url")
    urls = [*(() if url is None else (url,)), *(text for key in keys for text in repository.config.get(key, ()))]
    return tuple(map(place_of, urls))


def _elsewhere(scene: Scene, update: RefUpdate, facts: Facts, section: RemotePolicy) -> Facts:
    """Return the facts with the remote that takes the branch, if there is one here."""
    taking = [rule for rule in section.remotes if not rule.mirror and (not rule.kinds or facts.kind in rule.kinds)]
    names = [name for rule in (*taking, None) for name in _remotes_of(scene, section, rule)]
    name = next(iter(names), None)
    source = update.source or update.new
    push = None if name is None else f"git push {quote(name)} {quote(f'{source}:{update.ref}')}"
    return facts.changed(push=push, allowed=tuple(rule.match.text for rule in taking))


def _remotes_of(scene: Scene, section: RemotePolicy, rule: RemoteRule | None) -> Iterable[str]:
    """Return the names of the remotes of this clone that a rule judges; with ``None`` those that no rule does."""
    repository = scene.repository
    return (item.name for item in repository.remotes if section.rule(_places(repository, item.name)) is rule)


def _mirrored(scene: Scene, update: RefUpdate, facts: Facts, section: RemotePolicy) -> Facts:
    """Return the facts of a push to a mirror."""
    rule = next(rule for rule in section.remotes if rule.canonical)
    name = next(iter(_remotes_of(scene, section, rule)), None)
    if name is None:
        message = f"the canonical remote, {rule.match.text}, is not a remote of this clone"
        raise UndecidedError(message, f"git remote add --fetch canonical URL  # of {rule.match.text}")
    if refs_with(scene.repository, [facts.head], f"{REMOTES}{name}/"):
        return facts
    branch = branch_of(update.ref) or ""
    tip = scene.refs.get(f"{REMOTES}{name}/{branch}")
    if tip is None:
        push = f"git push {quote(name)} {quote(f'{update.source or facts.head}:{update.ref}')}"
        return facts.changed(unknown_to_canonical=True, push=push)
    lost = _flattened(scene.repository, facts.head, tip, update.old)
    known = read_commits(scene.repository, lost[:_MOST_FLATTENED])
    return facts.changed(
        unknown_to_canonical=True,
        flattened=tuple(Flattened(commit.oid, commit.subject) for commit in known),
        flattened_count=len(lost),
        push=_catching_up(scene, update, f"{REMOTES}{name}/{branch}", tip),
    )


def _catching_up(scene: Scene, update: RefUpdate, canonical: str, tip: str) -> str:
    """Return the command that brings the mirror to the canonical tip, or shows what only the mirror has."""
    if update.old is not None and not is_ancestor(scene.repository, update.old, tip):
        span = f"{short_ref(canonical)}..{short_oid(update.old)}"
        return f"git log {quote(span)}  # only the mirror has these: land them on the canonical remote first"
    return f"git push {quote(scene.remote or '')} {quote(f'{canonical}:{update.ref}')}"


def _flattened(repository: Repository, head: str, tip: str, old: str | None) -> tuple[str, ...]:
    """Return the commits of the canonical remote that a push to its mirror has as one: oldest first.

    They start after what the mirror has and end at the commit with the tree that is pushed; empty if none has it.
    """
    line = rev_list(repository, [tip], () if old is None else (old,), f"--max-count={_MOST_SEARCHED}")
    wanted = tree_of(repository, head)
    trees = {commit.oid: commit.tree for commit in read_commits(repository, line)}
    same = next((oid for oid in line if trees[oid] == wanted), None)
    if same is None:
        return ()
    return tuple(reversed(rev_list(repository, [same], () if old is None else (old,))))
