"""The vocabulary of judgement: rule, finding, evidence. On the commit hook's path; imports nothing heavy.

The words follow SARIF 2.1.0 (rule, level, location, fingerprint) and policy engines (passed, failed, skipped).
"""

from __future__ import annotations

from labgate.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

#: Levels of a finding, weakest first; ``off`` only occurs in a policy.
LEVELS = ("off", "note", "warning", "error")

#: Outcomes of a check. A skipped or undecided check is never shown as passed.
PASSED, FAILED, SKIPPED, UNDECIDED = "passed", "failed", "skipped", "undecided"


class Rule(Value):
    """One numbered statement of a check. ``level`` is the default one; ``mend`` says how to get past it, for people."""

    __slots__ = ("code", "level", "mend", "name", "summary", "why")

    def __init__(self, code: str, name: str, level: str, summary: str, why: str, mend: str) -> None:
        self.code = code
        self.name = name
        self.level = level
        self.summary = summary
        self.why = why
        self.mend = mend


class Evidence(Value):
    """What shows that commits derive from research.

    ``method`` is one of ancestry, trailer, patch-id, squash, blob, similarity. ``source_ref`` is a full refname, or
    ``None`` where no live ref holds the source. ``score`` is 1.0 for exact methods. ``commits`` are the judged
    commits that it speaks of, ``source_commits`` the research commits they derive from.
    """

    __slots__ = ("commits", "decisive", "matched_lines", "method", "paths", "score", "source_commits", "source_ref")

    def __init__(
        self,
        method: str,
        decisive: bool,
        source_ref: str | None,
        commits: tuple[str, ...],
        source_commits: tuple[str, ...],
        score: float = 1.0,
        matched_lines: int | None = None,
        paths: tuple[str, ...] = (),
    ) -> None:
        self.method = method
        self.decisive = decisive
        self.source_ref = source_ref
        self.commits = commits
        self.source_commits = source_commits
        self.score = score
        self.matched_lines = matched_lines
        self.paths = paths


class Finding(Value):
    """One breach of one rule: data only; ``labgate.wording`` composes its message and its ``help:`` line.

    ``level`` is the level in this context before the policy's ``[levels]``; ``None`` means the rule's default.
    ``commits`` are full oids. ``ref`` and ``path`` locate it; ``None`` where it has no such place.
    """

    __slots__ = ("commits", "data", "evidence", "level", "path", "ref", "rule")

    def __init__(
        self,
        rule: Rule,
        data: Mapping[str, Any],
        *,
        level: str | None = None,
        commits: tuple[str, ...] = (),
        ref: str | None = None,
        path: str | None = None,
        evidence: tuple[Evidence, ...] = (),
    ) -> None:
        self.rule = rule
        self.data = data
        self.level = rule.level if level is None else level
        self.commits = commits
        self.ref = ref
        self.path = path
        self.evidence = evidence

    def at_level(self, level: str) -> Finding:
        """Return the same finding at another level."""
        return Finding(
            self.rule,
            self.data,
            level=level,
            commits=self.commits,
            ref=self.ref,
            path=self.path,
            evidence=self.evidence,
        )
