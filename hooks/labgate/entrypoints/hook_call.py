"""How git or a framework called a hook, and when a hook leaves its stage to another. On the commit hook's path."""

from __future__ import annotations

import os

from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Environment = Mapping[str, str]


class HookCall(Value):
    """How git or a framework started ``labgate-hook``.

    ``checks`` are the asked-for ones, none for all of the stage. ``native`` says that git itself starts us: then
    ``arguments`` are git's own (githooks), else the message file where the stage has one. ``environ`` is the caller's.
    """

    stage: str
    checks: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    native: bool = False
    environ: Environment = os.environ


class Skipped(Value):
    """Why a hook has nothing to judge: half a line for people."""

    reason: str


def standing_back(call: HookCall, common_dir: str) -> Skipped | None:
    """Return why a framework's hook leaves a stage to labgate's own; ``None`` where git starts no such hook itself."""
    from labgate import __version__
    from labgate.native.state import native_hook_in_force

    if call.native or not native_hook_in_force(common_dir, call.stage, __version__):
        return None
    return Skipped(f"labgate's own {call.stage} hook is active")
