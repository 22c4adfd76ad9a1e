"""Add ``Experiment: SERVICE/HANDLE`` to the trailer block of a commit message and change no other byte.

A trailer block is that of git-interpret-trailers with its default configuration, as many people's gits read a message
and share only the default. docs/adr/0008 says where in the block the line goes, and why.
"""

from __future__ import annotations

from labgate.experiments.draft import AMEND, BLANK, COMMENT, TEXT, lines, text_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from labgate.experiments.draft import Line

KEY = b"Experiment"
#: The key of the lines that name the code of staged records.
CODE_KEY = b"Experiment-Commit"

#: Lines that make a paragraph a trailer block even beside prose, and count as trailers without the usual form.
_GIT_GENERATED = (b"Signed-off-by: ", b"(cherry picked from commit ")
_TOKEN = b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SPACE = (b" ", b"\t", b"\r", b"\n")


def trailer(value: bytes, key: bytes = KEY) -> bytes:
    """Return the line, without its newline, for an experiment given as ``service/handle``, or another key's value."""
    return key + b": " + value


def stamp(message: bytes, value: bytes, comment: bytes, key: bytes = KEY) -> bytes:
    """Return the message with the line of ``key`` in its last trailer block; unchanged if the line is there.

    ``value`` is the experiment as ``service/handle``, or a commit for ``CODE_KEY``. ``comment`` is the comment string,
    empty if there are no comments. The message must have some text and no scissors line. The line's newline is the
    message's own, ``\\r\\n`` or ``\\n``.
    """
    text = lines(message[: text_end(message, comment)], comment)
    if all(sort != TEXT for _, _, sort in text):
        text = lines(message, comment)
    title = _title_end(message, text)
    newline = b"\r\n" if message[: _first_text(text)[1]].endswith(b"\r\n") else b"\n"
    line = trailer(value, key)
    start = _block_start(message, text, title)
    if start is None:
        at = max(stop for _, stop, sort in text if sort == TEXT)
        return _inserted(message, at, (b"", line), newline)
    place = _place_in_block(message, text[start:], value, key)
    return message if place is None else _inserted(message, place, (line,), newline)


def without_earlier(message: bytes, experiment: bytes, comment: bytes) -> bytes:
    """Return the message without the experiment's line in trailer blocks that text follows; itself where none has it.

    That is what is left where the messages of several commits were put together.
    """
    line = trailer(experiment)
    if message.count(line) < 2:
        return message
    blocks = _paragraphs(lines(message[: text_end(message, comment)], comment))
    gone: list[tuple[int, int]] = []
    for block in blocks[1:-1]:
        if all(_separator(message[start:stop]) >= 0 for start, stop, _ in block):
            mine = [(start, stop) for start, stop, _ in block if message[start:stop].rstrip() == line]
            if len(mine) == len(block):
                # With the paragraph goes the blank line above it.
                mine = [(message.rfind(b"\n", 0, block[0][0] - 1) + 1, block[-1][1])]
            gone += mine
    for start, stop in reversed(gone):
        message = message[:start] + message[stop:]
    return message


def _paragraphs(text: Sequence[Line]) -> list[list[Line]]:
    """Return the lines of text by paragraph; comments and blank lines stand between them."""
    found: list[list[Line]] = [[]]
    for line in text:
        if line[2] == TEXT:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [paragraph for paragraph in found if paragraph]


def _first_text(text: Sequence[Line]) -> Line:
    return next(line for line in text if line[2] == TEXT)


def _title_end(message: bytes, text: Sequence[Line]) -> int:
    """Return the index of the blank line after the title, which is never a trailer block; else the number of lines.

    In an ``amend!`` message it is the title of the replacement message.
    """
    titles = 2 if message.startswith(AMEND, _first_text(text)[0]) else 1
    inside = False
    for index, (_, _, sort) in enumerate(text):
        if sort == TEXT:
            inside = True
        elif sort == BLANK and inside:
            inside = False
            titles -= 1
            if titles == 0:
                return index
    return len(text)


def _block_start(message: bytes, text: Sequence[Line], title: int) -> int | None:
    """Return the index of the first line of the last trailer block, ``None`` if there is none.

    git-interpret-trailers: the last paragraph below the title, if all of it is trailers, or at least a quarter is and
    git wrote one of them. A line that starts with a blank continues the trailer above it.
    """
    trailers = others = continuing = 0
    generated = inside = False
    for index in range(len(text) - 1, title - 1, -1):
        start, stop, sort = text[index]
        if sort == COMMENT:
            others, continuing = others + continuing, 0
        elif sort == BLANK:
            if not inside:
                continue
            others += continuing
            is_block = trailers * 3 >= others if generated else trailers > 0 and others == 0
            return index + 1 if is_block else None
        else:
            inside = True
            line = message[start:stop]
            by_git = line.startswith(_GIT_GENERATED)
            generated = generated or by_git
            if by_git or _separator(line) >= 0:
                trailers, continuing = trailers + 1, 0
            elif line.startswith(_SPACE):
                continuing += 1
            else:
                others, continuing = others + 1 + continuing, 0
    return None


def _place_in_block(message: bytes, block: Sequence[Line], value: bytes, key: bytes) -> int | None:
    """Return the offset for the line in a block, ``None`` when the line is there already.

    It is after the lines of the same key, else after those of experiments, else before the first trailer.
    """
    found = _trailers(message, block)
    same = [(stop, text) for _, stop, other, text in found if other.lower() == key.lower()]
    if any(text == value for _, text in same):
        return None
    experiments = [stop for _, stop, other, _ in found if other.lower() == KEY.lower()]
    return same[-1][0] if same else experiments[-1] if experiments else found[0][0]


def _trailers(message: bytes, block: Sequence[Line]) -> list[tuple[int, int, bytes, bytes]]:
    """Return the trailers of a block: the start, end, key (empty if it has none) and value of each."""
    found: list[tuple[int, int, bytes, bytes]] = []
    open_ = False
    for start, stop, sort in block:
        line = message[start:stop]
        at = _separator(line)
        if open_ and sort == TEXT and line.startswith(_SPACE):
            first, _, key, value = found.pop()
            found.append((first, stop, key, value + b"\n" + line.strip()))
        elif sort == TEXT and (at >= 0 or line.startswith(_GIT_GENERATED)):
            found.append((start, stop, line[: max(at, 0)].strip(), line[at + 1 :].strip()))
        open_ = sort == TEXT and (at >= 0 or (open_ and line.startswith(_SPACE)))
    return found


def _separator(line: bytes) -> int:
    """Return the offset of the colon after a trailer's key, -1 if the line does not start a trailer."""
    key, colon, _ = line.partition(b":")
    token = key.rstrip(b" \t")
    return len(key) if colon and token and not token.strip(_TOKEN) else -1


def _inserted(message: bytes, at: int, new: Sequence[bytes], newline: bytes) -> bytes:
    """Insert new lines between two lines. At the end, the message keeps its last newline or the lack of one."""
    block = newline.join(new)
    whole = at == 0 or message[at - 1 : at] == b"\n"
    return message[:at] + (block + newline if whole else newline + block) + message[at:]
