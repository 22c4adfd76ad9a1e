"""Write down which code made artifacts: the document of a record, or of a whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from labgate import __version__
from labgate.experiments.code import Code
from labgate.experiments.records import BUILD, CODE, PREDICATE, STATEMENT
from labgate.experiments.redaction import redacted
from labgate.values.value import Value


class Subject(Value):
    """An artifact: its name (see ``recorded_name``) and its digests by algorithm."""

    name: str
    digests: Mapping[str, str]


class Origin(Value):
    """Where the code came from.

    ``experiment`` is ``service/handle``. ``branch`` is a short name, ``None`` on none. ``how`` is one of ``RAN``,
    ``STATED`` and ``TOLD``. ``uri`` is the repository without credentials, ``None`` if it has no URL.
    ``dependencies`` are other inputs, as resource descriptors: submodules, data.
    """

    code: Code
    experiment: str
    branch: str | None
    how: str
    uri: str | None
    dependencies: tuple[Mapping[str, Any], ...] = ()


class Run(Value):
    """A command that ran. ``started`` and ``finished`` are RFC 3339 times, ``None`` where nobody knows them.

    ``directory`` is where it ran, relative to the top of the work tree. ``byproducts`` are resource descriptors: the
    log and the result.
    """

    id: str
    command: tuple[str, ...] = ()
    directory: str = "."
    started: str | None = None
    finished: str | None = None
    byproducts: tuple[Mapping[str, Any], ...] = ()


def statement(subjects: Sequence[Subject], origin: Origin, run: Run) -> dict[str, Any]:
    """Return the in-toto Statement of artifacts that one command made; a record has one subject."""
    code = origin.code
    times = {"startedOn": run.started, "finishedOn": run.finished}
    return {
        "_type": STATEMENT,
        "subject": [{"name": subject.name, "digest": dict(subject.digests)} for subject in subjects],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD,
                "externalParameters": {
                    "experiment": origin.experiment,
                    "branch": origin.branch,
                    "command": list(redacted(run.command)),
                    "directory": run.directory,
                },
                "internalParameters": {
                    "how": origin.how,
                    "exact": code.exact,
                    "head": code.head,
                    "snapshot": code.snapshot,
                    "changed": code.edited,
                    "untracked": code.untracked,
                    "left_out": list(code.left_out),
                },
                "resolvedDependencies": [_code(origin), *(dict(item) for item in origin.dependencies)],
            },
            "runDetails": {
                "builder": {"id": BUILD, "version": {"labgate": __version__}},
                "metadata": {"invocationId": run.id} | {key: time for key, time in times.items() if time is not None},
                "byproducts": [dict(item) for item in run.byproducts],
            },
        },
    }


def _code(origin: Origin) -> dict[str, Any]:
    tree = {"gitTree": origin.code.tree} if origin.code.tree else {}
    uri = {} if origin.uri is None else {"uri": origin.uri}
    return {"name": CODE, **uri, "digest": {"gitCommit": origin.code.commit, **tree}}
