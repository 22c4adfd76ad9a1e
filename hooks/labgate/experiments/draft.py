"""Read the file of a commit message before git cleans it up: which lines are text, and which git will remove.

The rules are git's own: git-commit (``--cleanup``, ``--verbose``, an empty or unedited message), and
git-interpret-trailers for the end of the text. A message is bytes, in any encoding that contains ASCII.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    #: A line of a message: its start, its end (after its newline), and its kind.
    Line = tuple[int, int, str]

TEXT, BLANK, COMMENT = "text", "blank", "comment"

#: git's scissors line after the comment string and a space; git removes what follows it (git-commit, ``--cleanup``).
CUT_LINE = b"------------------------ >8 ------------------------"
SIGN_OFF = b"Signed-off-by: "
#: The start of the message of ``git commit --fixup=amend:COMMIT``: the replacement message follows it.
AMEND = b"amend! "

_DEFAULT_COMMENT = b"#"
#: The choices of ``core.commentChar=auto`` (git: ``adjust_comment_line_char``).
_AUTO = (b"#", b";", b"@", b"!", b"$", b"%", b"^", b"&", b"|", b":")
_CONFLICTS = b"Conflicts:\n"


def comment_string(message: bytes, configured: Sequence[bytes]) -> bytes:
    """Return the comment string of this message.

    ``configured`` are the possible values of ``core.commentChar`` and ``core.commentString``, the most likely first.
    For ``auto`` git chooses one for each message, so the choice is read from the lines that git wrote below the text.
    """
    if not configured:
        return _DEFAULT_COMMENT
    chosen = configured[0]
    automatic = chosen.lower() == b"auto"
    candidates = _AUTO if automatic else configured
    default = _DEFAULT_COMMENT if automatic else chosen
    if len(candidates) == 1:
        return default
    seen, found = max(((_last_trace(message, comment), comment) for comment in candidates), key=lambda trace: trace[0])
    return found if seen >= 0 else default


def cut_at(message: bytes, comment: bytes) -> int:
    """Return the offset of the scissors line, from which git removes everything; without one, the length."""
    line = comment + b" " + CUT_LINE
    if message.startswith(line):
        return 0
    at = message.find(b"\n" + line)
    return len(message) if at < 0 else at + 1


def text_end(message: bytes, comment: bytes) -> int:
    """Return the offset where the text ends; only comments, blank lines and git's lists of conflicts follow.

    It is the same as for git-interpret-trailers. ``comment`` is empty if there are no comments. A message without text
    ends at 0.
    """
    end, in_conflicts = 0, False
    for start, stop in spans(message):
        if in_conflicts and message.startswith(b"\t", start):
            continue
        if message.startswith(_CONFLICTS, start):
            # The list of git below 2.3, which is not a comment.
            in_conflicts = True
        elif message[start:stop] != b"\n" and not (comment and message.startswith(comment, start)):
            end, in_conflicts = stop, False
    return end


def lines(message: bytes, comment: bytes) -> list[Line]:
    """Return the lines of a message with their kinds."""
    return [(start, stop, _sort(message[start:stop], comment)) for start, stop in spans(message)]


def spans(message: bytes) -> list[tuple[int, int]]:
    """Return the start and end of each line."""
    found, start = [], 0
    while start < len(message):
        stop = message.find(b"\n", start) + 1 or len(message)
        found.append((start, stop))
        start = stop
    return found


def is_empty(message: bytes, comment: bytes, *, besides: bytes | None = None) -> bool:
    """Return whether git will refuse this message as empty; one with only sign-offs is empty too.

    The first paragraph of an ``amend!`` message does not count. ``besides`` is a line that does not count.
    """
    return _says_nothing(_body(_text(message, comment)), besides)


def is_unedited(message: bytes, template: bytes, comment: bytes) -> bool:
    """Return whether a message is the unedited template, which git refuses (git-commit, ``--template``)."""
    text, given = _text(message, comment), _text(template, comment)
    return bool(given) and text[: len(given)] == given and _says_nothing(text[len(given) :], None)


def _last_trace(message: bytes, comment: bytes) -> int:
    """Return the offset of the last of git's own lines with this comment string, -1 if there are none.

    Below the text git always writes an empty comment line.
    """
    at = message.rfind(b"\n" + comment + b" " + CUT_LINE)
    if at >= 0:
        return at
    last, bare = -1, False
    for start, stop in reversed(spans(message.rstrip())):
        line = message[start:stop].rstrip()
        if not line.startswith(comment):
            break
        last, bare = max(last, start), bare or line == comment
    return last if bare else -1


def _sort(line: bytes, comment: bytes) -> str:
    if comment and line.startswith(comment):
        return COMMENT
    return TEXT if line.strip(b" \t\r\n") else BLANK


def _text(message: bytes, comment: bytes) -> list[bytes]:
    """Return the lines that ``--cleanup=strip`` keeps: no comments, no trailing blanks, single blank lines."""
    kept: list[bytes] = []
    for start, stop, sort in lines(message, comment):
        if sort == TEXT:
            kept.append(message[start:stop].rstrip(b" \t\r\n"))
        elif sort == BLANK and kept and kept[-1]:
            kept.append(b"")
    if kept and not kept[-1]:
        kept.pop()
    return kept


def _body(text: list[bytes]) -> list[bytes]:
    if not text or not text[0].startswith(AMEND):
        return text
    return text[text.index(b"") :] if b"" in text else []


def _says_nothing(text: Sequence[bytes], besides: bytes | None) -> bool:
    return all(not line or line.startswith(SIGN_OFF) or line == besides for line in text)
