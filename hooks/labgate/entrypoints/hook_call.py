"""The call of a hook, when it leaves its stage to another one, and its policy. On the commit hook's path."""

from __future__ import annotations

import os

from labgate.policy.cache import cached_policy
from labgate.values.errors import PolicyError
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.policy.cache import Parse
    from labgate.policy.model import Policy
    from labgate.scene.workplace import Workplace
    from labgate.values.report import PolicyOrigin

    Environment = Mapping[str, str]


class HookCall(Value):
    """How git or a framework started ``labgate-hook``.

    ``checks`` are the named ones, empty for all of the stage. ``native``: git itself starts the hook, and ``arguments``
    are git's own (githooks), else the message file if the stage has one. ``environ`` is the caller's.
    """

    stage: str
    checks: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    native: bool = False
    environ: Environment = os.environ


class Skipped(Value):
    """Why a hook has nothing to judge, in a few words."""

    reason: str


def standing_back(call: HookCall, common_dir: str) -> Skipped | None:
    """Return why a framework's hook leaves a stage to labgate's own; ``None`` if git does not start one itself."""
    if call.native:
        return None
    from labgate import __version__
    from labgate.native.state import native_hook_in_force

    if not native_hook_in_force(common_dir, call.stage, __version__, call.environ):
        return None
    return Skipped(f"labgate's own {call.stage} hook judges this")


class InForce(Value):
    """The policy for what is committed here.

    ``origin`` is its place, ``None`` for the work tree. ``notices`` are lines about it.
    """

    policy: Policy
    origin: PolicyOrigin | None = None
    notices: tuple[str, ...] = ()


def hook_policy(place: Workplace) -> InForce:
    """Return the policy for what is committed here: the work tree's, else the trunk's.

    If neither can be read, it is the last readable version of the trunk's.

    When a policy is read for the first time, the patterns of its experiment branches are written for the native hooks.
    Raises: ``NoPolicyError`` when there is no policy, ``PolicyError`` when it has mistakes, ``OSError``.
    """
    try:
        found = (
            None if place.top is None else cached_policy(place.top, place.git_dir, place.common_dir, _parsing(place))
        )
    except PolicyError as error:
        from labgate.checks.registry import policy_reader
        from labgate.scene.surroundings import stand_in

        judging = stand_in(place, policy_reader(), error)
        return InForce(judging.policy, judging.origin, judging.notices)
    if found is not None:
        return InForce(found)
    from labgate.checks.registry import policy_reader
    from labgate.scene.surroundings import trunk_policy

    judging = trunk_policy(place, policy_reader())
    return InForce(judging.policy, judging.origin, judging.notices)


def _parsing(place: Workplace) -> Parse:
    """Return the parser for a work tree's policy that is not in the cache."""

    def parse(texts: Mapping[str, bytes]) -> Policy | None:
        from labgate.checks.registry import policy_reader
        from labgate.native.branches import write_experiment_branches

        found = policy_reader().find(texts)
        if found is None:
            return None
        write_experiment_branches(place.common_dir, found[0])
        return found[0]

    return parse
