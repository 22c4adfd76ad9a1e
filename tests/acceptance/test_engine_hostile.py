"""A repository or an environment that means harm makes nothing run, nothing appear and no verdict differ."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from labgate.report import FORMATS
from support import sdg as sdg_project
from support.marker import Marker
from support.people import adopt
from support.repo import Repo, Result
from support.sdg import LIMITS, POLICY
from support.templates import copied
from support.verdicts import every_way, judge, schema

#: Research that lands by a merge with a conflict, with attributes in force: every part of the engine has work to do.
CHANGE = ("--target", "main", "--head", "feature/x")


@pytest.fixture(scope="module")
def busy_template(sdg_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """A change that makes the engine read refs, ranges, trailers, diffs, attributes, merges and reverts."""
    sdg = sdg_project.copy(sdg_template, tmp_path_factory.mktemp("busy") / "sdg")
    adopt(sdg, POLICY + LIMITS)
    sdg.commit("Attributes", {".gitattributes": "*.gen linguist-generated\n* diff=evil merge=evil filter=evil\n"})
    landed = sdg.commit("Landed", {"large.py": "line\n" * 500, "README.md": "one\n"})
    sdg.push("main")
    sdg.branch("feature/x", "main~1").commit("Mine", {"README.md": "two\n", "a.gen": "x\n" * 500})
    sdg.run("git", "merge", "--quiet", "--no-verify", "main", status=1)
    sdg.commit("Merge branch 'main' into feature/x", {"README.md": "both\n"})
    sdg.merge("research/pr-72", "Merge research\n\nReviewed-by: Nobody <nobody@example.org>")
    sdg.commit(f"Revert\n\nThis reverts commit {landed}.", {"large.py": ""})
    return sdg


@pytest.fixture
def busy(busy_template: Repo, tmp_path: Path) -> Repo:
    return copied(busy_template, tmp_path / "sdg")


def outside(repo: Repo, *args: str, **env: str) -> Result:
    """Run ``labgate`` as its own process, so that variables which Python itself reads are in force."""
    return Repo(repo.path, repo.env | env).run(sys.executable, "-m", "labgate", *args, status=None)


def files_of(repo: Repo) -> dict[str, int]:
    """Return every file of the repository and when it was last changed.

    Of objects only the names: git renews the date of one that a merge would write again, to keep it from ``git gc``.
    """
    paths = repo.path.rglob("*")
    return {str(path): 0 if "objects" in path.parts else path.lstat().st_mtime_ns for path in paths}


# Row 10: the repository's configuration.

CONFIGURATION = {
    "core.fsmonitor": "{command}",
    "core.hooksPath": "{hooks}",
    "core.pager": "{command}",
    "core.editor": "{command}",
    "core.askPass": "{program}",
    "core.sshCommand": "{command}",
    "core.gitProxy": "{program}",
    "core.alternateRefsCommand": "{command}",
    "core.worktree": "{work}",
    "core.splitIndex": "true",
    "core.untrackedCache": "true",
    "pager.log": "{command}",
    "pager.diff": "{command}",
    "diff.external": "{command}",
    "diff.evil.command": "{command}",
    "diff.evil.textconv": "{command}",
    "diff.default.command": "{command}",
    "diff.default.textconv": "{command}",
    "filter.evil.clean": "{command}",
    "filter.evil.smudge": "{command}",
    "filter.evil.process": "{command}",
    "filter.evil.required": "true",
    "merge.evil.driver": "{command}",
    "merge.default": "evil",
    "gpg.program": "{program}",
    "gpg.ssh.program": "{program}",
    "gpg.format": "ssh",
    "log.showSignature": "true",
    "commit.gpgSign": "true",
    "credential.helper": "!{command}",
    "remote.origin.uploadpack": "{program}",
    "remote.origin.vcs": "ext",
    "alias.log": "!{command}",
    "alias.rev-list": "!{command}",
    "alias.for-each-ref": "!{command}",
    "trailer.reviewed.cmd": "{command}",
    "interactive.diffFilter": "{command}",
    "sequence.editor": "{command}",
    "uploadpack.packObjectsHook": "{command}",
    "protocol.allow": "always",
    "include.path": "{included}",
}


def spoil(repo: Repo, marker: Marker, folder: Path, names: Iterable[str] = CONFIGURATION) -> None:
    """Set settings that can start a program, all of them if not told, and put a program in place of every hook."""
    hooks = folder / "hooks"
    for place in (hooks, repo.path / ".git/hooks"):
        place.mkdir(parents=True, exist_ok=True)
        for hook in ("post-index-change", "reference-transaction", "pre-commit", "post-checkout", "fsmonitor-watchman"):
            (place / hook).unlink(missing_ok=True)
            (place / hook).symlink_to(marker.program)
    included = folder / "included"
    included.write_text(f'[core]\n\tfsmonitor = "{marker.program}"\n')
    words = {"command": marker.command, "program": marker.program, "hooks": hooks, "work": repo.path}
    for name in names:
        repo.git("config", name, CONFIGURATION[name].format(included=included, **words))


def test_t60_no_program_of_a_hostile_configuration_runs_and_nothing_is_written(busy: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    before = busy.labgate("check", *CHANGE, "--format", "json", status=1)
    assert [finding["rule"] for finding in json.loads(before.out)["findings"]] == ["LG201", "LG401"]
    spoil(busy, marker, tmp_path)
    files = files_of(busy)
    assert busy.labgate("check", *CHANGE, "--format", "json", status=1) == before
    assert (marker.ran, files_of(busy)) == ("", files)
    # The traps are real ones: git by itself falls into them.
    busy.run("git", "diff", "--cached", "main", status=None)
    assert str(marker.program) in marker.ran


@pytest.mark.parametrize("name", sorted(CONFIGURATION))
def test_t60_no_program_of_a_single_setting_runs(busy: Repo, tmp_path: Path, name: str) -> None:
    """Each setting alone, so that none of them hides another."""
    marker = Marker(tmp_path / "marker")
    spoil(busy, marker, tmp_path, [name])
    busy.labgate("check", *CHANGE, status=1)
    assert marker.ran == ""


def test_t60_a_promisor_remote_that_is_a_program_is_not_asked_for_what_is_missing(busy: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    remote = busy.git("remote", "get-url", "origin")
    busy.push("feature/x")
    busy.git(f"--git-dir={remote}", "config", "uploadpack.allowFilter", "true")
    busy.git("clone", "--quiet", "--no-local", "--filter=blob:none", f"file://{remote}", str(tmp_path / "partial"))
    partial = Repo(tmp_path / "partial", busy.env)
    partial.git("config", "protocol.ext.allow", "always")
    partial.git("config", "remote.origin.url", f"ext::{marker.program}")
    said = partial.labgate("check", "--target", "main", "--head", "origin/feature/x")
    assert "help: git fetch --refetch --no-filter origin\n" in said.text
    assert marker.ran == ""


@pytest.mark.parametrize("bare", ["true", "false"])
def test_t61_a_bare_repository_inside_a_work_tree_is_not_used(busy: Repo, bare: str) -> None:
    inner = Repo(busy.path / "vendor", busy.env)
    inner.path.mkdir()
    inner.git("init", "--quiet", "--bare")
    inner.git("--git-dir=.", "config", "core.bare", bare)
    said = inner.labgate("check", "--target", "main", "--base", "main", status=2)
    assert "is a bare repository inside another repository's work tree" in said.text


# Row 10: the environment.


def hostile(marker: Marker, folder: Path) -> dict[str, str]:
    """Return variables each of which would start a program, or show another repository, if git or Python saw it."""
    settings = {"core.fsmonitor": marker.command, "diff.external": marker.command, "core.hooksPath": str(folder)}
    counted = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        counted |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return counted | {
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor'='{marker.program}'",
        "GIT_EXTERNAL_DIFF": marker.command,
        "GIT_SSH_COMMAND": marker.command,
        "GIT_SSH": str(marker.program),
        "GIT_ASKPASS": str(marker.program),
        "SSH_ASKPASS": str(marker.program),
        "GIT_PAGER": marker.command,
        "PAGER": marker.command,
        "GIT_EDITOR": marker.command,
        "EDITOR": marker.command,
        "GIT_PROXY_COMMAND": str(marker.program),
        "GIT_TRACE": str(marker.file),
        "GIT_TRACE2": str(marker.file),
        "GIT_INDEX_FILE": str(folder / "index"),
        "GIT_NAMESPACE": "elsewhere",
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_GRAFT_FILE": str(folder / "grafts"),
        "GIT_SHALLOW_FILE": str(folder / "shallow"),
        "GIT_ATTR_SOURCE": "HEAD",
        "GIT_LITERAL_PATHSPECS": "0",
        "GIT_ICASE_PATHSPECS": "1",
        "GIT_DEFAULT_HASH": "sha256",
        "GIT_MERGE_VERBOSITY": "5",
        "BASH_ENV": str(marker.program),
        "ENV": str(marker.program),
    }


def test_t62_no_variable_of_a_hostile_environment_counts(busy: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    (tmp_path / "shallow").write_text(busy.head("feature/x") + "\n")
    (tmp_path / "grafts").write_text(busy.head("feature/x") + "\n")
    plain = outside(busy, "check", *CHANGE, "--format", "json")
    assert plain.status == 1
    files = files_of(busy)
    assert outside(busy, "check", *CHANGE, "--format", "json", **hostile(marker, tmp_path)) == plain
    assert (marker.ran, files_of(busy)) == ("", files)


def test_t62_modules_of_the_judged_tree_are_not_imported(busy: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    trap = f"import os\nos.system('{marker.program}')\n"
    names = ("labgate", "click", "git", "tomllib", "subprocess", "json", "sitecustomize", "usercustomize", "re")
    busy.write({f"{name}.py": trap for name in names})
    script = Path(sys.executable).parent / "labgate"
    done = busy.run(str(script), "check", *CHANGE, status=1, PYTHONDONTWRITEBYTECODE="1")
    assert done == busy.labgate("check", *CHANGE)
    assert marker.ran == ""


def test_t62_git_is_the_one_on_path_and_not_one_in_the_judged_tree(busy: Repo, tmp_path: Path) -> None:
    marker = Marker(tmp_path / "marker")
    (busy.path / "git").symlink_to(marker.program)
    path = busy.env["PATH"]
    for hostile in (path, f":{path}", f".:{path}:"):
        assert busy.labgate("check", *CHANGE, PATH=hostile).status == 1
    assert busy.labgate("check", *CHANGE, PATH=":.").status == 2
    assert marker.ran == ""


# Row 10: words. T50, T52, T66.

CONTROLS = "\x1b]0;title\x07\x1b[2J\x08\r\x9b31m\u202e\u2066\u200b\ufeff\u2028"
HOSTILE_TEXTS = [
    CONTROLS,
    "::error::x",
    "##vso[task.complete]",
    "%0A::error::x",
    "<script>&amp;]]>",
    "\udcff\udcfe",
    "x" * 10_000,
    "a\tb",
    "$(touch x)`touch x`;touch x",
]


def printable(text: str) -> bool:
    """Say whether a text has nothing in it that a terminal obeys, or hides, but line breaks."""
    return all(line.isprintable() for line in text.split("\n"))


def every_output(repo: Repo, *args: str) -> dict[str, Result]:
    """Return what each format writes, and text with ``--verbose``."""
    ways: dict[str, dict[str, object]] = {name: {"format": name} for name in FORMATS}
    said, found = every_way(repo, *args, ways=ways | {"text --verbose": {"verbose": True}})
    return found | {"as it is": said}


def assert_harmless(repo: Repo, *args: str, status: int = 1) -> None:
    outputs = every_output(repo, *args)
    report = json.loads(outputs["json"].out)
    schema().validate(report)
    undecided = [check for update in report["updates"] for check in update["checks"] if check["outcome"] == "undecided"]
    annotated = {"github": len(report["findings"]) + len(undecided) + len(report["problems"])}
    for name, result in outputs.items():
        assert result.status == status, (name, result.text)
        assert printable(result.text), (name, result.text)
        assert "internal error" not in result.text
        commands = [line for line in result.text.split("\n") if line.lstrip().startswith(("::", "##"))]
        assert len(commands) == annotated.get(name, 0), (name, result.text)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text[:20]))
def test_t66_a_hostile_subject_and_author_steer_no_terminal(sdg: Repo, text: str) -> None:
    who = {"GIT_AUTHOR_NAME": text, "GIT_AUTHOR_EMAIL": "x@x", "GIT_COMMITTER_NAME": text}
    subject = text.replace("\r", "") + "\n\nReviewed-by: " + text.replace("\r", "") + " <x@x>\nCo-authored-by: " + text
    sdg.checkout("research/pr-72").commit(subject, {"a": "1\n" * 500}, "--cleanup=verbatim", **who)
    adopt(sdg, POLICY + LIMITS)
    assert_harmless(sdg, "--target", "main", "--head", "research/pr-72")


@pytest.mark.parametrize("text", [text[:200] for text in HOSTILE_TEXTS], ids=lambda text: ascii(text[:20]))
def test_t52_a_hostile_path_is_one_path_and_steers_no_terminal(sdg: Repo, text: str) -> None:
    adopt(sdg, POLICY + LIMITS)
    path = "dir\n::error::x/" + text.replace("/", "")
    sdg.branch("feature/x").commit("Add much", {path: "line\n" * 5000, "other": b"\0" * 600_000})
    assert_harmless(sdg, "--target", "main", "--head", "feature/x")
    report = json.loads(sdg.labgate("check", "--target", "main", "--head", "feature/x", "--format", "json").out)
    (finding,) = (item for item in report["findings"] if item["rule"] == "LG401")
    heaviest = finding["data"]["files"][0]["path"]
    assert heaviest == path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace").replace(
        "\\xff\\xfe", "\\udcff\\udcfe"
    )


@pytest.mark.parametrize(
    "name",
    [
        "research/a\u202eb",
        "research/\u2028%0A%3A%3Aerror",
        "research/##vso{x}",
        "research/\x85x",
        "research/$(touch${IFS}x)",
        os.fsdecode(b"research/\xff"),
    ],
    ids=ascii,
)
def test_t66_a_hostile_ref_steers_no_terminal(sdg: Repo, name: str) -> None:
    sdg.git("update-ref", f"refs/heads/{name}", "research/pr-72")
    sdg.git("update-ref", f"refs/remotes/origin/{name}", "research/pr-72")
    sdg.git("update-ref", "-d", "refs/remotes/origin/research/pr-72")
    assert_harmless(sdg, "--target", "main", "--head", name)
    assert_harmless(sdg, "--target", "main", "--head", "research/pr-72")


def test_t66_a_hostile_argument_steers_no_terminal(sdg: Repo) -> None:
    for option in ("--target", "--head", "--base", "--source"):
        given = {"--target": "main", "--head": "research/pr-72", option: CONTROLS}
        for name, result in every_output(sdg, *(part for pair in given.items() for part in pair)).items():
            assert printable(result.text), (option, name, result.text)


@pytest.mark.parametrize("line", [json.dumps(CONTROLS)[1:-1], "::error::x"], ids=["controls", "command"])
def test_t66_a_hostile_policy_steers_no_terminal(sdg: Repo, line: str) -> None:
    spoilt = f'version = 1\ntrunk = "{line}"\n[kinds."{line}"]\nnames = ["{line}"]\n'
    sdg.checkout("main").commit("Spoil the policy", {"labgate.toml": spoilt})
    sdg.push("main")
    # The last version that can be read judges.
    assert_harmless(sdg, "--target", "main", "--head", "research/pr-72")
    # No version can be read.
    sdg.git("checkout", "--quiet", "--orphan", "feature/anew")
    sdg.commit("Begin anew", {"labgate.toml": spoilt})
    sdg.push("--force", "feature/anew:main")
    assert_harmless(sdg, "--target", "main", "--head", "feature/anew", status=2)


@pytest.mark.parametrize(
    "body",
    [
        b"encoding ISO-8859-1\n\ncaf\xe9\n\nReviewed-by: Zo\xeb <ada@example.org>\n",
        b"encoding no-such\n\n\xff\xfe\n",
        b"\nsub\x00ject\n\nReviewed-by: Ada <ada@example.org>\n",
        b"\n" + b"\x1b[31m" * 1000,
        b"",
    ],
    ids=["latin-1", "unknown encoding", "NUL", "escapes", "no message"],
)
def test_t50_a_message_in_any_bytes_is_judged(sdg: Repo, tmp_path: Path, body: bytes) -> None:
    tree, parent = sdg.git("rev-parse", "research/pr-72^{tree}", "research/pr-72").encode().split()
    head = b"tree " + tree + b"\nparent " + parent + b"\nauthor \xff <\xff@x> 1700000000 +0000\n"
    (tmp_path / "commit").write_bytes(head + b"committer \x1b[2J <x@x> 1700000000 +0000\n" + body)
    oid = sdg.git("hash-object", "-t", "commit", "-w", "--literally", str(tmp_path / "commit"))
    sdg.git("update-ref", "refs/heads/research/pr-72", oid)
    sdg.git("update-ref", "refs/remotes/origin/research/pr-72", oid)
    if b"Zo\xeb" in body:
        # The words of a reviewer count in whatever encoding: this empty commit covers all below it.
        assert sdg.labgate("check", "--target", "main", "--head", oid).status == 0
    else:
        assert_harmless(sdg, "--target", "main", "--head", oid)


def test_a_hostile_case_as_tools_see_it(sdg: Repo) -> None:
    adopt(sdg, POLICY + LIMITS)
    sdg.branch("feature/x").commit("::error::\x1b[31m\u202e", {"a\n\x1b]0;x\x07/\u202e.py": "line\n" * 500})
    verdict = judge(sdg, "--target", "main", "--head", "feature/x", status=1)
    assert verdict.summary == snapshot("""\
LG401 error main: commit <::error::\\x1b[31m\\u202e> (::error::\\x1b[31m\\u202e) changes 500 lines, 100 over the
        limit of 400 for main; heaviest: a\\n\\x1b]0;x\\x07/\\u202e.py 500 lines
    help: git reset -q -N HEAD^ && git add -p && git commit -c <::error::\\x1b[31m\\u202e>
""")
    assert verdict.rules == ["LG401"]
    assert "a\\x0a\\x1b]0;x\\x07/\\u202e.py 500 lines" in verdict.text
