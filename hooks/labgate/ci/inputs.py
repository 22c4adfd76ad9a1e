"""The inputs of a CI job, each with its origin, so that an error can name the variable and a report show it.

The functions read oids, branches, repositories and numbers from such texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from labgate.values import refnames
from labgate.values.errors import UndecidedError
from labgate.values.refnames import HEADS
from labgate.values.repository_name import repository_name
from labgate.values.value import NOTHING, Value

#: The command for a change that the CI system does not describe.
CHECK = "labgate check --target BRANCH --base REV --head REV"
#: The variable with the path of the event file, in GitHub Actions and systems like it.
EVENT_FILE = "GITHUB_EVENT_PATH"

_MOST_SHOWN = 100


class Input(Value):
    """A text and its ``origin``: a variable, or ``GITHUB_EVENT_PATH: `` and the member of the event."""

    text: str
    origin: str

    def read_as(self, text: str) -> Input:
        """Return a text that was read from this one, with the same origin."""
        return Input(text, self.origin)


class Job(Value):
    """A CI job: the ``system`` and the variable by which it was recognised, all its variables, and its event.

    ``event`` is the object in the event file, empty for systems without one.
    """

    system: Input
    environ: Mapping[str, str]
    event: Mapping[str, object] = NOTHING

    def variable(self, name: str) -> Input | None:
        """Return a variable, ``None`` if it is not set or empty: CI systems do not distinguish the two."""
        text = self.environ.get(name, "")
        return Input(text, name) if text else None

    def need(self, name: str, help: str = CHECK) -> Input:
        """Return a variable. Raises: ``UndecidedError`` when it is not set or empty."""
        given = self.variable(name)
        if given is None:
            message = f"{name} is not set; {self.system.text} sets it for a job that can be judged"
            raise UndecidedError(message, help)
        return given

    def says(self, name: str) -> bool:
        """Return whether a variable is ``true``, in any case: systems differ."""
        return self.environ.get(name, "").lower() == "true"

    def repository(self, name: str) -> Input | None:
        """Return ``host/owner/name`` of the repository whose URL a variable has, as ``repository`` does."""
        return repository(self.variable(name))

    def refuse_tag(self, name: str) -> None:
        """Refuse a job for a tag. Raises: ``UndecidedError`` when the variable is set."""
        tag = self.variable(name)
        if tag is not None:
            raise nothing_to_judge(tag, "is a tag, on which no change lands")

    def member(self, path: str) -> Input | None:
        """Return a text, number or boolean of the event by its path (``pull_request.head.sha``), ``None`` if missing.

        Raises: ``UndecidedError`` when the value has another type.
        """
        found: object = self.event
        for name in path.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None or found == "":
            return None
        origin = f"{EVENT_FILE}: {path}"
        if isinstance(found, bool):
            return Input(str(found).lower(), origin)
        if not isinstance(found, str | int):
            message = f"{origin} is neither a string nor an integer"
            raise UndecidedError(message, CHECK)
        return Input(str(found), origin)

    def need_member(self, path: str) -> Input:
        """Return a member of the event. Raises: ``UndecidedError`` when it is missing."""
        given = self.member(path)
        if given is None:
            message = f"{EVENT_FILE}: the event has no {path}"
            raise UndecidedError(message, CHECK)
        return given


def wrong(given: Input, what: str, help: str = CHECK) -> UndecidedError:
    """Return the error for a wrong input, which it shows: ``is not a branch name``."""
    shown = given.text if len(given.text) <= _MOST_SHOWN else given.text[:_MOST_SHOWN] + "..."
    return UndecidedError(f"{given.origin}: {shown!r} {what}", help)


def nothing_to_judge(given: Input, what: str) -> UndecidedError:
    """Return the error for a job that does not run for a change to a branch."""
    help = f"run `labgate ci` for pull requests and pushes to branches only, or name the change: {CHECK}"
    return wrong(given, what, help)


_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_REPOSITORY = re.compile(r"[^\s/:@?#*\x00-\x1f\x7f\ud800-\udfff]+(?:/[^\s/:@?#*\x00-\x1f\x7f\ud800-\udfff]+)+")
_API = re.compile(r"https?://[^\s/@?#\x00-\x1f\x7f\ud800-\udfff]+(?:/[^\s@?#\x00-\x1f\x7f\ud800-\udfff]*)?")


def oid(given: Input) -> Input:
    """Return a full oid in lower case. Raises: ``UndecidedError`` for anything else, zeros included."""
    found = oid_or_none(given)
    if found is None:
        raise wrong(given, "is git's null oid, which names no commit")
    return found


def oid_or_none(given: Input) -> Input | None:
    """Return a full oid in lower case, ``None`` for git's null oid. Raises: ``UndecidedError`` for anything else."""
    text = given.text.lower()
    if not refnames.is_oid(text):
        raise wrong(given, "is not a full commit id of 40 or 64 hexadecimal digits")
    return given.read_as(text) if text.strip("0") else None


def is_oid(given: Input) -> bool:
    """Return whether an input is a full oid, and not the null oid."""
    return refnames.is_oid(given.text.lower()) and given.text.strip("0") != ""


def short_name(given: Input) -> Input:
    """Return the short name of a branch. Raises: ``UndecidedError`` when it is not a valid branch name."""
    if not refnames.is_branch_name(given.text):
        raise wrong(given, "is not a branch name")
    return given


def full_name(given: Input) -> Input:
    """Return the full name of a branch, given in full. Raises: ``UndecidedError`` for any other ref."""
    if not given.text.startswith(HEADS):
        raise wrong(given, "is not a branch: refs/heads/NAME")
    return branch(short_name(given.read_as(given.text.removeprefix(HEADS))))


def branch(name: Input) -> Input:
    """Return the full name of the branch with a short name."""
    short_name(name)
    return name.read_as(HEADS + name.text)


def either_name(given: Input) -> Input:
    """Return the short name of a branch that is given in short or in full."""
    return short_name(given.read_as(given.text.removeprefix(HEADS)))


def number(given: Input) -> Input:
    """Return the number of a pull request. Raises: ``UndecidedError`` for anything else."""
    if not _NUMBER.fullmatch(given.text):
        raise wrong(given, "is not the number of a pull or merge request")
    return given


def repository(given: Input | None) -> Input | None:
    """Return ``host/owner/name`` of a repository's URL, without scheme, user, port and ``.git``.

    ``None`` for ``None`` and for a local path, which has no such name. Names have the same form as those of
    remotes, so that the policy's ``source-repositories`` match both. Raises: ``UndecidedError`` for a malformed
    URL, which is not shown, as it may hold a password.
    """
    if given is None:
        return None
    name = repository_name(given.text)
    if name is None:
        return None
    if not _REPOSITORY.fullmatch(name):
        message = f"{given.origin} is not the URL of a repository"
        raise UndecidedError(message, f"check what sets {given.origin}")
    return given.read_as(name)


def api(given: Input | None) -> Input | None:
    """Return the URL of an API without a slash at its end. Raises: ``UndecidedError`` for anything but http(s)."""
    if given is None:
        return None
    if not _API.fullmatch(given.text):
        message = f"{given.origin} is not the URL of a REST API"
        raise UndecidedError(message, f"check what sets {given.origin}")
    return given.read_as(given.text.rstrip("/"))
