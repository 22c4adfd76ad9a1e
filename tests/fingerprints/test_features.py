"""A rewritten copy shares its features with what it was taken from; what is nobody's work has none to share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from copy import deepcopy
from hashlib import blake2b

import pytest

from labgate.derivation.score import SUSPECT, Score, score
from labgate.fingerprints.features import RUN_TOKENS, SWEEP_FILES, VERSION, Features, features_of
from labgate.fingerprints.kinds import FEATURE_BITS, KINDS, A, B, D, F, I, S, T, V, X
from labgate.fingerprints.patches import FilePatch, Patch, Run
from labgate.fingerprints.postings import kind as kind_of
from labgate.fingerprints.tokens import tokens, weight
from labgate.values.finding import ALARM

WARMUP = b"""\
def warmup_schedule(optimizer, total_steps, warmup_fraction=0.1):
warmup_steps = int(total_steps * warmup_fraction)
for parameter_group in optimizer.param_groups:
parameter_group["initial_rate"] = parameter_group["lr"]
return lambda step: min(1.0, step / max(1, warmup_steps))"""
CLIP = b"""\
def clip_by_global_norm(gradients, maximum, epsilon=1e-6):
squares = [float((gradient ** 2).sum()) for gradient in gradients]
norm = sum(squares) ** 0.5
scale = maximum / (norm + epsilon)
return [gradient * scale if scale < 1 else gradient for gradient in gradients]"""
LOG = b"""\
logger.info("gradient norm %.3f after clipping at step %d", norm, step)
history.append({"step": step, "norm": norm, "rate": schedule(step)})"""
CALL = b"""\
schedule = warmup_schedule(optimizer, arguments.total_steps)
gradients = clip_by_global_norm(gradients, arguments.maximum_norm)"""


def run(added: bytes, deleted: bytes = b"", before: bytes = b"import numpy as np", start: int = 40) -> Run:
    sides = [text.split(b"\n") if text else [] for text in (deleted, added)]
    return Run(b"def train(model):", before, b"return model", sides[0], sides[1], start)


def file(path: str, *runs: Run, status: str = "M") -> FilePatch:
    return FilePatch(path, path, status, "1" * 40, "2" * 40, runs=list(runs))


def work() -> Patch:
    """Return a change as research makes it: new functions, and places in a loop that call them."""
    loop = file(
        "src/train.py",
        run(CALL, b"gradients = compute_gradients(model, batch)", b"for step, batch in enumerate(loader):"),
        run(LOG, b"", b"optimizer.step(gradients)"),
    )
    return Patch("w" * 40, [file("src/schedule.py", run(WARMUP), run(CLIP, before=b"RATE = 3e-4")), loop])


def counts(features: AbstractSet[int]) -> Counter[int]:
    return Counter(map(kind_of, features))


def alike(commit: Features, source: Features) -> Score:
    """Score two documents on a main that never had anything of either."""
    return score(counts(commit.numbers & source.numbers), counts(commit.numbers), counts(source.numbers))


def of_kind(found: Features, kind: int) -> frozenset[int]:
    return frozenset(feature for feature in found.numbers if kind_of(feature) == kind)


Rewrite = Callable[[Patch], None]


def each_line(change: Callable[[bytes], bytes]) -> Rewrite:
    def rewrite(patch: Patch) -> None:
        for part in (part for one in patch.files for part in one.runs):
            part.added = [change(line) for line in part.added]

    return rewrite


def rewrap(patch: Patch) -> None:
    """Break lines at blanks after some columns, as an editor does."""
    for part in (part for one in patch.files for part in one.runs):
        lines = []
        for line in part.added:
            left = line
            while len(left) > 48 and b" " in left[:48]:
                head, _, rest = left[:48].rpartition(b" ")
                lines.append(head)
                left = rest + left[48:]
            lines.append(left)
        part.added = lines


def rename(*names: bytes) -> Rewrite:
    def change(line: bytes) -> bytes:
        for name in names:
            line = line.replace(name, b"zq" + name[::-1])
        return line

    return each_line(change)


def move(patch: Patch) -> None:
    for one in patch.files:
        one.path = one.old_path = "lib/other/" + one.path.replace("/", "_")


def elsewhere(patch: Patch) -> None:
    """Let nothing around the edits be the same, and hide what they replace."""
    for number, part in enumerate(part for one in patch.files for part in one.runs):
        part.heading, part.before, part.after = b"def other():", b"left = %d" % number, b"right = %d" % number
        part.deleted = []


def quarter(patch: Patch) -> None:
    """Take one edit of four."""
    patch.files = patch.files[:1]
    patch.files[0].runs = patch.files[0].runs[1:]


def with_others(patch: Patch) -> None:
    """Squash it with four other changes of the same size."""
    for number in range(4):
        lines = [b"value_%d_%d = other_%d(source_%d)" % (number, line, line, number) for line in range(14)]
        patch.files.append(file(f"src/other{number}.py", run(b"\n".join(lines))))


NAMES = (b"gradient", b"warmup", b"norm")
MORE = (*NAMES, b"optimizer", b"schedule", b"maximum", b"epsilon", b"squares")
REWRITES: dict[str, list[Rewrite]] = {
    "nothing": [],
    "other quotes and commas": [each_line(lambda line: line.replace(b'"', b"'").replace(b")", b",)"))],
    "other lines": [rewrap],
    "three other names": [rename(*NAMES)],
    "eight other names": [rename(*MORE)],
    "three other names on other lines": [rename(*NAMES), rewrap],
    "another place": [elsewhere],
    "another path": [move],
    "another path, three other names": [move, rename(*NAMES)],
    "another place, eight other names": [elsewhere, rename(*MORE)],
    "a part of it": [quarter],
    "a part of it in another place, with other names": [quarter, elsewhere, rename(*NAMES)],
    "other changes with it": [with_others],
}


@pytest.mark.parametrize("rewrites", REWRITES.values(), ids=REWRITES)
def test_a_copy_is_recognised_with(rewrites: list[Rewrite]) -> None:
    copy = deepcopy(work())
    for rewrite in rewrites:
        rewrite(copy)
    assert alike(features_of(copy), features_of(work())).total >= ALARM


def test_another_change_of_the_same_files_is_not_recognised() -> None:
    other = deepcopy(work())
    for part in (part for one in other.files for part in one.runs):
        part.added = [b"kernel = build(%d, tuple(axes))" % number for number, _ in enumerate(part.added)]
        part.before, part.deleted = b"launch(kernel)", []
    assert alike(features_of(other), features_of(work())).total < SUSPECT


@pytest.mark.parametrize("kind", [T, V])
def test_quotes_commas_and_line_ends_are_not_text(kind: int) -> None:
    copy = deepcopy(work())
    REWRITES["other quotes and commas"][0](copy)
    rewrap(copy)
    assert of_kind(features_of(copy), kind) == of_kind(features_of(work()), kind)


def test_names_are_not_shape() -> None:
    copy = deepcopy(work())
    rename(*MORE)(copy)
    assert of_kind(features_of(copy), S) == of_kind(features_of(work()), S)
    assert of_kind(features_of(copy), T) != of_kind(features_of(work()), T)


@pytest.mark.parametrize(
    ("line", "count"),
    [(b"ratio = first_part + second_part * third_part ** 2", 1), (b"ratio = first_part + second_part * third_part", 0)],
    ids=["ten tokens", "eight tokens"],
)
def test_a_long_line_alone_has_a_shape(line: bytes, count: int) -> None:
    renamed = line.replace(b"first", b"other").replace(b"third", b"whole")
    found, copied = (of_kind(features_of(edit("a.py", b"", text)), S) for text in (line, renamed))
    assert len(found) == count
    assert found == copied
    assert found.isdisjoint(of_kind(features_of(edit("a.py", b"", line + b"\n" + line)), S))


def test_the_path_is_no_part_of_text_and_shape_alone() -> None:
    copy = deepcopy(work())
    move(copy)
    copied, own = features_of(copy), features_of(work())
    same = {KINDS[kind] for kind in range(len(KINDS)) if of_kind(copied, kind) == of_kind(own, kind)}
    shared = {KINDS[kind_of(feature)] for feature in copied.numbers & own.numbers}
    assert same >= {"V", "I", "S"}
    assert shared == {"V", "I", "S"}


def edit(path: str, deleted: bytes, added: bytes, start: int = 9) -> Patch:
    return Patch("e" * 40, [file(path, run(added, deleted, start=start))])


HEADER = b"# Copyright 2024 Ada\n# Licensed under the Apache License, Version 2.0"
GENERATED = b"# Generated by tablegen. Do not edit.\nWIDTHS = {\n" + b"".join(
    b"%d: (%d, 'w'),\n" % (n, n * 3) for n in range(40)
)
LOCK = b'[[package]]\nname = "numpy"\nwheels = [\n{ url = "https://x.org/a(b).whl", hash = "sha256:1" },\n]'
TERMS = b"Permission is hereby granted, free of charge, to any person (the holder)\nto deal in the Software, if:"
#: Names that suggest something else than code.
MISNAMED = (
    *(
        "news/feed.py",
        "changes/feed.py",
        "licenses/feed.py",
        "notice.py",
        "version.py",
        "_version.py",
        "src/version.pyx",
    ),
    *("CHANGES.md", "news/feed", "NOTICE", "LICENSE.txt", "data.json", "data.csv", "a.svg", "uv.lock", "yarn.lock"),
    *("a.min.js", "a_pb2.py", "a.pb.go", "a_generated.rs", "go.sum", "a.map", "a.snap", "a.po", "AUTHORS"),
)
INNOCENT = {
    "a version in a list of dependencies": edit("requirements.txt", b"numpy==1.25", b"numpy==1.26"),
    "a new dependency": edit("pyproject.toml", b"", b'"tokenizers>=0.15,<0.20",'),
    "a version in settings": edit("conf/model.yaml", b"torch: '2.1'", b"torch: '2.2'"),
    "a version in settings of a service": edit(
        ".github/workflows/ci.yml", b"uses: actions/cache@v3", b"uses: actions/cache@v4"
    ),
    "a submodule": edit("ext/lib", b"Subproject commit " + b"1" * 40, b"Subproject commit " + b"2" * 40),
    "a licence header": edit("src/new.py", b"", HEADER, start=1),
    "a year in a licence header": edit("src/new.py", HEADER, HEADER.replace(b"2024", b"2025"), start=1),
    "a new file that a tool wrote": Patch("g" * 40, [file("src/rpc.py", run(GENERATED, start=1), status="A")]),
    "a vendored file": edit("third_party/zlib.py", b"", WARMUP),
    "a lock file": edit("uv.lock", b"", LOCK),
    "a licence": Patch("l" * 40, [file("LICENSE", run(TERMS, start=1), status="A")]),
    "what a formatter did": edit("src/train.py", CALL, CALL.replace(b"(", b"(\n").replace(b",", b",\n")),
    "a reflowed text": edit("docs/usage.md", b"one two three\nfour five", b"one two\nthree four five"),
}


@pytest.mark.parametrize("patch", INNOCENT.values(), ids=INNOCENT)
def test_nobody_wrote(patch: Patch) -> None:
    found = features_of(patch)
    assert (found.numbers, found.lines) == (frozenset(), 0)


@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize(
    "mark", [b"# Generated by protoc. Do not edit.", b'"""Stages, generated by hand."""', b"# @generated"]
)
def test_a_generators_mark_hides_no_code(mark: bytes, *, judged: bool) -> None:
    marked = Patch("m" * 40, [file("src/rpc.py", run(mark + b"\n" + WARMUP, start=1), status="A")])
    plain = Patch("p" * 40, [file("src/rpc.py", run(WARMUP, start=1), status="A")])
    assert of_kind(features_of(marked, judged=judged), V) > of_kind(features_of(plain), V)
    assert alike(features_of(marked, judged=judged), features_of(plain)).total >= ALARM


@pytest.mark.parametrize("path", MISNAMED)
def test_no_name_hides_code(path: str) -> None:
    assert of_kind(features_of(edit(path, b"", WARMUP)), V) == of_kind(features_of(edit("src/a.py", b"", WARMUP)), V)


def test_a_table_under_a_mark_counts_in_what_is_judged() -> None:
    assert features_of(INNOCENT["a new file that a tool wrote"], judged=True).lines > 0


def test_what_stands_beside_an_innocent_line_counts() -> None:
    both = edit("src/new.py", b"", HEADER + b"\n" + WARMUP, start=1)
    assert of_kind(features_of(both), V) == of_kind(features_of(edit("src/new.py", b"", WARMUP)), V)


def renaming(files: int, lines: int = 1) -> Patch:
    """Return a patch that changes a name in files, on so many distinct lines of the new side in all."""
    numbers = [number % lines for number in range(files)]
    runs = [run(b"value = new_name(%d)" % number, b"value = old_name(%d)" % number) for number in numbers]
    return Patch("s" * 40, [file(f"src/part{number}.py", one) for number, one in enumerate(runs)])


def test_the_same_exchange_in_many_files_is_a_sweep() -> None:
    found = features_of(renaming(SWEEP_FILES))
    assert (found.numbers, found.lines) == (frozenset(), 0)


def test_the_same_exchange_in_some_files_is_work() -> None:
    found = features_of(renaming(SWEEP_FILES - 1))
    assert (found.lines, counts(found.numbers)[A]) == (2, SWEEP_FILES - 1)


def test_a_name_that_is_changed_on_many_lines_is_work() -> None:
    found = features_of(renaming(SWEEP_FILES, lines=2))
    assert (found.lines, counts(found.numbers)[A]) == (4, SWEEP_FILES)


@pytest.mark.parametrize("files", [3, SWEEP_FILES, 4 * SWEEP_FILES])
def test_a_block_that_is_pasted_into_files_is_work(files: int) -> None:
    pasted = Patch("p" * 40, [file(f"src/part{number}.py", run(WARMUP)) for number in range(files)])
    found = features_of(pasted)
    assert (found.lines, counts(found.numbers)[A]) == (5, 5 * files)


def test_a_sweep_leaves_the_work_beside_it() -> None:
    both = Patch("b" * 40, renaming(SWEEP_FILES).files + work().files)
    assert features_of(both).numbers == features_of(work()).numbers


def test_a_sentence_in_other_markup_is_work() -> None:
    assert features_of(edit("docs/a.rst", b"See :ref:`the page` of it.", b"See {ref}`the page` of it.")).lines == 2


def test_a_change_log_is_prose_and_no_code() -> None:
    found = features_of(edit("CHANGELOG.md", b"", b"- Warm up the learning rate (#123)\n- }"))
    assert counts(found.numbers) == {B: 1}
    assert found.lines == 0


def test_numbers_of_issues_are_left_out() -> None:
    one, other = (features_of(edit("CHANGELOG.md", b"", b"- Warm up (#%d)" % number)) for number in (7, 23))
    assert one.numbers == other.numbers


def test_the_kinds_of_a_small_edit() -> None:
    found = features_of(edit("src/a.py", b"limit = 10", b"limit = read(path)\n}"))
    assert counts(found.numbers) == {T: 3, V: 3, X: 2, I: 3, A: 1, D: 1, F: 1}


def test_an_import_is_text_and_no_place() -> None:
    kinds = counts(features_of(edit("src/a.py", b"from a import b", b"from a import b, c")).numbers)
    assert kinds[T] > 0
    assert kinds[X] == 0


def test_a_new_file_has_no_places() -> None:
    one = run(WARMUP, before=b"RATE = 3e-4")
    new, old = (Patch("n" * 40, [file("src/a.py", one, status=status)]) for status in "AM")
    assert (counts(features_of(new).numbers)[X], counts(features_of(old).numbers)[X]) == (0, 2)


def test_short_and_numeric_words_are_no_names() -> None:
    assert counts(features_of(edit("a.py", b"", b"for i in xs: f(1234567)")).numbers)[I] == 0


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/lib.rs", b"pub fn warmup(step: u64, total: u64) -> f64 { (step as f64 / total as f64).min(1.0) }"),
        ("src/kernel.cu", b"__global__ void scale(float *out, const float *in, int n) { out[threadIdx.x] *= n; }"),
        ("conf/model.yaml", b"schedule: {name: warmup, steps: 500, floor: 1e-5}"),
        ("docs/guide.md", b"The schedule rises for **500 steps** and falls like a cosine."),
        ("run.sh", b'for seed in 1 2 3; do python train.py --seed "$seed" >"logs/$seed.txt"; done'),
        ("notes.txt", "Die Lernrate w\u00e4chst zuerst, dann f\u00e4llt sie wie ein Kosinus".encode()),
        ("notes.txt", "\u5b66\u7fd2\u7387 \u306f \u6700\u521d \u306b \u5897\u52a0 \u3057\u307e\u3059".encode()),
    ],
    ids=["Rust", "CUDA", "YAML", "Markdown", "shell", "umlauts", "Japanese"],
)
def test_any_language_has_text(path: str, line: bytes) -> None:
    one = features_of(edit(path, b"", line))
    assert counts(one.numbers)[T] >= 4
    assert alike(one, features_of(edit(path, b"", line))).total >= ALARM


def test_a_value_that_an_experiment_changes_has_text_and_a_place() -> None:
    found = counts(features_of(edit("conf/model.yaml", b"rate: 0.1", b"rate: 0.05")).numbers)
    assert (found[X], found[A], found[D], found[F]) == (2, 1, 1, 1)


def test_tokens_are_words_and_signs() -> None:
    assert tokens(b"x = f('a', \"b\\n\")[-1];") == [b"x", b"=", b"f", b"a", b"b", b"n", b"[", b"-", b"1", b"]"]


def test_a_long_run_is_read_up_to_a_limit() -> None:
    words = b"\n".join(b" ".join(b"w%d" % (50 * line + word) for word in range(50)) for line in range(900))
    assert counts(features_of(edit("data.txt", b"", words)).numbers)[V] == RUN_TOKENS - 2


@pytest.mark.parametrize(("text", "letters"), [(b"", 0), (b"} else {", 4), (b"a_1 + \xc3\xa9", 5), (b"->", 0)])
def test_the_weight_of_a_text_is_its_letters(text: bytes, letters: int) -> None:
    assert weight(text) == letters


def test_units_are_a_hash_over_a_kind() -> None:
    assert all(0 <= feature < 1 << FEATURE_BITS for feature in features_of(work()).numbers)
    assert set(counts(features_of(work()).numbers)) == {T, V, X, I, A, D, F, S}


@pytest.mark.parametrize(("path", "cut"), [("a.csv", 1), ("a.py", 1), ("vendor/a.csv", 0)])
def test_what_is_over_a_limit_is_counted_once(path: str, cut: int) -> None:
    rows = file(path, run(b"1,2\n3,4\n" * 50), run(WARMUP))
    rows.cut = True
    assert features_of(Patch("c" * 40, [rows])).cut == cut


def test_units_change_only_with_their_version() -> None:
    """An index that is kept, and one that is made anew, must say the same."""
    log = file("CHANGELOG.md", run(b"Clip gradients by their common norm."))
    features = sorted(features_of(Patch("w" * 40, [*work().files, log])).numbers)
    digest = blake2b(repr(features).encode(), digest_size=8).hexdigest()
    assert (VERSION, digest) == (25, "f4c70502026625e8")


def test_an_empty_patch_has_no_features() -> None:
    assert features_of(Patch("0" * 40)) == Features(frozenset(), 0)


def test_a_notebook_counts_by_the_runs_of_its_cells() -> None:
    patch = Patch("n" * 40, [file("plot.ipynb", run(b'"image/png": "iVBORw0KGgo"'))])
    assert features_of(patch).numbers == frozenset()
    cells = features_of(patch, lambda file: file.with_runs([run(WARMUP)]))
    code = features_of(Patch("c" * 40, [file("plot.py", run(WARMUP))]))
    assert of_kind(cells, V) == of_kind(code, V)
