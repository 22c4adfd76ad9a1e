"""mixed-components: a commit touches one component. On the commit hook's path: rules are imported for a finding."""

from __future__ import annotations

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.checks.mixed_components.rules import MixedCommit
    from labgate.policy.model import Policy
    from labgate.values.batch import Batch


class Facts(Value):
    """The commits to judge, oldest first; ``staged``: it is one in progress.

    ``temporary_index``: its index is one that git deletes when the hook refuses (``git commit -a``). ``way`` is the
    command that goes to their branch first, or empty; ``head`` is their last commit where HEAD is it, else ``None``.
    ``audited``: they landed some time ago, and only their exceptions are reported.
    """

    batches: tuple[Batch, ...]
    staged: bool = False
    temporary_index: bool = False
    way: str = ""
    head: str | None = None
    audited: bool = False


def check(facts: Facts, policy: Policy) -> Iterator[MixedCommit]:
    """Yield a finding for each commit that touches several components."""
    from labgate.checks.mixed_components.rules import Component, MixedCommit
    from labgate.checks.mixed_components.section import MixedComponents

    section = policy.section(MixedComponents)
    for batch in facts.batches:
        if facts.audited and batch.exception is None:
            continue
        parts: dict[str, list[str]] = {}
        free: list[str] = []
        for file in batch.files:
            name = section.component(file.path)
            (free if name is None else parts.setdefault(name, [])).append(file.path)
        if len(parts) < 2:
            continue
        first, *others = sorted(parts, key=lambda name: -len(parts[name]))
        yield MixedCommit(
            oid=batch.oid,
            subject=batch.subject,
            split=(
                Component(first, tuple(sorted((*parts[first], *free)))),
                *(Component(name, tuple(sorted(parts[name]))) for name in others),
            ),
            parents=batch.parents,
            staged=facts.staged,
            temporary_index=facts.temporary_index,
            way=facts.way,
            at_head=batch.oid is not None and batch.oid == facts.head,
            oids=() if batch.oid is None else (batch.oid,),
            exception=batch.exception,
            stated_level=None if batch.exception is None else batch.exception.level,
        )
