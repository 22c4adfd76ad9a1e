"""What a CI job was told, each text with its origin, so that an error names the variable and a report shows it."""

from __future__ import annotations

from collections.abc import Mapping

from labgate.values.errors import UndecidedError
from labgate.values.value import NOTHING, Value

#: How to judge where the CI system does not say what.
CHECK = "labgate check --target BRANCH --base REV --head REV"
#: Names the file with the event, in GitHub Actions and what is modelled on it.
EVENT_FILE = "GITHUB_EVENT_PATH"

_MOST_SHOWN = 100


class Told(Value):
    """A text and its ``origin``: a variable, or ``GITHUB_EVENT_PATH: `` and the member of the event."""

    text: str
    origin: str

    def read_as(self, text: str) -> Told:
        """Return another text that was read out of this one."""
        return Told(text, self.origin)


class Job(Value):
    """A CI job: the ``system`` and the variable by which it was known, all its variables, and its event.

    ``event`` is the object in the event file, empty for systems without one.
    """

    system: Told
    environ: Mapping[str, str]
    event: Mapping[str, object] = NOTHING

    def variable(self, name: str) -> Told | None:
        """Return a variable, ``None`` where it is not set or empty, which CI systems mix freely."""
        text = self.environ.get(name, "")
        return Told(text, name) if text else None

    def need(self, name: str, help: str = CHECK) -> Told:
        """Return a variable. Raised: ``UndecidedError`` where it is not set or empty."""
        told = self.variable(name)
        if told is None:
            message = f"{name} is not set, which {self.system.text} sets for a job that can be judged"
            raise UndecidedError(message, help)
        return told

    def says(self, name: str) -> bool:
        """Say whether a variable is ``true``, in any case: systems differ."""
        return self.environ.get(name, "").lower() == "true"

    def member(self, path: str) -> Told | None:
        """Return a text, number or truth of the event by its path (``pull_request.head.sha``); ``None``: it has none.

        Raised: ``UndecidedError`` where something else stands there.
        """
        found: object = self.event
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None or found == "":
            return None
        origin = f"{EVENT_FILE}: {path}"
        if isinstance(found, bool):
            return Told(str(found).lower(), origin)
        if not isinstance(found, str | int):
            message = f"{origin} is neither a text nor a whole number"
            raise UndecidedError(message, CHECK)
        return Told(str(found), origin)

    def need_member(self, path: str) -> Told:
        """Return a member of the event. Raised: ``UndecidedError`` where it has none."""
        told = self.member(path)
        if told is None:
            message = f"{EVENT_FILE}: the event has no {path}"
            raise UndecidedError(message, CHECK)
        return told


def wrong(told: Told, what: str, help: str = CHECK) -> UndecidedError:
    """Return the error that a text, shown in it, is not what it should be: ``is no branch name``."""
    shown = told.text if len(told.text) <= _MOST_SHOWN else told.text[:_MOST_SHOWN] + "..."
    return UndecidedError(f"{told.origin}: {shown!r} {what}", help)


def nothing_to_judge(told: Told, what: str) -> UndecidedError:
    """Return the error for a job that was started for something else than a change to a branch."""
    help = f"run `labgate ci` for pull requests and pushes to branches only, or name the change: {CHECK}"
    return wrong(told, what, help)
