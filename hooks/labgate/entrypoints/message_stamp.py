"""The lines of an experiment in a message file: where labgate writes them, and in which messages it leaves them out.

On the path of the message hooks of experiment branches.
"""

from __future__ import annotations

import os
import sys

from labgate import FOLDER
from labgate.checks.registry import PREPARE
from labgate.experiments.draft import comment_string, cut_at, is_empty, is_unedited
from labgate.experiments.stamp import CODE_KEY, stamp, trailer, without_earlier
from labgate.values.files import read_bounded, read_own, remove_own, write_own
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from labgate.entrypoints.hook_call import HookCall
    from labgate.experiments.settings import Settings
    from labgate.scene.workplace import Workplace

#: In labgate's folder of the git directory: the editor's template, with which commit-msg compares the message.
_TEMPLATE = "message-template"
#: Largest message that is read.
_MOST_BYTES = 2**24


class Lines(Value):
    """What the message is to say: the experiment (``service/handle``, ``None`` for none) and commits (full oids)."""

    experiment: str | None
    codes: tuple[str, ...]


def stamp_file(call: HookCall, place: Workplace, lines: Lines, path: str) -> int:
    """Stamp the message file at ``path``, and return the exit status: 1 if only the stamp is left of the message.

    Raises: ``LabgateError``, ``OSError`` when it cannot be read or written; it is then unchanged.
    """
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
    from labgate.experiments.settings import read_settings

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
        from labgate.values.whole_files import write_whole

        write_whole(path, stamped + rest)
    return 0


def _stamped(text: bytes, name: bytes | None, codes: Sequence[bytes], comment: bytes) -> bytes:
    """Return a message with the lines of the experiment (``None``: there is none) and of commits."""
    stamped = text if name is None else stamp(text, name, comment)
    for code in codes:
        stamped = stamp(stamped, code, comment, CODE_KEY)
    return stamped


def _missing(message: bytes, lines: Lines) -> list[bytes]:
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
