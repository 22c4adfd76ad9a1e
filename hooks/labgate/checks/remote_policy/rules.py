"""The rule of remote-policy and its finding."""

from __future__ import annotations

from labgate.values.finding import Finding, Rule
from labgate.values.phrases import count, quote, short_oid
from labgate.values.refnames import short_ref
from labgate.values.value import Value

_MOST_NAMED = 3


class Flattened(Value):
    """A commit of the canonical remote that a code drop flattens: full oid and subject."""

    oid: str
    subject: str


class WrongRemote(Finding):
    """``name`` is the full ref that is pushed, ``place`` the remote by the policy's rule, and ``kind`` the ref's kind.

    ``mirror``: the remote is a mirror, and the canonical one does not have what is pushed; ``flattened`` are the first
    commits that would land as one, and ``flattened_count`` is their number. ``push`` is the right command, ``None`` if
    no remote here takes the branch; ``allowed`` are the rules that do.
    """

    rule = Rule(
        "LG701",
        "wrong-remote",
        "error",
        "a branch is pushed to a remote that may not take it, by `[[remote-policy.remotes]]`",
        "A repository and its mirrors say the same thing only as long as everything goes to one of them first. A code "
        "drop, one commit in place of a series, loses the history and the reviews of the series.",
        "Push to the remote that the finding names. The command of the finding updates a mirror.",
    )

    name: str
    place: str
    kind: str
    mirror: bool
    flattened: tuple[Flattened, ...]
    flattened_count: int
    push: str | None
    allowed: tuple[str, ...]

    def message(self) -> str:
        if not self.mirror:
            return f"{short_ref(self.name)} is a {self.kind} branch, which {self.place} does not take"
        if not self.flattened:
            return f"{self.place} is a mirror, and the canonical remote does not have what is pushed"
        named = ", ".join(f"{short_oid(one.oid)} ({one.subject})" for one in self.flattened[:_MOST_NAMED])
        more = self.flattened_count - min(_MOST_NAMED, len(self.flattened))
        others = f" and {more} more" if more else ""
        return (
            f"{self.place} is a mirror, and this would flatten {count(self.flattened_count, 'commit')}: {named}{others}"
        )

    def help(self) -> str | None:
        if self.push is not None:
            return self.push
        taken = " or ".join(self.allowed)
        return f"git remote add NAME URL  # of {taken}" if taken else f"no remote takes {quote(self.kind)} branches"


FINDINGS = (WrongRemote,)
