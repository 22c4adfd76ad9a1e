"""Find the repository once, with the user's own configuration, and the kind of clone it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from weakref import ref

from labgate.git.blocking import git_directory, refuse_blocking, watch
from labgate.git.borrowed import borrow, give_back_with
from labgate.git.recent import Recent
from labgate.git.runner import LOCATION, QUARANTINE, Git, caller_env, command_scope, first_line, spawn
from labgate.values.errors import GitError, UndecidedError
from labgate.values.phrases import quote
from labgate.values.refnames import HEADS, REMOTES
from labgate.values.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from labgate.git.raw import Entry, Lines
    from labgate.values.ref_update import Commit

#: Why a ref has no commit of its own: it names another ref, or git cannot read it.
SYMBOLIC, BROKEN = "symbolic", "broken"

#: The most commits, and the most entries of changes, that a run remembers: some megabytes.
_KEPT = 5_000
#: The number of discovery's requests that git always answers.
_ANSWERS = 5


class Remote(Value):
    """A configured remote: its first URL (``None`` if it has none) and its fetch refspecs.

    ``rewritten`` is the URL after ``url.BASE.insteadOf``, with the host that the user's ssh connects to; ``None`` if
    that is nothing else.
    """

    name: str
    url: str | None
    fetch: tuple[str, ...]
    rewritten: str | None = None


class Repository(Value):
    """A repository as discovery found it. Paths are absolute; ``top`` is ``None`` in a bare repository.

    ``online``: objects that a partial clone lacks may be fetched. ``graph``: history may be read from a commit-graph,
    a file that others may have written; the commits themselves cannot be forged.
    """

    git_dir: str
    common_dir: str
    top: str | None
    object_format: str
    shallow: bool
    environ: Mapping[str, str]
    online: bool = False
    graph: bool = True
    _hidden = ("environ",)

    @cached_property
    def git(self) -> Git:
        """The hardened runner for the repository itself: for refs and users' revisions."""
        kept = {name: self.environ[name] for name in QUARANTINE if name in self.environ}
        return Git(self.git_dir, self.environ, extra=kept, graph=self.graph, fix=self._fix)

    @cached_property
    def objects(self) -> Git:
        """The runner for full oids: the same objects without the repository's settings."""
        folder = borrow(self.common_dir, self.object_format, self.environ)
        git = Git(folder, self.environ, graph=self.graph, fix=self._fix)
        give_back_with(git, folder)
        return git

    @cached_property
    def merging(self) -> dict[str, Git]:
        """The runners of ``merge_attributes.merging`` by tree, and by their attributes."""
        return {}

    def with_attributes(self, attributes: str) -> Git:
        """Return the same as ``objects`` with lines of gitattributes."""
        folder = borrow(self.common_dir, self.object_format, self.environ, attributes)
        git = Git(folder, self.environ, graph=self.graph, fix=self._fix)
        give_back_with(git, folder)
        return git

    @cached_property
    def commits_here(self) -> set[str]:
        """Commits that git has shown in this run, so that they need not be checked again."""
        return set()

    @cached_property
    def commits_read(self) -> Recent[Commit]:
        """The commits that ``commits.read_commits`` has read in this run."""
        return Recent(_KEPT)

    @cached_property
    def headlines_read(self) -> Recent[tuple[str, str]]:
        """The subjects and authors that ``commits.headlines`` has read in this run."""
        return Recent(_KEPT)

    @cached_property
    def entries_read(self) -> Recent[tuple[Entry, ...]]:
        """The changes that ``diffs.changed_entries`` has read in this run."""
        return Recent(_KEPT, lambda entries: 1 + len(entries))

    @cached_property
    def lines_read(self) -> Recent[list[Entry | Lines]]:
        """The changes of which ``diffs`` has counted the lines in this run."""
        return Recent(_KEPT, lambda records: 1 + len(records))

    @cached_property
    def empty_merges(self) -> Recent[bool]:
        """The merges of which ``merges.is_contentless`` has said in this run whether they bring nothing."""
        return Recent(_KEPT)

    @cached_property
    def unread_refs(self) -> dict[str, str]:
        """The refs (full names) that the last reading of refs left out: each is ``SYMBOLIC`` or ``BROKEN``."""
        return {}

    @property
    def _fix(self) -> Callable[[], str | None]:
        """The callback of a runner for a missing object, without a reference to this: a cycle would keep the folder."""
        me = ref(self)
        return lambda: None if (repository := me()) is None else repository.completing()

    @property
    def promisor(self) -> str | None:
        """The remote with the objects that a partial clone lacks, ``None`` if this is not a partial clone."""
        named = [remote.name for remote in self.remotes if f"remote.{remote.name}.promisor" in self.config]
        return named[0] if named else self.setting("extensions.partialclone")

    @property
    def partial(self) -> bool:
        """Whether objects may be missing here that a remote has promised."""
        return self.promisor is not None

    def completing(self) -> str:
        """Return the command that fetches every object which a partial or a damaged clone lacks.

        Without a remote it is the command that finds the damage.
        """
        if self.promisor is not None:
            return f"git fetch --refetch --no-filter {quote(self.promisor)}"
        if self.usual_remote is not None:
            return f"git fetch --refetch {quote(self.usual_remote)}"
        return "git fsck --no-dangling"

    @property
    def null_oid(self) -> str:
        """The null oid, which means that a ref does not exist."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    @cached_property
    def config(self) -> Mapping[str, tuple[str, ...]]:
        """Every configured value by key, in order, as the user's own git sees it; keys are lower case."""
        argv = ("git", f"--git-dir={self.git_dir}", "config", "--list", "-z")
        status, output, errors = spawn(argv, caller_env(self.environ))
        if status:
            message = f"git config: {first_line(errors)}"
            raise GitError(message)
        values: dict[str, list[str]] = {}
        for entry in output.decode("utf-8", "surrogateescape").split("\0"):
            key, _, value = entry.partition("\n")
            if key:
                values.setdefault(key, []).append(value)
        return {key: tuple(entries) for key, entries in values.items()}

    def setting(self, key: str) -> str | None:
        """Return the value of a configuration key that takes one value, or ``None``."""
        return self.config.get(key, (None,))[-1]

    @cached_property
    def remotes(self) -> tuple[Remote, ...]:
        """The configured remotes, in the order of the configuration."""
        names: dict[str, None] = {}
        for key in self.config:
            if key.startswith("remote.") and key.endswith((".url", ".fetch")):
                names.setdefault(key.removeprefix("remote.").rpartition(".")[0])
        found = tuple(
            Remote(name, self.config.get(f"remote.{name}.url", (None,))[0], self.config.get(f"remote.{name}.fetch", ()))
            for name in names
        )
        rewriting = any(key.startswith("url.") for key in self.config)
        if not rewriting and not any(_may_be_ssh(each.url or "") for each in found):
            return found  # all hooks wait for every import
        from labgate.git.remote_urls import used_instead

        return tuple(each.changed(rewritten=used_instead(self, each.url or "")) for each in found)

    @property
    def usual_remote(self) -> str | None:
        """The default remote: the only one, else ``origin``, else ``None``."""
        names = [remote.name for remote in self.remotes]
        if len(names) == 1:
            return names[0]
        return "origin" if "origin" in names else None

    def remote_of(self, branch: str) -> str | None:
        """Return the remote of a branch's upstream (short name), or the usual one."""
        tracked = self.setting(f"branch.{branch}.remote")
        return tracked if any(remote.name == tracked for remote in self.remotes) else self.usual_remote

    def require_history(self) -> None:
        """Check that history is complete. Raises: ``UndecidedError`` in a shallow clone, where a range may be cut."""
        if self.shallow:
            remote = self.remotes[0].name if self.remotes else "origin"
            message = "this clone is shallow: history that decides is missing"
            raise UndecidedError(message, self.fetching_branches(remote, "--unshallow"))

    def fetching_branches(self, remote: str, *options: str) -> str:
        """Return the command that fetches every branch of a remote, now and with each later fetch."""
        fetch = " ".join(["git fetch", *options, quote(remote)])
        if self.fetches_all(remote):
            return fetch
        # A clone with --depth or --single-branch fetches one branch only, a bare one none.
        return f"git config --add {quote(f'remote.{remote}.fetch')} {quote(_all_branches(remote))} && {fetch}"

    def fetches_all(self, remote: str) -> bool:
        """Return whether a plain ``git fetch`` fetches every branch of a remote (git-fetch, "CONFIGURED")."""
        return any(item.name == remote and _all_branches(remote) in item.fetch for item in self.remotes)


def _all_branches(remote: str) -> str:
    return f"+{HEADS}*:{REMOTES}{remote}/*"


def discover(environ: Mapping[str, str], directory: str | None = None) -> Repository:
    """Return the repository that git itself would use here.

    The user's configuration counts for this step only, so that ``safe.directory`` keeps its meaning; ``GIT_DIR`` and
    similar variables are only used here. ``directory`` ``None`` is the process's own. Raises: ``GitError`` when
    there is none, or it must not be used.
    """
    here = os.path.realpath(directory or os.curdir)
    likely = git_directory(environ.get("GIT_DIR"), here)
    refuse_blocking(likely)
    watch(likely)
    argv = ["git", *(("-C", directory) if directory else ()), "rev-parse", "--path-format=absolute"]
    argv += ["--absolute-git-dir", "--git-common-dir", "--show-object-format"]
    argv += ["--is-shallow-repository", "--is-bare-repository", "--show-toplevel"]
    answer = _rev_parse(argv, environ)
    if len(answer) < _ANSWERS or answer[2] not in ("sha1", "sha256"):
        message = f"the path of the repository has a line break in it: {here}"
        raise GitError(message, "move it to a folder without one in its name")
    git_dir, common_dir, object_format, shallow, bare, *rest = answer
    top = None if bare == "true" or not rest else "\n".join(rest)
    for folder in {git_dir, common_dir}:
        refuse_blocking(folder)
        watch(folder, top)
    _refuse_embedded(git_dir, here, environ)
    return Repository(git_dir, common_dir, top, object_format, shallow == "true", environ)


def _may_be_ssh(url: str) -> bool:
    """Return whether git may use ssh for a URL: all others are paths, or say what they are."""
    return ":" in url and not url.startswith(("https:", "http:", "file:", "git:"))


def _rev_parse(argv: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Return the lines of git's answer; the last one, the work tree's root, is missing if there is none."""
    # Only git knows whose settings may say that a folder is safe: those of the command, of the user, of the system.
    status, output, errors = spawn(argv, caller_env(environ, LOCATION) | command_scope(environ))
    # That one has no answer in a bare repository and inside a ``.git`` directory, where git has answered the others.
    if status and output.count(b"\n") < _ANSWERS:
        complaint = first_line(errors)
        help = "cd REPOSITORY  # or, to start one here: git init" if "not a git repository" in complaint else None
        if "dubious ownership" in complaint:
            # git's own advice, its last line (git-config, "safe.directory").
            help = os.fsdecode(errors).rstrip().rpartition("\n")[2].strip()
        raise GitError(complaint, help)
    return os.fsdecode(output).rstrip("\n").split("\n")


def _refuse_embedded(git_dir: str, here: str, environ: Mapping[str, str]) -> None:
    """Refuse a git directory inside a work tree that is not ``.git`` and was not named. Raises: ``GitError``.

    Such a folder can be part of a clone and has its own configuration, which may even say that it is not bare (git:
    ``safe.bareRepository``).
    """
    found = os.path.realpath(git_dir)
    inside = os.path.commonpath((found, here)) == found
    if "GIT_DIR" in environ or not inside or os.path.basename(found) == ".git":
        return
    parent = os.path.dirname(git_dir)
    argv = ["git", "-C", parent, "rev-parse", "--is-inside-work-tree"]
    status, output, _ = spawn(argv, caller_env(environ) | command_scope(environ))
    if status == 0 and output.strip() == b"true":
        message = f"{git_dir} is a bare repository inside another repository's work tree"
        raise GitError(message, f"export GIT_DIR={quote(git_dir)}  # to use it anyway")
