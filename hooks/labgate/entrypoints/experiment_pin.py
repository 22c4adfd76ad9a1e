"""``labgate experiment pin`` and ``env``: hand out the hash of the code, which is kept from then on."""

from __future__ import annotations

import os
from collections.abc import Mapping

from labgate.entrypoints.experiment import Bench, find_bench
from labgate.experiments.code import Code, code_at, code_of_moment
from labgate.experiments.pins import pin_here
from labgate.experiments.variables import COMMIT, NAMES, RUN, Described, Variables, variables
from labgate.values.errors import UsageError
from labgate.values.value import Value


class Pinned(Value):
    """The code that was pinned here, and where."""

    code: Code
    bench: Bench


def pin(revision: str | None, stated: str | None, environ: Mapping[str, str] = os.environ) -> Pinned:
    """Pin the code of a revision here, ``None``: that of the work tree now; ``stated`` is its experiment.

    Raises: ``LabgateError`` where it cannot.
    """
    bench = find_bench(environ, stated)
    if revision is None:
        code = code_of_moment(bench.repository, bench.settings, bench.experiment)
    else:
        code = code_at(bench.repository, revision)
    pin_here(bench.repository, bench.settings, bench.experiment, code.commit)
    return Pinned(code, bench)


def env(stated: str | None, environ: Mapping[str, str] = os.environ) -> tuple[Pinned, Variables]:
    """Pin the code that is here now, and return it with the variables that name it.

    Raises: as ``pin``, ``UsageError`` where the variables already name other code.
    """
    pinned = pin(None, stated, environ)
    named = environ.get(COMMIT)
    if named and named != pinned.code.commit:
        message = f"{COMMIT} is {named}, and the code here is {pinned.code.commit}"
        raise UsageError(message, f"unset {' '.join(NAMES)}")
    bench = pinned.bench
    found = Described(pinned.code, bench.experiment, bench.branch, bench.uri, environ.get(RUN) or None)
    return pinned, variables(found, environ)
