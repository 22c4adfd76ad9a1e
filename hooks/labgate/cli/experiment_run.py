"""``labgate experiment run``: words around a command that runs as without labgate."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from labgate.cli import completion
from labgate.cli.experiment_pin import experiment_option
from labgate.cli.experiment_words import say, say_inexact, say_remark, say_warnings
from labgate.cli.settings import Settings
from labgate.policy.schema import DURATIONS
from labgate.report.parts import help_line
from labgate.values.errors import LabgateError, UsageError
from labgate.values.phrases import count, quote, short_oid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labgate.entrypoints.experiment_run import Done, Ready
    from labgate.entrypoints.run_basis import RunRequest
    from labgate.experiments.supervise import Ending

#: The exit status when labgate could not start or record the command, as of ``env`` and ``timeout``.
COULD_NOT_RUN = 125
_MOST_NAMED = 5
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)


def _duration(ctx: click.Context, param: click.Parameter, text: str | None) -> float | None:
    """Return the seconds of a time such as ``10m``, in the policy's units; a number alone is in seconds."""
    if text is None:
        return None
    unit = DURATIONS.get(text[-1:], 0)
    number, scale = (text[:-1], unit) if unit else (text, 1)
    seconds = float(number) * scale if _NUMBER.fullmatch(number) else 0.0
    if seconds <= 0:
        message = f"{text!r} is not a time such as 30s, 10m, 6h or 2d"
        raise click.BadParameter(message, ctx, param)
    return seconds


def _not_empty(ctx: click.Context, param: click.Parameter, given: Any) -> Any:
    """Return the value. Raises: ``click.BadParameter`` for an empty one, as of a variable that a script forgot."""
    if given == "" or (isinstance(given, tuple) and "" in given):
        message = "it is empty"
        raise click.BadParameter(message, ctx, param)
    return given


class RunCommand(click.Command):
    """A command whose words after ``--`` are another one, which nobody parses."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what follows ``--``. Raises: ``UsageError`` without it."""
        ctx.ensure_object(Settings).failed = COULD_NOT_RUN
        at = args.index("--") if "--" in args else len(args)
        own, ctx.meta["labgate.command"] = args[:at], tuple(args[at + 1 :])
        if ctx.resilient_parsing:  # a shell asks what may come next
            return super().parse_args(ctx, own)
        if at == len(args) and not {"-h", "--help"} & set(own):
            message = "-- is missing before the command (usage: labgate experiment run [OPTIONS] -- COMMAND)"
            raise UsageError(message, self._with_dashes(ctx, own))
        ctx.meta["labgate.options"] = tuple(own)
        rest = super().parse_args(ctx, own)
        if not ctx.meta["labgate.command"]:
            message = "there is no command after -- (usage: labgate experiment run [OPTIONS] -- COMMAND)"
            raise click.UsageError(message, ctx)
        return rest

    def _with_dashes(self, ctx: click.Context, args: list[str]) -> str:
        """Return the command line with ``--`` where the command seems to begin."""
        parser = self.make_parser(ctx)
        parser.allow_interspersed_args = False
        try:
            rest = parser.parse_args(list(args))[1]
        except click.UsageError:
            rest = []
        if not rest:
            return f"{ctx.command_path} --help"
        words = (*args[: len(args) - len(rest)], "--", *rest)
        return f"{ctx.command_path} {' '.join(map(quote, words))}"

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] -- COMMAND")


@click.command(cls=RunCommand, short_help="Run a command, and record the code of what it makes.")
@click.option(
    "--artifact",
    "artifacts",
    metavar="GLOB",
    multiple=True,
    callback=_not_empty,
    help="Files to record beside the policy's artifacts; repeatable. Quote it: the shell must not expand it.",
)
@click.option(
    "--input",
    "inputs",
    metavar="GLOB",
    multiple=True,
    callback=_not_empty,
    help="Data and checkpoints whose digests are recorded; repeatable.",
)
@click.option(
    "--at",
    metavar="REV",
    callback=_not_empty,
    shell_complete=completion.revisions,
    help="Run the code of this commit.  [default: the code that is here]",
)
@click.option(
    "--stall-timeout", callback=_duration, metavar="TIME", help="Stop after so long without output, such as 10m."
)
@click.option("--timeout", callback=_duration, metavar="TIME", help="Stop after so long, such as 6h.")
@click.option(
    "--grace", callback=_duration, metavar="TIME", default="10s", show_default=True, help="From SIGTERM to SIGKILL."
)
@click.option(
    "--dir",
    "copies",
    metavar="DIR",
    callback=_not_empty,
    shell_complete=completion.folders,
    help="A folder for copies of the log and of record.json.",
)
@click.option("--push", is_flag=True, help="Pin committed code on the remote, too.")
@experiment_option
@click.pass_context
def run(ctx: click.Context, /, **options: Any) -> int:
    """Run a command, and record the code of what it makes. The code is kept from then on, committed or not.

    \b
    Examples:
      labgate experiment run -- python train.py
          write a record beside each artifact of the policy that train.py makes
      labgate experiment run --artifact 'out/*.pt' --timeout 6h -- ./train.sh
          record other files, and the data; stop a run that hangs

    \b
    Exit status:
      that of the command, 128 + n if signal n ended it
      124  a time-out stopped it    125  labgate could not start or record it
    """
    from labgate.entrypoints.experiment_run import is_inner
    from labgate.entrypoints.run_basis import RunRequest
    from labgate.experiments.supervise import replace_by

    command = ctx.meta["labgate.command"]
    if is_inner(os.environ):
        sys.stdout.flush()
        replace_by(command, os.environ)
    options |= {"artifacts": tuple(options["artifacts"]), "inputs": tuple(options["inputs"])}
    silence = _silence(options["stall_timeout"])
    return _run(RunRequest(command, options=ctx.meta["labgate.options"], silence=silence, **options))


def _run(request: RunRequest) -> int:
    from labgate.entrypoints.experiment_run import execute, ready_run

    with ready_run(request, os.environ) as ready:
        with _unheard():
            _say_before(ready)
        sys.stdout.flush()
        done = execute(ready)
        with _unheard():
            _say_after(ready, done)
        if request.push:
            _push(ready)
    return COULD_NOT_RUN if done.kept.problems else done.ending.exit_status


@contextmanager
def _unheard() -> Iterator[None]:
    """Go on where nobody reads standard error any more: the run is what counts."""
    try:
        yield
    except BrokenPipeError:
        # Python would try to write the rest when it ends, and fail with a status of its own.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (until the process ends)


def _push(ready: Ready) -> None:
    """Pin the code on the remote, or say why not: the run itself is done."""
    from labgate.entrypoints.run_push import push_code

    try:
        push_code(ready.basis)
    except LabgateError as error:
        with _unheard():
            say(f"warning: not pinned on the remote: {error.message}")
            if error.help is not None:
                click.echo(help_line(error.help, indent=2), err=True)


def _silence(stall_timeout: float | None) -> str:
    if stall_timeout is None:
        return ""
    half = _seconds(stall_timeout / 2)
    return f"labgate: warning: no output for {half}; the command is stopped after {_seconds(stall_timeout)} without"


def _seconds(seconds: float) -> str:
    """Return a time in the largest unit that makes it a whole number."""
    for unit, scale in sorted(DURATIONS.items(), key=lambda item: -item[1]):
        if seconds >= scale and seconds % scale == 0:
            return f"{seconds / scale:.0f}{unit}"
    return f"{seconds:g}s"


def _say_before(ready: Ready) -> None:
    """Say what the person at the keyboard should know before the command runs."""
    basis, worktree = ready.basis, ready.site.worktree
    say_inexact(basis.code)
    say_warnings(ready.warnings)
    if worktree is not None:
        say_remark(f"running {short_oid(basis.code.commit)} in {worktree.path}, where ignored files are not")
        for path in worktree.without:
            say(f"warning: the submodule {path} is not there either, as this clone does not have it")
    if basis.repository is None and ready.circumstances.copies is None:
        say_remark("there is no repository here, so the output is not kept; --dir DIR keeps it")
    for text in ready.unmatched:
        say(f"warning: --input {text} matches no file")


def _say_ending(request: RunRequest, ending: Ending) -> None:
    if ending.outcome == "stalled":
        say(f"stopped: no output for {_seconds(request.stall_timeout or 0)}")
    elif ending.outcome == "timed-out":
        say(f"stopped after {_seconds(request.timeout or 0)}")
    if ending.unpassed is not None:
        say(f"warning: not all output could be passed on: {ending.unpassed.strerror}")


def _say_after(ready: Ready, done: Done) -> None:
    """Say what came of it."""
    _say_ending(ready.request, done.ending)
    kept = done.kept
    for text in done.unmatched:
        say(f"warning: --artifact {text} matches no file")
    code = f"{short_oid(ready.basis.code.commit)}, {ready.basis.experiment}"
    if kept.artifacts:
        more = f" and {len(kept.artifacts) - _MOST_NAMED} more" if len(kept.artifacts) > _MOST_NAMED else ""
        named = f"{', '.join(kept.artifacts[:_MOST_NAMED])}{more}"
        say_remark(f"{count(len(kept.artifacts), 'artifact')} of {code}: {named}")
    elif not kept.unnamed:
        say_remark(f"ran {code}; it made no artifact of the policy (--artifact GLOB names others)")
    if kept.artifacts and not done.alone:
        say("warning: other runs were active in this work tree; what changed meanwhile may be theirs")
    for name, reason in kept.unnamed:
        say(f"warning: {name} cannot have a record: {reason}")
    for problem in kept.problems:
        say(f"not recorded: {problem}")
    if kept.problems:
        say(f"the command itself ended with status {done.ending.status}")
