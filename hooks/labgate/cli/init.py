"""``labgate init``: set up a policy, the hooks, and their configuration in a repository."""

from __future__ import annotations

import os
import shlex
import textwrap
from collections.abc import Iterator, Sequence

import click

from labgate.cli.settings import is_quiet, remark, warn
from labgate.git.repository import discover
from labgate.git.settings import write_setting
from labgate.native.branches import write_experiment_branches
from labgate.native.install import UPDATED, WRITTEN, Installed, install
from labgate.policy.model import OWN_FILE
from labgate.report.escape import safe
from labgate.reviews.reach import reviewers, shortfalls
from labgate.reviews.section import Reviews
from labgate.setup.pipelines import GITHUB, GITHUB_REVIEW, GITLAB, GITLAB_ROOT, SYSTEMS
from labgate.setup.plan import PIPELINES, Done, FileChange, Plan, make_plan
from labgate.setup.presets import FORMER_SCHEMA, PRESETS, SCHEMA, Proposal
from labgate.setup.source import BY_HAND, Source, installed_from, named_source
from labgate.setup.survey import take_survey
from labgate.values.errors import LabgateError, UsageError
from labgate.values.files import RefusedFileError, write_below, write_own


@click.command(short_help="Set labgate up in this repository: policy, hooks, trunk.")
@click.option("--preset", type=click.Choice([*PRESETS]), help="The policy to start from.  [default: the one that fits]")
@click.option("--ci", "ci_", type=click.Choice([*SYSTEMS]), help="Also write the pipeline that judges in CI.")
@click.option("--repo", metavar="URL", help="The repository to get labgate from.  [default: the source of this one]")
@click.option("--rev", metavar="REV", help="Its tag or full commit id, along with --repo.")
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would be written.")
def init(preset: str | None, ci_: str | None, repo: str | None, rev: str | None, dry_run: bool) -> None:
    """Set labgate up in this repository.

    It reads the trunk, the branches and the hook managers, writes a commented labgate.toml and the lines that start
    labgate from pre-commit or prek, installs the hooks, and reports what it did. Existing files are never overwritten;
    a second run changes nothing.

    Hooks and pipeline get labgate from the repository and commit that this one was installed from, or from --repo.

    \b
    Presets:
      research-branch      research/TOPIC lands after a review by somebody else
      experiment-branches  experiment--SERVICE--HANDLE, issues that branch off it,
                           and artifacts that name their commit
      trunk                short branches that land in small batches

    \b
    Examples:
      labgate init --ci github
          also .github/workflows/labgate.yml, see docs/ci.md; later only that
    """
    if (repo is None) != (rev is None):
        message = "--repo and --rev must be used together"
        raise UsageError(message, BY_HAND)
    named = None if repo is None or rev is None else named_source(repo, rev)
    plan = make_plan(take_survey(discover(os.environ)), preset, named, lambda: installed_from(os.environ), ci_)
    if dry_run:
        for line in dry_lines(plan, preset):
            click.echo(line)
        return
    done = _carry_out(plan)
    for line in result_lines(plan, done, preset):
        remark(line)
    if is_quiet() and done.refused is not None:
        warn(done.refused)


def _carry_out(plan: Plan) -> Done:
    """Write the files, the setting and the hooks. Raises: ``OSError``, ``LabgateError``; no step is done in part."""
    for change in plan.files:
        _write(plan.survey.top, change)
    repository = plan.survey.repository
    if plan.sets_trunk:
        write_setting(repository, "labgate.trunk", plan.survey.trunk.name)
    if plan.policy is not None:
        write_experiment_branches(repository.common_dir, plan.policy, fresh=True)
    return _hooks(plan)


def _write(top: str, change: FileChange) -> None:
    """Write one file. Raises: ``LabgateError`` when something else has its name, such as a link that leads anywhere."""
    if change.name == FORMER_SCHEMA:
        write_own(change.path, change.after)
        return
    try:
        write_below(top, os.path.relpath(change.path, top), change.after, new=change.before is None)
    except (RefusedFileError, FileExistsError) as error:
        path = error.filename if isinstance(error, RefusedFileError) else change.path
        message = f"{path} {error.strerror if isinstance(error, RefusedFileError) else 'exists'}; it was not written"
        aside = shlex.quote(path + ".before-labgate")
        raise LabgateError(message, f"mv {shlex.quote(path)} {aside} && labgate init") from error


def _hooks(plan: Plan) -> Done:
    """Install the native hooks, if possible; the rest is useful without them."""
    if not plan.installs:
        return Done()
    try:
        return Done(installed=install(plan.survey.top, plan.survey.repository.environ))
    except LabgateError as error:
        return Done(refused=error)


WIDTH = 80
#: Most branches that are named, and characters of each.
_NAMED, _NAME_LIMIT = 5, 40
_INDENT = " " * 9
#: The purpose of each file of a pipeline, and the setting that makes the host wait for its verdict.
_PIPELINES = {
    GITHUB: "labgate ci for pull requests, merge queues and what has landed",
    GITHUB_REVIEW: "runs it again after a review",
    GITLAB: "labgate ci for merge requests, merge trains and what has landed",
    GITLAB_ROOT: "takes it in",
}
_REQUIRED = {
    "github": "Require the check labgate: Settings, Rules, Rulesets (docs/ci.md has the steps)",
    "gitlab": "Require the pipeline: Settings, Merge requests, Pipelines must succeed",
}


def result_lines(plan: Plan, done: Done, preset: str | None) -> list[str]:
    """Return the lines that ``init`` prints when it is done."""
    hooks = [] if done.installed is None else list(_hook_rows(done.installed))
    if not (plan.files or plan.sets_trunk or plan.by_hand or hooks or done.refused):
        settled = "labgate: nothing to do: policy, hooks and trunk are in place; see labgate doctor"
        return [*_found(plan), *_kept(plan, preset), settled]
    lines = [*_found(plan), *_kept(plan, preset)]
    lines += _files(plan, "wrote", f"rm {OWN_FILE} && labgate init --preset NAME")
    if plan.sets_trunk:
        lines += _row("set", f"git config labgate.trunk {shlex.quote(plan.survey.trunk.name)}")
    lines += hooks
    return [*lines, *_next(plan, done)]


def dry_lines(plan: Plan, preset: str | None) -> list[str]:
    """Return the lines of ``--dry-run``: what ``init`` would do, and the text of all files."""
    lines = [*_found(plan), *_kept(plan, preset), *_files(plan, "would", "labgate init --preset NAME", "write ")]
    if plan.sets_trunk:
        lines += _row("would", f"git config labgate.trunk {shlex.quote(plan.survey.trunk.name)}")
    if plan.installs:
        lines += _row("would", "run labgate install")
    for change in plan.files:
        if change.name not in (SCHEMA, FORMER_SCHEMA):
            lines += ["", *_shown(change)]
    for item in plan.by_hand:
        where = f"{item.where} is kept. It would say:" if item.kept else f"To add to {safe(item.where)}:"
        lines += ["", where, *(f"  {line}".rstrip() for line in item.lines)]
    return [*lines, "", "labgate: nothing was written (--dry-run)"]


def _found(plan: Plan) -> list[str]:
    survey = plan.survey
    trunk = f"trunk {safe(survey.trunk.name, _NAME_LIMIT)} ({safe(survey.trunk.because, _NAME_LIMIT)})"
    return _row("found", ", ".join((trunk, _branches(len(survey.branches)), *survey.frameworks.names)))


def _kept(plan: Plan, preset: str | None) -> list[str]:
    if plan.survey.policy is None:
        return []
    ignored = "" if preset is None else f"; --preset {preset} is for a repository without one"
    return _row("kept", f"the policy in {safe(plan.survey.policy)} as it is{ignored}")


def _files(plan: Plan, label: str, instead: str, verb: str = "") -> Iterator[str]:
    for change in plan.files:
        if change.name == OWN_FILE and plan.proposal is not None:
            yield from _policy(plan.proposal, plan.others, label, instead, verb)
        elif change.name in (SCHEMA, FORMER_SCHEMA):
            yield from _row(label, f"{verb}{change.name}, for editors")
        elif change.name in PIPELINES:
            yield from _row(label, f"{verb}{change.name}: {_PIPELINES[change.name]}{_job_source(plan, change)}")
        else:
            yield from _row(label, f"{verb}{change.name}: {_snippet(plan, change)}")


def _policy(proposal: Proposal, others: Sequence[Proposal], label: str, instead: str, verb: str) -> Iterator[str]:
    alone = len(proposal.branches) == 1  # the trunk, which fits every preset
    yield from _row(label, f"{verb}{OWN_FILE}, preset {proposal.preset}{'' if alone else f': {_fit(proposal)} fit'}")
    if proposal.misfits:
        named = [safe(name, _NAME_LIMIT) for name in proposal.misfits[:_NAMED]]
        more = f" and {len(proposal.misfits) - _NAMED} more" if len(proposal.misfits) > _NAMED else ""
        yield from _row("", f"not {', '.join(named)}{more}: these only get a note, until created again")
    if others:
        counts = (one.preset if alone else f"{one.preset} ({one.accepted} of {len(one.branches)})" for one in others)
        yield from _row("", f"other presets: {', '.join(counts)}; to take one:")
        yield f"{_INDENT}{instead}"


def _fit(proposal: Proposal) -> str:
    return f"{proposal.accepted} of {_branches(len(proposal.branches))}"


def _branches(number: int) -> str:
    return f"{number:,} branch{'' if number == 1 else 'es'}"


def _snippet(plan: Plan, change: FileChange) -> str:
    where = "" if change.before is None else ", beside those that were there"
    return f"labgate's hooks{where}{_source(plan.source)}"


def _source(source: Source | None) -> str:
    if source is None:
        return ""
    if source.url is None:
        return f"; they install {source.requirement} from your package index"
    return f"; they install {_address(source)}"


def _job_source(plan: Plan, change: FileChange) -> str:
    """Return the source that a pipeline's job installs from, if no job can; else nothing."""
    local = plan.source is not None and plan.source.is_local and (plan.source.url or "").encode() in change.after
    return f"; it installs {_address(plan.source)}" if plan.source is not None and local else ""


def _address(source: Source) -> str:
    reach = ", a folder of this machine" if source.is_local else ""
    return f"{source.url} at {source.rev}{reach}"


def _hook_rows(installed: Installed) -> Iterator[str]:
    changed = [step for step in installed.steps if step.done in (WRITTEN, UPDATED)]
    if changed:
        yield from _row("hooks", f"labgate's own: {', '.join(step.stage for step in changed)}")
    for step in changed:
        if step.moved is not None:
            yield from _row(
                "", f"your own {step.stage} hook is now {safe(os.path.basename(step.moved))} and runs first"
            )


def _next(plan: Plan, done: Done) -> list[str]:
    """Return the numbered steps for people, in their order."""
    lines, number = ["", "Next:"], 0
    for step in _steps(plan, done):
        number += 1
        lines += [f"{number:2}. {step[0]}", *(f"    {line}".rstrip() for line in step[1:])]
    return [*lines, f"{number + 1:2}. labgate doctor", "    shows what is active here and what is missing"]


def _steps(plan: Plan, done: Done) -> Iterator[list[str]]:
    for item in plan.by_hand:
        where = f"Compare {item.where}, which was kept, with:" if item.kept else f"Add to {safe(item.where)}:"
        yield [*_wrapped(where), *(f"  {line}" for line in item.lines)]
    if done.refused is not None:
        # The files were written; only the hooks were not.
        reason = safe(done.refused.message.removesuffix("; nothing was written"))
        help = () if done.refused.help is None else (safe(done.refused.help, limit=None),)
        yield [*_wrapped(f"The hooks are not installed: {reason}"), *help]
    if plan.lefthook is not None and (plan.lefthook in plan.committed or plan.by_hand):
        yield ["lefthook install"]
    if plan.policy is not None and shortfalls(plan.policy):
        yield _wrapped(_reviewers(nobody=not reviewers(plan.policy.section(Reviews))))
    if plan.ci is not None and plan.source is not None and plan.source.is_local:
        yield _reachable(plan, plan.ci)
    if plan.committed:
        yield _landing(plan)
    if plan.ci is not None:
        yield _wrapped(_REQUIRED[plan.ci])


def _reachable(plan: Plan, ci: str) -> list[str]:
    """Return the step that names a repository for the jobs, which have no folder of this machine."""
    written = [os.path.relpath(change.path) for change in plan.files if change.name in PIPELINES]
    again = f"labgate init --ci {ci} --repo URL --rev REV"
    command = f"rm {shlex.join(written)} && {again}" if written else again
    return [
        *_wrapped("CI jobs do not have this folder; name a repository that they can fetch:"),
        safe(command, limit=None),
    ]


def _reviewers(*, nobody: bool) -> str:
    who = "the people who review" if nobody else "a second person"
    return f"Put {who} under [reviews.people] in {OWN_FILE}: nobody reviews their own work"


def _landing(plan: Plan) -> list[str]:
    """Return the commands that push the new files to the trunk, whose policy then judges."""
    survey, message = plan.survey, "Set up labgate"
    names = [os.path.relpath(os.path.join(survey.top, name)) for name in plan.committed]
    lines = [f"git add {shlex.join(names)}", f'git commit -m "{message}"']
    if survey.current == survey.trunk.name:
        if survey.remote is not None:
            lines.append(f"git push {shlex.join((survey.remote.name, survey.trunk.name))}")
        return [safe(line, limit=None) for line in lines]
    return [*(safe(line, limit=None) for line in lines), *_wrapped(f"and land it on {safe(survey.trunk.name, 40)}")]


def _shown(change: FileChange) -> Iterator[str]:
    """Yield the new lines; an existing file is foreign text."""
    yield f"{change.name}:" if change.before is None else f"{change.name}, added:"
    yield from (f"  {safe(line, limit=None)}".rstrip() for line in change.added)


def _row(label: str, text: str) -> list[str]:
    first = f"{label:<{len(_INDENT) - 1}} "
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=_INDENT, break_long_words=False, break_on_hyphens=False
    )


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH - 4, break_long_words=False, break_on_hyphens=False)
