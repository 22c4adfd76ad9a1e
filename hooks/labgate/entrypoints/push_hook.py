"""A push hook that is configured but not installed: the commit hook reports it in one line, at most once a day.

With only ``repos:`` in the configuration there is a hook for commits but none for pushes, and nothing shows that. This
is only called if a framework starts the commit hook, and usually reads a file or two.
"""

from __future__ import annotations

import os

from labgate.checks.registry import PUSH
from labgate.entrypoints.once_a_day import is_due, note
from labgate.native.state import framework_of, marker_of
from labgate.values.errors import LabgateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from labgate.entrypoints.hook_call import HookCall
    from labgate.git.repository import Repository

#: The name of the line among those of once a day.
LINE = "push-hook"
#: Variables of CI systems: jobs do not push.
_JOBS = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION")
_IDS = (b"labgate-push", b"research-gate")
_MOST = 2**20


def reminder(call: HookCall) -> str | None:
    """Return the line, ``None`` if there is nothing to report, or nobody to report it to."""
    from labgate.scene.workplace import find_workplace

    environ = call.environ
    # Without git's index the hooks are run by hand.
    if call.checks or any(environ.get(name) for name in _JOBS) or "GIT_INDEX_FILE" not in environ:
        return None
    try:
        place = find_workplace(environ)
        hooks = os.path.join(place.common_dir, "hooks")
        if place.top is None or _is_started(hooks) or not _is_asked_for(place.top):
            return None
        return _looked(place.top, hooks, place.common_dir, environ) if is_due(place.common_dir, LINE) else None
    except (LabgateError, OSError):
        return None


def _looked(top: str, hooks: str, common_dir: str, environ: Mapping[str, str]) -> str | None:
    """Check again, with all of git's configuration, and record the time."""
    from labgate.checks.registry import stages_of_ids
    from labgate.git.repository import discover
    from labgate.native.manifest import configured

    framework = framework_of(_content(os.path.join(hooks, "pre-commit"))) or "pre-commit"
    asked = configured(top, framework, stages_of_ids())
    ids = () if asked is None else asked.at(PUSH)
    if not ids:
        return None
    note(common_dir, LINE)
    if _starts_elsewhere(discover(environ, top)):
        return None
    command = f"{framework} install --hook-type pre-push"
    return f"labgate: {', '.join(ids)} is configured, but this clone has no push hook that starts it; run: {command}"


def _starts_elsewhere(repository: Repository) -> bool:
    """Return whether another folder or git's configuration has the hook, or this cannot be known."""
    from labgate.git.settings import git_version, hooks_folder
    from labgate.native.config_hooks import FIRST_GIT, configured_hooks

    folder = hooks_folder(repository)
    if folder.setting is not None and os.path.lexists(os.path.join(folder.path, PUSH)):
        return True
    return bool(configured_hooks(repository.config, PUSH)) and git_version(repository.environ) >= FIRST_GIT


def _is_started(hooks: str) -> bool:
    """Return whether the push hook is a framework's, labgate's own, or somebody's that names labgate."""
    content = _content(os.path.join(hooks, PUSH))
    return framework_of(content) is not None or marker_of(content) is not None or b"labgate" in content


def _is_asked_for(top: str) -> bool:
    """Return whether a configuration has the words at all; to parse it takes longer."""
    for name in (".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml"):
        content = _content(os.path.join(top, name))
        if any(each in content for each in _IDS):
            return True
    return False


def _content(path: str) -> bytes:
    from labgate.values.files import read_start

    try:
        return read_start(path, _MOST)
    except OSError:
        return b""
