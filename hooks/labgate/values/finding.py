"""Rule, finding and evidence. On the commit hook's path; imports nothing heavy.

The words follow SARIF 2.1.0 (rule, level, location, fingerprint) and policy engines (passed, failed, skipped).
"""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Any, ClassVar

#: Levels of a finding, weakest first; ``off`` only occurs in a policy.
LEVELS = ("off", "note", "warning", "error")

#: Outcomes of a check. A skipped or undecided check is never shown as passed.
PASSED, FAILED, SKIPPED, UNDECIDED = "passed", "failed", "skipped", "undecided"

#: The method that compares text; every other one is exact. ``METHODS`` has all of them, the strongest first.
SIMILARITY = "similarity"
METHODS = ("ancestry", "trailer", "patch-id", "squash", "blob", SIMILARITY)

#: The score that similarity needs for an alarm: a warning instead of a note.
ALARM = 6.0

#: The most shared lines of evidence that a report shows, and characters of each one.
SHARED_LISTED, SHARED_LIMIT = 5, 100

#: The hint of evidence whose research another ref has too: that one is believed, and a warning says so.
HELD_TOO = "held-too"


class Rule(Value):
    """One numbered statement of a check. ``level`` is the default; ``fix`` says how to resolve a violation."""

    code: str
    name: str
    level: str
    summary: str
    why: str
    fix: str


#: A source ref holds its commits now, or held them until it was moved away from them or deleted.
STATES = LIVE, MOVED, DELETED = "live", "moved", "deleted"


class Evidence(Value):
    """Evidence that commits derive from research.

    ``method`` is one of ancestry, trailer, patch-id, squash, blob, similarity. ``source_ref`` is a full refname, or
    ``None`` if none is known; ``source_state`` is one of ``STATES``. ``score`` is 1.0 for exact methods and the sum of
    the terms for similarity. ``commits`` are the judged commits that it is about, ``source_commits`` the research
    commits they derive from. ``matched_lines`` is ``None`` if the method does not count lines.

    ``terms`` are the name and value of each term of a similarity score, empty for exact methods. ``shared`` is a sample
    of the shared lines, stripped, at most ``SHARED_LISTED``. ``hint`` says why it is not decisive, as a key:
    landed-first (the target had it before research), noise-only (short lines, dependency versions, lock, generated,
    ignored or vendored files), boilerplate, small, below-alarm, mechanical, held-too (another ref has it, and is
    believed to have had it first); ``None`` if it is decisive. ``other_ref`` is the full name of that other ref,
    ``None`` if there is none.
    """

    method: str
    decisive: bool
    source_ref: str | None
    commits: tuple[str, ...]
    source_commits: tuple[str, ...]
    score: float = 1.0
    matched_lines: int | None = None
    paths: tuple[str, ...] = ()
    terms: tuple[tuple[str, float], ...] = ()
    shared: tuple[str, ...] = ()
    hint: str | None = None
    source_state: str = LIVE
    other_ref: str | None = None

    @property
    def is_doubtful(self) -> bool:
        """Return whether another ref has the commits too, and is only believed to have had them first."""
        return self.hint == HELD_TOO

    @property
    def proves(self) -> bool:
        """Return whether it proves that the commits derive from research: it is decisive, and exact."""
        return self.decisive and self.method != SIMILARITY

    @property
    def since(self) -> str:
        """What has become of the source ref since, in words to stand behind its name; empty where it is live."""
        return {LIVE: "", MOVED: " (moved since)", DELETED: " (deleted)"}[self.source_state]

    @property
    def strength(self) -> tuple[bool, int, float, int, str]:
        """A key to sort evidence by, the strongest first."""
        state = STATES.index(self.source_state)
        return not self.decisive, METHODS.index(self.method), -self.score, state, self.source_ref or ""

    def for_commits(self, kept: Container[str]) -> Evidence:
        """Return the same evidence for those of its commits that are ``kept``, in their order.

        For ancestry the commits are their own sources, so the sources are restricted too.
        """
        commits = tuple(oid for oid in self.commits if oid in kept)
        return self.changed(
            commits=commits, source_commits=commits if self.method == "ancestry" else self.source_commits
        )


class Finding(Value, kw_only=True):
    """One violation of one rule. Each rule has a subclass, whose own fields are the data of the message.

    ``stated_level`` is the level in this context before the policy's ``[levels]``; ``None`` means the rule's default.
    ``oids`` are the full oids of the commits that it is about. ``ref`` and ``path`` locate it; ``None`` if it has no
    such place. All of these are keyword-only.
    """

    stated_level: str | None = None
    oids: tuple[str, ...] = ()
    ref: str | None = None
    path: str | None = None
    evidence: tuple[Evidence, ...] = ()

    if TYPE_CHECKING:
        rule: ClassVar[Rule]

        @property
        def subjects(self) -> tuple[str, ...]:
            """The subjects of the commits of ``oids``, in the same order; empty where they are not known."""
    else:
        # No property: a subclass may have a field of this name, and a property would hide it.
        subjects = ()

    @property
    def level(self) -> str:
        """error, warning or note."""
        return self.rule.level if self.stated_level is None else self.stated_level

    @property
    def data(self) -> dict[str, Any]:
        """The subclass's own fields by name: ``data`` of the JSON report, where values become objects."""
        own = [name for name in type(self).__annotations__ if name in self._names]
        inherited = [name for name in self._fields if name not in Finding._fields and name not in own]
        return {name: self.__dict__[name] for name in (*inherited, *own)}

    @property
    def advised(self) -> tuple[str, ...]:
        """The persons whom ``help`` names as reviewers."""
        return ()

    def at_level(self, level: str) -> Finding:
        """Return the same finding at another level."""
        return self.changed(stated_level=level)

    def message(self) -> str:
        """Return what is wrong, in one line for people; not escaped."""
        raise NotImplementedError

    def help(self) -> str | None:
        """Return the command or step that fixes it, in one line; ``None`` if there is none."""
        raise NotImplementedError

    def help_lines(self) -> tuple[str, ...]:
        """Return a long command of ``help`` in shorter lines, for a shell to join; else ``()``."""
        return ()


#: By the keys of ``Evidence.hint``. ``{first}`` is the name of the branch that had the code before research.
_REASONS = {
    "landed-first": "{first} had it first",
    "noise-only": "only short lines, dependency versions, or lock, generated, ignored or vendored files",
    "boilerplate": "only boilerplate",
    "small": "too little text to be sure",
    "below-alarm": f"below the threshold of {ALARM:g}",
    "mechanical": "a mechanical change",
    HELD_TOO: "another branch has it too, and is taken to have had it first",
}


def reason(hint: str | None, first: str = "what it is compared with") -> str:
    """Return why evidence does not decide; an unknown key is returned as it is, ``None`` as "not decisive"."""
    if hint is None:
        return "not decisive"
    return _REASONS[hint].replace("{first}", first) if hint in _REASONS else hint
