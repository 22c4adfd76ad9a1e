"""git's configuration of commit messages: comments, cleanup, template, encoding."""

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
    """The configured values, as bytes; ``None`` if nothing is configured.

    ``comments`` are the possible comment strings, the most likely first; empty means git's default. ``cleanup`` is a
    mode of ``git commit --cleanup``, ``template`` a path as it is configured, ``encoding`` that of new commits.
    """

    comments: tuple[bytes, ...] = ()
    cleanup: bytes | None = None
    template: bytes | None = None
    encoding: bytes | None = None

    def encoded(self, text: str) -> bytes:
        """Return a text in the encoding of new commits, or in UTF-8 if that is not possible."""
        if not text.isascii() and self.encoding:
            try:
                return text.encode(self.encoding.decode("ascii", "replace"))
            except (LookupError, UnicodeError):
                return os.fsencode(text)
        return os.fsencode(text)


def read_settings(git_dir: str, environ: Mapping[str, str]) -> Settings:
    """Return the configuration of the git process that makes this commit, including ``git -c KEY=VALUE``.

    Raises: ``GitError`` when git cannot read it.
    """
    given = [name for name in environ if name.startswith("GIT_CONFIG_")]
    argv = ("git", f"--git-dir={git_dir}", "config", "-z", "--get-regexp", _WANTED)
    status, output, errors = spawn(argv, caller_env(environ, given))
    if status not in (0, 1):
        # 1 means that none of the keys is configured.
        message = f"git config: {first_line(errors)}"
        raise GitError(message)
    values: dict[bytes, bytes] = {}
    last = None
    for entry in output.split(b"\0"):
        key, _, value = entry.partition(b"\n")
        values[key] = value
        if key.startswith(b"core.comment"):
            last = value
    # The two keys are synonyms and the last one wins, but git below 2.45 knows only core.commentChar.
    comments = dict.fromkeys(value for value in (last, values.get(b"core.commentchar")) if value)
    return Settings(
        tuple(comments),
        values.get(b"commit.cleanup"),
        values.get(b"commit.template"),
        values.get(b"i18n.commitencoding"),
    )
