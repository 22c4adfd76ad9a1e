"""commit-hygiene: what lands is finished, without short-lived files, and with its tests."""

from __future__ import annotations

from collections.abc import Iterator

from labgate.checks.commit_hygiene.rules import (
    AUTOSQUASH,
    CONFLICT,
    EMPTY,
    SUBJECT,
    ShortLivedArtifact,
    TestsMissing,
    Unfinished,
    UnfinishedCommit,
    Way,
)
from labgate.checks.commit_hygiene.section import CommitHygiene, Companions
from labgate.policy.glob import Glob
from labgate.policy.model import Policy
from labgate.values.finding import Finding
from labgate.values.size_exception import KEY as SIZE_EXCEPTION
from labgate.values.statements import named_paths, reasons, stated
from labgate.values.value import NOTHING, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The beginnings of subjects that ``git rebase --autosquash`` acts on (git-rebase).
PREFIXES = ("fixup! ", "squash! ", "amend! ")
#: What stands around a subject and says no more than it.
_MARKS = " .:!?()[]<>*_-"
KEEP, EXCUSE = "keep-artifact", "tests-not-needed"
#: The lines for which a commit may be empty.
_STATEMENTS = (KEEP, EXCUSE, SIZE_EXCEPTION)


class Looked(Value):
    """One commit as this check sees it.

    ``email`` is the author's, casefolded. ``conflict`` is a file to which it adds conflict markers, ``None`` if there
    is none. ``empty``: it changes nothing and is neither a review marker nor a statement. ``paths`` are what it changes
    and leaves, read only if the policy has ``short-lived`` files.
    """

    oid: str
    subject: str
    message: str
    email: str
    merge: bool = False
    conflict: str | None = None
    empty: bool = False
    paths: tuple[str, ...] = ()


class Facts(Value):
    """What an update brings to a protected ref; ``commits`` are oldest first.

    ``landing`` is the path and the kind of change of each file that lands with another content: ``lines`` of it that
    are to be read, without comments; read only if the policy needs it. ``there`` are those of them that the target has.
    ``research``: the series comes from research. ``proposed``: a pull request, which may land squashed. ``landed`` is
    the head of the landing, ``None`` before it.
    """

    ref: str
    commits: tuple[Looked, ...]
    way: Way
    landing: Mapping[str, int] = NOTHING
    there: frozenset[str] = frozenset()
    research: bool = False
    proposed: bool = False
    landed: str | None = None


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield one finding for the unfinished commits, one for empty ones, and those about files."""
    section = policy.section(CommitHygiene)
    found = list(_all_unfinished(facts.commits, section))
    level = "warning" if _only_warns(facts, section) else None
    for group, lowered in (([one for one in found if one.reason != EMPTY], level), (_empty(found), "note")):
        if group:
            yield UnfinishedCommit(
                commits=tuple(group),
                target=facts.ref,
                way=facts.way,
                landed=facts.landed,
                stated_level=lowered,
                oids=tuple(one.oid for one in group),
                path=group[0].path if len(group) == 1 else None,
            )
    yield from _short_lived(facts, section)
    for companions in section.tests if facts.research else ():
        yield from _untested(facts, companions)


def _only_warns(facts: Facts, section: CommitHygiene) -> bool:
    """Return whether unfinished commits are no error: they may be squashed, or landed before anybody asked for more."""
    if facts.landed is not None:
        return section.is_default
    return facts.proposed and not section.lands_commits


def _empty(found: Sequence[Unfinished]) -> list[Unfinished]:
    return [one for one in found if one.reason == EMPTY]


def _says_nothing(subject: str, section: CommitHygiene) -> bool:
    """Return whether a whole subject is one of those of the policy, also in brackets or with a colon or dots."""
    said = subject.strip().casefold()
    return said in section.unfinished or said.strip(_MARKS) in section.unfinished


def _all_unfinished(commits: Sequence[Looked], section: CommitHygiene) -> Iterator[Unfinished]:
    """Yield the unfinished ones of commits, which are oldest first."""
    before: set[str] = set()
    for commit in commits:
        found = _unfinished(commit, section)
        if found is not None:
            yield found.changed(matched=found.reason == AUTOSQUASH and _squashed_into(commit.subject) in before)
        before.add(commit.subject)


def _squashed_into(subject: str) -> str:
    """Return the subject of the commit that one is to be squashed into; it may have several prefixes."""
    while subject.startswith(PREFIXES):
        subject = subject.partition("! ")[2].lstrip()
    return subject


def _unfinished(commit: Looked, section: CommitHygiene) -> Unfinished | None:
    reason = None
    if commit.conflict is not None:
        reason = CONFLICT
    elif commit.subject.startswith(PREFIXES):
        reason = AUTOSQUASH
    elif _says_nothing(commit.subject, section):
        reason = SUBJECT
    elif commit.empty:
        reason = EMPTY
    return None if reason is None else Unfinished(commit.oid, commit.subject, reason, commit.conflict, commit.merge)


def _short_lived(facts: Facts, section: CommitHygiene) -> Iterator[ShortLivedArtifact]:
    last = {path: commit for commit in facts.commits for path in commit.paths}
    kept = _kept(facts, section)
    found = {
        path: commit
        for path, commit in sorted(last.items())
        if path in facts.landing and _fits(section.ci_authors, commit.email) and _fits(section.short_lived, path)
    }
    leaving = {path: commit for path, commit in found.items() if path not in kept}
    if leaving:
        yield _artifacts(leaving, (), facts)
    keeping = {path: commit for path, commit in found.items() if path in kept}
    # Before it lands there is nothing to say: a person has decided.
    if keeping and facts.landed is not None:
        yield _artifacts(keeping, tuple(sorted({kept[path] for path in keeping})), facts)


def _kept(facts: Facts, section: CommitHygiene) -> dict[str, str]:
    """Return the email of the person who keeps each of the files that land."""
    people = [commit for commit in facts.commits if not _fits(section.ci_authors, commit.email)]
    said = [(value, commit.email) for commit in people for value in stated(commit.message, KEEP)]
    named = named_paths([value for value, _ in said], facts.landing)
    return {path: email for path, (_, email) in zip(named, said, strict=True) if path is not None}


def _artifacts(found: Mapping[str, Looked], keepers: tuple[str, ...], facts: Facts) -> ShortLivedArtifact:
    return ShortLivedArtifact(
        paths=tuple(found),
        authors=tuple(sorted({commit.email for commit in found.values()})),
        target=facts.ref,
        restore=tuple(path for path in found if path in facts.there),
        onto=facts.way.onto or f"{facts.way.oldest}^",
        switch=facts.way.switch,
        keepers=keepers,
        stated_level="note" if keepers else None,
        oids=tuple(dict.fromkeys(commit.oid for commit in found.values())),
        path=next(iter(found)) if len(found) == 1 else None,
    )


def _untested(facts: Facts, companions: Companions) -> Iterator[TestsMissing]:
    source = [path for path, lines in sorted(facts.landing.items()) if lines and _fits(companions.source, path)]
    source = [path for path in source if not _fits(companions.tests, path)]
    if not source or any(lines and _fits(companions.tests, path) for path, lines in facts.landing.items()):
        return
    read = reasons if facts.landed is None else stated
    excuses = [reason for commit in facts.commits for reason in read(commit.message, EXCUSE)]
    yield TestsMissing(
        paths=tuple(source),
        tests=tuple(glob.text for glob in companions.tests),
        target=facts.ref,
        excuse=excuses[-1] if excuses else None,
        switch=facts.way.switch,
        stated_level="note" if excuses else None,
        oids=tuple(commit.oid for commit in facts.commits),
        path=source[0] if len(source) == 1 else None,
    )


def states_something(message: str) -> bool:
    """Return whether a message has a line for which a commit may be empty."""
    return any(stated(message, key) for key in _STATEMENTS)


def _fits(globs: Sequence[Glob], text: str) -> bool:
    return any(glob.matches(text) for glob in globs)
