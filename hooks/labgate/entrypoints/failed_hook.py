"""What a hook says, and its exit status, when labgate itself fails.

A push is refused, a commit gets the command that bypasses labgate, and git's own operations (a rebase, for instance)
are never stopped. A hook that passes does not load this.
"""

from __future__ import annotations

from io import StringIO

from labgate.checks.registry import COMMIT, MERGE, MESSAGE, NAMES, PREPARE, STAGE_IDS
from labgate.report.escape import safe
from labgate.report.palette import wants_colour
from labgate.report.parts import render_error, traceback_lines
from labgate.values.errors import NoPolicyError, known_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COULD_NOT_JUDGE = 2

#: The hook ids of the manifest to skip for one commit, by stage. After a refusal by pre-merge-commit, `git commit`
#: completes the merge, and runs the pre-commit hook.
_SKIPPED_IDS = {
    COMMIT: STAGE_IDS[COMMIT],
    MERGE: f"{STAGE_IDS[MERGE]},{STAGE_IDS[COMMIT]}",
    MESSAGE: STAGE_IDS[MESSAGE],
}


def failed(
    argv: Sequence[str], environ: Mapping[str, str], error: Exception, *, stops: bool, terminal: bool
) -> tuple[str, int]:
    """Return what to say about an error of a hook that was started with ``argv``, and the exit status.

    ``stops``: the stage may stop git. ``terminal``: what is said goes to one.
    """
    if isinstance(error, NoPolicyError):
        return f"labgate: skipped: {_line(error)}", 0
    said, status = _verdict(argv, environ, error, stops=stops, terminal=terminal)
    traced = environ.get("LABGATE_TRACEBACK", "0") not in ("", "0")
    return "\n".join((*traceback_lines(error), said) if traced else (said,)), status


def _verdict(
    argv: Sequence[str], environ: Mapping[str, str], error: Exception, *, stops: bool, terminal: bool
) -> tuple[str, int]:
    stage = argv[0] if argv else ""
    if not stops:
        return f"labgate: {safe(stage)} did nothing: {_line(error)}", 0
    if stage not in _SKIPPED_IDS:
        return _explained(error, environ, terminal=terminal), COULD_NOT_JUDGE
    operation = _operation(environ)
    if operation in ("rebase", "am", "cherry-pick", "revert"):
        return f"labgate: not judged during this {operation}: {_line(error)}", 0
    bypass = f"to make this one commit without labgate: {_bypass(stage, argv, environ)}"
    return f"{_explained(error, environ, terminal=terminal)}\nlabgate could not judge; {bypass}", COULD_NOT_JUDGE


def _bypass(stage: str, argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the command that makes this one commit without labgate."""
    # pre-commit and prek set PRE_COMMIT; their other hooks must still run. A hook of one check has the check's name.
    names = argv[1:-1] if stage in (PREPARE, MESSAGE) else argv[1:]
    known = not names or (len(names) == 1 and names[0] in NAMES)
    if environ.get("PRE_COMMIT") != "1" or "--native" in argv or not known:
        return "git commit --no-verify"
    return f"SKIP={names[0] if names else _SKIPPED_IDS[stage]} git commit"


def _operation(environ: Mapping[str, str]) -> str | None:
    try:
        from labgate.scene.workplace import find_workplace

        return find_workplace(environ).operation()
    except Exception:  # noqa: BLE001  (a second failure must not hide the first)
        return None


def _explained(error: Exception, environ: Mapping[str, str], *, terminal: bool) -> str:
    """Return the lines that ``labgate`` shows for an error."""
    text = StringIO()
    render_error(error, text, colour=wants_colour("auto", environ, terminal))
    return text.getvalue().rstrip("\n")


def _line(error: Exception) -> str:
    """Return an error in one line, with the command that fixes it."""
    known = known_error(error)
    if known is None:
        return f"internal error: {type(error).__name__}: {safe(str(error))}"
    problem = known.message.split("\n", 1)[0]
    return safe(problem if known.help is None else f"{problem} (help: {known.help})")
