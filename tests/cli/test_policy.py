"""``labgate policy show``, ``check`` and ``schema``."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labgate.cli.policy import line_numbers, policy_lines, toml
from labgate.policy.reader import read_toml
from labgate.research.section import ResearchGate
from support.data import ROOT
from support.policies import READER, parse_policy
from support.repo import Repo

DATA = ROOT / "tests" / "data" / "policy"
POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = [
  "main",
]
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["fix"] }
[levels]
LG105 = "off"
[levels.topic]
LG401 = "warning"
[commit-size.limits.protected]
lines = 400
"""
SHOWN = """\
version = 1  # labgate.toml:1
trunk = "main"  # labgate.toml:2

[kinds.protected]
names = ["main"]  # labgate.toml:5
base = []  # default
targets = []  # default

[kinds.topic]
names = ["{type}/{slug}"]  # labgate.toml:9
fields = { type = ["fix"] }  # labgate.toml:10
base = []  # default
targets = []  # default

[levels]
LG105 = "off"  # labgate.toml:12

[levels.topic]
LG401 = "warning"  # labgate.toml:14

[research-gate]
sources = []  # default
source-repositories = []  # default
require-review = "research"  # default
deletable = []  # default
keep-deleted = "180d"  # default
landed = []  # default

[reviews]
assurance = "trailer"  # default
machines = ["noreply@github.com"]  # default
agents = []  # default
bound = false  # default
expires = "14d"  # default

[reviews.quorum]
total = 1  # default
affiliations = 0  # default

[experiment-hash]
artifacts = []  # default
pins = "refs/experiments"  # default
records = "optional"  # default
dirty = "snapshot"  # default
snapshot-file-bytes = "10MB"  # default

[commit-size]
ignore = []  # default
tests = []  # default
exceptions = []  # default

[commit-size.limits.protected]
lines = 400  # labgate.toml:16

[mixed-components]
shared = []  # default

[commit-hygiene]
unfinished = [  # default
    ".", "..", "...", "-", "asdf", "save", "temp", "tmp", "todo", "try", "wip",
    "wip.", "work in progress",
]
lands = "squashed"  # default
ci-authors = []  # default
short-lived = []  # default
tests = []  # default

[branch-drift]

[remote-policy]
remotes = []  # default
"""


def without_origin(shown: str) -> str:
    return "".join(f"{line.partition('  # ')[0]}\n" for line in shown.splitlines())


def test_show_writes_every_default_out(repo: Repo) -> None:
    repo.write({"labgate.toml": POLICY})
    shown = repo.labgate("policy", "show", status=0)
    assert shown.out == f"# The current policy: {repo.path / 'labgate.toml'}\n{without_origin(SHOWN)}"
    assert shown.err == ""


def test_show_origin_says_where_each_value_comes_from(repo: Repo) -> None:
    repo.write({"labgate.toml": POLICY})
    shown = repo.labgate("policy", "show", "--origin", status=0)
    assert shown.out == f"# The current policy: {repo.path / 'labgate.toml'}\n{SHOWN}"


def test_show_works_from_a_folder_below(repo: Repo) -> None:
    repo.write({"labgate.toml": POLICY, "src/x": ""})
    below = Repo(repo.path / "src", repo.env)
    assert below.labgate("policy", "show", status=0).out == repo.labgate("policy", "show").out


def test_show_reads_the_table_of_a_pyproject_and_counts_its_lines(repo: Repo) -> None:
    policy = "".join(
        line.replace("[", "[tool.labgate.", 1) if line.startswith("[") else line
        for line in POLICY.splitlines(keepends=True)
    )
    repo.write({"pyproject.toml": f"[project]\nname = 'x'\n[[tool.x]]\na = 1\n[tool.labgate]\n{policy}"})
    shown = repo.labgate("policy", "show", "--origin", status=0).out
    assert shown.startswith(f"# The current policy: {repo.path / 'pyproject.toml'} [tool.labgate]\n")
    assert 'trunk = "main"  # pyproject.toml:7\n' in shown
    assert "lines = 400  # pyproject.toml:21\n" in shown
    assert parse_policy(shown, "shown").table == parse_policy(POLICY, "given").table


def test_show_falls_back_to_the_trunk_and_names_its_commit(repo: Repo) -> None:
    remote = repo.with_remote()
    tip = repo.commit("Add a policy", {"labgate.toml": POLICY})
    repo.push("main")
    repo.git("fetch", "--quiet", "origin")
    repo.branch("fix/x")
    repo.git("rm", "--quiet", "labgate.toml")
    shown = repo.labgate("policy", "show", "--origin", status=0).out
    assert shown == f"# The current policy: {tip}:labgate.toml\n{SHOWN}"
    assert remote.head("main") == tip


@pytest.mark.parametrize("command", ["show", "check"])
def test_a_policy_in_both_files_is_an_error(command: str, repo: Repo) -> None:
    repo.write({"labgate.toml": POLICY, "pyproject.toml": "[tool.labgate]\nversion = 1\n"})
    done = repo.labgate("policy", command, status=2)
    assert done.out == ""
    assert done.err == ("error: pyproject.toml: [tool.labgate]: the policy is in labgate.toml too; keep one of them\n")


def test_no_policy_is_an_error_with_help(repo: Repo) -> None:
    assert repo.labgate("policy", "show", status=2).err == dedent("""\
        error: there is no policy in the work tree or on the trunk
          help: labgate init
        """)
    assert repo.labgate("policy", "check", status=2).err == dedent("""\
        error: there is no policy in the work tree
          help: labgate policy check FILE
        """)


def test_outside_a_repository_git_says_so(tmp_path: Path, repo: Repo) -> None:
    outside = Repo(tmp_path, {**repo.env, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    assert outside.labgate("policy", "show", status=2).err.startswith("error: ")


def test_check_is_silent_when_all_is_well(repo: Repo) -> None:
    repo.write({"labgate.toml": POLICY})
    assert repo.labgate("policy", "check", status=0).text == ""
    assert repo.labgate("policy", "check", "--verbose", status=0).text == (
        f"labgate: no mistake in {repo.path / 'labgate.toml'}\n"
    )


def test_check_says_every_mistake_on_a_line_of_its_own(repo: Repo) -> None:
    repo.write({"labgate.toml": 'version = 2\ntrnk = "main"\n\x00'.replace("\x00", "")})
    done = repo.labgate("policy", "check", status=2)
    lines = done.err.splitlines()
    assert done.out == ""
    assert len(lines) >= 3
    assert all(line.startswith("error: labgate.toml: ") for line in lines)
    assert any("did you mean" in line for line in lines)


def test_check_says_what_a_policy_says_in_vain(repo: Repo) -> None:
    in_vain = POLICY.replace('"{type}/{slug}"', '"fix", "{type}/{slug}", "fix/{slug}"')
    repo.write({"labgate.toml": in_vain})
    done = repo.labgate("policy", "check", status=2)
    assert 'git cannot hold "fix" beside "fix/{slug}"' in done.err
    assert repo.labgate("policy", "show").status == 0


def test_check_reads_the_file_that_is_named(repo: Repo) -> None:
    repo.write({"labgate.toml": "broken", "a.toml": POLICY, "x/pyproject.toml": "[tool.labgate]\nversion = 3\n"})
    assert repo.labgate("policy", "check", "a.toml", status=0).text == ""
    err = repo.labgate("policy", "check", "x/pyproject.toml", status=2).err
    assert err.startswith("error: x/pyproject.toml: [tool.labgate] version: ")
    assert repo.labgate("policy", "check", "no.toml", status=2).err == "error: no.toml: No such file or directory\n"


def test_check_refuses_a_file_of_any_size_quickly(repo: Repo) -> None:
    repo.write({"labgate.toml": "#" * (2**20 + 1)})
    assert "expected at most 1048576 bytes" in repo.labgate("policy", "check", status=2).err


def test_schema_is_the_policys_own(repo: Repo) -> None:
    assert json.loads(repo.labgate("policy", "schema", status=0).out) == READER.schema()


@pytest.mark.parametrize("origin", [False, True], ids=["plain", "with-origin"])
@pytest.mark.parametrize("name", ["contract.toml", "minimal.toml"])
def test_what_is_shown_means_the_same(name: str, origin: bool) -> None:
    text = (DATA / name).read_text(encoding="utf-8")
    policy = parse_policy(text, name)
    raw = read_toml(text, name)
    sources, places = policy.section(ResearchGate).sources, line_numbers(text) if origin else None
    shown = "\n".join(policy_lines(READER.record, raw, sources, name, places))
    assert parse_policy(shown, "shown").table == policy.table


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), VALUES, max_size=4))
def test_a_value_comes_back_from_toml_as_it_was(value: dict[str, object]) -> None:
    assert read_toml(f"x = {toml(value)}", "x") == {"x": value}


def test_a_string_cannot_steer_the_terminal() -> None:
    assert toml('a"\\\x1b\x7f\u202e\n\U000e0001é') == r'"a\"\\\u001b\u007f\u202e\u000a\U000e0001é"'


BATCHES = """
[commit-size]
tests = ["tests/**"]
[mixed-components.components]
realm = ["realm/**"]
[[commit-hygiene.tests]]
source = ["realm/**"]
tests = ["tests/realm/**"]
[[remote-policy.remotes]]
match = "github.com/acme/*"
"""


def test_what_is_not_in_this_clone_is_a_warning(repo: Repo) -> None:
    text = POLICY + BATCHES
    repo.with_remote()
    repo.commit("Start", {"labgate.toml": text, "tests/realm/test_a.py": "", "realm/a.py": "a = 1\n"})
    repo.push("main")
    repo.git("remote", "add", "acme", "git@github.com:Acme/models.git")
    assert repo.labgate("policy", "check", status=0).text == ""
    repo.git("mv", "realm", "kingdom")
    repo.git("mv", "tests", "checks")
    repo.git("remote", "remove", "acme")
    repo.branch("develop").push("develop")
    said = repo.labgate("policy", "check", status=0).err
    first = 'what lands on "develop" first counts as not landed; if changes do, name it here and protect it'
    assert said.splitlines() == [
        f"labgate: warning: labgate.toml: {line}"
        for line in (
            f"[research-gate] landed: {first}",
            '[commit-size] tests: "tests/**" matches no file here',
            '[mixed-components.components] realm: "realm/**" matches no file here',
            '[commit-hygiene.tests] source: "realm/**" matches no file here',
            '[commit-hygiene.tests] tests: "tests/realm/**" matches no file here',
            '[remote-policy.remotes] match: "github.com/acme/*" matches no remote of this clone',
        )
    ]
    landed = text.replace('"main",\n', '"main",\n  "develop",\n') + '[research-gate]\nlanded = ["develop"]\n'
    repo.write({"labgate.toml": landed})
    assert "develop" not in repo.labgate("policy", "check", status=0).err
