"""Whether this clone knows every source ref: research that is not known here would pass in silence."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from labgate.git.refs import tracking_refs
from labgate.git.repository import BROKEN, Remote, Repository
from labgate.policy.model import Policy
from labgate.research.section import ResearchGate
from labgate.research.source_refs import is_source_repository, source_patterns
from labgate.values.errors import UndecidedError
from labgate.values.phrases import quote
from labgate.values.refnames import HEADS, REMOTES, short_ref
from labgate.values.repository_places import places_of

#: The pattern of all branches.
_ALL = f"{HEADS}*"


def sources_gap(
    policy: Policy, repository: Repository, refs: Mapping[str, str], remote: str | None, *, fetched: bool = False
) -> UndecidedError | None:
    """Return why a source ref of a remote may not be known here, with the command that fixes it; ``None`` if all are.

    ``refs`` are those of the last reading. ``fetched``: this run has fetched the branches of ``remote``, and of the
    source repositories. A clone without a remote knows all that there is.
    """
    return next(_gaps(policy, repository, refs, remote, fetched=fetched), None)


def fetch_sources(policy: Policy, repository: Repository, remote: str) -> bool:
    """Fetch the branches of the source repositories and of the team's that are remotes here, but for ``remote``.

    Return if there are any. Raises: ``UndecidedError`` when one cannot be reached.
    """
    from labgate.git.fetch import fetch_branches  # a push fetches nothing

    known = next((item for item in repository.remotes if item.name == remote), None)
    sisters = [
        item
        for item in repository.remotes
        if item != known and (is_source_repository(policy, item) or _is_awaited(policy, repository, item, known))
    ]
    for sister in sisters:
        fetch_branches(repository, sister.name)
    return bool(sisters)


def unfetched_remotes(
    policy: Policy, repository: Repository, refs: Mapping[str, str], remote: str | None
) -> tuple[str, ...]:
    """Return the names of the other remotes from which nothing was ever fetched, although they say what to fetch.

    Research there is not known here. ``sources_gap`` says the same of source repositories, and of the team's.
    """
    known = next((item for item in repository.remotes if item.name == remote), None)
    return tuple(
        item.name
        for item in _unfetched(policy, repository, refs, remote)
        if not _is_awaited(policy, repository, item, known)
    )


def _unfetched(policy: Policy, repository: Repository, refs: Mapping[str, str], remote: str | None) -> Iterator[Remote]:
    """Yield the remotes, but for ``remote`` and source repositories, from which nothing was ever fetched."""
    known = {item.url for item in repository.remotes if item.name == remote}
    for item in repository.remotes:
        if item.name == remote or item.url in (None, *known) or is_source_repository(policy, item):
            continue
        places = [spec.partition(":")[2].partition("*")[0] for spec in item.fetch if ":" in spec]
        if places and not any(ref.startswith(place) for ref in refs for place in places):
            yield item


def _is_awaited(policy: Policy, repository: Repository, remote: Remote, known: Remote | None) -> bool:
    """Return whether a remote is the policy's ``repository``, and ``known``, what is judged, is another one: a fork.

    Not if ``remote.NAME.skipFetchAll`` is set (git-config): it may be gone, or out of reach.
    """
    team = policy.repository
    if team is None or not _is_named(remote, team) or (known is not None and _is_named(known, team)):
        return False
    return repository.setting(f"remote.{remote.name}.skipfetchall") in (None, "false", "no", "off", "0")


def _is_named(remote: Remote, name: str) -> bool:
    urls = filter(None, (remote.url, remote.rewritten))
    return any(name.casefold() in places_of(url, os.curdir) for url in urls)


def covers_sources(policy: Policy, remote: Remote) -> bool:
    """Return whether a plain fetch brings every branch of the source kinds to where it is read.

    It does so by the fetch refspecs (git-fetch, "CONFIGURED"), under ``refs/remotes/REMOTE/`` and its own name.
    """
    return all(_brings(remote, pattern) for pattern in source_patterns(policy))


def _gaps(
    policy: Policy, repository: Repository, refs: Mapping[str, str], remote: str | None, *, fetched: bool
) -> Iterator[UndecidedError]:
    known = next((item for item in repository.remotes if item.name == remote), None)
    if known is None:
        return
    sisters = [item for item in repository.remotes if item != known and is_source_repository(policy, item)]
    yield from _unread(policy, repository, (known, *sisters))
    yield from _shared(policy, repository, known)
    if not fetched and not covers_sources(policy, known):
        yield UndecidedError(f"the research refs of {known.name} are not fetched here", _fetching(repository, known))
    for sister in () if fetched else sisters:
        if not _brings(sister, _ALL) or not any(ref.startswith(f"{REMOTES}{sister.name}/") for ref in refs):
            message = f"the branches of {sister.name}, one of the source-repositories, are not fetched here"
            yield UndecidedError(message, _fetching(repository, sister))
    for team in () if fetched else _unfetched(policy, repository, refs, remote):
        if _is_awaited(policy, repository, team, known):
            message = f"nothing was ever fetched from {team.name}, the policy's repository: its research is not known"
            unused = f"git config {quote(f'remote.{team.name}.skipFetchAll')} true"
            yield UndecidedError(message, f"{_fetching(repository, team)}  # or, if it is out of use: {unused}")


def _unread(policy: Policy, repository: Repository, remotes: tuple[Remote, ...]) -> Iterator[UndecidedError]:
    """Yield each research ref of some remotes that has no commit of its own here."""
    states = repository.unread_refs
    for item in tracking_refs(dict.fromkeys(states, ""), repository.remotes):
        remote = next((remote for remote in remotes if remote.name == item.remote), None)
        if remote is None or item.remote_ref == f"{HEADS}HEAD" or not _is_source(policy, remote, item.remote_ref):
            continue
        ref, state = quote(item.ref), states[item.ref]
        remove = f"git update-ref --no-deref -d {ref}"
        if state == BROKEN:
            # git deletes no ref whose file it cannot parse.
            remove = f'{{ {remove} || rm "$(git rev-parse --git-path {ref})"; }}'
        message = f"{short_ref(item.ref)} is a {state} ref, so its commits are not known"
        yield UndecidedError(message, f"{remove} && git fetch {quote(item.remote)}")


def _is_source(policy: Policy, remote: Remote, branch: str) -> bool:
    """Return whether a branch (full name) of a remote is research."""
    return policy.classify(branch).name in policy.section(ResearchGate).sources or is_source_repository(policy, remote)


def _shared(policy: Policy, repository: Repository, remote: Remote) -> Iterator[UndecidedError]:
    """Yield each other remote that keeps its branches where those of a remote are read.

    Its refspec says so, or its name: the branches of ``origin/research`` are those of ``origin`` below ``research/``.
    """
    place = f"{REMOTES}{remote.name}/"
    for other in repository.remotes:
        if other == remote:
            continue
        outer, inner = sorted((remote, other), key=lambda item: len(item.name))
        nested = inner.name.startswith(f"{outer.name}/")
        below = inner.name.removeprefix(f"{outer.name}/") + "/"
        if nested and any(_overlap(HEADS + below, pattern) for pattern in source_patterns(policy)):
            message = f"the branches of {inner.name} and those of {outer.name} below {below} are the same refs here"
            rename = f"git remote rename {quote(inner.name)} {quote(inner.name.replace('/', '-'))}"
            yield UndecidedError(message, f"{rename} && git fetch --prune {quote(outer.name)}")
        for spec in () if nested else other.fetch:
            if spec.partition(":")[2].startswith(place):
                message = f"git fetch {other.name} overwrites the branches of {remote.name} here, by the refspec {spec}"
                unset = f"git config --unset-all --fixed-value {quote(f'remote.{other.name}.fetch')} {quote(spec)}"
                yield UndecidedError(message, f"{unset} && git fetch --prune {quote(remote.name)}")


def _overlap(prefix: str, pattern: str) -> bool:
    """Return whether some ref may begin with a prefix and match a pattern, in any case."""
    one, other = prefix.casefold(), pattern.removesuffix("*").casefold()
    return other.startswith(one) or (pattern.endswith("*") and one.startswith(other))


def _brings(remote: Remote, pattern: str) -> bool:
    """Return whether a remote's fetch refspecs bring every ref of a pattern to where it is read."""
    place = f"{REMOTES}{remote.name}/"
    positive = [spec.lstrip("+").partition(":") for spec in remote.fetch if not spec.startswith("^")]
    if not any(_covers(source, pattern) and target == _unredirected(source, place) for source, _, target in positive):
        return False
    return not any(_excludes(spec, pattern) for spec in remote.fetch if spec.startswith("^"))


def _unredirected(source: str, place: str) -> str | None:
    """Return where a refspec's source is read from, ``None`` if it has no such place."""
    return place + source.removeprefix(HEADS) if source.startswith(HEADS) else None


def _covers(refspec: str, pattern: str) -> bool:
    head, star, tail = refspec.partition("*")
    return pattern.startswith(head) and not tail if star else refspec == pattern


def _excludes(spec: str, pattern: str) -> bool:
    """Return whether a negative refspec leaves out refs of a pattern."""
    spec = spec.removeprefix("^")
    return spec.partition("*")[0].startswith(pattern.removesuffix("*")) or _covers(spec, pattern)


def _fetching(repository: Repository, remote: Remote) -> str:
    """Return the command that fetches all branches of a remote; it removes what excludes some of them."""
    negative = [spec for spec in remote.fetch if spec.startswith("^")]
    key = quote(f"remote.{remote.name}.fetch")
    unset = (f"git config --unset-all --fixed-value {key} {quote(spec)} && " for spec in negative)
    return "".join(unset) + repository.fetching_branches(remote.name)
