"""Start the git binary so that neither the caller's environment nor a repository's configuration can run programs.

Every verdict goes through ``Git.run``. On the commit hook's path: ``os.posix_spawn`` instead of ``subprocess``, whose
import alone takes longer than a passing hook (docs/adr/0002).
"""

from __future__ import annotations

import os

from labgate.values.endings import CHILDREN, ENDED
from labgate.values.errors import GitError, MissingObjectError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Environment = Mapping[str, str]

#: Variables that git may inherit from the caller; all others (``GIT_CONFIG_*``, ``GIT_EXTERNAL_DIFF``, ``PYTHON*``) is
#: dropped.
INHERITED = ("PATH", "HOME", "XDG_CONFIG_HOME", "LANG", "TMPDIR", "SYSTEMROOT", "USERPROFILE", "SSH_AUTH_SOCK")

#: The caller's variables for the repository's place; only used in discovery.
LOCATION = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM")

#: Variables for the place of the user's configuration; only read if that should count.
CONFIGURATION = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")

#: The variables for the settings of one command, such as ``git -c`` (git-config, "ENVIRONMENT"). git trusts them as
#: much as the user's own files, for ``safe.directory`` too.
COMMAND_SCOPE = ("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_CONFIG_PARAMETERS")

#: The variables for the objects of a push that is not accepted yet (git-receive-pack, "quarantine").
QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")

FIXED = {
    "LC_ALL": "C.UTF-8",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_PAGER": "cat",
}
_HARDENED = {
    **FIXED,
    # Replacement objects and grafts would show a history that differs from the pushed one.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    # A missing blob of a partial clone means "undecided"; git < 2.44 does not know this and stops at protocol.allow.
    "GIT_NO_LAZY_FETCH": "1",
    # No transport at all. ``protocol.allow=never`` alone yields to the repository's own ``protocol.ext.allow``.
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_LITERAL_PATHSPECS": "1",
    # Given an index, core.bare alone would not keep git from the attributes of the work tree around it.
    "GIT_IMPLICIT_WORK_TREE": "0",
}
_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.fsmonitor=false"),
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", f"core.attributesFile={os.devnull}"),
    *("-c", "core.quotePath=false"),
    # Both make text count as binary, that is, without lines.
    *("-c", "core.bigFileThreshold=512m"),
    *("-c", "diff.default.binary=auto"),
    # A temporary index must leave nothing in the repository.
    *("-c", "core.splitIndex=false"),
    # A clean merge is git's own, without settings.
    *("-c", "merge.renames=true"),
    # A driver that cannot be defined, as names in a configuration have no line breaks: git then merges by itself.
    *("-c", "merge.default=\n"),
    *("-c", "merge.directoryRenames=conflict"),
    *("-c", "merge.renormalize=false"),
    *("-c", "merge.conflictStyle=merge"),
    *("-c", "diff.external="),
    *("-c", "diff.renames=false"),
    *("-c", f"diff.orderFile={os.devnull}"),
    *("-c", "diff.algorithm=myers"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.mailmap=false"),
    *("-c", "i18n.logOutputEncoding=UTF-8"),
    *("-c", "trailer.separators=:"),
    *("-c", "protocol.allow=never"),
    *("-c", "gpg.ssh.program=ssh-keygen"),
    *("-c", "advice.graftFileDeprecated=false"),
    # git 2.43 to 2.45 would read a bare repository's attributes from HEAD; the name of no tree means none.
    *("-c", "attr.tree=refs/labgate/no-attributes"),
)
#: Without a work tree or an index git has no in-tree attributes: ``*.py -diff`` cannot hide lines, a merge
#: driver or ``merge=union`` cannot change a merge.
_OBJECTS_ONLY = ("-c", "core.bare=true")
_NO_INDEX = "labgate-reads-no-index"
#: Without a commit-graph git reads each commit of a history from its pack, and would keep all of the pack in memory.
_NO_GRAPH = ("-c", "core.commitGraph=false", "-c", "core.packedGitLimit=32m", "-c", "core.packedGitWindowSize=1m")

#: A file with more bytes has no lines in git's diff with these options, and is streamed: git would hold it as a whole.
MOST_BYTES = 16_000_000
BOUNDED = ("-c", f"core.bigFileThreshold={MOST_BYTES}")
#: A longer line is data. Without a limit one line of 50 MB is held, and copied, as a whole.
LONGEST_LINE = 1 << 20
_HEXADECIMAL, _OID_LENGTHS = b"0123456789abcdef", (40, 64)
#: git's messages about a missing object that another one needs; for requested objects they may differ.
_MISSING = (
    b"missing blob",
    b"missing tree",
    b"missing commit",
    b"missing object",
    b"could not fetch",
    b"lazy fetch",
    b"promisor",
    b"unable to read",
    b"could not read",
    b"bad object",
    b"not a valid object",
    b"unable to find",
    b"not our ref",
    b"failed to fetch",
)


def spawn(argv: Sequence[str], env: Environment, stdin: bytes | None = None) -> tuple[int, bytes, bytes]:
    """Run a program and return its exit status (negative signal number if killed), standard output and standard error.

    ``stdin`` ``None`` means an empty one. Raises: ``GitError`` when the program cannot be started.
    """
    process = _Process(argv, env, stdin)
    try:
        output = _drain(process.output)
    finally:
        status, errors = process.end()
    return status, output, errors


class _Process:
    """A program that has been started; ``output`` is a descriptor of its standard output, which must be read."""

    __slots__ = ("_errors", "_pid", "output")

    def __init__(self, argv: Sequence[str], env: Environment, stdin: bytes | None) -> None:
        given = None if stdin is None else _scratch(stdin)
        self._errors = _scratch(b"")
        self.output, writable = (_above_standard(descriptor) for descriptor in os.pipe())
        feed = (
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0) if given is None else (os.POSIX_SPAWN_DUP2, given, 0)
        )
        streams = [feed, (os.POSIX_SPAWN_DUP2, writable, 1), (os.POSIX_SPAWN_DUP2, self._errors, 2)]
        try:
            program, env = _found(argv[0], env)
            self._pid = os.posix_spawnp(program, list(argv), env, file_actions=streams)
        except OSError as error:
            os.close(self.output)
            os.close(self._errors)
            reason = f"cannot start {argv[0]}: {error.strerror}"
            raise GitError(reason, "install git >= 2.34 and put it on PATH") from None
        finally:
            os.close(writable)
            if given is not None:
                os.close(given)
        CHILDREN[self._pid] = os.getpid()

    def kill(self) -> None:
        """End it at once."""
        from signal import SIGKILL

        os.kill(self._pid, SIGKILL)

    def end(self) -> tuple[int, bytes]:
        """Return exit status (negative signal number if killed) and standard error; it ends without a reader.

        Raises: ``GitError`` when it was killed because a file held it up.
        """
        os.close(self.output)
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        CHILDREN.pop(self._pid, None)
        os.lseek(self._errors, 0, os.SEEK_SET)
        errors = _drain(self._errors)
        os.close(self._errors)
        if self._pid in ENDED:
            raise ENDED.pop(self._pid)
        return status, errors


def _found(program: str, env: Environment) -> tuple[str, Environment]:
    """Return a program and its variables, so that neither it nor what it starts is found in the current folder.

    An empty element of PATH stands for that (POSIX, "Environment Variables"): the work tree of whoever is judged.
    """
    path = env.get("PATH", "")
    folders = path.split(os.pathsep)
    kept = [folder for folder in folders if os.path.isabs(folder)]
    if not path or len(kept) == len(folders):
        return program, env
    places = (os.path.join(folder, program) for folder in kept)
    found = next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), None)
    if found is None:
        reason = f"cannot start {program}: no absolute folder on PATH has it"
        raise GitError(reason, "install git >= 2.34 and put its folder on PATH as an absolute path")
    return found, {**env, "PATH": os.pathsep.join(kept)}


def _scratch(content: bytes) -> int:
    """Return a descriptor of an anonymous file with this content: unlike a pipe, it never blocks git."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("labgate")
    else:
        import tempfile

        descriptor, path = tempfile.mkstemp()
        os.unlink(path)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return _above_standard(descriptor)


def _above_standard(descriptor: int) -> int:
    """Return the same file at a number above 2.

    If this process was started with a standard stream closed, a new file gets its number, and would be overwritten by
    the program's own streams.
    """
    if descriptor > 2:
        return descriptor
    import fcntl

    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    finally:
        os.close(descriptor)


def _drain(descriptor: int) -> bytes:
    chunks = []
    while chunk := os.read(descriptor, 1 << 20):
        chunks.append(chunk)
    return b"".join(chunks)


def _drain_within(descriptor: int, seconds: float) -> bytes | None:
    """Return all that can be read until the end, ``None`` if that does not come within so many seconds."""
    from select import select
    from time import monotonic

    end = monotonic() + seconds
    chunks: list[bytes] = []
    while select([descriptor], [], [], max(0.0, end - monotonic()))[0]:
        chunk = os.read(descriptor, 1 << 20)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return None


def caller_env(environ: Environment, keep: Sequence[str] = ()) -> dict[str, str]:
    """Return the part of the caller's environment that git may see, without hardening (discovery, configuration)."""
    return {name: environ[name] for name in (*INHERITED, *CONFIGURATION, *keep) if name in environ} | FIXED


def command_scope(environ: Environment) -> dict[str, str]:
    """Return the variables with the caller's configuration for one command (``git -c``, ``GIT_CONFIG_COUNT``)."""
    return {name: value for name, value in environ.items() if name.startswith(COMMAND_SCOPE)}


def first_line(text: bytes) -> str:
    """Return the first line of git's error message, without its ``fatal:``."""
    for line in text.decode("utf-8", "backslashreplace").splitlines():
        for prefix in ("fatal: ", "error: "):
            if line.startswith(prefix):
                return line.removeprefix(prefix)
    return text.decode("utf-8", "backslashreplace").strip().split("\n", 1)[0] or "git failed without a message"


class Git:
    """Git on one repository, hardened (security: docs/adr/0004).

    ``git_dir`` is absolute. ``index`` is the index file of the stage (``GIT_INDEX_FILE``), ``None`` for calls that
    look only at objects and refs. ``extra`` are kept ``GIT_*`` variables such as those of ``QUARANTINE``. ``graph``:
    git may take history from a commit-graph file, which it does not compare with the commits. ``fix`` returns the
    command that fetches missing objects, or ``None``; it is called when one is missing.
    """

    __slots__ = ("__weakref__", "_env", "_head", "fix", "git_dir", "index")

    def __init__(
        self,
        git_dir: str,
        environ: Environment,
        *,
        index: str | None = None,
        extra: Environment | None = None,
        graph: bool = True,
        fix: Callable[[], str | None] | None = None,
    ) -> None:
        self.git_dir = git_dir
        self.index = index
        self.fix = fix
        self._env = {name: environ[name] for name in INHERITED if name in environ} | _HARDENED | dict(extra or {})
        self._env["GIT_INDEX_FILE"] = os.path.join(git_dir, _NO_INDEX) if index is None else index
        self._head: tuple[str, ...] = ("git", "-C", git_dir, f"--git-dir={git_dir}", *_OPTIONS, *_OBJECTS_ONLY)
        self._head += () if graph else _NO_GRAPH

    @property
    def loose(self) -> str | None:
        """The folder of the objects with a file of their own; ``None`` if only git knows where new ones are."""
        common = self._env.get("GIT_COMMON_DIR")
        return None if common is None or QUARANTINE[0] in self._env else os.path.join(common, "objects")

    def run(self, *args: str, stdin: bytes | None = None, accept: tuple[int, ...] = (0,)) -> bytes:
        """Return git's standard output.

        Raises: ``MissingObjectError`` when an object is not in this clone, ``GitError`` when the exit status is none of
        ``accept``.
        """
        return self.status(*args, stdin=stdin, accept=accept)[1]

    def status(self, *args: str, stdin: bytes | None = None, accept: tuple[int, ...]) -> tuple[int, bytes]:
        """Return git's exit status, one of ``accept``, and its standard output. Raises: as ``run``."""
        status, output, errors = spawn((*self._head, *args), self._env, stdin)
        if status not in accept:
            raise self._failure(args, stdin, errors)
        return status, output

    def within(self, seconds: float, *args: str, accept: tuple[int, ...]) -> tuple[int, bytes] | None:
        """Return as ``status``, ``None`` if git takes longer than so many seconds; it is then stopped."""
        process = _Process((*self._head, *args), self._env, None)
        output = None
        try:
            output = _drain_within(process.output, seconds)
            if output is None:
                process.kill()
        finally:
            status, errors = process.end()
        if output is None:
            return None
        if status not in accept:
            raise self._failure(args, None, errors)
        return status, output

    def told(self, *args: str) -> tuple[bytes, bytes]:
        """Return git's standard output and its warnings. Raises: as ``run``."""
        status, output, errors = spawn((*self._head, *args), self._env)
        if status:
            raise self._failure(args, None, errors)
        return output, errors

    def stream(self, *args: str, stdin: bytes | None = None) -> Iterator[bytes]:
        """Yield git's standard output as lines without their line feed, while git is running.

        Of a line longer than ``LONGEST_LINE`` only the beginning is kept, at least so many bytes. Raises: as ``run``.
        """
        process = _Process((*self._head, *args), self._env, stdin)
        whole = False
        try:
            rest = b""
            while chunk := os.read(process.output, 1 << 18):
                if len(rest) >= LONGEST_LINE:
                    ended = chunk.find(b"\n")
                    if ended < 0:
                        continue
                    chunk = chunk[ended:]
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop()
                yield from lines
            if rest:
                yield rest
            whole = True
        finally:
            # If the reader stops early, git ends by the closed pipe; that is not an error.
            status, errors = process.end()
            if status and whole:
                raise self._failure(args, stdin, errors)

    def _failure(self, args: Sequence[str], stdin: bytes | None, errors: bytes) -> GitError:
        if any(word in errors for word in _MISSING) or self._asked_for_missing(args, stdin):
            return self.missing(f"this clone lacks a needed object: {first_line(errors)}")
        command = next(word for at, word in enumerate(args) if "-c" not in (word, *args[at - 1 : at]))
        return GitError(f"git {command}: {first_line(errors)}")

    def _asked_for_missing(self, args: Sequence[str], stdin: bytes | None) -> bool:
        """Return whether an object that was requested by its oid is missing, independent of git's message."""
        words = "\n".join(args).encode("utf-8", "surrogateescape") + b"\n" + (stdin or b"")
        # The null oid names no object.
        oids = [word for word in words.split() if len(word) in _OID_LENGTHS and not word.strip(_HEXADECIMAL)]
        oids = [word for word in oids if word.strip(b"0")]
        if not oids:
            return False
        argv = (*self._head, "cat-file", "--batch-check=%(objecttype)", "--buffer")
        types = spawn(argv, self._env, b"\n".join(oids) + b"\n")[1].splitlines()
        trees = b"".join(oid + b"^{tree}\n" for oid, kind in zip(oids, types, strict=False) if kind == b"commit")
        answers = b"" if not trees else spawn(argv, self._env, trees)[1]
        return any(line.endswith(b" missing") for line in (*types, *answers.splitlines()))

    def missing(self, message: str) -> MissingObjectError:
        """Return the error for a missing object, with the command that fetches it."""
        return MissingObjectError(message, None if self.fix is None else self.fix())
