"""Patches say what a commit changes, whatever its files are called and whatever stands in them."""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path

import pytest

from labgate.fingerprints import patches
from labgate.fingerprints.patches import FILE_LINES, FilePatch, Patch, Run, commit_patches, tree_patches
from labgate.fingerprints.text import LINE_BYTES
from labgate.values.errors import MissingObjectError
from support.provenance import code, file_of, open_repository, patch_of
from support.repo import Repo


def lines(patch: Patch) -> list[tuple[str, list[bytes], list[bytes]]]:
    return [(file.path, run.deleted, run.added) for file in patch.files for run in file.runs]


NAMES = [
    b"plain.py",
    b"with blank.py",
    b" leading and trailing ",
    b'quote".py',
    b'quote" b.py',
    b'" "',
    b"tab\t.py",
    b"line\nfeed.py",
    b"back\\slash.py",
    b"bell\a.py",
    b"caf\xc3\xa9.py",
    b"latin caf\xe9.py",
    b"a b/a b",
    b"b/x b/x",
    b"-dash",
    b"--- a",
    b"diff --git a b",
    b"deep/er/and/deep.er",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_path_is_read_as_it_is(repo: Repo, name: bytes) -> None:
    path = name.decode("utf-8", "surrogateescape")
    repo.commit("Start", {"other": "1"})
    repo.commit("Add", {path: "one\n"})
    repo.commit("Change", {path: "two\n"})
    (repo.path / path).chmod(0o755)
    repo.commit("Mode")
    repo.commit("Empty", {path: "", "other": "1"})
    (repo.path / path).unlink()
    repo.commit("Delete an empty one")
    repo.commit("Add an empty one", {path: ""})
    repo.commit("Binary", {path: b"\0\1"})
    statuses = []
    for patch in commit_patches(open_repository(repo), repo.git("rev-list", "--reverse", "HEAD~7..HEAD").split()):
        (file,) = patch.files
        assert (file.path, file.old_path) == (path, path)
        statuses.append(file.status)
    assert statuses == ["A", "M", "M", "M", "D", "A", "M"]


@pytest.mark.parametrize("edited", [False, True], ids=["only renamed", "and edited"])
def test_a_rename_has_both_paths(repo: Repo, edited: bool) -> None:
    """Each name becomes each other kind of name, all in one commit; no two files have a line in common."""
    moves: dict[str, tuple[str, str]] = {}
    for number, (old, new) in enumerate(product(NAMES, (b"n", b"new name", b'new\t"name"', b"caf\xe9\n"))):
        before, after = (f"{number}/{name.decode('utf-8', 'surrogateescape')}" for name in (old, new))
        moves[after] = (before, "".join(f"line {line} of {number}\n" for line in range(20)))
    repo.commit("Start", dict(moves.values()))
    for after, (before, text) in moves.items():
        (repo.path / before).unlink()
        repo.write({after: text + f"more {after!a}\n" * edited})
    repo.commit("Rename")
    files = {file.path: file for file in patch_of(repo).files}
    assert {path: (file.status, file.old_path) for path, file in files.items()} == {
        after: ("R", before) for after, (before, _) in moves.items()
    }
    for path, file in files.items():
        assert [run.added for run in file.runs] == [[f"more {path!a}".encode()]] * edited


def test_status_and_blobs_are_read_whatever_becomes_of_the_mode(repo: Repo) -> None:
    repo.commit("Start", {"tool": "echo\n"})
    blob = repo.git("rev-parse", "HEAD:tool")
    nothing = "0" * 40
    added = file_of(repo)
    assert (added.status, added.old_blob, added.new_blob) == ("A", nothing, blob)
    (repo.path / "tool").chmod(0o755)
    repo.commit("Mode alone")
    mode = file_of(repo)
    assert (mode.status, mode.runs) == ("M", [])
    repo.commit("Text", {"tool": "echo 1\n"})
    text = file_of(repo)
    assert (text.status, text.old_blob) == ("M", blob)
    (repo.path / "tool").chmod(0o644)
    repo.commit("Both", {"tool": "echo 2\n"})
    both = file_of(repo)
    assert (both.status, both.runs[0].added) == ("M", [b"echo 2"])
    (repo.path / "tool").unlink()
    repo.commit("Delete")
    gone = file_of(repo)
    assert (gone.status, gone.new_blob) == ("D", nothing)
    assert gone.runs[0].deleted == [b"echo 2"]


def test_lines_that_look_like_headers_are_lines(repo: Repo) -> None:
    hostile = [
        *("--- a/x", "+++ b/x", "diff --git a/y b/y", "@@ -1 +1 @@ def f", "index 1..2 100644", "rename from z"),
        *("Binary files a/x and b/x differ", "\\ No newline at end of file", "new file mode 100644", "-- a", "++ b"),
        *("", " ", "-", "+", "0" * 40, "f" * 64, f"{'0' * 40} {'1' * 40}", "deleted file mode 100644"),
    ]
    stripped = [line.strip().encode() for line in hostile]
    repo.commit("Start", {"x": "same\n", "z": "1\n"})
    repo.commit("Add", {"x": "same\n" + "\n".join(hostile) + "\n", "z": "2\n"})
    assert lines(patch_of(repo)) == [("x", [], stripped), ("z", [b"1"], [b"2"])]
    repo.commit("Delete", {"x": "same\n", "z": "3\n"})
    assert lines(patch_of(repo)) == [("x", stripped, []), ("z", [b"2"], [b"3"])]


def test_hostile_lines_as_context_are_context(repo: Repo) -> None:
    around = ["--- a/x", "@@ -9 +9 @@", "diff --git a/y b/y", "+x"]
    for line in around:
        repo.commit("Before", {"f": f"{line}\nold\n{line}\n"})
        repo.commit("After", {"f": f"{line}\nnew\n{line}\n"})
        (run,) = file_of(repo).runs
        assert (run.before, run.deleted, run.added, run.after) == (line.encode(), [b"old"], [b"new"], line.encode())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"a\nb", b"a\nc", ([b"b"], [b"c"])),
        (b"a\nb\n", b"a\nb", ([b"b"], [b"b"])),
        (b"a\nb", b"a\nb\nc", ([b"b"], [b"b", b"c"])),
        (b"a\r\nb\r\n", b"a\r\nc\r\n", ([b"b"], [b"c"])),
        (b"a\rb\n", b"a\rc\n", ([b"a", b"b"], [b"a", b"c"])),
        (b"a\n\x0cb\n", b"a\n\x0cc\n", ([b"b"], [b"c"])),
        (b"a\nb\xe2\x80\xa8c\n", b"a\nb\n", ([b"b", b"c"], [b"b"])),
        (b"a\nb\xff\n", b"a\n\xfe\n", ([b"b\xff"], [b"\xfe"])),
        (b"", b"one\n\ntwo\n", ([], [b"one", b"", b"two"])),
        (b"one\n", b"", ([b"one"], [])),
    ],
    ids=[
        *("no line feed at the end", "the last line feed goes", "lines after one without", "CRLF", "lone CR"),
        *("form feed", "unicode line separator", "no UTF-8", "empty before", "empty afterwards"),
    ],
)
def test_lines_are_what_line_ends_part(
    repo: Repo, old: bytes, new: bytes, expected: tuple[list[bytes], list[bytes]]
) -> None:
    repo.commit("Old", {"f": old})
    repo.commit("New", {"f": new})
    (run,) = file_of(repo).runs
    assert (run.deleted, run.added) == expected


def test_runs_know_their_place(repo: Repo) -> None:
    body = [
        "import os",
        "",
        "def first():",
        "    one = 1",
        "    two = 2",
        "    three = 3",
        "    return one",
        "",
        "x = 1",
    ]
    repo.commit("Old", {"f.py": "\n".join(body) + "\n"})
    changed = ["# top", *body[:3], "    one = 10", "    half = 5", *body[4:7], "x = 1"]
    repo.commit("New", {"f.py": "\n".join(changed) + "\n"})
    found = file_of(repo).runs
    assert [(run.start, run.before, run.after) for run in found] == [
        (1, b"", b"import os"),
        (5, b"def first():", b"two = 2"),
        (10, b"return one", b"x = 1"),
    ]
    # git names the definition above a hunk, not one in it.
    assert [run.heading for run in found] == [b"", b"", b"def first():"]
    text = (repo.path / "f.py").read_bytes().split(b"\n")
    for run in found:
        assert [line.strip() for line in text[run.start - 1 :][: len(run.added)]] == run.added


def test_two_runs_of_one_hunk_share_the_line_between(repo: Repo) -> None:
    repo.commit("Old", {"f": "a\nb\nc\nd\ne\n"})
    repo.commit("New", {"f": "a\nB\nc\nD\ne\n"})
    first, second = file_of(repo).runs
    assert (first.before, first.after, first.start) == (b"a", b"c", 2)
    assert (second.before, second.after, second.start) == (b"c", b"e", 4)


def test_a_long_line_is_cut(repo: Repo) -> None:
    short, long = "s" * LINE_BYTES, "l" * (LINE_BYTES + 1)
    repo.commit("Short", {"f": short + "\n"})
    assert file_of(repo).runs[0].added == [short.encode()]
    repo.commit("Long", {"f": long + "\n"})
    assert file_of(repo).runs[0].added == [b"l" * LINE_BYTES]


def test_a_line_of_megabytes_is_read(repo: Repo) -> None:
    repo.commit("Long", {"f": "x" * 3_000_000 + "\nend\n", "g": "1\n"})
    long, short = patch_of(repo).files
    assert long.runs[0].added == [b"x" * LINE_BYTES, b"end"]
    assert short.runs[0].added == [b"1"]


def test_beyond_so_many_lines_nothing_is_kept_of_a_file(repo: Repo) -> None:
    many = "".join(f"{number}\n" for number in range(FILE_LINES))
    repo.commit("Just enough", {"a": many})
    assert (len(file_of(repo).runs[0].added), file_of(repo).cut) == (FILE_LINES, False)
    repo.commit("Too many", {"b": many + "more\n", "c": "1\n", "d": b"\0"})
    first, second, third = patch_of(repo).files
    assert (len(first.runs[0].added), first.cut) == (FILE_LINES, True)
    assert (second.runs[0].added, second.cut, third.binary) == ([b"1"], False, True)


def test_data_takes_no_lines_from_code(repo: Repo) -> None:
    many = "".join(f"{number}\n" for number in range(FILE_LINES))
    repo.commit("Both", {"a.csv": many, "b.csv": many + "more\n", "c.json": many, "d.py": "1\n"})
    files = patch_of(repo).files
    assert [len(file.runs[0].added) if file.runs else 0 for file in files] == [FILE_LINES, 0, 0, 1]
    assert not any(file.cut for file in files)


def test_code_behind_the_limit_of_data_is_kept(repo: Repo) -> None:
    """What is left out is data, so nothing is cut."""
    rows = "".join(f"{number},{number}\n" for number in range(FILE_LINES + 5))
    repo.commit("Rows", {"a.csv": rows})
    repo.commit("Both", {"a.csv": rows[2:] + code("own") + rows[:80] + "def f(x):\n", "b.csv": rows + "print(a)\n"})
    first, second = patch_of(repo).files
    kept = [(run.start, run.added) for run in first.runs if any(b"own" in line for line in run.added)]
    assert [start for start, _ in kept] == [FILE_LINES + 6]
    assert kept[0][1][:6] == [line.strip().encode() for line in code("own").splitlines()]
    assert (first.cut, second.cut, len(second.runs)) == (False, False, 1)
    long = "".join(f"print(value_{number})\n" for number in range(FILE_LINES))
    repo.commit("Long", {"c.csv": rows + long + long})
    assert file_of(repo).cut


def test_a_program_with_a_line_that_nobody_reads_is_cut(repo: Repo) -> None:
    repo.commit(
        "Long", {"a.py": f"x = [{'call(a), ' * 1000}]\n", "b.py": f"x = '{'long ' * 100}'\n", "c.md": "a " * 9000}
    )
    assert [file.cut for file in patch_of(repo).files] == [True, False, False]


def test_the_digests_are_of_all_lines(repo: Repo) -> None:
    many = "".join(f"{number}\n" for number in range(FILE_LINES + 1))
    repo.commit("Too many", {"b": many})
    repo.branch("other").commit("Others", {"b": many + "end\n", "c": many})
    repo.checkout("main").commit("More", {"b": many + "end\n"})
    one, other = file_of(repo, "main"), patch_of(repo, "other").files[0]
    assert one.line_digests() == other.line_digests()
    first, last = patch_of(repo, "other").files[1], file_of(repo, "main~1")
    assert first.line_digests() == last.line_digests()


def test_a_file_that_is_only_renamed_has_its_blob(repo: Repo) -> None:
    repo.commit("Start", {"a": "1\n2\n", "\u00fc": "3\n4\n"})
    (repo.path / "a").rename(repo.path / "b")
    (repo.path / "\u00fc").rename(repo.path / "\u00e4")
    repo.commit("Rename")
    first, second = sorted(patch_of(repo).files, key=lambda file: file.path)
    assert (first.status, first.new_blob) == ("R", repo.git("rev-parse", "HEAD:b"))
    assert (second.old_path, second.new_blob) == ("\u00fc", repo.git("rev-parse", "HEAD:\u00e4"))


def test_binary_files_have_blobs_and_no_lines(repo: Repo) -> None:
    repo.commit("Add", {"b": b"\0\1\2"})
    added = file_of(repo)
    assert (added.binary, added.status, added.runs) == (True, "A", [])
    assert added.new_blob == repo.git("rev-parse", "HEAD:b")
    repo.commit("Text", {"b": "text\n"})
    assert file_of(repo).binary


def test_attributes_of_the_tree_hide_nothing(repo: Repo) -> None:
    repo.commit("Old", {".gitattributes": "*.py -diff\n*.txt binary\n", "a.py": "1\n", "a.txt": "1\n"})
    repo.commit("New", {"a.py": "2\n", "a.txt": "2\n"})
    assert lines(patch_of(repo)) == [("a.py", [b"1"], [b"2"]), ("a.txt", [b"1"], [b"2"])]


def told(part: object) -> object:
    """Return all that a patch says, as something that can be compared."""
    if isinstance(part, Patch | FilePatch | Run):
        return {name: told(getattr(part, name)) for name in part.__slots__}
    return [told(item) for item in part] if isinstance(part, list) else part


def test_settings_of_the_user_change_nothing(repo: Repo) -> None:
    repo.commit("Old", {"a.py": "1\n\n\n3\n"})
    repo.commit("New", {"a.py": "2\n\n\n4\n"})
    before = told(patch_of(repo))
    for setting in (
        *("diff.noprefix true", "diff.mnemonicPrefix true", "diff.context 9", "diff.suppressBlankEmpty true"),
        *("diff.renames copies", "diff.algorithm histogram", "core.quotePath true", "color.ui always"),
    ):
        repo.git("config", *setting.split())
    assert told(patch_of(repo)) == before


def test_a_submodule_changes_as_one_line(repo: Repo) -> None:
    repo.commit("Start", {"a": "1"})
    for number in "12":
        repo.git("update-index", "--add", "--cacheinfo", f"160000,{number * 40},lib")
        repo.git("commit", "--quiet", "-m", "Bump")
    file = file_of(repo)
    assert (file.path, file.status) == ("lib", "M")
    assert file.runs[0].added == [b"Subproject commit " + b"2" * 40]


def test_a_file_that_becomes_a_link_goes_and_comes(repo: Repo) -> None:
    repo.commit("File", {"a": "1\n"})
    (repo.path / "a").unlink()
    os.symlink("elsewhere", repo.path / "a")
    repo.commit("Link")
    gone, come = patch_of(repo).files
    assert (gone.status, gone.path, gone.runs[0].deleted) == ("D", "a", [b"1"])
    assert (come.status, come.path, come.runs[0].added) == ("A", "a", [b"elsewhere"])


def test_the_root_is_compared_with_nothing_and_a_merge_with_its_first_parent(repo: Repo) -> None:
    root = repo.commit("Root", {"a": "1\n"})
    repo.branch("side").commit("Side", {"b": "1\n"})
    repo.checkout("main").commit("Main", {"c": "1\n"})
    merge = repo.merge("side", "Merge")
    first, second = commit_patches(open_repository(repo), [root, merge])
    assert lines(first) == [("a", [], [b"1"])]
    assert lines(second) == [("b", [], [b"1"])]


@pytest.mark.parametrize("at_once", [2, 3, 20_000])
def test_patches_come_in_the_order_of_the_question(repo: Repo, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patches, "COMMITS_A_GIT", at_once)
    one = repo.commit("One", {"a": "1\n"})
    empty = repo.commit("Empty")
    repo.branch("side", one).commit("Side", {"b": "1\n"})
    ours = repo.checkout("main").merge("side", "Nothing of theirs", "--strategy=ours")
    last = repo.commit("Last", {"a": "2\n"})
    asked = [empty, last, ours, one, empty, last, last, empty]
    found = list(commit_patches(open_repository(repo), asked))
    assert [patch.key for patch in found] == asked
    assert [bool(patch.files) for patch in found] == [False, True, False, True, False, True, True, False]
    assert list(commit_patches(open_repository(repo), [])) == []


def test_trees_are_compared_as_well_as_commits(repo: Repo) -> None:
    one = repo.commit("One", {"a": "1\n"})
    two = repo.commit("Two", {"a": "2\n"})
    tree = repo.git("rev-parse", f"{two}^{{tree}}")
    pairs = [(one, two), (one, one), (two, one), (one, tree)]
    found = list(tree_patches(open_repository(repo), pairs))
    assert [patch.key for patch in found] == [f"{old}..{new}" for old, new in pairs]
    there, back = ("a", [b"1"], [b"2"]), ("a", [b"2"], [b"1"])
    assert [lines(patch) for patch in found] == [[there], [], [back], [there]]
    assert list(tree_patches(open_repository(repo), [])) == []


def test_sha256_is_read_alike(tmp_path: Path) -> None:
    repo = Repo.init(tmp_path / "work", "--object-format=sha256")
    one = repo.commit("One", {"a": "1\n"})
    empty = repo.commit("Empty")
    two = repo.commit("Two", {"a": "2\n"})
    found = list(commit_patches(open_repository(repo), [two, empty, one]))
    assert [patch.key for patch in found] == [two, empty, one]
    assert [lines(patch) for patch in found] == [[("a", [b"1"], [b"2"])], [], [("a", [], [b"1"])]]
    (pair,) = tree_patches(open_repository(repo), [(two, one)])
    assert (pair.key, lines(pair)) == (f"{two}..{one}", [("a", [b"2"], [b"1"])])
    assert found[0].files[0].new_blob == repo.git("rev-parse", "HEAD:a")


def test_what_is_not_here_is_never_a_clean_answer(repo: Repo) -> None:
    one = repo.commit("One", {"a": "1\n"})
    two = repo.commit("Two", {"a": "2\n"})
    blob = repo.git("rev-parse", f"{two}:a")
    (repo.path / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(MissingObjectError):
        list(commit_patches(open_repository(repo), [two]))
    with pytest.raises(MissingObjectError):
        list(tree_patches(open_repository(repo), [(one, two)]))
    for missing in ("1" * 40, repo.git("rev-parse", "HEAD^{tree}")):
        (repo.path / ".git/objects" / missing[:2] / missing[2:]).unlink(missing_ok=True)
        with pytest.raises(MissingObjectError):
            list(tree_patches(open_repository(repo), [(missing, one)]))
    with pytest.raises(MissingObjectError):
        list(commit_patches(open_repository(repo), ["1" * 40]))
