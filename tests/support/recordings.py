"""docs/recordings, made from real runs: what people see of the demo, a refusal, the doctor and a status."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from support.console import play
from support.data import ROOT
from support.people import by
from support.repo import Repo
from support.standing import drifted

FOLDER = ROOT / "docs" / "recordings"

#: The kinds of recording: as a file shows it, and as a terminal that knows colours does (ECMA-48).
PLAIN, COLOURED = ".txt", ".ansi"

POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = ["main"]
[kinds.research]
names = ["research/{topic}"]
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["feature", "fix", "docs"] }

[reviews.people.ada]
emails = ["ada@example.org"]
[reviews.people.lin]
emails = ["lin@example.org"]
"""


def record(folder: Path) -> dict[str, str]:
    """Return every recording by its file name; the repositories are made below a new folder."""
    standing = drifted(Repo.init(folder / "status" / "models"))
    told = _told(standing, {"NO_COLOR": "1", "COLUMNS": "80"}, "labgate status", "labgate status --all")
    found = {f"status{PLAIN}": told}
    for suffix, variable in ((PLAIN, "NO_COLOR"), (COLOURED, "FORCE_COLOR")):
        colour = {variable: "1", "COLUMNS": "80"}
        found[f"demo{suffix}"] = _told(_team(folder / f"demo{suffix}"), colour, "labgate demo")
        found[f"refusal{suffix}"] = _refusal(_team(folder / f"refusal{suffix}"), colour)
        team = _team(folder / f"doctor{suffix}")
        found[f"doctor{suffix}"] = _told(team, colour, "labgate doctor", "labgate install", "labgate doctor")
    return found


def _team(folder: Path) -> Repo:
    """Return Ada's clone of a repository with a policy, without hooks."""
    repo = Repo.init(folder / "models")
    repo.env |= by("ada") | {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org"}
    Repo.init(folder / "models.git", "--bare")
    repo.git("remote", "add", "origin", "../models.git")
    repo.commit("Start", {"labgate.toml": POLICY})
    repo.push("main")
    return repo


def _refusal(team: Repo, colour: dict[str, str]) -> str:
    team.run("labgate", "install")
    team.branch("research/attention").commit("Try sparse attention", {"attention.py": "WINDOW = 64\n"})
    team.commit("Widen the window", {"attention.py": "WINDOW = 128\n"})
    return _told(team, colour, "git push origin HEAD", "git push origin HEAD:main")


def _told(repo: Repo, colour: dict[str, str], *commands: str) -> str:
    return "".join(str(command) for command in play(repo, commands, colour, normalise))


def normalise(text: str) -> str:
    """Put constants in the place of what no two runs or machines share: new folders, dated oids, git's version."""
    text = re.sub(r"/\S*/labgate-demo-\w+/server\.git", "/tmp/labgate-demo/server.git", text)  # noqa: S108  (shown only)
    text = re.sub(r"^ +[0-9a-f]{7,}\.\.[0-9a-f]{7,}  ", "     1234567..89abcde  ", text, flags=re.MULTILINE)
    text = re.sub(r"\b[0-9a-f]{12}\b", "1234567890ab", text)
    return re.sub(r"^(git +\S*ok\S* +)[0-9.]+$", r"\g<1>2.40", text, flags=re.MULTILINE)


def write(recordings: Iterable[tuple[str, str]]) -> None:
    """Write the recordings where the documents show them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in recordings:
        (FOLDER / name).write_text(text, encoding="utf-8")
