"""What remote-policy judges: the rule of the remote that a push goes to, and what the canonical remote has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labgate.checks.collected import Collected
from labgate.checks.remote_policy.check import Facts
from labgate.checks.remote_policy.rules import Flattened
from labgate.checks.remote_policy.section import RemotePolicy, RemoteRule
from labgate.git.commits import is_ancestor, read_commits, rev_list, tree_of
from labgate.git.refs import TrackingRef
from labgate.git.remote_urls import connected, fetch_url, push_urls, written_forms
from labgate.git.repository import Repository
from labgate.research.section import ResearchGate
from labgate.scene.scene import Scene
from labgate.values.errors import UndecidedError
from labgate.values.phrases import quote, short_oid
from labgate.values.ref_update import RefUpdate
from labgate.values.refnames import HEADS, TAGS, short_ref
from labgate.values.repository_places import places_of

#: The most commits of the canonical remote that are searched for the tree of a code drop, and that are named.
_MOST_SEARCHED, _MOST_FLATTENED = 5000, 20


def gathered(scene: Scene, update: RefUpdate) -> Collected:
    """Return the facts of a branch that is pushed. Raises: ``UndecidedError`` where a mirror cannot be judged."""
    section = scene.policy.section(RemotePolicy)
    kind = scene.policy.classify(update.ref).name
    if update.new is None or kind is None:
        return Collected(skipped="only what a kind of branch takes is judged")
    rule = _judging(scene, section)
    if rule is None:
        return Collected(skipped="the policy says nothing of this remote")
    facts = Facts(update.ref, update.new, kind, rule.match.text, taken=not rule.kinds or kind in rule.kinds)
    hidden = _research_under_another_name(scene, update, kind)
    if hidden is not None and rule.kinds and hidden not in rule.kinds:
        facts = facts.changed(ref=f"{HEADS}{update.source}", kind=hidden, taken=False)
    if not facts.taken:
        return Collected((_elsewhere(scene, update, facts, section),))
    return Collected((_mirrored(scene, update, facts, section) if rule.mirror else facts,))


def _research_under_another_name(scene: Scene, update: RefUpdate, kind: str) -> str | None:
    """Return the kind of a research branch that is pushed as one of another kind, ``None`` if it is none.

    On its way to a protected branch it is research-gate that judges it.
    """
    own = None if update.source is None or kind == "protected" else scene.policy.classify(HEADS + update.source).name
    return own if own in scene.policy.section(ResearchGate).sources else None


def _judging(scene: Scene, section: RemotePolicy) -> RemoteRule | None:
    """Return the rule of the repository that git pushes to, ``None`` if there is none."""
    repository, url = scene.repository, scene.push_url
    urls = push_urls(repository.config, scene.remote or "") if url is None else (url,)
    return _rule_of(repository, section, urls)


def _rule_of(repository: Repository, section: RemotePolicy, urls: Sequence[str]) -> RemoteRule | None:
    """Return the rule of a repository by its URLs, or else by what git rewrites to them, such as those of a proxy.

    A host that the user's ssh has by another name counts as both.
    """
    written = [form for url in urls for form in written_forms(repository.config, url)]
    places = (
        [place for url in some for place in places_of(url, repository.top or repository.git_dir)]
        for some in (connected(repository, urls), written)
    )
    return next(filter(None, map(section.rule, places)), None)


def _elsewhere(scene: Scene, update: RefUpdate, facts: Facts, section: RemotePolicy) -> Facts:
    """Return the facts with the remote that takes the branch, if there is one here."""
    taking = [rule for rule in section.remotes if not rule.mirror and (not rule.kinds or facts.kind in rule.kinds)]
    names = [name for rule in (*taking, None) for name in _pushed_to(scene.repository, section, rule)]
    name = next(iter(names), None)
    source = update.source or update.new
    push = None if name is None else f"git push {quote(name)} {quote(f'{source}:{facts.ref}')}"
    return facts.changed(push=push, allowed=tuple(rule.match.text for rule in taking))


def _pushed_to(repository: Repository, section: RemotePolicy, rule: RemoteRule | None) -> Iterable[str]:
    """Return the names of the remotes whose pushes a rule judges; with ``None`` those that no rule does."""
    names = (item.name for item in repository.remotes)
    return (name for name in names if _rule_of(repository, section, push_urls(repository.config, name)) is rule)


def _fetched_from(repository: Repository, section: RemotePolicy, rule: RemoteRule) -> str | None:
    """Return the name of the first remote that is fetched from what a rule means, ``None`` if there is none."""
    for item in repository.remotes:
        url = fetch_url(repository.config, item.name)
        if url is not None and _rule_of(repository, section, (url,)) is rule:
            return item.name
    return None


def _mirrored(scene: Scene, update: RefUpdate, facts: Facts, section: RemotePolicy) -> Facts:
    """Return the facts of a push to a mirror."""
    rule = next(rule for rule in section.remotes if rule.canonical)
    name = _fetched_from(scene.repository, section, rule)
    if name is None:
        message = f"the canonical remote, {rule.match.text}, is not a remote of this clone"
        raise UndecidedError(message, f"git remote add --fetch canonical URL  # of {rule.match.text}")
    theirs = {item.remote_ref: item for item in scene.tracking if item.remote == name}
    if _has(scene, facts, theirs.values()):
        return facts
    same = theirs.get(update.ref)
    if same is None and update.ref.startswith(TAGS):
        # Its commits have to be on a branch there, and which one is not known.
        push = f"git log {short_oid(facts.head)} --not {quote(f'--remotes={name}')}  # land these there first"
        return facts.changed(unknown_to_canonical=True, push=push)
    if same is None:
        push = f"git push {quote(name)} {quote(f'{update.source or facts.head}:{update.ref}')}"
        return facts.changed(unknown_to_canonical=True, push=push)
    lost = _flattened(scene.repository, facts.head, same.oid, update.old)
    known = read_commits(scene.repository, lost[:_MOST_FLATTENED])
    return facts.changed(
        unknown_to_canonical=True,
        flattened=tuple(Flattened(commit.oid, commit.subject) for commit in known),
        flattened_count=len(lost),
        push=_catching_up(scene, update, same),
    )


def _has(scene: Scene, facts: Facts, theirs: Iterable[TrackingRef]) -> bool:
    """Return whether branches of the canonical remote have what is pushed; for a protected one only such branches."""
    tips = [item.oid for item in theirs if facts.kind != "protected" or scene.policy.is_protected(item.remote_ref)]
    return not rev_list(scene.repository, [facts.head], tips, "--max-count=1")


def _catching_up(scene: Scene, update: RefUpdate, canonical: TrackingRef) -> str:
    """Return the command that brings the mirror to the canonical tip, or shows what only the mirror has."""
    if update.old is not None and not is_ancestor(scene.repository, update.old, canonical.oid):
        span = f"{short_ref(canonical.ref)}..{short_oid(update.old)}"
        return f"git log {quote(span)}  # only the mirror has these: land them on the canonical remote first"
    return f"git push {quote(scene.remote or '')} {quote(f'{canonical.ref}:{update.ref}')}"


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
