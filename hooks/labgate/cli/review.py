"""``labgate review``: state that a change was reviewed."""

from __future__ import annotations

import click

from labgate.cli import completion
from labgate.cli.lazy import Entry, LazyGroup
from labgate.cli.settings import remark

COMMANDS = {
    "approve": Entry("labgate.cli.review:approve", "State on a branch that you have reviewed it."),
}


@click.group(cls=LazyGroup, table=COMMANDS, short_help="State that a change was reviewed.")
def review() -> None:
    """State that a change was reviewed."""


@click.command(short_help="State on a branch that you have reviewed it.")
@click.argument("branch", required=False, shell_complete=completion.branches)
@click.option(
    "--target",
    metavar="BRANCH",
    shell_complete=completion.branches,
    help="The branch that it is for.  [default: the trunk]",
)
@click.option(
    "--by",
    "people",
    metavar="PERSON",
    multiple=True,
    help="Who reviewed it, by the name in [reviews.people].  [default: git's user]",
)
@click.option(
    "--landing",
    metavar="REV",
    shell_complete=completion.revisions,
    help="A commit that landed on BRANCH without a review, for a late one.",
)
def approve(branch: str | None, target: str | None, people: tuple[str, ...], landing: str | None) -> None:
    """State on a branch that you have reviewed it: with an empty commit on top, bound to the branch's content.

    The default BRANCH is the current one. It need not be checked out: a branch that only the remote has is created. The
    review is valid for the content, even after a rebase or a change of the target, but not for later changes.

    \b
    Examples:
      labgate review approve research/attention
          then: git push origin research/attention
      labgate review approve main --landing 3f2a9c1
          a late review of a commit that has landed on main
    """
    from labgate.entrypoints.review import ApproveRequest
    from labgate.entrypoints.review import approve as state
    from labgate.report.escape import safe
    from labgate.values.phrases import short_oid

    done = state(ApproveRequest(branch, target, people, landing))
    place = f"on {done.branch}" if done.branch is not None and not done.known else f"in {short_oid(done.marker)}"
    verb = "was already reviewed" if done.known else "is reviewed"
    remark(safe(f"labgate: {short_oid(done.reviewed)} {verb} by {' and '.join(done.people)}, {place}"))
    if done.remote is not None and done.branch is not None:
        from shlex import quote

        # Only over what the branch once had itself, not over what others pushed since.
        lease = "--force-with-lease --force-if-includes " if done.rewritten else ""
        remark(safe(f"next: git push {lease}{quote(done.remote)} {quote(done.branch)}"))
