"""Documents whose fenced blocks are run: the commands of ``console`` blocks must print what stands below them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from support.repo import Repo

#: Set to 1, the documents are written instead of compared; read the diff before you commit it.
UPDATE = "LABGATE_UPDATE_GOLDEN"

#: Between what one command printed and what the next one did (ASCII record separator).
_SEPARATOR = "\x1e"

Normalise = Callable[[str], str]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the headings it stands below, the number of its first line.

    ``heading`` is the one of level 2, ``part`` the one of level 3 below it, empty where there is none.
    """

    language: str
    text: str
    heading: str
    line: int
    part: str = ""

    @property
    def file(self) -> str | None:
        """The name of the file that the block is, where its first line says so: ``# labgate.toml``."""
        found = re.match(r"# (\S+\.(?:toml|yaml|py))\n", self.text)
        return None if found is None else found[1]

    @property
    def commands(self) -> list[Command]:
        """The commands of a ``console`` block, in order; ``> `` goes on with the line above."""
        found: list[Command] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:], ""))
            elif line.startswith("> ") and found and not found[-1].output:
                found[-1] = Command(f"{found[-1].text}\n{line[2:]}", "")
            else:
                assert found, f"line {self.line}: output before any command"
                found[-1] = Command(found[-1].text, f"{found[-1].output}{line}\n")
        return found


@dataclass(frozen=True)
class Command:
    """One command and what it printed, both streams as they came."""

    text: str
    output: str

    def __str__(self) -> str:
        return "$ " + self.text.replace("\n", "\n> ") + "\n" + self.output


def blocks(path: Path) -> list[Block]:
    """Return every fenced block of a document, in order."""
    found: list[Block] = []
    heading, part, language, start, lines = "", "", None, 0, list[str]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if language is None and line.startswith("```"):
            language, start, lines = line[3:], number + 1, []
        elif language is not None and line == "```":
            found.append(Block(language, "".join(f"{text}\n" for text in lines), heading, start, part))
            language = None
        elif language is not None:
            lines.append(line)
        elif line.startswith("## "):
            heading, part = line[3:], ""
        elif line.startswith("### "):
            part = line[4:]
    assert language is None, f"{path.name}: the block at line {start} is never closed"
    return found


def play(repo: Repo, commands: Iterable[str], env: Mapping[str, str], normalise: Normalise) -> list[Command]:
    """Run commands in one shell, as somebody at a terminal would; return each with all that it printed."""
    given = list(commands)
    script = "".join(f"(exit $status)\n{command}\nstatus=$?; printf '\\036'\n" for command in given)
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{repo.clock} +0000")
    done = subprocess.run(
        ["sh", "-c", f"status=0\n{script}"],
        cwd=repo.path,
        env={**repo.env, **dates, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    printed = os.fsdecode(done.stdout).split(_SEPARATOR)
    return [Command(text, normalise(output)) for text, output in zip(given, printed[:-1], strict=True)]


def hold(
    path: Path,
    story: Iterable[Block],
    repo: Repo,
    env: Mapping[str, str] | None = None,
    normalise: Normalise = str,
) -> None:
    """Run the ``console`` blocks of a story in order and hold what they print against the document.

    With ``LABGATE_UPDATE_GOLDEN=1`` the document is written instead; read the diff before you commit it.
    """
    told = [block for block in story if block.language == "console"]
    wanted = [command for block in told for command in block.commands]
    assert wanted, f"{path.name}: no command stands there"
    played = iter(play(repo, (command.text for command in wanted), env or {}, normalise))
    for block in told:
        real = "".join(str(next(played)) for _ in block.commands)
        if real != block.text and os.environ.get(UPDATE) == "1":
            text = path.read_text(encoding="utf-8")
            assert text.count(f"```console\n{block.text}```") == 1
            path.write_text(text.replace(f"```console\n{block.text}```", f"```console\n{real}```"), encoding="utf-8")
        else:
            assert block.text == real, f"{path.name}, line {block.line}"
