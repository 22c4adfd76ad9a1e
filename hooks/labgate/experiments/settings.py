"""What git's configuration says of commit messages: comments, cleaning up, template, encoding."""

from __future__ import annotations

import os

from labgate.git.runner import caller_env, first_line, spawn
from labgate.values.errors import GitError
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_WANTED = r"^(core\.comment(char|string)|commit\.(cleanup|template)|i18n\.commitencoding)$"


class Settings(Value):
    """The configured values, all bytes; ``None`` where nothing is configured.

    ``comments`` are the comment strings that may hold, the likeliest first; none means git's own. ``cleanup`` is a mode
    of ``git commit --cleanup``, ``template`` a path as it is written there, ``encoding`` that of new commits.
    """

    comments: tuple[bytes, ...] = ()
    cleanup: bytes | None = None
    template: bytes | None = None
    encoding: bytes | None = None

    def encoded(self, text: str) -> bytes:
        """Return a text in the encoding of new commits, in UTF-8 where that is not possible."""
        if not text.isascii() and self.encoding:
            try:
                return text.encode(self.encoding.decode("ascii", "replace"))
            except (LookupError, UnicodeError):
                return os.fsencode(text)
        return os.fsencode(text)


def read_settings(git_dir: str, environ: Mapping[str, str]) -> Settings:
    """Return the configuration as that git sees it which makes this commit, ``git -c KEY=VALUE`` included.

    Raised: ``GitError`` when git cannot read it.
    """
    given = [name for name in environ if name.startswith("GIT_CONFIG_")]
    argv = ("git", f"--git-dir={git_dir}", "config", "-z", "--get-regexp", _WANTED)
    status, output, errors = spawn(argv, caller_env(environ, given))
    if status not in (0, 1):
        # 1 says that nothing of all this is configured.
        message = f"git config: {first_line(errors)}"
        raise GitError(message)
    values: dict[bytes, bytes] = {}
    last = None
    for entry in output.split(b"\0"):
        key, _, value = entry.partition(b"\n")
        values[key] = value
        if key.startswith(b"core.comment"):
            last = value
    # The two keys mean the same and the last one holds, but git below 2.45 knows only core.commentChar.
    comments = dict.fromkeys(value for value in (last, values.get(b"core.commentchar")) if value)
    return Settings(
        tuple(comments),
        values.get(b"commit.cleanup"),
        values.get(b"commit.template"),
        values.get(b"i18n.commitencoding"),
    )
