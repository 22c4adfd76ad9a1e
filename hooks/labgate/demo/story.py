"""The scenes of the demo."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping

from labgate.git.runner import spawn
from labgate.values.errors import LabgateError
from labgate.values.value import Value

ADA = ("Ada", "ada@example.org")
LIN = ("Lin", "lin@example.org")

#: Shows a line with a role: title, why, command or output.
Show = Callable[[str, str], None]


class Theatre(Value):
    """A folder with ``server.git`` and ``work`` in it. ``colour``: the hooks may use colours."""

    folder: str
    show: Show
    environ: Mapping[str, str]
    colour: bool = False
    _hidden = ("environ",)

    @property
    def work(self) -> str:
        return os.path.join(self.folder, "work")

    @property
    def server(self) -> str:
        return os.path.join(self.folder, "server.git")

    def env(self, person: tuple[str, str] = ADA) -> dict[str, str]:
        """Return git's environment: no configuration of this machine, and the name of the person."""
        name, email = person
        kept = {key: self.environ[key] for key in ("PATH", "LANG", "TMPDIR", "SYSTEMROOT") if key in self.environ}
        return kept | {
            "HOME": self.folder,
            "LC_ALL": "C.UTF-8",
            "FORCE_COLOR" if self.colour else "NO_COLOR": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_EDITOR": "true",
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": email,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": email,
        }

    def title(self, text: str, why: str) -> None:
        """Show the title of a scene and why it matters."""
        self.show("title", text)
        self.show("why", why)

    def write(self, name: str, text: str) -> None:
        """Write a file of the work tree."""
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def git(self, *args: str, refused: bool = False, person: tuple[str, str] = ADA) -> None:
        """Run a git command and show it with all its output.

        Raises: ``LabgateError`` when git's exit status does not match ``refused``: the demo is real.
        """
        self.show("command", shlex.join(("git", *args)))
        self._expect(f"git {args[0]}", self._run(*args, person=person, shown=True), refused=refused)

    def labgate(self, *args: str, person: tuple[str, str] = ADA) -> None:
        """Run a labgate command and show it with all its output. Raises: ``LabgateError`` when it fails."""
        self.show("command", shlex.join(("labgate", *args)))
        # Started in the folder of the caller, so that nothing in the work tree is imported.
        here = {"GIT_DIR": os.path.join(self.work, ".git"), "GIT_WORK_TREE": self.work}
        status, output, errors = spawn((sys.executable, "-I", "-m", "labgate", *args), self.env(person) | here)
        self._show(output + errors)
        self._expect(f"labgate {args[0]}", status, refused=False)

    def quietly(self, *args: str) -> None:
        """Run a git command without showing it; it must succeed."""
        if self._run(*args, person=ADA, shown=False):
            message = f"the demo could not be set up: git {args[0]} failed"
            raise LabgateError(message)

    def _run(self, *args: str, person: tuple[str, str], shown: bool) -> int:
        status, output, errors = spawn(("git", "-C", self.work, *args), self.env(person))
        if shown:
            self._show(output + errors)
        return status

    def _show(self, output: bytes) -> None:
        for line in output.decode("utf-8", "backslashreplace").splitlines():
            self.show("output", line.rstrip())

    @staticmethod
    def _expect(command: str, status: int, *, refused: bool) -> None:
        if (status != 0) != refused:
            message = f"the demo failed: {command} exited with {status}"
            raise LabgateError(message, "labgate doctor, then report it with: labgate demo --keep DIR")


POLICY = """\
version = 1
trunk = "main"

[kinds.protected]
names = ["main", "release/{version}"]
[kinds.experiment]
names = ["experiment--{service}--{handle}"]
fields = { service = ["housing", "ranker"] }
base = ["protected"]
[kinds.topic]
names = ["{type}/{slug}"]
fields = { type = ["feature", "fix", "docs"] }

[reviews.people.ada]
emails = ["ada@example.org"]
[reviews.people.lin]
emails = ["lin@example.org"]

[commit-size.limits.experiment]
lines = 400
"""

_LOSS = """\
def loss(predicted, actual):
    return sum((p - a) ** 2 for p, a in zip(predicted, actual))
"""
_WIDER = """\
def loss(predicted, actual, width=1.5):
    return sum(min(abs(p - a), width) ** 2 for p, a in zip(predicted, actual))
"""


def set_the_stage(theatre: Theatre) -> None:
    """Create the server, a clone with one commit that has the policy, and install labgate's hooks."""
    # GitPython only builds; the hooks that git starts give every verdict below.
    from git import Actor, Repo
    from labgate.native.install import install

    # Without this machine's configuration of new repositories, whose templates may have hooks.
    plain = ("init", "--quiet", "--initial-branch=main", "--template=", "--object-format=sha1")
    theatre.quietly(*plain, "--bare", theatre.server)
    theatre.quietly(*plain, theatre.work)
    with Repo(theatre.work) as repo:
        theatre.write("labgate.toml", POLICY)
        theatre.write("housing/loss.py", _LOSS)
        repo.index.add(["labgate.toml", "housing/loss.py"])
        ada = Actor(*ADA)
        repo.index.commit("Start the project", author=ada, committer=ada)
        repo.create_remote("origin", theatre.server)
    theatre.quietly("push", "--quiet", "--set-upstream", "origin", "main")
    install(theatre.work, theatre.env())


def bad_name(theatre: Theatre) -> None:
    """A branch name with a typo is refused at commit, and renamed with the suggested command."""
    theatre.title(
        "A branch name that nobody could find",
        "Scripts, dashboards and people find an experiment by its branch name, so a\n"
        "typo is reported at the first commit, with the intended name.",
    )
    theatre.write("housing/loss.py", _WIDER)
    theatre.git("checkout", "--quiet", "-b", "experiment--huosing--wide-loss")
    theatre.git("commit", "--all", "-m", "Cap the loss", refused=True)
    theatre.git("branch", "-m", "experiment--huosing--wide-loss", "experiment--housing--wide-loss")


def trailer(theatre: Theatre) -> None:
    """The renamed branch's commit names its experiment."""
    theatre.title(
        "Every commit names its experiment",
        "Branches are deleted and squashed; the trailer stays with the commit.",
    )
    theatre.git("commit", "--quiet", "--all", "-m", "Cap the loss")
    theatre.git("log", "-1", "--format=%B")


def oversized(theatre: Theatre) -> None:
    """A commit over the limit is refused, and split with the suggested command."""
    theatre.title("A commit that is too large to review", "It is reported before it exists, when it is easy to split.")
    theatre.write("housing/grid.py", "".join(f"GRID_{n} = {n}\n" for n in range(380)))
    theatre.write("ranker/notes.py", "".join(f"NOTE_{n} = {n}\n" for n in range(120)))
    theatre.git("add", ".")
    theatre.git("commit", "-m", "Add the search grid", refused=True)
    theatre.git("reset", "-q", "--", ":/ranker/")
    theatre.git("commit", "--quiet", "-m", "Add the search grid")


def research_to_main(theatre: Theatre) -> None:
    """The experiment is pushed to its own branch, and refused on main."""
    theatre.title(
        "Experiments are pushed freely, but not to main",
        "An experiment on its own branch needs no review. On main everybody else\n"
        "builds on it, and nobody has read it yet.",
    )
    theatre.git("push", "--quiet", "origin", "HEAD")
    theatre.git("push", "--quiet", "origin", "HEAD:main", refused=True)


def hidden(theatre: Theatre) -> None:
    """The same push is refused as the second of two refs."""
    theatre.title(
        "The same push, hidden behind a second ref",
        "pre-commit and prek pass only the first ref of a push to a hook. labgate's own\nhook reads them all.",
    )
    theatre.quietly("branch", "docs/typo", "main")
    theatre.git("push", "--quiet", "origin", "docs/typo", "HEAD:main", refused=True)


def reviewed(theatre: Theatre) -> None:
    """A review by somebody else makes it pass."""
    theatre.title(
        "Reviewed, and accepted",
        "Lin wrote none of it and has read it. The command of the refusal states so, in\nan empty commit on top.",
    )
    theatre.labgate("review", "approve", "experiment--housing--wide-loss", "--by", "lin", person=LIN)
    theatre.git("push", "origin", "HEAD:main")


SCENES = (bad_name, trailer, oversized, research_to_main, hidden, reviewed)


def tell(theatre: Theatre) -> None:
    """Run all scenes. Raises: ``LabgateError`` when one does not go as expected."""
    os.makedirs(theatre.work, exist_ok=True)
    set_the_stage(theatre)
    for scene in SCENES:
        scene(theatre)
