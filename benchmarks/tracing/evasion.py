"""Main commits made again by somebody who hides where their text is from, as real commits."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tracing import rewrite
from tracing.clone import Clone, in_portions
from tracing.diffs import FileChange, Run, changes

#: Changes whenever the commits that are made do: what was made by another recipe is made again.
RECIPE = 1
PREFIX = "refs/bench/evasion/"
_REGULAR = ("100644", "100755")
#: How far from its own place a change is put, in lines: no line of context is the same then.
_FAR = 4


@dataclass(frozen=True)
class Text:
    """A text file of a change: its lines before it (none for a new file), and what the change does to them.

    ``old_path`` is ``None`` for a new file. ``mode``, ``new_path`` and ``end`` (of its last line: a line feed or
    nothing) are those after the change.
    """

    old_path: str | None
    new_path: str
    mode: str
    old: tuple[str, ...]
    runs: tuple[Run, ...]
    end: str = "\n"

    def content(self) -> str:
        """Return the file with its runs in place."""
        lines, done = [], 0
        for run in self.runs:
            start = run.old - 1 if run.deleted else run.old
            lines += [*self.old[done:start], *run.added]
            done = start + run.deleted
        lines += self.old[done:]
        return "\n".join(lines) + (self.end if lines else "")


Texts = list[Text]
Step = Callable[[Texts, random.Random], Texts]


def each_run(change: Callable[[str, Sequence[str]], list[str]]) -> Step:
    """Return the step that edits the added lines of every run."""

    def step(texts: Texts, _: random.Random) -> Texts:
        def edited(text: Text, run: Run) -> Run:
            return replace(run, added=tuple(change(text.new_path, run.added))) if run.added else run

        return [replace(text, runs=tuple(edited(text, run) for run in text.runs)) for text in texts]

    return step


def rename(count: int) -> Step:
    """Return the step that renames the most used identifiers of what is added."""

    def step(texts: Texts, chance: random.Random) -> Texts:
        new = rewrite.names(((text.new_path, run.added) for text in texts for run in text.runs), count)
        return each_run(lambda path, lines: rewrite.rename(path, lines, new))(texts, chance)

    return step


def half_of_lines(texts: Texts, chance: random.Random) -> Texts:
    """Keep half of the added lines, wherever they stand."""
    every = [(at, number, line) for at, number, run in _numbered(texts) for line in range(len(run.added))]
    kept = set(chance.sample(every, math.ceil(len(every) / 2)))

    def half(at: int, number: int, run: Run) -> Run:
        return replace(run, added=tuple(line for n, line in enumerate(run.added) if (at, number, n) in kept))

    return [
        replace(text, runs=tuple(half(at, number, run) for number, run in enumerate(text.runs)))
        for at, text in enumerate(texts)
    ]


def quarter_of_runs(texts: Texts, chance: random.Random) -> Texts:
    """Keep a quarter of the runs that add something, one at least; nothing else is changed."""
    every = [(at, number) for at, number, run in _numbered(texts) if run.added]
    kept = set(chance.sample(every, math.ceil(len(every) / 4)))
    reduced = (
        replace(text, runs=tuple(run for number, run in enumerate(text.runs) if (at, number) in kept))
        for at, text in enumerate(texts)
    )
    return [text for text in reduced if text.runs]


def elsewhere(texts: Texts, chance: random.Random) -> Texts:
    """Put each run at another place of its file and delete nothing: neither context nor deleted lines are the same."""
    return [replace(text, runs=_displaced(text, chance)) if text.old else text for text in texts]


def _displaced(text: Text, chance: random.Random) -> tuple[Run, ...]:
    runs = []
    for run in text.runs:
        if run.added:
            near = range(run.old - _FAR, run.old + run.deleted + _FAR)
            places = [place for place in range(len(text.old)) if place not in near]
            runs.append(Run(chance.choice(places or [0]), 0, 0, run.added))
    return tuple(sorted(runs, key=lambda run: run.old))


def other_paths(texts: Texts, _: random.Random) -> Texts:
    """Put what is added to each file into a new file of another name in another folder."""
    moved = []
    for number, text in enumerate(texts, 1):
        added = tuple(line for run in text.runs for line in run.added)
        if added:
            name = text.new_path.rpartition("/")[2]
            ending = name[name.rfind(".") :] if "." in name else ""
            path = f"elsewhere/part{number}{ending}"
            moved.append(Text(None, path, "100644", (), (Run(0, 0, 1, added),)))
    return moved


def _numbered(texts: Texts) -> Iterator[tuple[int, int, Run]]:
    for at, text in enumerate(texts):
        for number, run in enumerate(text.runs):
            yield at, number, run


_quotes, _wrap, _bare = each_run(rewrite.swap_quotes), each_run(rewrite.rewrap), each_run(rewrite.without_comments)
#: What is done to a change, by the names of the table in the order of its rows.
EDITS: Mapping[str, tuple[Step, ...]] = {
    "none": (),
    "quotes": (_quotes,),
    "rewrap-48": (_wrap,),
    "rename-3": (rename(3),),
    "rename-8": (rename(8),),
    "rewrap-rename-3-no-comments": (_bare, rename(3), _wrap),
    "other-context": (elsewhere,),
    "half-of-lines": (half_of_lines,),
    "quarter-of-runs": (quarter_of_runs,),
    "other-paths": (other_paths,),
    "rename-8-other-context": (rename(8), elsewhere),
    "quarter-rename-3-other-context": (quarter_of_runs, rename(3), elsewhere),
}
#: Edits that leave out a part of the change: what they do not mention stays as it was before it.
_PARTIAL = (elsewhere, quarter_of_runs, other_paths)


def make(clone: Clone, chosen: Mapping[str, int], seed: int) -> dict[str, dict[str, str]]:
    """Return the commits of each edit with the main commit that each was made from, made if they are not there.

    ``chosen`` are main commits with the numbers that their copies' refs get.
    """
    recipe = [RECIPE, seed, dict(chosen)]
    if not clone.remembers("evasion", recipe):
        clone.git("update-ref", "--stdin", stdin="".join(f"delete {ref}\n" for ref in clone.refs(PREFIX)).encode())
        for portion in in_portions(chosen, 25):
            clone.git("fast-import", "--quiet", "--force", stdin=b"".join(_stream(clone, portion, chosen, seed)))
        clone.pack()
        clone.remember("evasion", recipe)
    source = {str(number): commit for commit, number in chosen.items()}
    made: dict[str, dict[str, str]] = {edit: {} for edit in EDITS}
    for ref, oid in clone.refs(PREFIX).items():
        edit, number = ref[len(PREFIX) :].split("/")
        made[edit][oid] = source[number]
    return made


def _stream(clone: Clone, commits: Sequence[str], numbers: Mapping[str, int], seed: int) -> Iterator[bytes]:
    """Yield all the edits of some commits in the format of git-fast-import."""
    changed = dict(changes(clone, commits))
    blobs = [blob for files in changed.values() for file in files for blob in (file.old_blob, file.new_blob) if blob]
    content = clone.objects([*commits, *blobs])
    trees = dict(zip(commits, clone.lines("rev-parse", *(f"{commit}^{{tree}}" for commit in commits)), strict=True))
    for commit in commits:
        files = changed[commit]
        texts = [text for file in files if (text := read_text(file, content)) is not None]
        header = content[commit].partition(b"\n\n")[0].split(b"\n")
        people = b"".join(line + b"\n" for line in header if line.startswith((b"author ", b"committer ")))
        parent = next(line for line in header if line.startswith(b"parent ")).split()[1]
        for edit, steps in EDITS.items():
            edited = list(texts)
            chance = random.Random(f"{seed} {edit} {commit}")  # noqa: S311  (edits that repeat, nothing secret)
            for step in steps:
                edited = step(edited, chance)
            yield f"commit {PREFIX}{edit}/{numbers[commit]}\n".encode() + people
            yield b"data 10\nNew words\nfrom %s\n" % parent
            if not set(steps) & set(_PARTIAL):
                yield f'M 040000 {trees[commit]} ""\n'.encode()
            yield from _files(edited)


def _files(texts: Texts) -> Iterator[bytes]:
    for text in texts:
        if text.old_path not in (None, text.new_path):
            yield f"D {text.old_path}\n".encode("utf-8", "surrogateescape")
        content = text.content().encode("utf-8", "surrogateescape")
        yield f"M {text.mode} inline {text.new_path}\n".encode("utf-8", "surrogateescape")
        yield b"data %d\n%s\n" % (len(content), content)


def read_text(file: FileChange, content: Mapping[str, bytes]) -> Text | None:
    """Return a changed file if it is text that a change adds to; ``None`` for anything else, which no edit touches."""
    if file.new_path is None or file.new_mode not in _REGULAR or file.new_path.startswith('"') or not file.runs:
        return None
    old = () if file.old_path is None else _lines(content[file.old_blob or ""])
    written = content[file.new_blob or ""]
    new = _lines(written)
    runs = (replace(run, added=new[run.new - 1 : run.new - 1 + len(run.added)]) for run in file.runs)
    end = "\n" if written.endswith(b"\n") else ""
    return Text(file.old_path, file.new_path, file.new_mode, old, tuple(runs), end)


def _lines(content: bytes) -> tuple[str, ...]:
    text = content.decode("utf-8", "surrogateescape").removesuffix("\n")
    return tuple(text.split("\n")) if content else ()
