"""Protected refs keep their history and only accept allowed branches: LG211 and LG212."""

from __future__ import annotations

from labgate.research.section import ResearchGate
from labgate.values.finding import Finding, Rule
from labgate.values.phrases import quote
from labgate.values.refnames import TAGS, short_ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.checks.research_gate.update import Facts
    from labgate.policy.grammar import Template
    from labgate.policy.model import Policy


class ProtectedRefRewritten(Finding):
    """``how`` is deleted, non-fast-forward or unknown-tip. ``remote`` is a name, ``None`` if there is none.

    ``way`` is a command that switches to the pushed commit first, empty if HEAD is there.
    """

    rule = Rule(
        "LG211",
        "protected-ref-rewritten",
        "error",
        "a protected ref is deleted, or moved to a commit that does not contain the old one",
        "History that others have built on must be kept: reviews, experiment records and releases point to it.",
        "Make the change in new commits on top. List a ref that may be deleted in [research-gate] deletable.",
    )

    ref: str
    remote: str | None
    how: str
    way: str = ""

    def message(self) -> str:
        ref = short_ref(self.ref)
        if self.how == "deleted":
            return f"{ref} is protected and would be deleted"
        if self.ref.startswith(TAGS):
            return f"{ref} is protected and would be moved"
        not_here = " not fetched here" if self.how == "unknown-tip" else ""
        return f"{ref} would lose commits{not_here} that {self.remote or 'origin'} already has"

    def help(self) -> str:
        ref, remote = short_ref(self.ref), quote(self.remote or "origin")
        if self.how == "deleted":
            return f"leave {ref} out of the push, or list it in [research-gate] deletable"
        if self.ref.startswith(TAGS):
            # git does not move a tag that others have fetched (git-tag, "On Re-tagging").
            back = quote(f"+{self.ref}:{self.ref}")
            return f"git fetch {remote} {back}  # then give the new commit a tag of its own"
        return f"{self.way}git pull --rebase {remote} {quote(ref)}"


class WrongTarget(Finding):
    """``source`` is a short branch name, ``target`` a full refname. ``targets`` are the allowed kinds."""

    rule = Rule(
        "LG212",
        "wrong-target",
        "error",
        "a branch of this kind does not land on that kind of branch",
        "Research mostly reaches main because a branch targets it by mistake. The policy's targets say where each kind "
        "of branch may land. At push it is a note, because git does not say which branch the commits come from.",
        "Send it to a branch of one of the kind's targets.",
    )

    source: str | None
    source_kind: str
    target: str
    targets: tuple[str, ...]

    def message(self) -> str:
        kinds, target = " or ".join(self.targets), short_ref(self.target)
        return f"{self.source} is a {self.source_kind} branch and lands on {kinds}, not on {target}"

    def help(self) -> str:
        kinds = " or ".join(self.targets)
        return f"send it to a branch of kind {kinds}, or change [kinds.{self.source_kind}] targets"


def check(facts: Facts, policy: Policy) -> Iterator[Finding]:
    """Yield a loss of history that the policy does not allow, and a source branch that may not land here."""
    if facts.rewrite is not None and not _is_allowed(facts, policy):
        yield ProtectedRefRewritten(ref=facts.ref, remote=facts.remote, how=facts.rewrite, way=facts.way)
    kind = None if facts.source_kind is None else policy.kind(facts.source_kind)
    if kind is None or not kind.targets or "protected" in kind.targets or facts.rewrite == "deleted":
        return
    yield WrongTarget(
        source=facts.source,
        source_kind=kind.name,
        target=facts.ref,
        targets=kind.targets,
        stated_level=None if facts.source_stated else "note",
        ref=facts.ref,
    )


def _is_allowed(facts: Facts, policy: Policy) -> bool:
    deletable = policy.section(ResearchGate).deletable
    return facts.rewrite == "deleted" and any(_fits(template, facts.ref) for template in deletable)


def _fits(template: Template, ref: str) -> bool:
    values = template.fits(ref)
    return values is not None and template.bad_field(values) is None
