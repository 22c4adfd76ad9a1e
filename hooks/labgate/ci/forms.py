"""The forms that oids, branches, repositories and numbers have, and their reading from what a job was told."""

from __future__ import annotations

import re

from labgate.ci.told import Told, wrong
from labgate.values import refnames
from labgate.values.errors import UndecidedError
from labgate.values.refnames import HEADS
from labgate.values.repository_name import repository_name

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
