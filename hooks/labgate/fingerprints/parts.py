"""The parts of a file's change by what they are: a name or a mark only suggests it, the content decides."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labgate.fingerprints.content import CODE_LINES, CODE_SHARE, code_share, passages
from labgate.fingerprints.generated_names import has_generated_name
from labgate.fingerprints.noise import (
    CODE,
    GENERATED,
    NOTEBOOK,
    PINS,
    PROSE,
    has_rows,
    is_generated,
    is_mechanical,
    is_vendored,
    sort_of,
)
from labgate.fingerprints.patches import FilePatch, Run
from labgate.fingerprints.text import LINE_BYTES
from labgate.values.regexes import regex

#: What most lines of protocol buffers are about: in Python and in Go, in Python's stubs and its services.
_IDIOMS = regex(
    rb"descriptor|_pb2|_builder\.|_reflection\.|_sym_?db|google\.protobuf|_globals\[|_serialized_|\bgrpc\.|protoreflect"
    rb"|protoimpl|proto\.|ProtoMessage|sizeCache|unknownFields|file_\w+_proto|\bmi\b|\bx\.\w|Runtime|'[^']*\.proto'"
    rb"|_FIELD_NUMBER|_message\.Message|_ClassVar\[|_containers\.|\b_?builtins\.|global___|field_name|WhichOneof|\b_typing\.|\.\.\.,?$"
    rb"|_credentials\b|\binsecure\b|wait_for_ready|_registered_method|(?:de)?serializer=|\.SerializeToString|\.FromString"
    rb"|context\.set_|Servicer|Method not implemented|documentation comment",
    re.IGNORECASE,
)
#: What git shows of a submodule (git-diff, ``--submodule=short``).
_SUBMODULE = regex(rb"Subproject commit [0-9a-f]{40,64}(?:-dirty)?")
#: The share of lines with such an idiom, and of text in lines that are cut.
_MOST = 0.4


def parts(file: FilePatch, *, judged: bool = False) -> list[tuple[str, FilePatch]]:
    """Return the changes of a file by their sort: those of ``noise``, where GENERATED is nobody's work.

    In a ``judged`` change a generator's mark says nothing.
    """
    found = _sorted(file, judged=judged)
    return [*found, (CODE, file.with_runs(_quoted_runs(file)))] if file.quoted else found


def _quoted_runs(file: FilePatch) -> Iterator[Run]:
    """Yield the changes of the code in the texts of a file."""
    # Few files have such code, and difflib loads slowly.
    from labgate.fingerprints.aligned import aligned_runs

    for run in file.quoted:
        yield from aligned_runs(run.deleted, run.added) if run.deleted and run.added else (run,)


def _sorted(file: FilePatch, *, judged: bool) -> list[tuple[str, FilePatch]]:
    """Return the changes of a file by their sort, apart from those in quoted code."""
    sort = sort_of(file.path)
    if is_submodule(file):
        return [(GENERATED, file)]
    if sort in (CODE, PINS):
        marked = sort == CODE and not judged and file.status == "A" and bool(file.runs)
        generated = marked and is_generated(file.runs[0].added) and not _is_written(file.runs)
        return [(GENERATED if generated else sort, file)]
    if sort == NOTEBOOK:
        return [(sort, file)]
    if is_vendored(file.path):
        return [(GENERATED, file)]
    named = GENERATED if sort != PROSE and is_mechanical(file.path) else sort
    code, left = _apart(file)
    found = [(named, file.with_runs(left))] if left else []
    return [*found, (CODE, file.with_runs(code))] if code else [(named, file)]


def is_submodule(file: FilePatch) -> bool:
    """Return whether only a submodule's version changes."""
    if len(file.runs) != 1 or len(file.runs[0].added) > 1 or len(file.runs[0].deleted) > 1:
        return False
    return all(map(_SUBMODULE.fullmatch, (*file.runs[0].deleted, *file.runs[0].added)))


def _apart(file: FilePatch) -> tuple[list[Run], list[Run]]:
    """Return the code in the runs of a file, whatever its name says, and what is left of them."""
    whole = set(map(id, written_runs(file.runs)))
    code, left = ([run for run in file.runs if (id(run) in whole) is own] for own in (True, False))
    rows = has_rows(file.path)
    pieces = [] if has_generated_name(file.path) else [piece for run in left for piece in _pieces(run, rows)]
    if not _is_written(pieces):
        return code, left
    return [*code, *pieces], [_rest(run, rows) for run in left]


def _pieces(run: Run, rows: bool) -> Iterator[Run]:
    """Yield the passages of code in a run, each as a run of its own."""
    for first, last in passages(run.deleted, rows=rows):
        yield Run(run.heading, b"", deleted=run.deleted[first:last], start=run.start)
    for first, last in passages(run.added, rows=rows):
        yield Run(run.heading, b"", added=run.added[first:last], start=run.start + first)


def _rest(run: Run, rows: bool) -> Run:
    """Return a run without the passages of code in it."""
    deleted, added = list(run.deleted), list(run.added)
    for lines in (deleted, added):
        for first, last in reversed(list(passages(lines, rows=rows))):
            del lines[first:last]
    return Run(run.heading, run.before, run.after, deleted, added, run.start)


def written_runs(runs: list[Run]) -> list[Run]:
    """Return the runs of a file that are code which people write, whatever the name of the file says."""
    if not _is_written(runs):
        return []
    return [run for run in runs if code_share(run.added or run.deleted)[1] >= CODE_SHARE]


def _is_written(runs: list[Run]) -> bool:
    """Return whether people write such lines: code that is neither minified nor protocol buffers."""
    lines = [line for run in runs for line in (run.added or run.deleted) if line]
    counted = [code_share(run.added or run.deleted) for run in runs]
    if sum(count for count, share in counted if share >= CODE_SHARE) < CODE_LINES:
        return False
    cut = sum(len(line) for line in lines if len(line) >= LINE_BYTES)
    idioms = sum(_IDIOMS.search(line) is not None for line in lines)
    return cut < _MOST * sum(map(len, lines)) and idioms < _MOST * len(lines)
