"""The text of labgate's native hooks: POSIX sh that starts Python only where there is something to do."""

from __future__ import annotations

import hashlib
import os
import sys

import labgate
from labgate.git.runner import caller_env, spawn
from labgate.native.state import BEFORE, MARKER, STAGES, marker_of, setting_of
from labgate.values.errors import LabgateError
from labgate.values.value import Value

MESSAGE_STAGES = ("prepare-commit-msg", "commit-msg")
PUSH = "pre-push"


class Runtime(Value):
    """The interpreter that a shim starts, and a file that exists as long as this interpreter has labgate."""

    python: str
    module: str

    @property
    def is_gone(self) -> bool:
        return not (os.access(self.python, os.X_OK) and os.path.isfile(self.module))


class Shim(Value):
    """The description in a native hook. ``edited``: it is not as labgate wrote it."""

    stage: str
    version: str
    runtime: Runtime
    edited: bool


def this_runtime() -> Runtime:
    """Return the running interpreter and labgate.

    Raises: ``LabgateError`` when a hook could not use them, because this labgate is only found through the environment
    or the user's site-packages: the hooks start ``python -I``, which ignores both.
    """
    runtime = Runtime(os.path.abspath(sys.executable), os.path.abspath(labgate.__file__))
    if not sys.executable or "\n" in runtime.python + runtime.module:
        message = "this Python has no path that a hook could start"
        raise LabgateError(message, "install labgate into a virtual environment, then run its labgate install")
    argv = (runtime.python, "-I", "-c", "import labgate; print(labgate.__file__)")
    status, output, _ = spawn(argv, caller_env(os.environ))
    if status or runtime.is_gone or os.fsdecode(output).rstrip("\n") != runtime.module:
        message = f"{runtime.python} -I does not find this labgate"
        raise LabgateError(message, "install labgate into a virtual environment or by pipx, then: labgate install")
    return runtime


def render(stage: str, runtime: Runtime, version: str = labgate.__version__) -> bytes:
    """Return the native hook of a stage."""
    body = {PUSH: _PUSH, **dict.fromkeys(MESSAGE_STAGES, _MESSAGE)}.get(stage, _COMMIT)
    text = (_HEAD + body).replace("@STAGE@", stage).replace("@BEFORE@", stage + BEFORE)
    text = text.replace("@PYTHON@", quoted(runtime.python)).replace("@MODULE@", quoted(runtime.module))
    shebang, _, rest = os.fsencode(text).partition(b"\n")
    marker = MARKER + f"{stage} {version} sha256:{_checksum(shebang + rest)}".encode()
    return b"\n".join((shebang, marker, rest))


def parse(content: bytes) -> Shim | None:
    """Return the description in one of labgate's own files; ``None`` for any other file."""
    marker = marker_of(content)
    if marker is None:
        return None
    stage, version, checksum = marker
    start = content.index(b"\n" + MARKER)
    others = content[:start] + content[start + 1 :].partition(b"\n")[2]
    edited = stage not in STAGES or checksum != f"sha256:{_checksum(others)}"
    return Shim(stage, version, Runtime(setting_of(content, b"python="), setting_of(content, b"module=")), edited)


def quoted(text: str) -> str:
    """Return a text as one word of sh. Unlike ``shlex.quote`` it always has quotes, so that it can be read again."""
    return "'" + text.replace("'", "'\\''") + "'"


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# ``-c`` and not ``-m``: the latter imports runpy, which takes longer than a whole passing hook (ADR 0007).
_HEAD = """\
#!/bin/sh
# Written by `labgate install` and taken away by `labgate uninstall`, which refuses once this file was edited. A hook of
# your own can stand in @BEFORE@, beside the hooks: it runs first.
python=@PYTHON@
module=@MODULE@
before=${0%/*}/@BEFORE@
start='from labgate.hook import main; main()'
"""

#: A stage other than pre-push without its interpreter: it prints a line and git continues.
_START = """\
if ! [ -x "$python" ] || ! [ -f "$module" ]; then
  echo "labgate: @STAGE@ skipped: labgate is gone from $python; run labgate install from where it is now" >&2
  exit 0
fi
exec "$python" -I -c "$start" @STAGE@ --native "$@"
"""

_COMMIT = (
    """\
if [ -x "$before" ]; then "$before" "$@" || exit; fi
"""
    + _START
)

#: Builtins only: during a rebase this runs for every commit, and each process would take as long as the rest. To fork
#: takes half as long as to start sh, so it comes after all that can be told without reading a file.
_MESSAGE = (
    """\
if [ -x "$before" ]; then "$before" "$@" || exit; fi

# Only experiment branches have something to do here, unless the list names this stage. Wherever that is not certain,
# labgate itself looks.
folder=${0%/*}/../labgate
list=$folder/experiment-branches
is_current() {
  [ -f "$list" ] && ! [ -h "$list" ] && ! [ -h "$folder" ] && [ -r "$list" ] || return 1
  ! [ labgate.toml -nt "$list" ] && ! [ pyproject.toml -nt "$list" ]
}
no_experiment() {
  git=${GIT_DIR:-.git}
  [ -f "$git/HEAD" ] || return 1
  IFS= read -r head 2>/dev/null <"$git/HEAD" || return 1
  case $head in
  'ref: refs/heads/.invalid') return 1 ;; # reftables keep HEAD elsewhere
  'ref: refs/heads/'*) ;;
  ref:*) return 1 ;;
  *) # detached: a rebase remembers its branch, nothing else has one
    if [ -h "$git/HEAD" ]; then return 1; fi
    for state in rebase-merge rebase-apply; do
      if [ -f "$git/$state/head-name" ]; then
        IFS= read -r head 2>/dev/null <"$git/$state/head-name" || return 1
        break
      fi
    done
    ;;
  esac
  branch=${head#ref: }
  branch=${branch#refs/heads/}
  while IFS= read -r pattern || [ -n "$pattern" ]; do
    # shellcheck disable=SC2254  (it is a pattern)
    case $branch in $pattern) return 1 ;; esac
    # shellcheck disable=SC2254
    case @STAGE@:$branch in $pattern) return 1 ;; esac
  done <"$list"
}
if is_current; then
  [ -s "$list" ] || exit 0
  # In a process of its own, which ends after a second: somebody else's list may have no end. Only what it prints
  # counts: a shell announces the end of a killed one that it waits for by itself.
  if [ "$({ ulimit -c 0; ulimit -t 1 && no_experiment && echo none; } 2>/dev/null)" = none ]; then exit 0; fi
fi
"""
    + _START
)

#: git writes its list of refs once. Two readers need an exact copy: $(...) drops newlines at the end, so a letter is
#: added after them. It is text, and printf is a builtin, so there is no limit on arguments.
_PUSH = """\
start() {
  if [ -x "$python" ] && [ -f "$module" ]; then exec "$python" -I -c "$start" @STAGE@ --native "$@"; fi
  case $0 in /*) self=$0 ;; *) self=$PWD/$0 ;; esac
  if [ -e "$before" ]; then without="mv '${self%/*}/@BEFORE@' '$self'"; else without="rm '$self'"; fi
  echo "error: nothing was pushed: labgate is gone from $python" >&2
  echo "  help: run labgate install from where labgate is now; to go on without it: $without" >&2
  exit 1
}
if ! [ -x "$before" ]; then start "$@"; fi
refs=$({ command -p cat 2>/dev/null || cat; } && echo x) # -p: not one of the work tree, by a PATH such as ./bin
refs=${refs%x}
printf %s "$refs" 2>/dev/null | "$before" "$@" || exit
printf %s "$refs" 2>/dev/null | start "$@"
"""
