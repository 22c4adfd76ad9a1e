"""remote-policy: a remote takes the kinds of branch that the policy lets it take, a mirror what is canonical."""

from __future__ import annotations

from collections.abc import Iterator

from labgate.checks.remote_policy.rules import Flattened, WrongRemote
from labgate.policy.model import Policy
from labgate.values.value import Value


class Facts(Value):
    """A push of one branch to a remote that has a rule.

    ``place`` is the rule's glob. ``taken``: its kind may go there. ``unknown_to_canonical``: the remote is a mirror,
    and the canonical one lacks what is pushed. The other fields are those of ``WrongRemote``.
    """

    ref: str
    head: str
    kind: str
    place: str
    taken: bool
    unknown_to_canonical: bool = False
    flattened: tuple[Flattened, ...] = ()
    flattened_count: int = 0
    push: str | None = None
    allowed: tuple[str, ...] = ()


def check(facts: Facts, policy: Policy) -> Iterator[WrongRemote]:  # noqa: ARG001  (every check takes the policy)
    """Yield a finding if the remote must not take the branch."""
    if facts.taken and not facts.unknown_to_canonical:
        return
    yield WrongRemote(
        name=facts.ref,
        place=facts.place,
        kind=facts.kind,
        mirror=facts.taken,
        flattened=facts.flattened,
        flattened_count=facts.flattened_count,
        push=facts.push,
        allowed=facts.allowed,
        oids=(facts.head,),
    )
