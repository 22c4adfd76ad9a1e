"""Protected refs keep their history, and take only what may land on them: LG211 and LG212."""

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
    """``how`` is deleted, non-fast-forward or unknown-tip. ``remote`` is a name, ``None`` where there is none.

    ``way`` begins a command line that goes to what is pushed, empty where HEAD is there.
    """

    rule = Rule(
        "LG211",
        "protected-ref-rewritten",
        "error",
        "a protected ref is deleted, or moved to a commit that does not contain the old one",
        "History that others have built on must not vanish: reviews, experiment records and releases point at it.",
        "Bring the change as new commits on top. A ref that may go is listed in [research-gate] deletable.",
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
            # A tag that others have fetched is never moved for them (git-tag, "On Re-tagging").
            back = quote(f"+{self.ref}:{self.ref}")
            return f"git fetch {remote} {back}  # then give the new commit a tag of its own"
        return f"{self.way}git pull --rebase {remote} {quote(ref)}"


class WrongTarget(Finding):
    """``source`` is a short branch name, ``target`` a full refname. ``targets`` are the kinds that would do."""

    rule = Rule(
        "LG212",
        "wrong-target",
        "error",
        "a branch of this kind does not land on that kind of branch",
        "Research work that targets main by mistake is the commonest way in which it gets there. The policy's targets "
        "say where each kind of branch may land.",
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
    """Yield a loss of history that the policy does not allow, and a source branch that must not land here."""
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
