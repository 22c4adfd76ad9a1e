"""The rules of branch-name and their findings. On the commit hook's path; imports nothing heavy."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import alternatives, count, quote
from labgate.values.refnames import HEADS, TAGS, short_ref
from labgate.values.value import Value

_MOST_CHARACTERS_NAMED = 3
_REASONS = {
    "reserved": "has a meaning of its own in git",
    "object-id": "reads as an object id",
    "leading-dash": "reads as an option",
    "refs-prefix": "reads as a full refname",
}


class Character(Value):
    """A character that is not safe in a name: ``code`` is U+XXXX, ``name`` is Unicode's."""

    code: str
    name: str


class NameFinding(Finding):
    """A violation of the name itself.

    ``name`` is the short name, ``tag`` is true for a tag, ``created`` for a new ref, ``remote`` is the remote's name
    (``None`` if there is none) and ``suggestion`` the nearest legal short name, ``None`` if nothing legal is near.
    ``local``: a ref of that name is here, else ``word`` is the name of its commit in a command. ``foreign``: the name
    is from a fork.
    """

    name: str
    tag: bool
    created: bool
    remote: str | None
    suggestion: str | None
    local: bool
    word: str
    foreign: bool

    @property
    def choices(self) -> tuple[str, ...]:
        """The forms to choose from if no legal name is near."""
        return ()

    @property
    def noun(self) -> str:
        return "tag" if self.tag else "branch"

    def message(self) -> str:
        said = self.problem()
        return said if self.suggestion is None else f"{said}; nearest legal name: {self.suggestion}"

    def problem(self) -> str:
        """Return what is wrong, without a suggestion."""
        raise NotImplementedError

    def help(self) -> str:
        new = self.suggestion
        if self.foreign:
            return "leave it as it is: a fork names its own branches"
        if new is None:
            return f"rename it to {alternatives(self.choices)}" if self.choices else f"rename the {self.noun}"
        if not self.local:
            return self._push(new)
        if self.tag:
            return f"git tag {quote(new)} {quote(TAGS + self.name)} && git tag -d {_operand(self.name)}"
        command = f"git branch -m {_operand(self.name)} {quote(new)}"
        if self.created or self.remote is None:
            return command
        # It is on the remote already and others may use it, so the old name stays there.
        return f"{command} && git push -u {_operand(self.remote)} {quote(new)}"

    def _push(self, new: str) -> str:
        """Return the command that pushes a commit, which has its name only on the remote, with a legal name."""
        full = f"{TAGS if self.tag else HEADS}{new}"
        if self.remote is None:
            return f"push {self.word} to {full}"
        return f"git push {_operand(self.remote)} {quote(f'{self.word}:{full}')}"


class UnknownKind(NameFinding):
    """``forms`` are the templates of the policy to choose from."""

    rule = Rule(
        "LG101",
        "unknown-kind",
        "error",
        "the branch has a name that belongs to no kind of branch in the policy",
        "The kind of a branch decides which rules apply: its limits, its base, whether its code needs a review before "
        "it lands. A branch of no kind has no such rules, and research on it is not recognised as research.",
        "Rename the branch to the nearest legal name in the finding before its first push, while nobody else has it. "
        "If the team needs another kind of branch, add it under `[kinds]` in the policy on the trunk.",
    )

    forms: tuple[str, ...]

    @property
    def choices(self) -> tuple[str, ...]:
        return self.forms

    def problem(self) -> str:
        return "no kind of branch in the policy allows this name"


class BadField(NameFinding):
    """``form`` is the template that matches, ``field`` the one whose ``value`` is illegal.

    ``words`` are the legal values, ``None`` if there is a ``pattern``.
    """

    rule = Rule(
        "LG102",
        "bad-field",
        "error",
        "the branch is of a known kind, but a field of its name has a value that the policy does not allow",
        "People and tools read the fields of a name: the service of an experiment says whose artifacts it makes. A "
        "search for the right service or type does not find a misspelt one.",
        "Rename the branch to the nearest legal name in the finding. If the value is right and the policy is out of "
        "date, add it to the field's list under `[kinds.KIND] fields` on the trunk.",
    )

    kind: str
    form: str
    field: str
    value: str
    words: tuple[str, ...] | None
    pattern: str | None

    def problem(self) -> str:
        expected = self.pattern if self.words is None else alternatives(self.words)
        return f'{self.field} "{self.value}" is not allowed in {self.form}, expected {expected}'


class UnsafeName(NameFinding):
    """``reasons`` are keys (``check.unsafe_reasons``), ``characters`` each offending character once, in order."""

    rule = Rule(
        "LG103",
        "unsafe-name",
        "error",
        "git, a shell or a reader can mistake the name for something else",
        "A branch on a remote may be called `HEAD`, `@`, `-x`, `refs/heads/main` or like an object id, and its name "
        "may have any Unicode letter, even invisible ones and look-alikes. A command may take such a name for another "
        "commit or for an option, and a CI script may run it. So these names are not allowed, and a name has at most "
        "200 characters: ASCII letters and digits and `. _ / + @ = -`.",
        "Rename the branch or tag to the name in the finding. The finding lists the code point and name of each unsafe "
        "character, as many are invisible.",
    )

    reasons: tuple[str, ...]
    characters: tuple[Character, ...]

    def problem(self) -> str:
        return f"this {self.noun} name {' and '.join(self._in_words(reason) for reason in self.reasons)}"

    def _in_words(self, reason: str) -> str:
        if reason == "too-long":
            return f"has {count(len(self.name), 'character')}, more than 200"
        if reason != "characters":
            return _REASONS[reason]
        named = [f"{character.code} {character.name}" for character in self.characters]
        more = len(named) - _MOST_CHARACTERS_NAMED
        rest = f" and {more} more" if more > 0 else ""
        return f"has {', '.join(named[:_MOST_CHARACTERS_NAMED])}{rest}"


class CaseCollision(NameFinding):
    """``others`` are the full refnames that collide with this one."""

    rule = Rule(
        "LG104",
        "case-collision",
        "error",
        "another ref has the same name except for case or for the Unicode form of its letters",
        "A branch is a file name. If the file system ignores case, as on most macOS and Windows machines, both "
        "names are one file: fetching one branch overwrites the other, and pushes go to the wrong one.",
        "Rename the newer of the two refs.",
    )

    others: tuple[str, ...]

    def problem(self) -> str:
        others = alternatives([short_ref(other) for other in self.others])
        plain = all(text.isascii() for text in (self.name, *self.others))
        what = "case" if plain else "case or Unicode form"
        return f"differs from {others} only in {what}, so many machines cannot hold both"


class WrongBase(Finding):
    """``declared`` and ``other`` are full refnames; the distances count commits from their merge base to the branch.

    ``branch`` is the branch that a rebase moves, ``None`` if it has the name itself and empty for a detached HEAD;
    ``way`` begins a command line that goes there first.
    """

    rule = Rule(
        "LG105",
        "wrong-base",
        "warning",
        "the branch starts from a branch of another kind than the policy says",
        "A branch lands together with the commits that it starts from. A topic branch that starts from research brings "
        "that research to the trunk. The rule compares the distance in commits to the nearest branch of a declared "
        "`base` kind with that to the nearest branch of another kind. There is no finding if both are equally near, if "
        "the other branch is the younger one, or if the ledger, the branch's reflog and the commits' dates do not show "
        "which one is.",
        "Move the branch's own commits to the declared base with the `git rebase --onto` command in the finding. If "
        "the base is right, declare it: `[kinds.KIND] base`.",
    )

    name: str
    kind: str | None
    declared: str
    declared_distance: int
    other: str
    other_distance: int
    other_kind: str
    branch: str | None
    way: str

    def message(self) -> str:
        return (
            f"starts from the {self.other_kind} branch {short_ref(self.other)} "
            f"({count(self.other_distance, 'commit')} away), not from {short_ref(self.declared)} "
            f"({count(self.declared_distance, 'commit')} away)"
        )

    def help(self) -> str:
        onto, upstream = quote(_unambiguous(self.declared)), quote(_unambiguous(self.other))
        branch = self.name if self.branch is None else self.branch
        return f"{self.way}git rebase --onto {onto} {upstream}{' ' + quote(branch) if branch else ''}"


class CommitOnProtected(Finding):
    """``branch`` is the short name of the protected branch, ``suggestion`` a legal one for a branch of its own.

    ``upstream`` is the remote-tracking branch, as people say it, ``None`` if there is none.
    """

    rule = Rule(
        "LG106",
        "commit-on-protected",
        "warning",
        "a commit is made on a protected branch itself",
        "A commit on a protected branch is on no branch that anybody can review, and this clone's protected branch "
        "then differs from the remote's. It is mostly a mistake. Merges, cherry-picks and reverts are not reported.",
        "Move the commit to a branch of its own with the command in the finding. A team that works on its trunk turns "
        'the rule off: `[levels] LG106 = "off"`.',
    )

    branch: str
    suggestion: str
    upstream: str | None

    def message(self) -> str:
        return f"you are committing on {self.branch}, a protected branch"

    def help(self) -> str:
        switch = f"git switch -c {quote(self.suggestion)}"
        if self.level == "error" or self.upstream is None:
            return switch
        # The commit is made all the same: the branch is set back to what it is on the remote.
        return f"{switch} && git branch -f {quote(self.branch)} {quote(self.upstream)}"


def _unambiguous(ref: str) -> str:
    """Return the short name of a ref, or the full one if git could read the short one as an option."""
    return ref if short_ref(ref).startswith("-") else short_ref(ref)


def _operand(text: str) -> str:
    """Quote a text for the shell, and keep git from reading it as an option."""
    return f"-- {quote(text)}" if text.startswith("-") else quote(text)


FINDINGS = (UnknownKind, BadField, UnsafeName, CaseCollision, WrongBase, CommitOnProtected)
