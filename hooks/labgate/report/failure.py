"""The words for a run that could not judge: one line a problem, and the command that mends it."""

from __future__ import annotations

from labgate.report.escape import safe
from labgate.report.palette import palette
from labgate.values.errors import LabgateError, PolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from labgate.report.palette import Paint

#: Characters of a command that mends something. A longer one would be cut, and half a command is a wrong command.
HELP_LIMIT = 4000


def render_failure(error: LabgateError, stream: TextIO, *, colour: bool = False) -> None:
    """Write ``error: message``, for a policy one line for each mistake, and ``  help: command`` where there is one."""
    stream.writelines(f"{line}\n" for line in failure_lines(error, palette(colour)))


def failure_lines(error: LabgateError, paint: Paint) -> Iterator[str]:
    """Yield the lines that ``render_failure`` writes, without newlines."""
    for problem in problems_of(error):
        yield f"{paint('error', 'error:')} {safe(problem)}"
    if error.help is not None:
        yield help_line(error.help, indent=2)


def problems_of(error: LabgateError) -> tuple[str, ...]:
    """Return what is wrong, one sentence each: several for a policy with several mistakes."""
    return error.problems if isinstance(error, PolicyError) else (error.message,)


def render_bug(error: Exception, stream: TextIO, *, colour: bool = False) -> None:
    """Write one line for an error that labgate did not foresee, and how to report it."""
    kind = palette(colour)("error", "internal error:")
    stream.write(f"labgate: {kind} {type(error).__name__}: {safe(str(error))}; this is a bug\n")
    stream.write("  help: run it again with LABGATE_TRACEBACK=1 and report what it prints to labgate's issue tracker\n")


def help_line(help: str, indent: int) -> str:
    """Return the indented line with the command or step that mends a finding or a problem."""
    shown = safe(help, limit=None)
    if len(shown) > HELP_LIMIT:
        shown = "the command is too long to show; --format json has it"
    return f"{' ' * indent}help: {shown}"
