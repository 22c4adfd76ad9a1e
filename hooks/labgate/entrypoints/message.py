"""prepare-commit-msg and commit-msg: a commit on an experiment branch names it, and the code of staged records.

Where the policy allows exceptions, commit-msg also judges sizes.

prepare-commit-msg stamps a message that has text already (``-m``, merge, rebase, cherry-pick), commit-msg one from an
editor (docs/adr/0008). git still refuses a message that is empty or was not edited.
"""

from __future__ import annotations

import os
import sys

from labgate import FOLDER
from labgate.checks.registry import COMMIT, MESSAGE, PREPARE, at_stage
from labgate.entrypoints.hook_call import hook_policy, standing_back
from labgate.experiments.draft import comment_string, cut_at, is_empty, is_unedited
from labgate.experiments.settings import read_settings
from labgate.experiments.staged_codes import staged_codes
from labgate.experiments.stamp import CODE_KEY, stamp, trailer, without_earlier
from labgate.scene.workplace import find_workplace
from labgate.values.errors import NoPolicyError
from labgate.values.files import RefusedFileError, read_bounded, read_own, remove_own, write_own, write_whole
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labgate.checks.registry import Row
    from labgate.entrypoints.hook_call import HookCall, InForce, Skipped
    from labgate.experiments.settings import Settings
    from labgate.policy.model import Policy
    from labgate.scene.workplace import Workplace
    from labgate.values.report import Report

#: In labgate's folder of the git directory: the editor's template, with which commit-msg compares the message.
_TEMPLATE = "message-template"
#: Largest message that is read.
_MOST_BYTES = 2**24


def run(call: HookCall) -> int | Report | Skipped | None:
    """Stamp the message file if the commit is an experiment's, and return the exit status or a verdict.

    The status is 1 if only the stamp is left of a message, which git would otherwise refuse as empty; else 0. Raises:
    ``NoPolicyError`` when there is no policy; any other ``LabgateError``, or ``OSError``, when labgate could not read
    or stamp the message, whose file is then unchanged.
    """
    rows = at_stage(call.stage, call.checks)
    place = find_workplace(call.environ)
    found = _in_force(call, place)
    if found is None:
        return 0
    lines = _lines(found.policy, place) if any(PREPARE in row.stages for row in rows) else None
    sized: tuple[Row, ...] = ()
    if call.stage == MESSAGE and found.policy.table["commit-size"]["exceptions"]:
        sized = tuple(row for row in rows if COMMIT in row.stages and PREPARE not in row.stages)
    if lines is None and not sized:
        return 0
    active = standing_back(call, place.common_dir)
    if active is not None:
        return active
    path = _message_file(place, call.arguments[0])
    status = 0 if lines is None else _stamp_file(call, place, lines, path)
    if status or not sized:
        return status
    from labgate.entrypoints.message_sizes import judge_sizes

    return judge_sizes(call, place, found, sized, read_bounded(path, _MOST_BYTES))


def _message_file(place: Workplace, path: str) -> str:
    """Return the message file, behind links. Raises: ``RefusedFileError`` when they lead out of the repository."""
    real = os.path.realpath(path)
    inside = [os.path.realpath(folder) for folder in (place.git_dir, place.top) if folder is not None]
    if os.path.islink(path) and not any(real.startswith(folder.rstrip(os.sep) + os.sep) for folder in inside):
        raise RefusedFileError(path, f"is a symbolic link to {real}, outside the repository")
    return real


class _Lines(Value):
    """What the message is to say: the experiment (``service/handle``, ``None`` for none) and commits (full oids)."""

    experiment: str | None
    codes: tuple[str, ...]


def _in_force(call: HookCall, place: Workplace) -> InForce | None:
    """Return the policy, ``None`` if there is none or the stage does not need it.

    Raises: ``NoPolicyError`` when there is no policy, but only once for a commit, and not during a rebase.
    """
    if call.stage == PREPARE and place.branch() is None:
        return None
    try:
        return hook_policy(place)
    except NoPolicyError:
        if call.stage != PREPARE or place.operation() is not None:
            return None
        raise


def _lines(policy: Policy, place: Workplace) -> _Lines | None:
    """Return what the message of a commit on this branch is to say, ``None`` for nothing.

    On an experiment branch it names the experiment; there, and on a research branch where the policy has artifacts, it
    names the code of the staged records.
    """
    ref = place.branch()
    if ref is None:
        return None
    found = policy.classify(ref)
    fields, table = found.fields or {}, policy.table
    experiment = f"{fields['service']}/{fields['handle']}" if {"service", "handle"} <= fields.keys() else None
    research = found.name in table["research-gate"]["sources"] and bool(table["experiment-hash"]["artifacts"])
    if experiment is None and not research:
        return None
    codes = staged_codes(place.git(), place.index)
    return None if experiment is None and not codes else _Lines(experiment, codes)


def _stamp_file(call: HookCall, place: Workplace, lines: _Lines, path: str) -> int:
    message = read_bounded(path, _MOST_BYTES)
    if call.stage == PREPARE:
        # The editor opens with the unchanged template; commit-msg adds the stamp.
        from_template = _source(call) == "template"
        _remember(place, message if from_template else None)
        if from_template:
            return 0
    edited = _edited(call)
    experiment = lines.experiment
    line = None if experiment is None else trailer(experiment.encode("utf-8", "surrogateescape"))
    # Each of the commits that a rebase squashes has the line.
    squashed = line is not None and message.count(line) > 1 and place.operation() == "rebase"
    codes = _missing(message, lines)
    if is_empty(message, b"") or (not edited and not squashed and not codes and _stands(message, experiment)):
        # Most calls end here, without asking git for the comment string.
        return 0
    settings = read_settings(place.git_dir, call.environ)
    comment = comment_string(message, settings.comments)
    cut = cut_at(message, comment)
    text, rest = message[:cut], message[cut:]
    if is_empty(text, comment):
        if is_empty(text, b"") or not _keeps_comments(call, place, settings, cut=rest != b""):
            return 0
        comment = b""
    name = None if experiment is None else settings.encoded(experiment)
    if edited and call.stage != PREPARE:
        if _is_unedited(place, settings, text, comment):
            return 0
        if _has_only_lines(text, comment, name):
            return _say("labgate: only the Experiment line is left of this message, which counts as empty", 1)
    base = without_earlier(text, name, comment) if squashed and name is not None else text
    stamped = _stamped(base, name, codes, comment)
    if stamped is not text:
        write_whole(path, stamped + rest)
    return 0


def _stamped(text: bytes, name: bytes | None, codes: Sequence[bytes], comment: bytes) -> bytes:
    """Return a message with the lines of the experiment (``None``: there is none) and of commits."""
    stamped = text if name is None else stamp(text, name, comment)
    for code in codes:
        stamped = stamp(stamped, code, comment, CODE_KEY)
    return stamped


def _missing(message: bytes, lines: _Lines) -> list[bytes]:
    """Return the commits that a message does not name yet."""
    codes = (code.encode("ascii") for code in lines.codes)
    return [code for code in codes if trailer(code, CODE_KEY) not in message]


def _has_only_lines(text: bytes, comment: bytes, name: bytes | None) -> bool:
    """Return whether nothing but the lines that labgate writes is left of a message."""
    rest = b"\n".join(line for line in text.split(b"\n") if not line.startswith(CODE_KEY + b": "))
    return is_empty(rest, comment) if name is None else is_empty(rest, comment, besides=trailer(name))


def _source(call: HookCall) -> str:
    """Return the source of the message: message, template, merge, squash, commit or nothing (githooks)."""
    if len(call.arguments) > 1:
        return call.arguments[1]
    return "" if call.native else call.environ.get("PRE_COMMIT_COMMIT_MSG_SOURCE", "")


def _edited(call: HookCall) -> bool:
    """Return whether an editor opens; git tells the hook if none does (githooks, "prepare-commit-msg")."""
    return call.environ.get("GIT_EDITOR") != ":"


def _stands(message: bytes, experiment: str | None) -> bool:
    """Return whether the line is at the very end of a message, for any comment string, or is not wanted."""
    if experiment is None:
        return True
    return experiment.isascii() and stamp(message, experiment.encode("ascii"), b"") is message


def _keeps_comments(call: HookCall, place: Workplace, settings: Settings, *, cut: bool) -> bool:
    """Return whether git keeps a message in which every line looks like a comment (``-m "#12 is fixed"``).

    Without an editor only ``strip`` removes comments, and git itself uses that to complete a cherry-pick. With an
    editor the text above the scissors line is kept.
    """
    if _edited(call):
        return settings.cleanup == b"scissors" and cut
    return settings.cleanup != b"strip" and (_source(call) == "message" or place.operation() is None)


def _is_unedited(place: Workplace, settings: Settings, text: bytes, comment: bytes) -> bool:
    """Return whether git will refuse the message because it is just the template.

    The configured template is compared too, in case only commit-msg is installed.
    """
    if settings.cleanup == b"verbatim":
        return False
    reads: list[tuple[Callable[[str, int], bytes], str]] = [(read_own, _template_path(place))]
    if settings.template:
        path = os.path.join(place.top or "", os.path.expanduser(os.fsdecode(settings.template)))
        reads.append((read_bounded, path))
    for read, path in reads:
        try:
            template = read(path, _MOST_BYTES)
        except OSError:
            continue
        if is_unedited(text, template[: cut_at(template, comment)], comment):
            return True
    return False


def _remember(place: Workplace, template: bytes | None) -> None:
    """Store the template that the editor opens with, ``None`` for no template.

    If it cannot be stored, commit-msg treats the message as edited.
    """
    path = _template_path(place)
    try:
        if template is None:
            remove_own(path)
        else:
            write_own(path, template)
    except OSError:
        return


def _template_path(place: Workplace) -> str:
    return os.path.join(place.git_dir, FOLDER, _TEMPLATE)


def _say(line: str, status: int) -> int:
    sys.stderr.write(f"{line}\n")
    return status
