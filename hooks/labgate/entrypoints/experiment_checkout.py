"""``labgate experiment checkout``: bring the code of an experiment back, in a worktree of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping

from labgate.entrypoints.experiment import Bench, find_bench
from labgate.entrypoints.experiment_target import Target, bring, find_target
from labgate.git.checkouts import add_worktree, update_submodules, worktree_at
from labgate.values.errors import UsageError
from labgate.values.phrases import quote, short_oid
from labgate.values.value import Value


class CheckedOut(Value):
    """The code that was brought back, and the absolute path of its worktree."""

    target: Target
    path: str


def checkout(what: str, folder: str | None, environ: Mapping[str, str] = os.environ) -> CheckedOut:
    """Make a detached worktree of what is named, with its submodules, and return it.

    ``folder`` is where, ``None`` for one beside the repository; a worktree that has the commit already is used as it
    is. Raises: ``LabgateError``, whose ``status`` says what was not found.
    """
    bench = find_bench(environ)
    target = find_target(bench, what)
    bring(bench, target)
    path = os.path.abspath(folder) if folder is not None else _beside(bench, target.commit)
    found = worktree_at(bench.repository, path)
    if found is None or not os.path.isdir(path):
        if os.path.lexists(path) and (not os.path.isdir(path) or os.listdir(path)):
            message = f"{path} is there already"
            raise UsageError(message, f"labgate experiment checkout {quote(what)} --worktree DIR")
        add_worktree(bench.repository, path, target.commit)
    elif found != target.commit:
        message = f"{path} is a worktree of {short_oid(found)}"
        raise UsageError(message, f"git worktree remove {quote(path)}")
    update_submodules(path, bench.repository)
    return CheckedOut(target, path)


def _beside(bench: Bench, commit: str) -> str:
    """Return the path of a worktree beside the repository, for a commit."""
    repository = bench.repository
    main = repository.common_dir
    if os.path.basename(main) == ".git":
        main = os.path.dirname(main)
    return f"{main.removesuffix('.git')}-{short_oid(commit)}"
