"""``labgate init``: a policy, the hooks, and what starts them, in a repository that has none of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from labgate.values.errors import LabgateError

if TYPE_CHECKING:
    from labgate.setup.plan import Done, Plan

#: Named here, so that ``--help`` and a misspelt name need nothing else; a test holds them against what there is.
PRESETS = ("research-branch", "experiment-branches", "trunk")
CI = ("github", "gitlab")


@click.command(short_help="Set labgate up in this repository: policy, hooks, trunk.")
@click.option("--preset", type=click.Choice(PRESETS), help="The policy to start from.  [default: the one that fits]")
@click.option("--ci", "ci_", type=click.Choice(CI), help="Also write the pipeline that judges in CI.")
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would be written.")
def init(preset: str | None, ci_: str | None, dry_run: bool) -> None:
    """Set labgate up in this repository.

    Looks at the trunk, the branches and the hook managers, writes a commented labgate.toml and the lines that start
    labgate from pre-commit or prek, installs the hooks, and says what it did. What is there already is never
    overwritten; a second time changes nothing.

    \b
    Presets:
      research-branch       research/TOPIC lands after a review by somebody else
      experiment-branches   experiment--SERVICE--HANDLE, issues that branch off it,
                            and artifacts that say which commit made them
      trunk                 short branches that land in small batches

    \b
    Examples:
      labgate init --ci github
          also .github/workflows/labgate.yml, see docs/ci.md; later on, just that
    """
    from labgate.cli.init_text import dry_lines, result_lines
    from labgate.git.repository import discover
    from labgate.setup.plan import make_plan
    from labgate.setup.snippet import installed_from
    from labgate.setup.survey import take_survey

    plan = make_plan(take_survey(discover(os.environ)), preset, installed_from(), ci_)
    if dry_run:
        _echo(dry_lines(plan, preset))
        return
    _echo(result_lines(plan, _carry_out(plan), preset))


def _carry_out(plan: Plan) -> Done:
    """Write the files, the setting and the hooks. Raised: ``OSError``, ``GitError``; each step is whole or not done."""
    from labgate.cli.output import write_output
    from labgate.git.settings import write_setting
    from labgate.native.branches import write_experiment_branches

    for change in plan.files:
        os.makedirs(os.path.dirname(change.path), exist_ok=True)
        write_output(change.path, change.after, new=change.before is None)
    repository = plan.survey.repository
    if plan.sets_trunk:
        write_setting(repository, "labgate.trunk", plan.survey.trunk.name)
    if plan.policy is not None:
        write_experiment_branches(repository.common_dir, plan.policy, fresh=True)
    return _hooks(plan)


def _hooks(plan: Plan) -> Done:
    """Install the native hooks. Where they have no place, everything else is still worth having."""
    from labgate.native.install import install
    from labgate.setup.plan import Done

    if not plan.installs:
        return Done()
    try:
        return Done(installed=install(plan.survey.top, plan.survey.repository.environ))
    except LabgateError as error:
        return Done(refused=error)


def _echo(lines: list[str]) -> None:
    for line in lines:
        click.echo(line)
