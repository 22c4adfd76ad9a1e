"""The entry point ``labgate-hook``, which git and the hook frameworks start.

It finds the stage, and turns the verdict into lines and an exit status; ``entrypoints.failed_hook`` does so with a
failure of labgate itself.
"""

from __future__ import annotations

import gc
import os
import sys

from labgate.values.system import require_supported

require_supported(*sys.argv[1:2])

from labgate.checks.registry import COMMIT, MANUAL, MERGE, MESSAGE, PREPARE, STAGES, rows
from labgate.values.errors import UsageError
from labgate.values.files import REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from labgate.entrypoints.hook_call import HookCall, Skipped
    from labgate.values.report import Report

USAGE = "labgate-hook STAGE [CHECK ...] [FILE] [--native ARG ...]"

#: The stages that may stop git, by their meaning (githooks).
_OF_COMMITS, _OF_MESSAGES = (COMMIT, MERGE), (PREPARE, MESSAGE)
#: git runs these even with --no-verify: they never stop anything.
_NEVER_STOPS = (PREPARE, "post-")

#: The new objects after which Python looks for reference cycles.
_MANY = 100_000

INTERRUPTED = 130


def main() -> NoReturn:
    """Run one hook for this process's arguments and end the process with its exit status."""
    # There are hardly any reference cycles, and the process ends soon.
    gc.set_threshold(_MANY)
    if None in (sys.stdin, sys.stdout, sys.stderr):
        _open_standard_streams()
    status = run(sys.argv[1:], os.environ)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        # There is no reader, and nothing more is flushed: the exit status has the result.
        os._exit(status)
    borrowed = sys.modules.get("labgate.git.borrowed")
    if borrowed is not None:
        borrowed.give_back_all()
    # There is nothing else to clean up, and Python's finalization would take a tenth of a passing hook's time.
    os._exit(status)


def _open_standard_streams() -> None:
    """Open the streams that the caller closed; else the next file would get the number of one, and get its output."""
    while os.open(os.devnull, os.O_RDWR) <= 2:
        continue
    sys.stdin = sys.stdin or open(0)  # noqa: SIM115  (open as long as the process)
    sys.stdout = sys.stdout or open(1, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w")  # noqa: SIM115


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one hook and return its exit status. Errors are written to standard error."""
    REFUSED.clear()
    status = _run(argv, environ)
    if REFUSED:
        from labgate.report.refused import refused_lines

        _say("\n".join(refused_lines(REFUSED)), status)
    return status


def _run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    stage = argv[0] if argv else ""
    never_stops = stage.startswith(_NEVER_STOPS)
    try:
        status = _dispatch(read_call(argv, environ))
    except Exception as error:  # noqa: BLE001  (the one place where every error becomes lines and a status)
        from labgate.entrypoints.failed_hook import failed

        return _say(*failed(argv, environ, error, stops=not never_stops, terminal=sys.stderr.isatty()))
    except KeyboardInterrupt:
        return 0 if never_stops else INTERRUPTED
    return 0 if never_stops else status


def read_call(argv: Sequence[str], environ: Mapping[str, str]) -> HookCall:
    """Read the command line. Raises: ``UsageError`` when it is not of the form ``USAGE``."""
    from labgate.entrypoints.hook_call import HookCall

    words, native = list(argv), "--native" in argv
    arguments: tuple[str, ...] = ()
    if native:
        at = words.index("--native")
        words, arguments = words[:at], tuple(words[at + 1 :])
    if not words or words[0] not in (*STAGES, MANUAL):
        message = f"there is no stage {words[0]}" if words else "no stage is given"
        raise UsageError(message, f"{USAGE}, where STAGE is one of: {', '.join((*STAGES, MANUAL))}")
    stage, *names = words
    if stage in _OF_MESSAGES and not native and names:
        arguments = (names.pop(),)
    rows(names)
    if stage in _OF_MESSAGES and not arguments:
        message = f"{stage} needs the message file"
        raise UsageError(message, USAGE)
    return HookCall(stage, tuple(names), arguments, native, environ)


def _dispatch(call: HookCall) -> int:
    if call.stage in _OF_COMMITS:
        from labgate.entrypoints import commit

        status = _conclude(commit.run(call), call.environ)
        return _remind(call, status) if call.stage == COMMIT else status
    if call.stage in _OF_MESSAGES:
        from labgate.entrypoints import message

        verdict = message.run(call)
        return verdict if isinstance(verdict, int) else _conclude(verdict, call.environ)
    from labgate.entrypoints import push
    from labgate.report.indexing import Indexing

    indexing = Indexing(sys.stderr)
    try:
        verdict = push.run(call, indexing)
    finally:
        indexing.close()
    return _conclude(verdict, call.environ)


def _remind(call: HookCall, status: int) -> int:
    """Report a missing push hook, if a framework starts this one, and return the status."""
    # pre-commit and prek set PRE_COMMIT; git, which starts labgate's own hooks, does not.
    if call.native or call.environ.get("PRE_COMMIT") != "1":
        return status
    from labgate.entrypoints.push_hook import reminder

    line = reminder(call)
    return status if line is None else _say(line, status)


def _conclude(verdict: Report | Skipped | None, environ: Mapping[str, str]) -> int:
    """Write the report, nothing if everything passed with a complete view, and return the exit status."""
    from labgate.entrypoints.hook_call import Skipped

    if verdict is None:
        return 0
    if isinstance(verdict, Skipped):
        return _say(f"labgate: skipped: {_shown(verdict.reason)}", 0)
    if verdict.is_silent:
        return verdict.exit_status
    from io import StringIO

    from labgate.report import renderer
    from labgate.report.palette import wants_colour

    text = StringIO()
    # On standard error, where git shows it: some git commands print data on standard output.
    colour = wants_colour("auto", environ, sys.stderr.isatty())
    renderer("text", colour=colour, verbose=False)(verdict, text)
    return _say(text.getvalue().removesuffix("\n"), verdict.exit_status) if text.getvalue() else verdict.exit_status


def _shown(text: str) -> str:
    from labgate.report.escape import safe

    return safe(text)


def _say(text: str, status: int) -> int:
    """Write a line to standard error, where git shows it, and return the status."""
    try:
        sys.stderr.write(f"{text}\n")
    except OSError:
        # There is no reader (a closed pipe): the status still counts.
        return status
    return status


if __name__ == "__main__":
    main()
