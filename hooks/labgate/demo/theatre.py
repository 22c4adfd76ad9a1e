"""Where the demo plays: a throw-away repository, its bare remote, and real git commands shown with what they print."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping

from labgate.git.runner import spawn
from labgate.values.errors import LabgateError
from labgate.values.value import Value

ADA = ("Ada", "ada@example.org")
LIN = ("Lin", "lin@example.org")

#: How a line is shown: a role (title, why, command, output) and its text.
Show = Callable[[str, str], None]


class Theatre(Value):
    """A folder with ``server.git`` and ``work`` in it. ``colour`` says whether the hooks may paint what they say."""

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
        """Return git's environment: no configuration of this machine, and the name of who is typing."""
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
        """Announce a scene and say why it matters."""
        self.show("title", text)
        self.show("why", why)

    def write(self, name: str, text: str) -> None:
        """Write a file of the work tree."""
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def git(self, *args: str, refused: bool = False, person: tuple[str, str] = ADA) -> None:
        """Run a git command and show it with all that it prints.

        Raised: ``LabgateError`` when it was not ``refused`` as the story says, or was: the demo never pretends.
        """
        self.show("command", shlex.join(("git", *args)))
        status = self._run(*args, person=person, shown=True)
        if (status != 0) != refused:
            message = f"the demo went another way: git {args[0]} exited with {status}"
            raise LabgateError(message, "labgate doctor, then report it with: labgate demo --keep DIR")

    def quietly(self, *args: str) -> None:
        """Run a git command of the stage hands: not shown, and it must succeed."""
        if self._run(*args, person=ADA, shown=False):
            message = f"the demo could not be set up: git {args[0]} failed"
            raise LabgateError(message)

    def _run(self, *args: str, person: tuple[str, str], shown: bool) -> int:
        status, output, errors = spawn(("git", "-C", self.work, *args), self.env(person))
        for line in (output + errors).decode("utf-8", "backslashreplace").splitlines() if shown else ():
            self.show("output", line.rstrip())
        return status
