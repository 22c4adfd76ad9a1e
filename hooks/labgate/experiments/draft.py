"""Read the file of a commit message that is still being made: what of it is text, and what git will take away.

The rules are git's own: git-commit (``--cleanup``, ``--verbose``, an empty or unedited message), and
git-interpret-trailers for where the text ends. A message is bytes, in any encoding that keeps ASCII's bytes.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    #: A line of a message: where it starts, where it ends (after its newline), and what it is.
    Line = tuple[int, int, str]

TEXT, BLANK, COMMENT = "text", "blank", "comment"

#: What git writes, after the comment string and a space, above all that it cuts off (git-commit, ``--cleanup``).
CUT_LINE = b"------------------------ >8 ------------------------"
SIGN_OFF = b"Signed-off-by: "
#: How the message of ``git commit --fixup=amend:COMMIT`` starts: the message that will replace another one follows it.
AMEND = b"amend! "

_DEFAULT_COMMENT = b"#"
#: What ``core.commentChar=auto`` chooses from (git: ``adjust_comment_line_char``).
_AUTO = (b"#", b";", b"@", b"!", b"$", b"%", b"^", b"&", b"|", b":")
_CONFLICTS = b"Conflicts:\n"


def comment_string(message: bytes, configured: Sequence[bytes]) -> bytes:
    """Return what starts a comment in this message.

    ``configured`` are the values of ``core.commentChar`` and ``core.commentString`` that may hold, the likeliest first.
    For ``auto`` git chooses anew for each message and tells nobody, so the choice is read from the lines that git put
    below the text.
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
    """Return the offset of the scissors line, from which on git cuts everything off; the length where there is none."""
    line = comment + b" " + CUT_LINE
    if message.startswith(line):
        return 0
    at = message.find(b"\n" + line)
    return len(message) if at < 0 else at + 1


def text_end(message: bytes, comment: bytes) -> int:
    """Return where the text ends, after which only comments, blank lines and git's lists of conflicts follow.

    The same as git-interpret-trailers sees it. ``comment`` is empty where nothing is a comment. A message without text
    ends at 0.
    """
    end, in_conflicts = 0, False
    for start, stop in spans(message):
        if in_conflicts and message.startswith(b"\t", start):
            continue
        if message.startswith(_CONFLICTS, start):
            # The list of old gits (below 2.3), which is no comment.
            in_conflicts = True
        elif message[start:stop] != b"\n" and not (comment and message.startswith(comment, start)):
            end, in_conflicts = stop, False
    return end


def lines(message: bytes, comment: bytes) -> list[Line]:
    """Return the lines of a message, each with what it is."""
    return [(start, stop, _sort(message[start:stop], comment)) for start, stop in spans(message)]


def spans(message: bytes) -> list[tuple[int, int]]:
    """Return where each line starts and ends."""
    found, start = [], 0
    while start < len(message):
        stop = message.find(b"\n", start) + 1 or len(message)
        found.append((start, stop))
        start = stop
    return found


def is_empty(message: bytes, comment: bytes, *, besides: bytes | None = None) -> bool:
    """Say whether git will refuse this message as empty, as it does one that only holds sign-offs.

    Of an ``amend!`` message only what follows its first paragraph counts. ``besides`` is a line that does not count.
    """
    return _says_nothing(_body(_text(message, comment)), besides)


def is_unedited(message: bytes, template: bytes, comment: bytes) -> bool:
    """Say whether a message is the template that it started from, which git refuses (git-commit, ``--template``)."""
    text, given = _text(message, comment), _text(template, comment)
    return bool(given) and text[: len(given)] == given and _says_nothing(text[len(given) :], None)


def _last_trace(message: bytes, comment: bytes) -> int:
    """Return where the last of git's own lines with this comment string stands, -1 where there are none.

    Below the text git always leaves some comment line with nothing on it.
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
    """Return the lines that ``--cleanup=strip`` leaves: no comments, no blanks at ends, single blank lines between."""
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
