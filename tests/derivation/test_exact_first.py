"""What equals research is found whatever else hides it, and what anybody may have is nobody's copy."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from labgate.derivation.candidates import LONGEST_RANGE
from labgate.derivation.shared_features import COMMON
from labgate.fingerprints.features import RUN_TOKENS
from labgate.fingerprints.patches import FILE_LINES
from labgate.values.finding import SIMILARITY
from support.provenance import code, landing, landing_traces
from support.repo import Repo
from support.templates import copied, kept, prepared

SOURCE = "refs/heads/research/x"
#: Work that has nothing in common with it.
OWN = "class Window:\n    def __init__(self, title):\n        self.title = title\n        self.open = False\n"
#: Somebody else than who made the research.
LIN = {"GIT_AUTHOR_EMAIL": "lin@example.org", "GIT_AUTHOR_NAME": "lin"}
BOT = {"GIT_AUTHOR_EMAIL": "bot@example.org", "GIT_AUTHOR_NAME": "bump[bot]"}
#: Whose address the code host hides; the account has the name of who made the research.
HIDDEN = {"GIT_AUTHOR_EMAIL": "123+GRACE@users.noreply.github.com", "GIT_AUTHOR_NAME": "G. H."}
TRIED = code("alpha", "beta", "gamma", "delta")
EDITED = TRIED.replace("records", "samples").replace("limit", "at_most")


@prepared
def team(repo: Repo) -> Repo:
    """Research with one file of 27 lines, and a branch that is to land on main."""
    return started(repo)


def started(repo: Repo) -> Repo:
    repo.commit("Start", {"app.py": "print('app')\n"})
    repo.branch("research/x").commit("Try x", {"x.py": TRIED})
    return repo.checkout("main").branch("landing")


def found(repo: Repo) -> list[tuple[str, str, str | None]]:
    """Return what decides for the branch that is to land: method, title of the commit, source ref."""
    items, _ = landing(repo, "landing")
    titles = {oid: repo.git("log", "-1", "--format=%s", oid) for item in items for oid in item.commits}
    return sorted(
        (item.method, titles[oid], item.source_ref) for item in items if item.decisive for oid in item.commits
    )


def hints(repo: Repo) -> list[str | None]:
    return [item.hint for item in landing(repo, "landing")[0]]


def experiments(repo: Repo, number: int) -> None:
    """Push so many experiments, each a commit on the same research."""
    for run in range(number):
        repo.branch(f"research/run{run}", "research/x").commit(f"Run {run}", {"run.yaml": f"run: {run}\n"})
    repo.checkout("landing")


def picks(repo: Repo, number: int) -> None:
    """Push so many branches, each with the research as a commit of its own."""
    for run in range(number):
        repo.branch(f"research/run{run}", "main").commit(f"Run {run}", {"run.yaml": f"run: {run}\n"})
        repo.git("cherry-pick", "research/x")
    repo.checkout("landing")


def copies(repo: Repo, number: int) -> None:
    """Push a branch with so many commits, each of which copies the research once more."""
    repo.checkout("research/x")
    for run in range(number):
        repo.commit(f"Run {run}", {f"run{run}.py": TRIED})
    repo.checkout("landing")


@pytest.fixture(params=[experiments, picks, copies], ids=lambda share: share.__name__)
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Repo:
    """The research is had by more than may have what is not common."""
    share: Callable[[Repo, int], None] = request.param

    def build(folder: Path) -> Repo:
        repo = started(Repo.init(folder / "work"))
        share(repo, COMMON + 1)
        return repo

    return copied(kept(share, build), tmp_path)


def test_a_file_is_found_however_much_research_has_it(crowd: Repo) -> None:
    crowd.commit("Copy", {"x.py": TRIED, "README": "more\n"})
    assert {(method, title) for method, title, _ in found(crowd)} == {("blob", "Copy")}


def test_an_edited_copy_is_found_however_many_branches_have_one_commit(crowd: Repo) -> None:
    crowd.commit("Copy", {"y.py": EDITED})
    assert {(method, title) for method, title, _ in found(crowd)} == {(SIMILARITY, "Copy")}


def test_a_branch_is_not_named_for_the_file_of_a_commit_below_it(team: Repo) -> None:
    experiments(team, 3)
    team.commit("Copy", {"x.py": TRIED, "README": "more\n"})
    assert len(found(team)) == 1


def test_a_branch_is_named_for_a_file_that_no_commit_of_it_made_alone(team: Repo) -> None:
    """The last commit changes one line: too few for the file to be its own."""
    team.checkout("research/x").commit("Fix x", {"x.py": TRIED.replace("* 3", "* 4", 1)})
    team.checkout("landing").commit("Copy", {"x.py": TRIED.replace("* 3", "* 4", 1), "README": "more\n"})
    assert found(team) == [("blob", "Copy", SOURCE)]


def test_what_eighty_people_wrote_is_common(team: Repo) -> None:
    for run in range(COMMON + 1):
        own = code(f"own{run}", f"mine{run}")
        team.branch(f"research/run{run}", "main").commit(f"Run {run}", {f"run{run}.py": EDITED + own})
    team.checkout("landing").commit("Copy", {"y.py": EDITED.replace("weight", "factor")})
    assert not any(ref != SOURCE for *_, ref in found(team))


@pytest.mark.parametrize("path", ["x.json", "vendor/x.py", "news/x.py", "data/x.csv", "dist/x.lock"])
def test_a_file_under_another_name_and_its_rename_are_found(team: Repo, path: str) -> None:
    team.commit("One", {path: TRIED})
    team.git("mv", path, "x.py")
    team.commit("Two")
    assert {("blob", "One", SOURCE), ("blob", "Two", SOURCE)} <= set(found(team))


@pytest.mark.parametrize("path", ["x.json", "data/x.csv", "dist/x.py"])
def test_an_edited_copy_under_another_name_is_found_when_it_is_renamed(team: Repo, path: str) -> None:
    team.commit("One", {path: EDITED})
    team.git("mv", path, "x.py")
    team.commit("Two")
    assert (SIMILARITY, "Two", SOURCE) in found(team)


@pytest.mark.parametrize("path", ["vendor/lib.py", "dist/lib.js", "node_modules/a/lib.js"])
@pytest.mark.parametrize("taken", ["own.py", "third_party/other.py", "own.snap"])
def test_what_research_wrote_in_a_vendored_folder_is_found_elsewhere(team: Repo, path: str, taken: str) -> None:
    """Under the same name in such a folder it is a hint, as two may take the same release."""
    team.checkout("research/x").commit("Try it there", {path: LIBRARY})
    team.checkout("landing").commit("Take", {taken: LIBRARY, "mine.py": OWN}, **LIN)
    assert found(team) == [("blob", "Take", SOURCE)]
    team.commit("Vendor", {path: LIBRARY, "README": "more\n"}, **LIN)
    assert "noise-only" in hints(team)
    assert ("blob", "Vendor", SOURCE) not in found(team)


def test_beside_a_vendored_file_of_both_code_is_compared(team: Repo) -> None:
    team.checkout("research/x").commit("Vendor", {"vendor/lib.py": LIBRARY, "z.py": code("eta", "theta", "iota")})
    edited = code("eta", "theta", "iota").replace("records", "samples")
    team.checkout("landing").commit("Take", {"vendor/lib.py": LIBRARY, "z.py": edited}, **LIN)
    assert found(team) == [(SIMILARITY, "Take", SOURCE)]


def test_a_rename_of_what_main_had_first_is_nobodys_copy(team: Repo) -> None:
    team.checkout("main").commit("Ours", {"old.py": code("own", "ours")})
    for branch in ("research/y", "research/z"):
        team.branch(branch, "main").git("mv", "old.py", "x.py")
        team.commit(f"Rename on {branch}")
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").git("mv", "old.py", "x.py")
    team.commit("Rename", {}, **LIN)
    assert found(team) == []


def test_a_copy_of_what_main_had_first_is_nobodys_copy(team: Repo) -> None:
    ours = code("own", "ours", "us")
    team.checkout("main").commit("Ours", {"old.py": ours})
    team.branch("research/y").commit("Copy on research", {"lib/old.py": ours, "x.py": TRIED})
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").commit("Copy", {"lib/old.py": ours, "more.py": OWN}, **LIN)
    assert [method for method, *_ in found(team) if method != SIMILARITY] == []


IGNORE = "# Byte-compiled / optimized / DLL files\n__pycache__/\n*.py[cod]\n" + "".join(
    f"# {name} files\n{name}/\n.{name}_cache/\n*.{name}-info/\n" for name in ("egg", "coverage", "sphinx", "wheels")
)
CONDUCT = """\
# Contributor Covenant Code of Conduct
We as members, contributors, and leaders pledge to make participation in our
community a harassment-free experience for everyone, regardless of age, body
size, visible or invisible disability, ethnicity, sex characteristics, gender
"""
FORM = "---\nname: Bug report\nabout: Create a report to help us improve\n---\n**Describe**\nA clear description.\n"
HOOKS = (
    "repos:\n- repo: https://github.com/pre-commit/pre-commit-hooks\n  rev: v3.2.0\n  hooks:\n"
    "    - id: trailing-whitespace\n    - id: end-of-file-fixer\n    - id: check-added-large-files\n"
)
UPDATES = 'version: 2\nupdates:\n- package-ecosystem: "pip"\n  directory: "/"\n  schedule:\n    interval: "weekly"\n'
MIT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
"""
LIBRARY = code("parse", "print_all")
LOCK = "".join(f'[[package]]\nname = "{name}"\nversion = "2.1"\n\n' for name in ("numpy", "scipy", "pandas"))
SUMS = "".join(f"example.org/{name} v1.2.0 h1:q7Kx+{name}=\n" for name in ("parse", "print", "load"))
PINS = "numpy==2.1\nscipy>=1.4\npandas==2.2\ntorch==2.5\n"
HEADER = "# Copyright 2026 The Authors\n# Licensed under the Apache License\n# See the LICENSE file\n"


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        pytest.param({"pkg/empty.py": ""}, {"lib/empty.py": ""}, id="an empty file"),
        pytest.param({"pkg/__init__.py": HEADER}, {"lib/__init__.py": HEADER}, id="only a licence header"),
        pytest.param({"LICENSE": MIT}, {"lib/LICENSE": MIT}, id="a licence"),
        pytest.param({"uv.lock": LOCK}, {"lib/uv.lock": LOCK}, id="a lock file"),
        pytest.param({"go.sum": SUMS}, {"lib/go.sum": SUMS}, id="checksums"),
        pytest.param({"vendor/lib.py": LIBRARY}, {"third_party/lib.py": LIBRARY}, id="vendored on both sides"),
        pytest.param({".gitignore": IGNORE}, {".gitignore": f"{IGNORE}/own/\n"}, id="a template of an ignore file"),
        pytest.param({".gitignore": IGNORE}, {"lib/.dockerignore": IGNORE}, id="an ignore file"),
        pytest.param({"CODE_OF_CONDUCT.md": CONDUCT}, {"CODE_OF_CONDUCT.md": f"{CONDUCT}\nOurs.\n"}, id="conduct"),
        pytest.param(
            {".github/ISSUE_TEMPLATE/bug_report.md": FORM}, {".github/ISSUE_TEMPLATE/bug.md": FORM}, id="a form"
        ),
        pytest.param(
            {".pre-commit-config.yaml": HOOKS, ".github/dependabot.yml": UPDATES},
            {".pre-commit-config.yaml": f"{HOOKS}    - id: check-toml\n", ".github/dependabot.yml": UPDATES},
            id="lists of hooks and of updates",
        ),
        pytest.param({"requirements.txt": PINS}, {"lib/requirements.txt": PINS}, id="a list of packages"),
    ],
)
def test_what_anybody_has_is_nobodys_copy(repo: Repo, mine: Mapping[str, str], theirs: Mapping[str, str]) -> None:
    repo.commit("Start", {"app.py": "print('app')\n"})
    repo.branch("research/x").commit("Try", {**mine, "x.py": TRIED})
    repo.checkout("main").branch("landing").commit("Own", {**theirs, "y.py": OWN}, **LIN)
    assert found(repo) == []


def pinned(commit: str) -> dict[str, str]:
    """Return the files in which many branches raise the same versions, which they name by a hash."""
    digest = (commit * 2)[:64]
    hashes = "".join(f"    --hash=sha256:{digest[at:]}{digest[:at]} \\\n" for at in range(3))
    return {
        ".github/workflows/t.yml": f"jobs:\n  - uses: actions/checkout@{commit}  # v{commit[0]}\n  - run: tox\n"
        f"  - uses: actions/cache@{commit[::-1]}\n",
        "Dockerfile": f"FROM python:3.12@sha256:{digest}\nCOPY . /app\n",
        ".pre-commit-config.yaml": f"repos:\n- repo: https://github.com/psf/black\n  rev: {commit}\n",
        "requirements.txt": f"trl==1.{commit[:2]} \\\n{hashes}    # via -r {commit[0]}.in\n",
        "flake.nix": f'{{\n  rev = "{commit}";\n  hash = "sha256-{digest[:43]}=";\n}}\n',
        "pylock.toml": f'[[packages]]\nname = "trl"\nwheels = [{{hashes = {{sha256 = "{digest}"}}}}]\n' * 3,
        "conf/model.yaml": f"model: acme/small\nrevision: {commit}\n",
        ".tool-versions": f"python 3.1{len(commit.strip('3'))}.0\nnodejs 2{commit[0]}.1.0\n",
    }


@pytest.mark.parametrize("beside", [False, True])
def test_versions_by_hash_that_two_raise_are_nobodys_copy(repo: Repo, beside: bool) -> None:
    """Neither alone, nor beside other work; what research changes beside them counts."""
    old, new = pinned("8f4b7f84864484a7bf31766abe9204da3cbe65b3"), pinned("34d1a48e516b6c34aea4fa41551a30e30af80387")
    repo.commit("Start", {"app.py": "print('app')\n", **old})
    repo.branch("research/x").commit("Raise", {**new, "x.py": TRIED} if beside else new)
    repo.checkout("main").branch("landing").commit("Also raise", {**new, "y.py": OWN} if beside else new, **LIN)
    assert found(repo) == []
    repo.commit("Run", {"conf/model.yaml": new["conf/model.yaml"] + EDITED}, **LIN)
    assert [method for method, *_ in found(repo)] == ([SIMILARITY] if beside else [])


@pytest.mark.parametrize(
    ("first", "second", "methods"),
    [
        pytest.param({}, {}, ["patch-id"], id="one person"),
        pytest.param(BOT, BOT, ["patch-id"], id="one bot"),
        pytest.param(BOT, {}, [], id="a person and a bot"),
    ],
)
def test_a_version_by_hash_that_one_author_raises_twice_is_a_copy(
    repo: Repo, first: Mapping[str, str], second: Mapping[str, str], methods: list[str]
) -> None:
    old, new = pinned("8f4b7f84864484a7bf31766abe9204da3cbe65b3"), pinned("34d1a48e516b6c34aea4fa41551a30e30af80387")
    workflow = ".github/workflows/t.yml"
    repo.commit("Start", {"app.py": "print('app')\n", workflow: old[workflow]})
    repo.branch("research/x").commit("Raise", {workflow: new[workflow]}, **first)
    repo.checkout("main").branch("landing").commit("Also raise", {workflow: new[workflow]}, **second)
    assert [method for method, *_ in found(repo)] == methods


def test_code_behind_the_line_of_a_submodule_is_found(repo: Repo) -> None:
    """A submodule that two raise is nobody's copy."""
    commits = ["1" * 40, "2" * 40]
    repo.commit("Start", {"app.py": "print('app')\n"})

    def raised(branch: str, title: str, **author: str) -> None:
        repo.branch(branch, "main").git("update-index", "--add", "--cacheinfo", f"160000,{commits[1]},ext")
        repo.commit(title, {}, **author)

    raised("research/y", "Raise")
    raised("landing", "Also raise", **LIN)
    assert found(repo) == []
    text = f"Subproject commit {commits[0]}\n{TRIED}"
    repo.branch("research/x", "main").commit("Try", {"x.py": text})
    repo.checkout("landing").commit("Copy", {"x.py": text, "y.py": OWN}, **LIN)
    assert ("blob", "Copy", SOURCE) in found(repo)


PAGE = """\
Warming up
==========

.. contents::
   :local:

.. _warm-up-order:

The schedule ``warm`` raises the rate, as :func:`ramp` does, until the run
is warm.  See the `paper example`_ for it:

.. code-block:: python

    ramp(rate)

.. _paper example: https://example.org/papers/warming-up-of-rates
"""
#: It as two people make Markdown of it.
CONVERTED = (
    """\
# Warming up

```{contents}
---
local: true
---
```

(warm-up-order)=

The schedule `warm` raises the rate, as {func}`ramp` does, until the run is
warm. See the [paper example](https://example.org/papers/warming-up-of-rates)
for it:

```python
ramp(rate)
```
""",
    """\
# Warming up

```{contents}
:local:
```

(warm-up-order)=

The schedule `warm` raises the rate,
as {func}`ramp` does, until the run is warm. See the
[paper example](https://example.org/papers/warming-up-of-rates) for it:

```{code-block} python
ramp(rate)
```
""",
)
#: What a person adds to it.
SENTENCES = "Runs on small machines start colder, so that their first hundred steps\nneed a schedule of their own.\n"


@pytest.mark.parametrize("path", ["new.rst", "new.md"])
def test_a_page_in_another_markup_is_nobodys_copy(repo: Repo, path: str) -> None:
    """What is written anew in it is."""
    repo.commit("Start", {"app.py": "print('app')\n", path: PAGE * 3})
    for branch, text, who in (("research/x", CONVERTED[0], {}), ("landing", CONVERTED[1], LIN)):
        repo.branch(branch, "main").git("rm", "--quiet", path)
        repo.commit("Convert", {"new.md": text * 3}, **who)
    assert found(repo) == []
    repo.checkout("research/x").commit("Write", {"new.md": CONVERTED[0] * 3 + SENTENCES})
    repo.checkout("landing").commit(
        "Also write", {"new.md": CONVERTED[1] * 3 + SENTENCES.replace("hundred ", "")}, **LIN
    )
    assert found(repo) == [(SIMILARITY, "Also write", SOURCE)]


def test_an_entry_of_an_ignore_file_counts_and_a_template_in_it_does_not(repo: Repo) -> None:
    repo.commit("Start", {"app.py": "print('app')\n", ".gitignore": "*.log\n"})
    repo.branch("research/x").commit("Append", {".gitignore": f"*.log\n{IGNORE}", "x.py": TRIED})
    repo.branch("research/y", "main").commit("Enter", {".gitignore": "*.log\n*.sweep-of-the-warmup\nruns/*/warm\n"})
    repo.checkout("main").branch("landing").commit("Append", {".gitignore": f"*.log\n{IGNORE}#\n", "y.py": OWN}, **LIN)
    assert found(repo) == []
    repo.branch("other", "main").commit("Enter", {".gitignore": "*.log\n*.sweep-of-the-warmup\nruns/*/warm\n"}, **LIN)
    assert [item.decisive for item in landing(repo, "other")[0]] == [True]


@pytest.mark.parametrize("path", [".gitignore", ".github/ISSUE_TEMPLATE/run.md", "CODE_OF_CONDUCT.md"])
def test_no_name_of_a_template_hides_code(team: Repo, path: str) -> None:
    team.commit("Copy", {path: IGNORE + EDITED + IGNORE}, **LIN)
    assert found(team) == [(SIMILARITY, "Copy", SOURCE)]
    team.checkout("research/x").commit("Hide", {path: IGNORE + EDITED.replace("weight", "factor")})
    team.checkout("main").branch("taken").commit("Take", {"y.py": EDITED.replace("weight", "factor")}, **LIN)
    assert {item.decisive for item in landing(team, "taken")[0]} == {True}


@pytest.mark.parametrize("number", [3, 4, 20])
def test_a_file_beside_its_copies_is_found(team: Repo, number: int) -> None:
    team.commit("Five", {"x.py": TRIED, **dict.fromkeys([f"c{at}.py" for at in range(number)], TRIED)})
    assert found(team) == [("blob", "Five", SOURCE)]


@pytest.mark.parametrize("number", [3, 5, 20])
@pytest.mark.parametrize("text", [TRIED, EDITED], ids=["as it is", "edited"])
def test_a_block_that_is_pasted_into_files_is_found(team: Repo, number: int, text: str) -> None:
    team.checkout("main").commit("Parts", {f"part{at}.py": code(f"part{at}", f"own{at}") for at in range(number)})
    team.git("branch", "--quiet", "-f", "landing", "main")
    parts = {f"part{at}.py": code(f"part{at}") + "\n\n" + text + "\n\n" + code(f"own{at}") for at in range(number)}
    team.checkout("landing").commit("Paste", parts)
    assert {(title, ref) for _, title, ref in found(team)} == {("Paste", SOURCE)}


@pytest.mark.parametrize("number", [3, 5, 20])
@pytest.mark.parametrize("text", [TRIED, EDITED], ids=["as it is", "edited"])
def test_a_block_that_research_pasted_into_files_is_found(team: Repo, number: int, text: str) -> None:
    team.checkout("main").commit("Parts", {f"part{at}.py": code(f"part{at}", f"own{at}") for at in range(number)})
    parts = {f"part{at}.py": code(f"part{at}") + "\n\n" + TRIED + "\n\n" + code(f"own{at}") for at in range(number)}
    team.branch("research/y").commit("Paste", parts)
    team.git("branch", "--quiet", "-D", "research/x")
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").commit("Take", {"taken.py": text})
    assert {(title, ref) for _, title, ref in found(team)} == {("Take", "refs/heads/research/y")}


def renamed(files: int, name: str, *, same: bool = False) -> dict[str, str | bytes]:
    """Return files with one use of a name each, all of them in the same line or in a line of their own."""
    return {f"part{at}.py": f"total = {name}(values, {0 if same else at})\n" + code(f"p{at}") for at in range(files)}


@pytest.mark.parametrize("files", [5, 12])
def test_a_name_that_is_changed_in_many_files_is_found(team: Repo, files: int) -> None:
    team.checkout("main").commit("Parts", renamed(files, "reduce_all"))
    team.branch("research/y").commit("Rename", renamed(files, "sum_of_weights"))
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").commit("Landed", renamed(files, "sum_of_weights"), **LIN)
    assert found(team) == [("patch-id", "Landed", "refs/heads/research/y")]


@pytest.mark.parametrize(("author", "decides"), [({}, True), (LIN, False)], ids=["the same author", "another one"])
def test_one_line_that_is_changed_in_many_files_is_a_sweep(
    team: Repo, author: Mapping[str, str], decides: bool
) -> None:
    team.checkout("main").commit("Parts", renamed(6, "reduce_all", same=True))
    team.branch("research/y").commit("Rename", renamed(6, "sum_of", same=True))
    team.commit("More", {"more.py": OWN})
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.clock += 600
    team.checkout("landing").commit("Landed", renamed(6, "sum_of", same=True), **author)
    assert bool(found(team)) is decides


@pytest.mark.parametrize("rows", [8_100, 100_000])
@pytest.mark.parametrize("side", ["landing", "research/y"])
def test_code_is_found_behind_rows_of_data(team: Repo, rows: int, side: str) -> None:
    """Names in the order of paths: the data comes first."""
    data = {"a.csv": "".join(f"{row},{row * 7}\n" for row in range(rows))}
    team.branch("research/y", "main").commit("Try", {"y.py": EDITED, **(data if side == "research/y" else {})})
    more = EDITED.replace("weight", "factor")
    team.checkout("landing").commit("Copy", {"y.py": more, **(data if side == "landing" else {})})
    assert (SIMILARITY, "Copy", "refs/heads/research/y") in found(team)
    team.git("reset", "--quiet", "--hard", "main")
    team.commit("Exact", {"y.py": EDITED, **(data if side == "landing" else {})})
    assert ("Exact", "refs/heads/research/y") in {(title, ref) for _, title, ref in found(team)}


def between_rows(text: str) -> str:
    rows = "".join(f"{row},{row * 7}\n" for row in range(12))
    return "".join(f"{line}\n{rows}" for line in text.splitlines())


#: How data keeps code, by a name of the file.
HELD: dict[str, Callable[[str], str]] = {
    "flow.json": lambda text: json.dumps({"nodes": [{"code": text, "if": "for (x) {", "end": ";"}]}, indent=1),
    "log.jsonl": lambda text: "".join(f"{json.dumps({'step': step, 'code': text})}\n" for step in range(3)),
    "list.json": lambda text: json.dumps({"source": text.splitlines()}, indent=1),
    "short.json": lambda text: json.dumps([text.splitlines(keepends=True)]).replace("=", "\\u003d"),
    "nested.json": lambda text: json.dumps({"flow": json.dumps({"code": text})}),
    "text.py": lambda text: f"CODE = {json.dumps(text)}\n",
    "run.yaml": lambda text: f"name: run\ncode: {json.dumps(text)}\n",
    "rows.csv": between_rows,
}


@pytest.mark.parametrize("path", HELD)
def test_code_that_data_holds_is_found(repo: Repo, path: str) -> None:
    """On either side, and as an edit of what is held; other code is nobody's copy."""
    held = HELD[path]
    repo.commit("Start", {path: held(OWN), "app.py": "print('app')\n"})
    repo.branch("research/x").commit("Try", {"x.py": TRIED})
    repo.branch("research/y", "main").commit("Hold", {path: held(f"{OWN}\n\n{LIBRARY}")})
    repo.branch("landing", "main").commit("Plain", {"y.py": LIBRARY.replace("records", "samples")}, **LIN)
    repo.commit("Copy", {path: held(f"{OWN}\n\n{EDITED}")}, **LIN)
    repo.commit("Own", {path: held(OWN.replace("Window", "Pane").replace("title", "caption"))}, **LIN)
    decisive = found(repo)
    assert {(SIMILARITY, "Plain", "refs/heads/research/y"), (SIMILARITY, "Copy", SOURCE)} <= set(decisive)
    assert "Own" not in {title for _, title, _ in decisive}


ROWS = {"csv": "{0},{0}7\n", "json": '{{"id": {0}, "text": "if a row has {0}:"}},\n'}


@pytest.mark.parametrize(("suffix", "rows"), [("csv", 17_000), ("json", 1_000)])
@pytest.mark.parametrize("side", ["landing", "research"])
def test_code_in_a_file_of_data_is_found(team: Repo, suffix: str, rows: int, side: str) -> None:
    """Behind the limit of data, and beside more rows than lines of code; rows that look alike are nobody's."""
    data = "".join(ROWS[suffix].format(row) for row in range(rows))
    theirs, mine = (
        {f"a.{suffix}": data + text} if side == name else {"a.py": text}
        for name, text in (("research", EDITED), ("landing", EDITED.replace("weight", "factor")))
    )
    team.branch("research/y", "main").commit("Try", {**theirs, f"rows.{suffix}": data})
    team.checkout("landing").commit("Rows", {f"more.{suffix}": data.replace("7", "8")}, **LIN)
    team.commit("Copy", mine)
    assert [(method, title) for method, title, ref in found(team) if ref == "refs/heads/research/y"] == [
        (SIMILARITY, "Copy")
    ]


#: A line of five tokens.
LINE = "x_{0} = compute_{0}({0}, weight_{0})\n"


def beside(side: str, lines: int) -> tuple[str, str]:
    """Return two modules that share a function; on one side it is behind so many lines of five tokens each."""
    start = "".join(LINE.format(at) for at in range(lines))
    return (start if side == "research" else "") + EDITED, (start if side == "landing" else "") + EDITED


@pytest.mark.parametrize("lines", [1_200, 6_500], ids=["beyond 4,000 tokens", "beyond 30,000 tokens"])
@pytest.mark.parametrize("side", ["research", "landing"])
def test_the_tail_of_a_long_module_is_found(team: Repo, side: str, lines: int) -> None:
    theirs, mine = beside(side, lines)
    team.branch("research/long", "main").commit("Long", {"long.py": theirs})
    team.git("branch", "--quiet", "-D", "research/x")
    team.checkout("landing").commit("Part", {"part.py": mine})
    items = landing_traces(team, "landing")
    assert [item.source_ref for item in items.evidence if item.decisive] == ["refs/heads/research/long"]
    assert list(items.cut.lines()) == []


@pytest.mark.parametrize("side", ["research", "landing"])
def test_the_tail_of_a_module_over_the_limit_is_said_not_to_be_compared(team: Repo, side: str) -> None:
    theirs, mine = beside(side, RUN_TOKENS // 5 + 1)
    team.branch("research/long", "main").commit("Long", {"long.py": theirs})
    team.git("branch", "--quiet", "-D", "research/x")
    team.checkout("landing").commit("Part", {"part.py": mine})
    whose = "of research/long " if side == "research" else ""
    said = [f"not compared to their ends: 1 file {whose}over the limit"]
    assert list(landing_traces(team, "landing").cut.lines()) == said


def test_what_research_has_over_the_limit_is_said_where_it_may_matter(team: Repo) -> None:
    """Not of a change that is too small for any warning; of two, which may be one change, it is."""
    team.branch("research/long", "main").commit("Long", {"long.py": beside("research", RUN_TOKENS // 5 + 1)[0]})
    team.checkout("landing").commit("Bump", {"requirements.txt": "numpy==2\n", "a.txt": "so\n"})
    assert list(landing_traces(team, "landing").cut.lines()) == []
    team.commit("And more", {"b.txt": "and\n"})
    said = ["not compared to their ends: 1 file of research/long over the limit"]
    assert list(landing_traces(team, "landing").cut.lines()) == said


def test_a_patch_is_found_beyond_any_limit(team: Repo) -> None:
    """Ids are of all lines, on whatever they were made."""
    start = [f"value_{at} = {at}" for at in range(FILE_LINES + 100)]
    changed = [*start[:50], *(line.replace(" = ", " = compute") for line in start[50:])]
    team.checkout("main").commit("Start", {"long.py": "\n".join(start) + "\n"})
    team.branch("research/y").commit("Change", {"long.py": "\n".join(changed) + "\n"})
    team.checkout("main").commit("Above", {"long.py": "\n".join(["import os", *start]) + "\n"})
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").git("cherry-pick", "research/y")
    assert found(team) == [("patch-id", "Change", "refs/heads/research/y")]


def test_the_last_edit_that_makes_the_file_of_research_is_found(team: Repo) -> None:
    team.commit("Nearly", {"x.py": "".join(line[::-1] + "\n" for line in TRIED.splitlines()[:-1]) + "end()\n"})
    team.commit("More", {"x.py": TRIED.rpartition("    return")[0] + "    return 0\n"})
    team.commit("Last", {"x.py": TRIED})
    assert ("blob", "Last", SOURCE) in found(team)


def test_an_edit_that_takes_back_what_the_review_changed_is_nobodys_copy(team: Repo) -> None:
    team.checkout("main").commit("Reviewed", {"x.py": TRIED.replace("* 3", "* 4", 1), "y.py": code("more")})
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").commit("Three is right", {"x.py": TRIED}, **LIN)
    assert found(team) == []


SHORT = code("own").replace("* 3", "* 4")


@pytest.mark.parametrize(
    ("author", "decides"),
    [({}, True), (HIDDEN, True), (LIN, False)],
    ids=["the same author", "the same account", "another one"],
)
def test_a_short_patch_decides_with_its_author(repo: Repo, author: Mapping[str, str], decides: bool) -> None:
    repo.commit("Start", {"test_own.py": "import own\n"})
    short = {"test_more.py": "assert own.total([3, 5]) == 8\n"}
    repo.branch("research/x").commit("Test", short)
    repo.clock += 600
    repo.checkout("main").branch("landing").commit("Assert the total", {**short}, **author)
    assert bool(found(repo)) is decides
    assert hints(repo) == [None if decides else "small"]


#: An account that is no person.
ROBOT = {"GIT_AUTHOR_EMAIL": "7+backport[bot]@users.noreply.github.com", "GIT_AUTHOR_NAME": "backport[bot]"}


@pytest.mark.parametrize(
    ("first", "second", "decides"),
    [
        (({}, "Quote the pattern (#7)"), (ROBOT, "Quote the pattern (#7) (#9)"), True),
        (({}, "Quote the pattern"), (ROBOT, "Quote it"), False),
        (({}, "Quote the pattern"), (LIN, "Quote the pattern"), False),
        ((ROBOT, "Apply hooks"), (ROBOT, "Apply hooks"), False),
    ],
    ids=["a bot takes it there", "another title", "another person", "a bot made both"],
)
def test_a_short_patch_that_changes_only_form_decides_with_its_title(
    repo: Repo, first: tuple[Mapping[str, str], str], second: tuple[Mapping[str, str], str], decides: bool
) -> None:
    repo.commit("Start", {"usage.rst": "Files are called ``test_*.py`` or ``\\\\*_test.py``\n"})
    for branch, (author, title) in (("research/x", first), ("landing", second)):
        repo.clock += 600
        repo.branch(branch, "main").commit(
            title, {"usage.rst": "Files are called ``test_*.py`` or ``*_test.py``\n"}, **author
        )
        if branch == "research/x":
            repo.commit("More", {"more.py": OWN})
    assert bool(found(repo)) is decides


def test_a_short_patch_decides_with_its_place(repo: Repo) -> None:
    repo.commit("Start", {"own.py": code("own")})
    repo.branch("research/x").commit("Four", {"own.py": SHORT})
    repo.clock += 600
    repo.checkout("main").branch("landing").commit("Use four", {"own.py": SHORT}, **LIN)
    assert found(repo) == [("patch-id", "Use four", SOURCE)]


def test_what_a_formatter_makes_is_nobodys_copy(repo: Repo) -> None:
    """Three places: fewer than what is left out of a patch as a formatter's work."""
    start, formatted = (
        "\n\n".join(f"def f{at}(a, b):\n    return {quote}{at}{quote}, a, b" for at in range(3)) for quote in "'\""
    )
    repo.commit("Start", {"a.py": start, "b.py": code("other")})
    repo.branch("research/x").commit("Try", {"a.py": formatted, "x.py": code("research")})
    repo.checkout("main").branch("landing").commit("Format", {"a.py": formatted, "y.py": code("mine")}, **LIN)
    assert found(repo) == []


def test_what_a_formatter_makes_of_a_file_with_blank_lines_is_nobodys_copy(repo: Repo) -> None:
    """Git tells the runs apart at the blank lines, which the formatter leaves where they are."""
    names = [
        f"{word}_{at}" for at, word in enumerate(("mean", "scale", "clip", "warm", "decay", "mix", "seed", "fold"))
    ]
    start = "\n\n".join(f"import {{\n    {name},\n    {name}_of\n}} from '{name}';" for name in names)
    shape = "\n\n".join(f"import {{ {name}, {name}_of }} from '{name}';" for name in names)
    repo.commit("Start", {"a.ts": f"{start}\n", "b.py": code("other")})
    repo.branch("research/x").commit("Try", {"a.ts": f"{shape}\n", "x.py": code("research")})
    repo.checkout("main").branch("landing").commit("Format", {"a.ts": f"{shape}\n", "y.py": code("mine")}, **LIN)
    assert found(repo) == []


def test_an_edit_between_formatted_lines_counts(repo: Repo) -> None:
    start = "\n\n".join(f"def f{at}(\n    a,\n    b,\n):\n    return a * {at} + b" for at in range(4))
    shape = "\n\n".join(f"def f{at}(a, b):\n    return a * {at} + b" for at in range(4))
    edited = shape.replace("a * 2 + b", "clipped(a, upper=2) - warmed(b, steps=90)\n    # as the paper says")
    repo.commit("Start", {"a.py": f"{start}\n"})
    repo.branch("research/x").commit("Try", {"a.py": f"{edited}\n"})
    repo.checkout("main").branch("landing").commit("Take", {"a.py": f"{edited}\n\n\n{OWN}"}, **LIN)
    assert found(repo) == [(SIMILARITY, "Take", SOURCE)]


def formatted(repo: Repo, author: Mapping[str, str], more: Mapping[str, str]) -> list[tuple[str, str, str | None]]:
    """Return what is found of a landing whose file is formatted as on research, beside ``more``."""
    start = code("own") + "total = own(\n    records[first:],\n    limit_of(records),\n    scale_of(limit),\n)\n"
    shape = start.replace("(\n    ", "(").replace(",\n    ", ", ").replace(",\n)", ")")
    repo.commit("Start", {"a.py": start, "b.py": OWN})
    repo.branch("research/x").commit("Try", {"a.py": shape, "x.py": TRIED})
    repo.clock += 600
    repo.checkout("main").branch("landing").commit("Format", {"a.py": shape, **more}, **author)
    return found(repo)


def test_what_only_changes_form_is_found_by_its_author(repo: Repo) -> None:
    assert formatted(repo, {}, {}) == [("blob", "Format", SOURCE)]
    (item,) = landing(repo, "landing")[0]
    assert item.matched_lines == 1


@pytest.mark.parametrize(("author", "more"), [(LIN, {}), ({}, {"b.py": OWN.replace("False", "True")})])
def test_what_a_formatter_makes_of_a_file_is_nobodys_copy(
    repo: Repo, author: Mapping[str, str], more: Mapping[str, str]
) -> None:
    """Of another author, and of the same one beside work of their own."""
    assert formatted(repo, author, more) == []


ASSERT = """\
    assert total_of(records) == 8
    assert mean_of(records) == 4
    assert count_of(records) == 2
    assert limit_of(records) == 7
"""


@pytest.mark.parametrize(("author", "after", "decides"), [(LIN, 3, False), (LIN, 5, True), ({}, 3, True)])
def test_four_lines_that_two_people_write_need_a_place_or_an_author(
    repo: Repo, author: Mapping[str, str], after: int, decides: bool
) -> None:
    tests = [f"def test_{at}(records_{at}):\n    assert check_{at}(records_{at}) == {at}\n" for at in range(8)]

    def tested(place: int) -> dict[str, str]:
        return {"test_a.py": "".join([*tests[:place], ASSERT, *tests[place:]])}

    repo.commit("Start", {"test_a.py": "".join(tests)})
    repo.branch("research/x").commit("Try", tested(5))
    repo.clock += 600
    repo.checkout("main").branch("landing").commit("Test more", tested(after), **author)
    assert [method for method, *_ in found(repo)] == ["patch-id" if decides else SIMILARITY]


LEGAL = "\n".join(f"# Copyright {year} {name}, who wrote it" for year, name in enumerate(("Ada", "Lin", "Noor"), 2024))


@pytest.mark.parametrize("first", ["a licence header", "a sweep", "nothing"])
def test_what_main_had_as_noise_is_not_new(repo: Repo, first: str) -> None:
    """Main's own text does not count there, and counts where somebody takes it somewhere else."""
    swept = "from numerics.reductions import weighted_total, weighted_mean, harmonic_mean\n"
    text = LEGAL + "\n" if first == "a licence header" else swept
    parts = {f"part{at}.py": f"value_{at} = {at}\n" for at in range(6)}
    repo.commit("Start", {**parts, "a.py": OWN, "b.py": OWN})
    if first != "nothing":
        repo.commit("Ours", {path: text + old for path, old in parts.items()})
    for branch, path in (("research/x", "a.py"), ("landing", "b.py")):
        repo.branch(branch, "main").commit(f"On {branch}", {path: OWN + text})
    assert bool(found(repo)) is (first == "nothing")


@pytest.mark.parametrize("same", [True, False], ids=["the same place", "another place"])
def test_the_place_of_a_formatted_line_may_be_edited_for_the_first_time(repo: Repo, same: bool) -> None:
    """Nothing but the place and the old line is shared."""
    lines = [f"setting_{at} = choose('{at}', first_{at}, second_{at})" for at in range(12)]
    tight = [line.replace(", ", ",") if at in (5, 8) else line for at, line in enumerate(lines)]
    repo.commit("Start", {"a.py": "\n".join(tight)})
    repo.commit("Format", {"a.py": "\n".join(lines)})
    for branch, place, word in (("research/x", 5, "quick brown fox"), ("landing", 5 if same else 8, "lazy grey dog")):
        edited = [*lines[:place], f"option = '{word}'", *lines[place + 1 :]]
        repo.branch(branch, "main").commit(f"On {branch}", {"a.py": "\n".join(edited)})
    items, _ = landing(repo, "landing")
    assert [dict(item.terms).get("X", 0) > 0 for item in items if item.method == SIMILARITY] == [True] * same


def long(name: str) -> str:
    """Return a module of more lines than are compared."""
    return "".join(f"{name}_{line} = {line}\n" for line in range(FILE_LINES + 1))


@pytest.mark.parametrize(
    ("mine", "theirs", "said"),
    [
        ("ours", "theirs", ["1 file over the limit", "1 file of research/y over the limit"]),
        ("ours", None, ["1 file over the limit"]),
        (None, "theirs", ["1 file of research/y over the limit"]),
        (None, None, []),
    ],
)
def test_what_is_not_compared_is_said(team: Repo, mine: str | None, theirs: str | None, said: list[str]) -> None:
    rows = "".join(f"{row}\n" for row in range(FILE_LINES + 1))
    for branch, name in (("research/y", theirs), ("landing", mine)):
        team.git("switch", "--quiet", "--force-create", branch, "main")
        data = {f"{branch[:4]}.csv": rows}
        team.commit(f"On {branch}", {**data, **({f"{name}.py": long(name)} if name else {})})
    done = team.labgate("trace", "--sources", "refs/heads/research/y", "--exclude", "main", "landing")
    assert done.err.splitlines() == [f"labgate: not compared to their ends: {line}" for line in said]


@pytest.mark.parametrize("lines", [FILE_LINES + 1, 1000], ids=["behind the limit", "within it"])
def test_text_of_main_behind_a_limit_is_said_where_it_decides(team: Repo, lines: int) -> None:
    team.git("branch", "--quiet", "-D", "research/x")
    ours = "".join(f"ours_{line} = {line}\n" for line in range(lines)) + TRIED
    team.checkout("main").commit("Ours", {"long.py": ours})
    team.branch("research/y").commit("Try", {"y.py": TRIED})
    team.git("branch", "--quiet", "-f", "landing", "main")
    team.checkout("landing").commit("Own", {"own.py": OWN})
    assert list(landing_traces(team, "landing").cut.lines()) == []
    team.commit("Part", {"part.py": EDITED})
    cut = landing_traces(team, "landing").cut
    said = ["what landed is not known to its end: 1 commit over the limit"]
    assert (bool(found(team)), list(cut.lines())) == ((True, said) if lines > FILE_LINES else (False, []))


def steps(repo: Repo, branch: str, number: int) -> None:
    """Make a branch of main with so many commits, each of which adds a file of one line."""
    lines = []
    for step in range(number):
        lines += [f"commit refs/heads/{branch}", "committer G <g@x> 1600000000 +0000", "data 4", "Step"]
        lines += [] if step else [f"from {repo.head('main')}"]
        text = f"{branch[:4]}_{step} = {step}"
        lines += [f"M 644 inline {branch[:4]}{step}.py", f"data {len(text)}", text]
    repo.git("fast-import", "--quiet", "--force", stdin="\n".join(lines) + "\n")


@pytest.mark.parametrize("more", [0, 1], ids=["as many as are compared", "one more"])
def test_a_long_branch_that_is_not_compared_as_a_whole_is_named(team: Repo, more: int) -> None:
    steps(team, "research/y", LONGEST_RANGE + more)
    said = "compared commit by commit, not as a whole: research/y"
    done = team.labgate("trace", "--sources", "refs/heads/research/y", "--exclude", "main", "landing")
    assert done.err.splitlines() == [f"labgate: {said}"] * more
    team.commit("Copy", {"y.py": EDITED})
    assert list(landing_traces(team, "landing").cut.lines()) == [said] * more


@pytest.mark.parametrize("more", [0, 1], ids=["as many as are compared", "one more"])
def test_a_long_change_that_is_not_compared_as_one_is_said(team: Repo, more: int) -> None:
    steps(team, "landing", LONGEST_RANGE + more)
    said = f"compared commit by commit, not as a whole: this change of {LONGEST_RANGE + more} commits"
    assert list(landing_traces(team, "landing").cut.lines()) == [said] * more
