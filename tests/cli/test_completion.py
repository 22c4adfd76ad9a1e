"""Completion in bash, zsh and fish: the script that each one gets, and the values that it then asks for."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from collections.abc import Callable

import pytest
from click.shell_completion import ShellComplete

from labgate.cli.main import labgate
from support.policies import LEAST
from support.repo import Repo
from support.templates import prepared
from support.tools import require_program

#: The first line of a script per shell, as docs/command-line.md has it, and what a Tab does.
BASH = """\
eval "$(_LABGATE_COMPLETE=bash_source labgate)"
complete -p labgate >/dev/null || exit 9
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_labgate_completion labgate
printf '%s\\n' "${COMPREPLY[@]}"
"""
#: The two builtins of zsh's line editor print what they are given.
ZSH = """\
compdef() { [[ $1 == _labgate_completion && $2 == labgate ]] || exit 9 }
_describe() { [[ $1 == -V ]] && shift 2; for item in "${(@P)1}"; print -r -- "${item%%:*}" }
compadd() { print -rl -- "${(@P)@[-1]}" }
_path_files() { print "files$1" }
eval "$(_LABGATE_COMPLETE=zsh_source labgate)"
words=("$@") CURRENT=$#
_labgate_completion
"""
FISH = """\
_LABGATE_COMPLETE=fish_source labgate | source
complete --do-complete "$argv" | string replace --regex '\\t.*' ''; true
"""

Ask = Callable[..., list[str]]


@prepared
def team(repo: Repo) -> Repo:
    """A repository with a policy, two branches here, and one that only the remote has."""
    repo.with_remote()
    repo.commit("Add a policy", {"labgate.toml": LEAST})
    repo.push("main")
    repo.branch("research/heads").push("research/heads")
    repo.branch("research/tails").push("research/tails")
    repo.checkout("main").git("branch", "--quiet", "-D", "research/tails")
    repo.git("fetch", "--quiet", "origin")
    return repo


@pytest.fixture(params=["bash", "zsh", "fish"])
def ask(request: pytest.FixtureRequest, team: Repo) -> Ask:
    """What a shell offers after some words, the last of which is begun."""
    shell: str = request.param
    program = require_program(shell, f"apt-get install {shell}")
    start = {"bash": (BASH, "-c", "bash"), "zsh": (ZSH, "-fc", "zsh"), "fish": (FISH, "--no-config", "-c")}[shell]

    def offered(*words: str) -> list[str]:
        script, *options = start
        given = ["labgate", *words]
        argv = [program, *options, script, " ".join(given)]
        if shell != "fish":
            argv = [program, options[0], script, options[1], *given]
        env = {**team.env, "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(argv, cwd=team.path, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return sorted(done.stdout.split())

    return offered


def test_a_shell_offers_commands_and_values(ask: Ask) -> None:
    assert ask("ex") == ["experiment", "explain"]
    assert ask("explain", "LG10") == ["LG101", "LG102", "LG103", "LG104", "LG105", "LG106"]
    assert ask("check", "--target", "r") == ["research/heads", "research/tails"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param("policy sch", ["schema"], id="a-command-in-a-group"),
        pytest.param("explain unre", ["unreviewed-research"], id="a-rule-by-name"),
        pytest.param("check research-gate r", ["remote-policy"], id="another-check"),
        pytest.param("audit m", ["main"], id="a-branch"),
        pytest.param("check --head origin/r", ["origin/research/heads", "origin/research/tails"], id="a-revision"),
        pytest.param("init --preset t", ["trunk"], id="a-preset"),
        pytest.param("init --ci ", ["github", "gitlab"], id="a-ci-system"),
        pytest.param("trace --method p", ["patch-id"], id="a-method"),
        pytest.param("experiment run --at m", ["main"], id="before-the-dashes"),
        pytest.param("check --qu", ["--quiet"], id="an-option"),
    ],
)
def test_values_of_each_kind(words: str, offered: list[str], team: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(team.path)
    *before, typed = words.split(" ")
    found = ShellComplete(labgate, {}, "labgate", "_LABGATE_COMPLETE").get_completions(before, typed)
    assert [item.value for item in found] == offered


def answers(repo: Repo, *words: str) -> str:
    """Return what labgate answers bash."""
    env = {"_LABGATE_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    env["PATH"] = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["labgate"], cwd=repo.path, env={**repo.env, **env}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip("\n")


def test_files_and_folders_are_left_to_the_shell(team: Repo) -> None:
    assert answers(team, "labgate", "check", "--output", "x") == "file,x"
    assert answers(team, "labgate", "demo", "--keep", "x") == "dir,x"


def test_where_nothing_is_known_nothing_is_offered(repo: Repo) -> None:
    (repo.path / ".git" / "HEAD").unlink()
    assert answers(repo, "labgate", "audit", "m") == ""
    assert answers(repo, "labgate", "check", "no-such-check", "res") == "plain,research-gate"


def test_a_branch_that_the_shell_would_expand_is_not_offered(team: Repo) -> None:
    """Bash puts an answer on the command line as it is."""
    for name in ("main$(touch${IFS}owned)", "main;id", "main-größe"):
        team.git("branch", name)
    assert answers(team, "labgate", "audit", "main").split() == ["plain,main", "plain,main-größe"]
