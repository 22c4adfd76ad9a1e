"""The entry point ``labgate``: run a command, and turn every error into lines and an exit status."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from labgate.values.system import require_supported

require_supported()

import click

from labgate import __version__
from labgate.cli.lazy import Entry, LazyGroup, NoCommandError
from labgate.cli.settings import Settings, colours
from labgate.report.parts import render_error, traceback_lines
from labgate.values.errors import LabgateError, UsageError
from labgate.values.files import REFUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Exit statuses beside 0 and a report's own (see the contract in docs/glossary.md, "exit status").
COULD_NOT_JUDGE, INTERRUPTED = 2, 130
#: The new objects after which Python looks for reference cycles.
_MANY = 100_000

COMMANDS = {
    "demo": Entry("labgate.cli.demo:demo", "Watch labgate at work in a throw-away repository."),
    "init": Entry("labgate.cli.init:init", "Set labgate up in this repository: policy, hooks, trunk."),
    "check": Entry("labgate.cli.check:check", "Judge a change before it lands on a branch."),
    "ci": Entry("labgate.cli.ci:ci", "Judge the change that a CI job runs for."),
    "audit": Entry("labgate.cli.audit:audit", "Report what landed on a branch without its reviews."),
    "status": Entry("labgate.cli.status:status", "Show where this branch, or every research branch, stands."),
    "review": Entry("labgate.cli.review:review", "State that a change was reviewed."),
    "experiment": Entry("labgate.cli.experiment:experiment", "Keep the code of experiments, and get it back."),
    "trace": Entry("labgate.cli.trace:trace", "Show the research branch that a commit's code comes from."),
    "explain": Entry("labgate.cli.rules:explain", "Explain a rule and how to fix a violation."),
    "rules": Entry("labgate.cli.rules:rules", "List every rule with its default level."),
    "policy": Entry("labgate.cli.policy:policy", "Show, check or describe the policy of this repository."),
    "index": Entry("labgate.cli.index:index", "Show or rebuild the index of research code."),
    "install": Entry("labgate.cli.install:install", "Install labgate's own git hooks in this clone."),
    "uninstall": Entry("labgate.cli.install:uninstall", "Remove labgate's hooks and restore your own."),
    "doctor": Entry("labgate.cli.doctor:doctor", "Show what is active here, what is missing, and how to fix it."),
}


def _set(ctx: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked and option.name is not None:
        setattr(ctx.ensure_object(Settings), option.name, True)


@click.group(cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="labgate", message="%(prog)s %(version)s")
@click.option(
    "--quiet",
    "-q",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set,
    help="Print results and errors only: no remarks, no progress. Reports are as with their own --quiet.",
)
@click.option(
    "--traceback",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set,
    help="Show the traceback of an error (also: LABGATE_TRACEBACK=1).",
)
def labgate() -> None:
    """Move fast on research branches and keep main trustworthy."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line (``sys.argv`` when ``args`` is ``None``) and end the process with its exit status."""
    # A trace makes millions of objects, and hardly any reference cycles.
    gc.set_threshold(_MANY)
    sys.exit(run(sys.argv[1:] if args is None else args))


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit status. Only requests to end the process are raised."""
    REFUSED.clear()
    settings = Settings(os.environ.get("LABGATE_TRACEBACK", "0") not in ("", "0"))
    # A name from a repository may have letters that the terminal's encoding lacks, which must not fail.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _invoke(args, settings)
        sys.stdout.flush()
    except Exception as error:  # noqa: BLE001  (the one place where every error becomes a line)
        status = _report(error, settings)
    except KeyboardInterrupt:
        return INTERRUPTED
    if REFUSED:
        from labgate.report.refused import refused_lines

        sys.stderr.writelines(f"{line}\n" for line in refused_lines(REFUSED))
    return status


def _invoke(args: Sequence[str], settings: Settings) -> int:
    """Return the exit status of the command. ``click.Command.main`` is not used: it makes 1 of a broken pipe."""
    if "_LABGATE_COMPLETE" in os.environ:
        labgate.main(prog_name="labgate")  # a shell requests completions; click answers and exits
    try:
        with labgate.make_context("labgate", list(args), obj=settings) as ctx:
            status = labgate.invoke(ctx)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    return status if isinstance(status, int) else 0


def _report(error: Exception, settings: Settings) -> int:
    _flush_stdout()
    if isinstance(error, click.Abort):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return settings.failed or COULD_NOT_JUDGE
    if isinstance(error, NoCommandError) and error.ctx is not None:
        click.echo(error.ctx.get_help(), err=True)
        return COULD_NOT_JUDGE
    if settings.traceback and not isinstance(error, click.ClickException):
        sys.stderr.writelines(f"{line}\n" for line in traceback_lines(error))
    known = _as_known(error)
    render_error(known, sys.stderr, colour=colours(sys.stderr))
    return settings.failed or (known.status if isinstance(known, LabgateError) else COULD_NOT_JUDGE)


def _as_known(error: Exception) -> Exception:
    """Return an error of click as a ``UsageError``, any other one unchanged."""
    if isinstance(error, click.UsageError):
        command = "labgate" if error.ctx is None else error.ctx.command_path
        return UsageError(_one_line(error), f"{command} --help")
    if isinstance(error, click.ClickException):
        return UsageError(_one_line(error))
    return error


def _one_line(error: click.ClickException) -> str:
    return " ".join(error.format_message().split()).rstrip(".")


def _flush_stdout() -> None:
    """Flush the output; if that fails (closed pipe, full disk), keep Python from trying it again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
