"""labgate's hooks as each hook manager wants to read them: pre-commit, prek, lefthook, husky."""

from __future__ import annotations

import json
from collections.abc import Iterator

from labgate import __version__
from labgate.values.value import Value


class Hook(Value):
    """One hook of the manifest ``.pre-commit-hooks.yaml``: the one that runs every check of a stage."""

    id: str
    stage: str
    name: str
    takes_message_file: bool = False
    verbose: bool = False


HOOKS = (
    Hook("labgate-commit", "pre-commit", "labgate (commit)", verbose=True),
    Hook("labgate-merge", "pre-merge-commit", "labgate (merge)"),
    Hook("labgate-prepare-message", "prepare-commit-msg", "labgate (prepare message)", takes_message_file=True),
    Hook("labgate-message", "commit-msg", "labgate (message)", takes_message_file=True),
    Hook("labgate-push", "pre-push", "labgate (push)", verbose=True),
)


class Source(Value):
    """Where a hook manager finds labgate: a git repository at a commit, or with ``url`` ``None`` the package index."""

    url: str | None = None
    rev: str | None = None

    @property
    def requirement(self) -> str:
        return f"labgate=={__version__}"


class Style(Value):
    """How a file indents: the column of ``- repo``, that of its key, and both again for hooks, below ``hooks:``."""

    item: int = 2
    key: int = 2
    hook: int = 2
    hook_key: int = 2


def installed_from() -> Source:
    """Return where this labgate was installed from (PEP 610): its repository and commit, if it came from git.

    A folder on this machine is of no use to the team, and neither is an address with a password in it.
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        text = distribution("labgate").read_text("direct_url.json")
        record = json.loads(text) if text else {}
        info = record.get("vcs_info", {})
        url, rev = str(record.get("url", "")), str(info.get("commit_id", ""))
    except (PackageNotFoundError, ValueError, AttributeError):
        return Source()
    plain = url.startswith(("https://", "ssh://")) and not set(url) & set(" \"'\\#") and url.isprintable()
    secret = ":" in url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    known = info.get("vcs") == "git" and rev.isalnum()
    return Source(url, rev) if known and plain and not secret else Source()


def pre_commit_lines(source: Source, style: Style) -> Iterator[str]:
    """Yield the entry of ``repos:`` in ``.pre-commit-config.yaml``, without the ends of lines."""
    dash, key = " " * style.item + "-" + " " * (style.key - 1), " " * (style.item + style.key)
    yield f"{dash}repo: {source.url or 'local'}"
    if source.url is not None:
        yield f"{key}rev: {source.rev}  # {__version__}"
    yield f"{key}hooks:"
    for hook in HOOKS:
        first = key + " " * style.hook + "-" + " " * (style.hook_key - 1)
        others = key + " " * (style.hook + style.hook_key)
        yield f"{first}id: {hook.id}"
        for name, value in () if source.url is not None else _settings(hook, source):
            yield f"{others}{name}: {_yaml(value)}"


def prek_lines(source: Source) -> Iterator[str]:
    """Yield the same for ``prek.toml``."""
    yield "[[repos]]"
    yield f"repo = {_toml(source.url or 'local')}"
    if source.url is not None:
        yield f"rev = {_toml(source.rev)}  # {__version__}"
    for hook in HOOKS:
        yield ""
        yield "[[repos.hooks]]"
        yield f"id = {_toml(hook.id)}"
        for name, value in () if source.url is not None else _settings(hook, source):
            yield f"{name} = {_toml(value)}"


def lefthook_lines() -> Iterator[str]:
    """Yield what belongs into ``lefthook.yml``. ``{0}`` stands for git's arguments; stdin has the refs of a push."""
    for hook in HOOKS:
        arguments = "" if hook.stage in ("pre-commit", "pre-merge-commit") else " {0}"
        yield f"{hook.stage}:"
        yield "  commands:"
        yield "    labgate:"
        if hook.stage == "pre-push":
            yield "      use_stdin: true"
        yield f"      run: labgate-hook {hook.stage} --native{arguments}"


def husky_lines() -> Iterator[tuple[str, str]]:
    """Yield each file of husky's and the line that belongs into it."""
    for hook in HOOKS:
        yield f".husky/{hook.stage}", f'labgate-hook {hook.stage} --native "$@"'


def _settings(hook: Hook, source: Source) -> Iterator[tuple[str, object]]:
    """Yield what the manifest says of a hook; beside ``repo: local`` it has to be said here."""
    yield "name", hook.name
    yield "entry", f"labgate-hook {hook.stage}"
    yield "language", "python"
    yield "additional_dependencies", [source.requirement]
    yield "stages", [hook.stage]
    yield "always_run", True
    yield "pass_filenames", hook.takes_message_file
    yield "require_serial", True
    if hook.verbose:
        yield "verbose", True


def _yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _toml(value: object) -> str:
    return json.dumps(value)
