"""Every reader of text that somebody else wrote, with a text of any size that is made to take it long.

The test (``tests/test_bounded_work.py``) counts what each does with one size and with four times as much;
``benchmarks/hostile.py`` prints how long it takes.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from labgate.checks.branch_name import suggest
from labgate.checks.commit_size import gathering as size_facts
from labgate.checks.registry import policy_reader
from labgate.ci import context, inputs, jenkins, pulls
from labgate.ci.inputs import Input
from labgate.derivation import exact_matches
from labgate.entrypoints import trace
from labgate.experiments import records, redaction, stamp, states
from labgate.fingerprints import (
    content,
    features,
    generated_names,
    headers,
    noise,
    notebooks,
    parts,
    patch_ids,
    patches,
    quoted_code,
    swapped_parents,
    templates,
)
from labgate.fingerprints import text as texts
from labgate.forge import answer, http
from labgate.forge.answer import Question
from labgate.git import authoring, commits, moved, raw, refs
from labgate.git.commits import _unfolded_lines
from labgate.native import manifest
from labgate.policy import glob, reader, shape
from labgate.report import escape, outputs, summary
from labgate.research import ledger, merged_urls, stated_evidence
from labgate.reviews import approvals, change_numbers, markers
from labgate.setup import hook_types, insert, lefthook, pipelines, source, survey
from labgate.setup.source import named_source
from labgate.values import lookalikes, refnames, statements
from labgate.values.errors import LabgateError
from labgate.values.ref_update import Commit, Identity
from labgate.values.value import Value
from support import policies

#: A function that reads one text, which it was made with.
Work = Callable[[], object]
_HEX = "0123456789abcdef"
_SOURCE = named_source("https://example.org/labgate", "v1")


class Reader(Value):
    """A reader of foreign text.

    ``of`` is its module, ``what`` the text, ``make`` makes a text of about so many characters and returns
    what reads it. ``size`` is the number of characters in the test.
    """

    of: Any
    what: str
    make: Callable[[int], Work]
    size: int = 20_000

    @property
    def name(self) -> str:
        return f"{self.of.__name__.removeprefix('labgate.')}: {self.what}"


def lines_run(work: Work) -> int:
    """Return how many lines of Python a function runs."""
    count = 0

    def local(_frame: FrameType, _event: str, _arg: object) -> Any:
        nonlocal count
        count += 1
        return local

    before = sys.gettrace()
    sys.settrace(local)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def seconds(work: Work) -> float:
    """Return the processor time that a function takes, without that of the garbage collector."""
    gc.disable()
    before = time.process_time()
    try:
        work()
        return time.process_time() - before
    finally:
        gc.enable()


def _commit(message: str) -> Commit:
    ada = Identity("ada", "ada@example.org")
    parents = ("2" * 40, "4" * 40)
    return Commit("1" * 40, parents, "3" * 40, ada, ada, message, tuple(_unfolded_lines(message)), "0")


def _repeated(piece: str, size: int) -> str:
    return piece * (size // len(piece))


def _on(read: Callable[[str], object], piece: str, before: str = "", after: str = "") -> Callable[[int], Work]:
    """Read a piece that repeats, between two texts."""

    def make(size: int) -> Work:
        whole = before + _repeated(piece, size) + after
        return lambda: _tried(read, whole)

    return make


def _tried(read: Callable[[str], object], text: str) -> object:
    """Read a text; that it is refused is an answer."""
    try:
        found = read(text)
        return list(found) if isinstance(found, Iterator) else found
    except (LabgateError, ValueError):
        return None


def _bytes(read: Callable[[bytes], object]) -> Callable[[str], object]:
    return lambda text: read(text.encode())


def _message(read: Callable[[Commit], object]) -> Callable[[str], object]:
    return lambda text: read(_commit(text))


def _input(read: Callable[[Input], object]) -> Callable[[str], object]:
    return lambda text: read(Input(text, "VARIABLE"))


def _everything(text: str) -> list[object]:
    commit = _commit(text)
    claims = markers.claims_in(commit), markers.co_authors(commit), markers.read_claims([commit], {})
    return [*claims, markers.landings_named(commit)]


def _patch(text: str) -> list[object]:
    """Return features and ids of a patch that adds a file."""
    rows = [
        b"1" * 40,
        b":000000 100644 " + b"0" * 40 + b" " + b"5" * 40 + b" A\tx.py",
        b"",
        b"diff --git a/x.py b/x.py",
        b"new file mode 100644",
        b"index " + b"0" * 40 + b".." + b"5" * 40,
        b"--- /dev/null",
        b"+++ b/x.py",
        b"@@ -0,0 +1 @@",
        *(b"+" + line for line in text.encode().split(b"\n")),
    ]
    (patch,) = patches._parse(iter(rows))
    return [features.features_of(patch), patch_ids.patch_ids(patch), *(parts.parts(file) for file in patch.files)]


def _quoted(line: str) -> list[bytes]:
    return quoted_code.quoted_code([line.encode()])


def _path(path: str) -> list[object]:
    judges = (noise.sort_of, noise.is_vendored, noise.is_mechanical, noise.settings_of)
    found: list[object] = [judge(path) for judge in judges]
    return [*found, generated_names.is_locked(path), generated_names.has_generated_name(path), headers._comments(path)]


def _ref(name: str) -> list[object]:
    policy = policies.policy()
    found = [policy.classify(f"refs/heads/{name}"), refnames.unsafe_reasons(name), refnames.forbidden_part(name)]
    return [*found, lookalikes.plain(name), refnames.short_ref(name), refnames.is_branch_name(name)]


def _suggested(name: str) -> object:
    return suggest.nearest(f"refs/heads/{name}", policies.policy(), ())


def _picked(text: str) -> list[object]:
    patterns = (stated_evidence._PICKED, stated_evidence._LISTED, stated_evidence._EXPERIMENT)
    return [pattern.findall(text) for pattern in patterns] + [size_facts._REVERTS.search(text)]


def _squashed(text: str) -> object:
    return [*merged_urls.merged_urls(policies.policy(policies.LEAST), [_commit(text)], None, lambda _: False)]


def _shown(text: str) -> list[str]:
    return [escape.safe(text, limit=None), summary.text(text, limit=None), summary.code(text, limit=None)]


def _policy(names: Callable[[int], str]) -> Callable[[int], Work]:
    def make(size: int) -> Work:
        text = policies.LEAST + names(size)
        return lambda: _tried(lambda text: policy_reader().parse(text, "labgate.toml"), text)

    return make


def _many(row: str) -> Callable[[int], str]:
    """Return rows of a policy, numbered from the first on."""
    return lambda size: "".join(row.format(n) for n in range(size // len(row)))


def _globs(size: int) -> str:
    shown = ", ".join(f'"src/part{n}/*.py"' for n in range(size // 20))
    return f"[commit-size]\nignore = [{shown}]\n"


def _matched(size: int) -> Work:
    found = glob.Glob("**/" + "*a" * 20 + "b")
    path = "a" * size
    return lambda: found.matches(path)


def _ledger(size: int) -> Work:
    lines = "".join(f"first {n} {n:040x} refs/heads/research/r{n}\n" for n in range(size // 70))
    return lambda: ledger._lines(lines.encode())


def _notebook(piece: str) -> Callable[[int], Work]:
    def make(size: int) -> Work:
        cell = {"cell_type": "code", "source": _repeated(piece, size)}
        new = json.dumps({"cells": [cell], "nbformat": 4}).encode()
        return lambda: notebooks.notebook_runs(b"", new)

    return make


def _answered(piece: str) -> Callable[[int], Work]:
    asked = Question("GET /pulls", "https://api.example.org", "API")
    return _on(lambda text: answer.parse(text.encode(), asked, "pull").text(), piece)


def _authors(size: int) -> Work:
    count = size // 40
    fields = [part for n in range(count) for part in (f"Name {n % (count // 2)}", f"a{n}@example.org")]
    return lambda: survey.grouped(fields)


def _raw(size: int) -> Work:
    entry = f":100644 100644 {'1' * 40} {'2' * 40} M\0"
    output = "".join(f"{entry}file{n}.py\0" for n in range(size // 100)).encode()
    return lambda: list(raw.read_records(output))


def _listed(size: int) -> Work:
    heads = [f"refs/heads/research/r{n}" for n in range(size // 30)]
    return lambda: [
        refnames.collisions("refs/heads/research/R0", heads),
        trace._similar("research/r", dict.fromkeys(heads, "")),
    ]


def _similar_refs(size: int) -> Work:
    names = dict.fromkeys((f"refs/heads/{'research' * 20}{n}" for n in range(size // 200)), "1" * 40)
    return lambda: trace._similar("research" * 20, names)


#: All readers. What is a limit of its own (a policy of 1 MiB, a line of 400 bytes) is read up to that.
READERS = (
    Reader(markers, "a name without an address", _on(_everything, "a", "Review\n\nReviewed-by: ")),
    Reader(markers, "a name of blanks", _on(_everything, " ", "Review\n\nReviewed-by: x", "x")),
    Reader(markers, "addresses that never end", _on(_everything, "<", "Review\n\nReviewed-by: ")),
    Reader(markers, "a folded trailer", _on(_everything, "\n b", "Review\n\nReviewed-by: a")),
    Reader(markers, "trailers", _on(_everything, "Reviewed-by: Lin <lin@example.org>\n", "Review\n\n")),
    Reader(markers, "bindings", _on(_everything, f"Reviewed-change: {'1' * 64} {'2' * 40}\n", "Review\n\n")),
    Reader(markers, "landings", _on(_everything, f"Reviewed-landing: {'1' * 40}\n", "Review\n\n")),
    Reader(markers, "co-authors", _on(_everything, "<a ", "Review\n\nCo-authored-by: ")),
    Reader(markers, "colons", _on(_everything, ":")),
    Reader(commits, "blank lines", _on(_unfolded_lines, " \n")),
    Reader(statements, "statements", _on(lambda text: statements.stated(text, "reviewed-by"), "Reviewed-by: a\n")),
    Reader(change_numbers, "numbers", _on(_message(change_numbers.numbers_in), "(#1)", "", "x")),
    Reader(change_numbers, "merges", _on(_message(change_numbers.numbers_in), "' (#", "Merge pull request '")),
    Reader(change_numbers, "lines", _on(_message(change_numbers.numbers_in), "See merge request a\n")),
    Reader(stated_evidence, "picks", _on(_picked, f"(cherry picked from commit {'1' * 40}\n")),
    Reader(stated_evidence, "an experiment", _on(_picked, "a ", "Experiment: ")),
    Reader(size_facts, "reverts", _on(_picked, "This reverts commit 1\n")),
    Reader(merged_urls, "a URL", _on(_squashed, "a/", "Merge ", " x")),
    Reader(merged_urls, "branches", _on(_squashed, "' of a:", "Merge branch '", " x")),
    Reader(exact_matches, "a title of blanks", _on(exact_matches._plain, " ", "a", "b")),
    Reader(exact_matches, "a title of numbers", _on(exact_matches._plain, "(#1")),
    Reader(stamp, "a message", _on(lambda text: stamp.stamp(text.encode(), b"a/b", b"#"), "Experiment: a\n", "A\n\n")),
    Reader(stamp, "paragraphs", _on(lambda text: stamp.stamp(text.encode(), b"a/b", b"#"), "a\n\n", "A\n\n")),
    Reader(stamp, "comments", _on(lambda text: stamp.without_earlier(text.encode(), b"a/b", b"#"), "# a\n", "A\n\n")),
    Reader(swapped_parents, "a branch", _on(swapped_parents._MERGED.fullmatch, "a/", "Merge branch '")),
    Reader(authoring, "an identity", _on(authoring._IDENTITY.fullmatch, " <a> ")),
    Reader(texts, "a line", _on(_bytes(texts.normal_lines), "\u2028\u200b")),
    Reader(texts, "a decoded file", _on(_bytes(texts.decoded), "x = y\r\0")),
    Reader(content, "lines", _on(lambda text: content.code_share(text.encode().split(b"\n")), "x, y = a.b[c](\n")),
    Reader(content, "passages", _on(lambda text: list(content.passages(text.encode().split(b"\n"))), "f(a, b)\n1,2\n")),
    Reader(features, "lines", _on(_patch, "x = compute(a, b, c)\n")),
    Reader(patches, "a line", _on(_patch, "x = y; ")),
    Reader(patches, "empty lines", _on(_patch, "\n")),
    Reader(parts, "a descriptor", _on(_patch, "_descriptor._builder.\n")),
    Reader(patch_ids, "digits", _on(_patch, "1.1.1.1\n")),
    Reader(headers, "a licence", _on(_patch, "# Copyright (c) 2024 Ada\n")),
    Reader(
        quoted_code,
        "a text in texts",
        _on(_quoted, '\\"\\n\\u0041', '"', '"'),
    ),
    Reader(quoted_code, "texts of a line", _on(_quoted, '"a\\n", ')),
    Reader(templates, "a name", _on(templates._NAME.search, "issue_template/.")),
    Reader(noise, "a folder", _on(_path, "Dockerfile", "", "/x.py")),
    Reader(noise, "folders", _on(_path, "compose/", "", "x")),
    Reader(generated_names, "a name", _on(_path, ".generated")),
    Reader(headers, "a suffix", _on(_path, ".c")),
    Reader(noise, "versions", _on(lambda text: noise.without_versions([text.encode()[:400]], [b"1"], "pins"), "1.")),
    Reader(notebooks, "a cell", _notebook("a = b\n")),
    Reader(notebooks, "a line", _notebook("a")),
    Reader(moved, "colours", _on(lambda text: moved._COLOURS.sub(b"", text.encode()), "\x1b[3")),
    Reader(raw, "entries", _raw),
    Reader(refs, "a revision", _on(lambda text: refs._SUFFIX.split(text, maxsplit=1), "a@")),
    Reader(refs, "warnings", _on(refs._IGNORED.findall, "warning: ignoring broken ref refs/")),
    Reader(refnames, "a long name", _on(_ref, "feature/")),
    Reader(refnames, "a name of dots", _on(_ref, "..")),
    Reader(refnames, "names", _listed),
    Reader(suggest, "a long name", _on(_suggested, "feature-"), size=2_000),
    Reader(suggest, "a name of dots", _on(_suggested, "1.")),
    Reader(trace, "names that are near", _similar_refs, size=2_000),
    Reader(ledger, "entries", _ledger),
    Reader(reader, "a broken file", _on(lambda text: reader.read_toml(text, "labgate.toml"), "a = '")),
    Reader(reader, "dots", _on(lambda text: reader.read_toml(text, "labgate.toml"), "a.b.c = 1\n")),
    Reader(reader, "lists", _on(lambda text: reader.read_toml(text, "labgate.toml"), "[", "a = ")),
    Reader(shape, "people", _policy(_many('[reviews.people.p{0}]\nemails = ["p{0}@example.org"]\n'))),
    Reader(shape, "unknown keys", _policy(_many("unknown{0} = 1\n")), size=8_000),
    Reader(shape, "kinds", _policy(_many('[kinds.k{0}]\nnames = ["k{0}/{{slug}}"]\n')), size=2_000),
    Reader(shape, "globs", _policy(_globs)),
    Reader(glob, "a path", _matched, size=2_000),
    Reader(escape, "controls", _on(_shown, "\x1b[31m\u202e"), size=2_000),
    Reader(escape, "commands", _on(_shown, "##a"), size=4_000),
    Reader(summary, "references", _on(_shown, "@a #1 GH-")),
    Reader(outputs, "lines", _on(lambda text: outputs.format_outputs({"a": text}), "EOF\n")),
    Reader(answer, "lists", _answered("[")),
    Reader(answer, "a number", _answered("9")),
    Reader(answer, "objects", _answered('{"a":')),
    Reader(http, "links", _on(http.next_link, "<a>; rel=")),
    Reader(http, "blanks", _on(http.next_link, "; rel ", "<a>")),
    Reader(inputs, "a repository", _on(_input(inputs.repository), "a/")),
    Reader(inputs, "an address", _on(_input(inputs.api), "a/", "https://")),
    Reader(inputs, "a number", _on(_input(inputs.number), "1")),
    Reader(inputs, "a branch", _on(_input(inputs.branch), "a/")),
    Reader(pulls, "addresses", _on(_input(pulls.refs_by_address), "/pull/1")),
    Reader(pulls, "a queue", _on(_input(pulls.queued_number), "/pr-1-", "gh-readonly-queue/")),
    Reader(jenkins, "a job", _on(jenkins._MERGE_JOB.fullmatch, "-merge", "", "x")),
    Reader(context, "an object", _on(context._ABBREVIATED.fullmatch, _HEX)),
    Reader(approvals, "an address", _on(approvals._HIDDEN["github"].fullmatch, "1+")),
    Reader(redaction, "a word", _on(lambda text: redaction.redacted([text]), "a")),
    Reader(redaction, "tokens", _on(lambda text: redaction.redacted([text]), "-eyJ"), size=2_000),
    Reader(redaction, "options", _on(lambda text: redaction.redacted([text]), " --a  ")),
    Reader(redaction, "hosts", _on(lambda text: redaction.redacted([text]), "://a")),
    Reader(states, "a pointer of DVC", _on(_bytes(states.pointed_md5), "\n")),
    Reader(
        states,
        "a pointer of git-lfs",
        _on(_bytes(states.lfs_oid), "ext-a\n", "version https://git-lfs.github.com/spec/v1\n"),
    ),
    Reader(records, "a record", _on(_bytes(records.parse_record), '{"a":')),
    Reader(records, "digests", _on(_bytes(records.parse_record), '{"a": 1},', "[", "{}]")),
    Reader(manifest, "a configuration", _on(lambda text: manifest.configured_in(text, "a.yaml", {}), "repo: id: a\n")),
    Reader(manifest, "a line", _on(lambda text: manifest.configured_in(text, "a.yaml", {}), "repo : id  ")),
    Reader(insert, "a line", _on(insert.is_there, "repo:")),
    Reader(
        insert,
        "a configuration",
        _on(lambda text: insert.into_pre_commit_config(text, _SOURCE), "- repo: a\n  hooks: []\n", "repos:\n"),
        size=1_000,
    ),
    Reader(
        hook_types,
        "a list",
        _on(lambda text: hook_types.in_toml(text, ["pre-push"]), "default_install_hook_types = [\n"),
    ),
    Reader(hook_types, "keys", _on(lambda text: hook_types.in_yaml(text, ["pre-push"]), "a: 1\n"), size=1_000),
    Reader(pipelines, "keys", _on(pipelines.root_lines, "include\n")),
    Reader(
        lefthook,
        "keys",
        _on(lambda text: lefthook.into_lefthook(text, [("pre-push", ["run: a"])]), "a: 1\n"),
        size=1_000,
    ),
    Reader(source, "an address", _on(source.shareable_url, "a@")),
    Reader(survey, "authors", _authors, size=2_000),
)
