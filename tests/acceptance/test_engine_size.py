"""What is too large is refused whatever hides it, and what only looks large passes. Limits are the contract's."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from labgate.checks.commit_size.reading import MOST_LINES, PIECE_LINES
from labgate.fingerprints.generated_names import is_locked
from labgate.git.runner import MOST_BYTES
from support import sdg as sdg_project
from support.generated import SERVICE, STUB
from support.notebooks import notebook
from support.people import adopt, by, reviewed
from support.repo import Repo
from support.sdg import LIMITS, POLICY
from support.templates import copied, kept
from support.tools import require_tool
from support.verdicts import assert_passes, judge

TO_MAIN = ("--target", "main", "--head", "HEAD")
SIZE = ("commit-size", *TO_MAIN)


@pytest.fixture
def sized(sdg_template: Path, tmp_path: Path) -> Repo:
    """The sdg project with limits on the way to ``main``, on a topic branch of its own."""

    def build(folder: Path) -> Repo:
        sdg = sdg_project.copy(sdg_template, folder)
        adopt(sdg, POLICY + LIMITS)
        return sdg.branch("feature/x")

    return copied(kept("sized", build), tmp_path / "sized")


def lines(number: int, text: str = "line") -> str:
    return "".join(f"{text} {index}\n" for index in range(number))


# Row 8.


@pytest.mark.parametrize("attribute", ["-diff", "binary", "diff=none", "linguist-generated", "-text -diff -merge"])
def test_t44_lines_are_not_hidden_by_attributes_that_the_change_brings(sized: Repo, attribute: str) -> None:
    sized.commit("Hide it", {".gitattributes": f"* {attribute}\n", "sub/.gitattributes": f"* {attribute}\n"})
    oid = sized.commit("Add much", {"sub/big.py": lines(5000)})
    verdict = sized.labgate("check", *TO_MAIN, status=1)
    assert [line.split()[1] for line in verdict.text.splitlines() if " error: " in line] == ["LG401", "LG404"]
    assert f"commit {oid[:12]}" in verdict.text
    assert "sub/big.py 5,000 lines" in verdict.text


def test_five_thousand_lines_are_refused(sized: Repo) -> None:
    sized.commit("Hide it", {".gitattributes": "* -diff\n"})
    oid = sized.commit("Add much", {"big.py": lines(5000)})
    verdict = judge(sized, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG401 error main: commit <Add much> (Add much) changes 5,000 lines, 4,600 over the limit of 400 for main;
        heaviest: big.py 5,000 lines
    help: git reset -q -N HEAD^ && git add -p && git commit -c <Add much>
LG404 error main: the series has 5,001 lines, 3,001 over the limit of 2,000 for main; heaviest: <Add much>
        (Add much) 5,000 lines, <Hide it> (Hide it) 1 line
    help: git branch feature/x-part-1 <Hide it>
""")
    assert verdict.rules == ["LG401", "LG404"]
    finding = verdict.finding("LG401")
    assert (finding["commits"], finding["data"]["actual"], finding["data"]["limit"]) == ([oid], 5000, 400)


def test_t44_lines_are_hidden_by_attributes_of_the_trunk_for_generated_files_only(sized: Repo) -> None:
    attributes = "*.gen linguist-generated\nthird/** linguist-vendored\n* -diff\n"
    sized.checkout("main").commit("Attributes", {".gitattributes": attributes})
    sized.push("main")
    sized.branch("feature/y")
    sized.commit("Generate", {"a.gen": lines(5000), "third/a.py": lines(5000), "a.lock": lines(5000)})
    sized.commit("Compile", {"x_pb2.pyi": STUB * 90, "x_pb2_grpc.py": SERVICE * 30, "a.snap": "text\n" * 900})
    assert sized.labgate("check", *SIZE, status=0).text == ""
    sized.commit("Write", {"a.py": lines(401)})
    assert "LG401" in sized.labgate("check", *SIZE, status=1).text


def test_t45_attributes_of_one_clone_hide_nothing(sized: Repo) -> None:
    sized.commit("Add much", {"big.py": lines(5000)})
    (sized.path / ".git/info").mkdir(exist_ok=True)
    (sized.path / ".git/info/attributes").write_text("* -diff linguist-generated\n")
    sized.git("config", "diff.default.binary", "true")
    sized.git("config", "core.bigFileThreshold", "1")
    sized.git("config", "core.worktree", str(sized.path))
    verdict = judge(sized, *TO_MAIN, status=1)
    assert verdict.rules == ["LG401", "LG404"]
    assert verdict.summary == snapshot("""\
LG401 error main: commit <Add much> (Add much) changes 5,000 lines, 4,600 over the limit of 400 for main;
        heaviest: big.py 5,000 lines
    help: git reset -q -N HEAD^ && git add -p && git commit -c <Add much>
LG404 error main: the series has 5,000 lines, 3,000 over the limit of 2,000 for main; heaviest: <Add much>
        (Add much) 5,000 lines
    help: split the first commit: alone it is too large for a series
""")


@pytest.mark.parametrize("content", ["x" * 600_000, b"\0" * 600_000], ids=["one line", "no line at all"])
def test_t46_a_large_file_is_refused_however_few_lines_it_has(sized: Repo, content: str | bytes) -> None:
    oid = sized.commit("Add data", {"data/min.js": content})
    verdict = judge(sized, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG403 error data/min.js: commit <Add data> (Add data) adds data/min.js with 600 kB, 100 kB over the limit of
        500 kB a file for main
    help: git reset -q HEAD^
""")
    assert verdict.rules == ["LG403"]
    finding = verdict.finding("LG403")
    assert (finding["commits"], finding["location"]["path"]) == ([oid], "data/min.js")
    assert (finding["data"]["actual"], finding["data"]["limit"]) == (600_000, 500_000)


def test_t46_many_middling_files_are_refused_together(sized: Repo) -> None:
    sized.commit("Add data", {f"data/{number}": b"\0" * 400_000 + bytes([number]) for number in range(6)})
    verdict = judge(sized, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG403 error main: commit <Add data> (Add data) adds 2.4 MB, 400 kB over the limit of 2 MB for main;
        heaviest: data/0 400 kB, data/1 400 kB, data/2 400 kB, data/3 400 kB, data/4 400 kB
    help: git reset -q -N HEAD^ -- :/data/4 :/data/5 && git commit --amend
""")
    assert verdict.rules == ["LG403"]
    assert verdict.finding("LG403")["data"]["unit"] == "bytes"


def test_an_exact_rename_of_a_large_file_passes(sized: Repo) -> None:
    sized.checkout("main").commit("Large already", {"large.py": lines(5000), "data.bin": b"\0" * 700_000})
    sized.push("main")
    sized.branch("feature/y").git("mv", "large.py", "there.py")
    sized.git("mv", "data.bin", "moved.bin")
    sized.commit("Move")
    assert_passes(sized, *TO_MAIN, check="commit-size")


def test_t43_of_a_rename_the_edited_lines_count(sized: Repo) -> None:
    sized.checkout("main").commit("Large already", {"large.py": lines(5000)})
    sized.push("main")
    sized.branch("feature/y").git("mv", "large.py", "there.py")
    sized.commit("Move and change", {"there.py": lines(5000) + "evil\n"})
    assert_passes(sized, *TO_MAIN, check="commit-size")
    sized.commit("Change much", {"there.py": lines(5000) + lines(401, "evil")})
    assert judge(sized, *TO_MAIN, status=1).rules == ["LG401"]


def test_lines_that_moved_do_not_count_and_a_copy_does(sized: Repo) -> None:
    code = "".join(f"value_{number} = compute(value_{number * 7}, rate_{number})\n" for number in range(900))
    sized.checkout("main").commit("Large already", {"large.py": code})
    sized.push("main")
    half = code.index("value_450 ")
    sized.branch("feature/y").commit("Split the module", {"large.py": code[:half], "other.py": code[half:]})
    assert_passes(sized, *TO_MAIN, check="commit-size")
    sized.commit("Copy the module", {"copy.py": code[half:]})
    assert judge(sized, *TO_MAIN, status=1).rules == ["LG401"]


def test_of_a_notebook_the_code_counts_and_no_output(sized: Repo) -> None:
    cells = [f"model_{number} = fit(data, rate={number})\nprint(model_{number})" for number in range(40)]
    sized.checkout("main").commit("A notebook", {"a.ipynb": notebook(cells, "first")})
    sized.push("main")
    cells[7] = cells[7].replace("rate=7", "rate=9")
    oid = sized.branch("feature/y").commit("Run it again", {"a.ipynb": notebook(cells, "second")})
    assert_passes(sized, *TO_MAIN, check="commit-size")
    limits = LIMITS.replace("lines = 400", "lines = 1", 1)
    adopt(sized.checkout("main"), POLICY + limits)
    sized.checkout("feature/y")
    assert_passes(sized, "--target", "main", "--head", oid, check="commit-size")
    cells[8] = cells[8].replace("rate=8", "rate=10")
    cells[9] = cells[9].replace("rate=9", "rate=11")
    sized.commit("Change two lines", {"a.ipynb": notebook(cells, "third")})
    assert judge(sized, *TO_MAIN, status=1).finding("LG401")["data"]["actual"] == 2


@pytest.mark.parametrize("name", ["sub/go.sum", "conda-lock.yml", "Package.resolved", "a_pb2.py"])
def test_locked_versions_and_generated_code_count_bytes_and_no_lines(sized: Repo, name: str) -> None:
    sized.commit("Lock", {name: lines(5000)})
    assert_passes(sized, *TO_MAIN, check="commit-size")
    sized.commit("Lock more", {name: lines(50_000)})
    assert judge(sized, *TO_MAIN, status=1).rules == ["LG403"]


@pytest.mark.parametrize("name", ["sub/package-lock.json", "go.sum", "a_pb2.py", "site.min.js"])
def test_a_name_of_locked_versions_or_generated_code_hides_no_code(sized: Repo, name: str) -> None:
    code = "".join(f"def step_{number}(batch):\n    return batch * rate_{number}\n" for number in range(250))
    beside = lines(4000, "hash") if is_locked(name) else ""
    sized.commit("Hide it", {name: beside + code + beside})
    assert judge(sized, *TO_MAIN, status=1).finding("LG401")["data"]["actual"] in range(500, 500 + 2 * PIECE_LINES)


def test_a_change_too_large_to_look_for_moves_is_counted_whole_and_said(sized: Repo) -> None:
    sized.checkout("main").commit("Large already", {"large.txt": lines(MOST_LINES // 2 + 1)})
    sized.push("main")
    sized.branch("feature/y").commit("Split it", {"large.txt": "", "other.txt": lines(MOST_LINES // 2 + 1)})
    verdict = sized.labgate("check", *SIZE, status=1)
    assert "1 commit too large to look for moved lines" in verdict.text


def test_a_notebook_as_jupyter_writes_it_counts_its_edited_line(sized: Repo) -> None:
    require_tool("nbformat")
    nbformat: Any = import_module("nbformat")

    def written(rate: int, output: str) -> str:
        out = nbformat.v4.new_output("display_data", {"image/png": output * 900, "text/plain": f"<Figure {output}>"})
        code = [f"model = fit(data, rate={rate})\nmodel.plot()", "model.save(path)"]
        cells = [nbformat.v4.new_code_cell(text, execution_count=rate, outputs=[out, out]) for text in code]
        return str(nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata={"ran": output})))

    adopt(sized.checkout("main"), POLICY + LIMITS.replace("lines = 400", "lines = 1", 1))
    sized.commit("A notebook", {"a.ipynb": written(7, "first\n")})
    sized.push("main")
    sized.branch("feature/y").commit("Run it again", {"a.ipynb": written(9, "second\n"), "b.py": "b = 1\n"})
    files = judge(sized, *TO_MAIN, status=1).finding("LG401")["data"]["files"]
    assert {file["path"]: file["lines"] for file in files} == {"a.ipynb": 1, "b.py": 1}


def test_a_notebook_too_large_to_be_read_is_counted_whole_and_said(sized: Repo) -> None:
    rows = [f"row = {'x' * 50_000}" for _ in range(MOST_BYTES // 50_000 + 1)]
    sized.commit("A notebook", {"a.ipynb": notebook(rows, "out")})
    assert "1 notebook too large to look for code" in sized.labgate("check", *SIZE, status=1).text


def test_files_too_large_for_gits_diff_are_counted_and_said(sized: Repo) -> None:
    rows = [f"{number} " + "x" * 5000 for number in range(MOST_BYTES // 5000 + 1)]
    adopt(sized.checkout("main"), POLICY + LIMITS.replace("lines = 400", "lines = 5", 1))
    sized.commit("Data", {"a.txt": "\n".join(rows), "small.bin": b"\0" * 9, "b.bin": b"\0" * (MOST_BYTES + 1)})
    sized.push("main")
    sized.branch("feature/y").commit(
        "Edit", {"a.txt": "\n".join(["new", *rows[1:]]), "b.bin": b"\0" * (MOST_BYTES + 2)}
    )
    assert judge(sized, *TO_MAIN, status=1).rules == ["LG403"]
    sized.commit("Cut", {"a.txt": "\n".join(rows[:100])})
    sized.commit("Grow", {"a.txt": "\n".join(rows)})
    verdict = judge(sized, *TO_MAIN, status=1)
    found = [finding["data"]["actual"] for finding in verdict.report["findings"] if finding["rule"] == "LG401"]
    assert found == [len(rows) - 99 + 1, len(rows) - 100]
    assert "3 files too large to look for moved lines" in verdict.text


def test_deleting_large_files_passes(sized: Repo) -> None:
    sized.checkout("main").commit("Large already", {"large.py": lines(5000)})
    sized.push("main")
    sized.branch("feature/y").git("rm", "--quiet", "large.py")
    sized.commit("Remove")
    assert sized.labgate("check", *SIZE, status=0).text == ""


def conflicting(repo: Repo) -> None:
    """``main`` moves on by 5,000 lines, and touches a line that ``feature/x`` changed too."""
    repo.commit("Mine", {"README.md": "mine\n"})
    repo.checkout("main").commit("Move on", {"README.md": "theirs\n", "large.py": lines(5000)})
    repo.push("main")
    repo.checkout("feature/x").run("git", "merge", "--quiet", "--no-verify", "main", status=1)


def test_a_merge_of_main_with_its_conflict_resolved_passes(sized: Repo) -> None:
    conflicting(sized)
    sized.commit("Merge branch 'main' into feature/x", {"README.md": "mine and theirs\n"})
    assert len(sized.git("rev-parse", "HEAD^@").split()) == 2
    assert_passes(sized, *TO_MAIN, check="commit-size")


def test_t29_what_is_slipped_into_a_merge_is_measured(sized: Repo) -> None:
    conflicting(sized)
    oid = sized.commit("Merge branch 'main' into feature/x", {"README.md": "both\n", "evil.py": lines(5000)})
    verdict = judge(sized, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG401 error main: commit <Merge branch 'main' into...> (Merge branch 'main' into feature/x) changes 5,006
        lines, 4,606 over the limit of 400 for main; heaviest: evil.py 5,000 lines, README.md 6 lines
    help: keep only the resolution of conflicts in the merge, and make the other edits in commits after it
LG404 error main: the series has 5,015 lines, 3,015 over the limit of 2,000 for main; heaviest: <Merge
        branch 'main' into...> (Merge branch 'main' into feature/x) 5,006 lines, <Mine> (Mine) 9 lines
    help: git branch feature/x-part-1 <Mine>
""")
    assert verdict.rules == ["LG401", "LG404"]
    assert verdict.finding("LG401")["commits"] == [oid]
    assert [file["path"] for file in verdict.finding("LG401")["data"]["files"]] == ["evil.py", "README.md"]


def test_t29_what_is_slipped_into_a_merge_of_research_needs_a_review_by_somebody_else(sdg: Repo) -> None:
    sdg.git("merge", "--quiet", "--no-commit", "--no-ff", "research/pr-72")
    sdg.commit(reviewed("ada", subject="Merge research/pr-72"), {"evil.py": "pass\n"}, **by("ada"))
    verdict = judge(sdg, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG201 error main: 8 unreviewed commits from origin/research/pr-72 (same commits): <Tidy the filter and
        the...> Tidy the filter and the scripts, <Leave out an import> Leave out an import, <Skip rows that
        hold no number> Skip rows that hold no number and 5 more; not counted: ada: self-review
    help: labgate review approve main --by lin  # once lin has reviewed it
    evidence: ancestry origin/research/pr-72
LG204 error main: the review by ada in <Merge research/pr-72> does not count: ada contributed to <Merge
        research/pr-72>
    help: ask somebody else in [reviews.people] to review it
review: trailer required; none reached; not counted: ada; missing: total
""")
    assert set(verdict.rules) == {"LG201", "LG204"}


def test_a_merge_follows_renames_like_git(sized: Repo) -> None:
    sized.checkout("main").commit("Large already", {"large.py": lines(5000)})
    sized.push("main")
    sized.branch("feature/y").commit("Mine", {"large.py": lines(5000).replace("line 7\n", "seven\n")})
    sized.checkout("main").git("mv", "large.py", "there.py")
    sized.commit("Move")
    sized.push("main")
    sized.checkout("feature/y").merge("main", "Merge branch 'main' into feature/y")
    assert sized.labgate("check", *SIZE, status=0).text == ""


@pytest.mark.parametrize("driver", ["ours", "union", "evil"])
def test_t53_a_merge_is_measured_without_the_drivers_of_a_repository(sized: Repo, tmp_path: Path, driver: str) -> None:
    marker = tmp_path / "it-ran"
    for name in ("evil", "text", "default"):
        sized.git("config", f"merge.{name}.driver", f"touch {marker}")
    sized.git("config", "merge.default", "evil")
    sized.checkout("main").commit("Base", {".gitattributes": f"* merge={driver}\n", "a": lines(900)})
    sized.push("main")
    sized.branch("feature/y").commit("Mine", {"a": lines(900).replace("line", "mine", 300)})
    sized.checkout("main").commit("Theirs", {"a": lines(900).replace("line", "theirs", 300)})
    sized.push("main")
    sized.checkout("feature/y").git("merge", "--quiet", "--strategy=ours", "--no-commit", "main")
    # A merge that no driver explains: all of one side was rewritten by hand.
    sized.commit("Merge branch 'main' into feature/y", {"a": lines(900).replace("line", "other", 300)})
    marker.unlink(missing_ok=True)
    assert "LG401" in sized.labgate("check", *TO_MAIN, status=1).text
    assert not marker.exists()


def test_an_exact_revert_passes(sized: Repo) -> None:
    sized.checkout("main").commit("Base", {"a.py": lines(100)})
    large = sized.commit("Large", {"a.py": lines(100) + lines(5000, "more"), "large.py": lines(5000)})
    sized.commit("Later", {"a.py": "first\n" + lines(100) + lines(5000, "more")})
    sized.push("main")
    sized.branch("feature/y").git("revert", "--no-edit", large)
    assert sized.git("diff", "--shortstat", "HEAD^", "HEAD").endswith(" 10000 deletions(-)")
    assert_passes(sized, *TO_MAIN, check="commit-size")


@pytest.mark.parametrize(
    "why", ["more than the revert", "a commit of its own branch", "no such commit", "only the words"]
)
def test_t47_saying_that_it_is_a_revert_does_not_make_it_one(sized: Repo, why: str) -> None:
    (large, small) = ("large.py", "small.py")
    landed = sized.checkout("main").commit("Landed", {large: lines(5000, "old"), small: "x\n"})
    sized.push("main")
    sized.branch("feature/y")
    message = "Revert\n\nThis reverts commit {}."
    if why == "more than the revert":
        sized.git("revert", "--no-commit", landed)
        sized.commit(message.format(landed), {"evil.py": lines(401)})
    elif why == "a commit of its own branch":
        own = sized.commit("Own", {small: lines(300)})
        sized.commit("Grow", {small: lines(300) + lines(300, "b")})
        sized.commit(message.format(own), {small: lines(401, "c")})
    elif why == "no such commit":
        sized.commit(message.format("1" * 40), {"evil.py": lines(401)})
    else:
        sized.commit(message.format(landed), {large: lines(5000, "new")})
    assert "LG401" in sized.labgate("check", *SIZE, status=1).text


# Rows T41, T42, T47, T51: other ways to look small.


def test_t41_the_same_hunk_at_another_place_is_no_revert(sized: Repo) -> None:
    block = lines(50)
    added = lines(25) + lines(401, "new") + block[len(lines(25)) :]
    sized.checkout("main").commit("Base", {"a": block * 10})
    done = sized.commit("Done", {"a": added + block * 9})
    sized.commit("Elsewhere too", {"a": added + block * 3 + added + block * 5})
    sized.push("main")
    sized.branch("feature/y")
    sized.commit(f"Undo\n\nThis reverts commit {done}.", {"a": added + block * 9})
    assert "LG401" in sized.labgate("check", *SIZE, status=1).text


def test_t42_files_without_text_count_as_files(sized: Repo) -> None:
    sized.write({f"tool/{number}": f"{number}\n" for number in range(21)})
    sized.checkout("main").commit("Tools")
    sized.push("main")
    sized.branch("feature/y")
    for number in range(21):
        (sized.path / f"tool/{number}").chmod(0o755)
    sized.commit("Only modes")
    verdict = judge(sized, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG402 error main: commit <Only modes> (Only modes) touches 21 files, 1 over the limit of 20 for main;
        heaviest: tool/0 0 lines, tool/1 0 lines, tool/10 0 lines, tool/11 0 lines, tool/12 0 lines
    help: git reset -q -N HEAD^ -- :/ ':(top,exclude)tool/0' ':(top,exclude)tool/1' ':(top,exclude)tool/10'
        ':(top,exclude)tool/11' ':(top,exclude)tool/12' ':(top,exclude)tool/13' ':(top,exclude)tool/14'
        ':(top,exclude)tool/15' ':(top,exclude)tool/16' ':(top,exclude)tool/17' && git commit --amend
""")
    assert verdict.rules == ["LG402"]
    assert verdict.finding("LG402")["data"]["actual"] == 21


def test_t47_many_small_commits_are_one_large_change(sized: Repo) -> None:
    for number in range(50):
        sized.commit(f"Part {number}", {f"part/{number}.py": lines(99)})
    verdict = judge(sized, *TO_MAIN, status=1)
    assert verdict.summary == snapshot("""\
LG404 error main: the series has 4,950 lines, 2,950 over the limit of 2,000 for main; heaviest: <Part 0>
        (Part 0) 99 lines, <Part 1> (Part 1) 99 lines, <Part 2> (Part 2) 99 lines, <Part 3> (Part 3) 99
        lines, <Part 4> (Part 4) 99 lines
    help: git branch feature/x-part-1 <Part 19>
""")
    assert verdict.rules == ["LG404"]
    finding = verdict.finding("LG404")
    assert (finding["data"]["unit"], finding["data"]["actual"], len(finding["commits"])) == ("series-lines", 4950, 50)
    assert "help: git branch feature/x-part-1 " in verdict.text


def test_t47_a_policy_of_the_change_itself_raises_no_limit(sized: Repo) -> None:
    raised = (POLICY + LIMITS).replace("400", "40000").replace("2000", "200000")
    sized.commit("Raise", {"labgate.toml": raised + '\n[levels]\nLG401 = "off"\n'})
    sized.commit("Use it", {"big.py": lines(5000)})
    assert sized.labgate("check", *SIZE, status=1).text.count("LG40") == 2


def test_t51_a_commit_of_a_hundred_thousand_files_is_judged(sized: Repo) -> None:
    stream = ["blob\nmark :1\ndata 2\nx\n\n", "commit refs/heads/feature/many\n"]
    stream += ["committer A <a@x> 1700000000 +0000\ndata 4\nmany\nfrom refs/heads/main^0\n"]
    stream += [f"M 100644 :1 many/{number // 1000}/{number}\n" for number in range(100_000)]
    sized.git("fast-import", "--quiet", stdin="".join(stream))
    said = sized.labgate("check", "commit-size", "--target", "main", "--head", "feature/many", status=1)
    assert "100,000 lines" in said.text
    assert "100,000 files" in said.text
