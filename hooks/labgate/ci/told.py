"""What a CI job was told, each text with its origin, so that an error names the variable and a report shows it.

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

    def repository(self, name: str) -> Told | None:
        """Return ``host/owner/name`` of the repository whose URL a variable holds, as ``repository`` reads it."""
        return repository(self.variable(name))

    def refuse_tag(self, name: str) -> None:
        """Raised: ``UndecidedError`` where a variable holds the tag that is built."""
        tag = self.variable(name)
        if tag is not None:
            raise nothing_to_judge(tag, "is a tag, on which no change lands")

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


_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
_REPOSITORY = re.compile(r"[^\s/:@?#*\x00-\x1f\x7f\ud800-\udfff]+(?:/[^\s/:@?#*\x00-\x1f\x7f\ud800-\udfff]+)+")
_API = re.compile(r"https?://[^\s/@?#\x00-\x1f\x7f\ud800-\udfff]+(?:/[^\s@?#\x00-\x1f\x7f\ud800-\udfff]*)?")


def oid(told: Told) -> Told:
    """Return a full oid in lower case. Raised: ``UndecidedError`` for anything else, zeros included."""
    found = oid_or_none(told)
    if found is None:
        raise wrong(told, "is no commit, but git's way to say that there is none")
    return found


def oid_or_none(told: Told) -> Told | None:
    """Return a full oid in lower case, ``None`` for zeros (git's null oid). Raised: ``UndecidedError`` for all else."""
    text = told.text.lower()
    if not refnames.is_oid(text):
        raise wrong(told, "is no full commit id of 40 or 64 hexadecimal digits")
    return told.read_as(text) if text.strip("0") else None


def is_oid(told: Told) -> bool:
    """Say whether it is a full oid, of a commit that can exist."""
    return refnames.is_oid(told.text.lower()) and told.text.strip("0") != ""


def short_name(told: Told) -> Told:
    """Return the short name of a branch as it is. Raised: ``UndecidedError`` where no branch can be called so."""
    if not refnames.is_branch_name(told.text):
        raise wrong(told, "is no branch name")
    return told


def full_name(told: Told) -> Told:
    """Return the full name of a branch, given in full. Raised: ``UndecidedError`` for any other ref."""
    if not told.text.startswith(HEADS):
        raise wrong(told, "is no branch: refs/heads/NAME")
    return branch(short_name(told.read_as(told.text.removeprefix(HEADS))))


def branch(name: Told) -> Told:
    """Return the full name of the branch with a short name."""
    short_name(name)
    return name.read_as(HEADS + name.text)


def either_name(told: Told) -> Told:
    """Return the short name of a branch that is given in short or in full."""
    return short_name(told.read_as(told.text.removeprefix(HEADS)))


def number(told: Told) -> Told:
    """Return the number of a pull request. Raised: ``UndecidedError`` for anything else."""
    if not _NUMBER.fullmatch(told.text):
        raise wrong(told, "is no number of a pull or merge request")
    return told


def repository(told: Told | None) -> Told | None:
    """Return ``host/owner/name`` of a repository's URL, without scheme, user, port and ``.git``.

    ``None`` for what is not told and for a path on the machine, which has no such name. Names are made as those of
    remotes are, so that the policy's ``source-repositories`` match both. Raised: ``UndecidedError`` for a malformed
    URL; it is not shown, as it may hold a password.
    """
    if told is None:
        return None
    name = repository_name(told.text)
    if name is None:
        return None
    if not _REPOSITORY.fullmatch(name):
        message = f"{told.origin} is no URL of a repository"
        raise UndecidedError(message, f"check what sets {told.origin}")
    return told.read_as(name)


def api(told: Told | None) -> Told | None:
    """Return the URL of an API without a slash at its end. Raised: ``UndecidedError`` for anything but http(s)."""
    if told is None:
        return None
    if not _API.fullmatch(told.text):
        message = f"{told.origin} is no URL of a REST API"
        raise UndecidedError(message, f"check what sets {told.origin}")
    return told.read_as(told.text.rstrip("/"))
